#ifndef CYARDSTICK_H
#define CYARDSTICK_H

/// What a check costs at least: a C program over hiredis that keeps `depth` commands in flight on one connection.
/// Sends `MGET` of `key_count` keys, `rounds` times `depth`; every key is `prefix` and a random number.
/// Returns the processor time per command in nanoseconds, this process's only; below 0 if the server does not answer.
double yardstick_mget(const char *host, int port, const char *prefix, int key_count, int depth, long rounds);

#endif
