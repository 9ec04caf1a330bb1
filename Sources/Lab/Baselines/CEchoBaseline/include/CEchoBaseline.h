#ifndef CECHOBASELINE_H
#define CECHOBASELINE_H

// The echo server: what the machine charges for moving requests and replies, and nothing else. Frozen: a change makes
// every earlier ratio to it worthless.

#include <stddef.h>
#include <stdint.h>

/// Listens on a free port of 127.0.0.1.
/// - Parameter port: receives it.
/// - Returns: the listening socket; -1 and errno if there is none (ENOSYS off Linux).
int echo_baseline_listen(uint16_t *port);

/// Serves for ever: reads, counts requests, answers `reply` to each.
///
/// A request is counted at its `*`, so none may have another `*` in it.
/// - Parameter reply: at most 1 KiB.
/// - Returns: only on failure: -1 and errno.
int echo_baseline_serve(int listener, const char *reply, size_t length);

#endif
