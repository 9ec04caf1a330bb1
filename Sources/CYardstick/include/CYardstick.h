#pragma once

/// Keeps `depth` commands over hiredis in flight on each of some connections for some seconds, every key random: `MGET` of
/// so many keys, or `SETEX` for none. 0 if every command was answered; `count` is then how many there were.
int yardstick_run(const char *host, int port, const char *prefix, int key_count, int connection_count, int depth,
                  double seconds, long *count);

/// Processor time of this process so far.
double yardstick_processor_nanoseconds(void);

/// Whether a store answers and has an epoch, which is written now if one is given.
int yardstick_ready(const char *host, int port, const char *epoch);

/// A port of 127.0.0.1 that is free now; below zero if there is none.
int yardstick_free_port(void);

/// Sends a request to 127.0.0.1 and takes the response, in a connection of its own. Its body's length, ended with a zero in
/// `body`; below zero unless the status is 200.
long yardstick_http_once(int port, const char *request, char *body, long capacity);

/// Sends a request again and again for some seconds, one in flight on each of some connections. 0 if every response had
/// status 200; `count` is then how many there were, and `times` the seconds that the first of them took, each from when it
/// was sent.
int yardstick_http_run(int port, const char *request, int connection_count, double seconds, long *count, double *times,
                       long capacity);
