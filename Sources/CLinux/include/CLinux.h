#ifndef CLINUX_H
#define CLINUX_H

// The Linux calls that Swift's Glibc module hides, or whose structures it cannot read.

#ifdef __linux__

#include <stdint.h>
#include <sys/socket.h>

/// What an epoll descriptor reported: for which value, and what.
typedef struct {
    uint64_t value;
    uint32_t events;
} clinux_event;

enum {
    CLINUX_READABLE = 0x001,
    CLINUX_WRITABLE = 0x004,
    /// Reported whether or not they are waited for: the connection is broken, or both sides have ended it.
    CLINUX_ERROR = 0x008,
    CLINUX_HANGUP = 0x010,
};

typedef enum { clinux_add, clinux_modify, clinux_remove } clinux_operation;

/// A new epoll descriptor, closed on exec; -1 and errno if there is none.
int clinux_epoll_create(void);

/// Changes what is waited for (level-triggered); -1 and errno on failure.
int clinux_epoll_control(int epoll, clinux_operation operation, int descriptor, uint32_t events, uint64_t value);

/// Waits for at most `milliseconds` (-1: for ever) and reports at most `count` (and at most 256) events.
int clinux_epoll_wait(int epoll, clinux_event *events, int count, int milliseconds);

/// The same, for at most so many nanoseconds, exactly.
int clinux_epoll_wait_for(int epoll, clinux_event *events, int count, int64_t nanoseconds);

/// Has the calling thread's waits end when they should, not up to 50 µs later.
void clinux_precise_timers(void);

/// Has the calling thread run only while no other wants the processor (`SCHED_IDLE`); -1 and errno on failure.
int clinux_run_when_idle(void);

/// A new non-blocking eventfd, closed on exec.
int clinux_eventfd(void);

/// Accepts a connection, non-blocking and closed on exec.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *length);

/// Names the calling thread, for `top` and `perf`; at most 15 bytes.
void clinux_name_thread(const char *name);

/// A byte of the calling thread's own; 0 at first.
unsigned char *clinux_thread_byte(void);

/// Keeps the calling thread, and what it starts, on one processor; -1 and errno on failure.
int clinux_stay_on(int processor);

/// The processors that the calling thread may use, in order.
/// - Returns: how many there are, at most `count`; -1 and errno on failure.
int clinux_processors(int *processors, int count);

/// When a file came to be, in seconds and nanoseconds.
/// - Returns: 1; 0 if the file system or the kernel does not say; -1 and errno on failure.
int clinux_birth(const char *path, int64_t *seconds, uint32_t *nanoseconds);

/// The time of a clock of the system (CLOCK_REALTIME, ...), in nanoseconds.
int64_t clinux_clock(int clock);

/// A clock that only goes forward, in nanoseconds.
int64_t clinux_time(void);

/// The processor time of the calling thread, in nanoseconds.
int64_t clinux_thread_time(void);

/// The processor time of all threads of a process, ended ones included, in nanoseconds; -1 and errno on failure.
int64_t clinux_processor_time(int32_t process);

/// Has the heap give large blocks back to the system when they are freed. The C library would keep up to 64 MB for each
/// thread, once a block of 32 MB was freed.
void clinux_return_freed_memory(void);

/// Adds two decimal numbers as long doubles, read as Redis reads them, and writes the sum with at most 17 digits behind
/// the point.
/// - Returns: its length, without a zero at its end; -1 if one is no number, -2 if the sum is infinite or not a number.
int clinux_add_decimals(
    const unsigned char *one, long one_count, const unsigned char *other, long other_count, unsigned char *sum,
    long capacity);

#endif
#endif
