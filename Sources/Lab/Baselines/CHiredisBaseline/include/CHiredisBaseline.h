#pragma once

/// Runs the baseline over hiredis: `depth` commands in flight on each connection, every key random.
/// - Parameter key_count: keys of each `MGET`; 0 sends `SETEX` instead.
/// - Parameter count: receives the number of commands.
/// - Returns: 0 if every command was answered.
int baseline_run(const char *host, int port, const char *prefix, int key_count, int connection_count, int depth,
                 double seconds, long *count);

/// - Returns: processor time of this process, in nanoseconds.
double baseline_processor_nanoseconds(void);

/// - Parameter epoch: written to a store that has none; may be NULL.
/// - Returns: 1 if the store answers and has an epoch.
int baseline_ready(const char *host, int port, const char *epoch);

/// - Returns: a free port of 127.0.0.1; below zero if there is none.
int baseline_free_port(void);

/// Sends one HTTP request to 127.0.0.1 on a connection of its own.
/// - Parameter body: receives the response's body, ended with a zero.
/// - Returns: the body's length; below zero unless the status is 200.
long baseline_http_once(int port, const char *request, char *body, long capacity);

/// Sends an HTTP request again and again, one in flight on each connection.
/// - Parameter count: receives the number of responses.
/// - Parameter times: receives the seconds of the first `capacity` responses, each from when its request was sent.
/// - Returns: 0 if every response had status 200.
int baseline_http_run(int port, const char *request, int connection_count, double seconds, long *count, double *times,
                      long capacity);
