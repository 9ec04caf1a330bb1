#define _GNU_SOURCE
#include "CLinux.h"

#ifdef __linux__

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, clinux_operation operation, int descriptor, uint32_t events, uint64_t value) {
    static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
    struct epoll_event event = {.events = events, .data.u64 = value};
    return epoll_ctl(epoll, operations[operation], descriptor, &event);
}

static int report(const struct epoll_event *reported, int ready, clinux_event *events) {
    for (int index = 0; index < ready; index++) {
        events[index].value = reported[index].data.u64;
        events[index].events = reported[index].events;
    }
    return ready;
}

int clinux_epoll_wait(int epoll, clinux_event *events, int count, int milliseconds) {
    struct epoll_event reported[256];
    return report(reported, epoll_wait(epoll, reported, count < 256 ? count : 256, milliseconds), events);
}

int clinux_epoll_wait_for(int epoll, clinux_event *events, int count, int64_t nanoseconds) {
    struct epoll_event reported[256];
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    if (count > 256) count = 256;
    int ready = epoll_pwait2(epoll, reported, count, &time, NULL);
    // Before Linux 5.11 there are milliseconds only: then the last of them is waited out by asking again and again.
    if (ready < 0 && errno == ENOSYS) ready = epoll_wait(epoll, reported, count, (int)(nanoseconds / 1000000));
    return report(reported, ready, events);
}

void clinux_precise_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL); }

int clinux_run_when_idle(void) {
    struct sched_param none = {0};
    return sched_setscheduler(0, SCHED_IDLE, &none);
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

unsigned char *clinux_thread_byte(void) {
    static _Thread_local unsigned char byte;
    return &byte;
}

int clinux_birth(const char *path, int64_t *seconds, uint32_t *nanoseconds) {
    struct statx status;
    if (statx(AT_FDCWD, path, AT_STATX_SYNC_AS_STAT, STATX_BTIME, &status) < 0) {
        // A kernel or a sandbox without the call says nothing either.
        return errno == ENOSYS || errno == EPERM ? 0 : -1;
    }
    if (!(status.stx_mask & STATX_BTIME)) return 0;
    *seconds = status.stx_btime.tv_sec;
    *nanoseconds = status.stx_btime.tv_nsec;
    return 1;
}

int clinux_stay_on(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int clinux_processors(int *processors, int count) {
    cpu_set_t set;
    int found = 0;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return -1;
    for (int processor = 0; processor < CPU_SETSIZE && found < count; processor++)
        if (CPU_ISSET(processor, &set)) processors[found++] = processor;
    return found;
}

static int64_t read_clock(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) < 0) return -1;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t clinux_clock(int clock) { return read_clock(clock); }

int64_t clinux_time(void) { return read_clock(CLOCK_MONOTONIC); }

int64_t clinux_thread_time(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

int64_t clinux_processor_time(int32_t process) {
    clockid_t clock;
    int error = clock_getcpuclockid(process, &clock);
    if (error == 0) return read_clock(clock);
    errno = error;
    return -1;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void clinux_return_freed_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}

/// The longest decimal number that is read.
enum { MOST_DIGITS = 5 * 1024 };

static int read_decimal(const unsigned char *bytes, long count, long double *number) {
    char text[MOST_DIGITS];
    if (count <= 0 || count >= MOST_DIGITS || isspace(bytes[0])) return -1;
    memcpy(text, bytes, count);
    text[count] = 0;
    char *end;
    errno = 0;
    *number = strtold(text, &end);
    int is_out_of_range = errno == ERANGE && (isinf(*number) || fpclassify(*number) == FP_ZERO);
    return end - text != count || is_out_of_range || isnan(*number) ? -1 : 0;
}

int clinux_add_decimals(
    const unsigned char *one, long one_count, const unsigned char *other, long other_count, unsigned char *sum,
    long capacity) {
    long double first, second;
    if (read_decimal(one, one_count, &first) < 0 || read_decimal(other, other_count, &second) < 0) return -1;
    first += second;
    if (isnan(first) || isinf(first)) return -2;
    int count = snprintf((char *)sum, capacity, "%.17Lf", first);
    if (count < 0 || count >= capacity) return -2;
    while (sum[count - 1] == '0') count--;
    if (sum[count - 1] == '.') count--;
    if (count == 2 && sum[0] == '-' && sum[1] == '0') {
        sum[0] = '0';
        count = 1;
    }
    return count;
}

#endif
