// An event loop for one connection, on poll(2). hiredis' test program asks for it, and PyPI's archive of hiredis leaves
// its own one out.
#pragma once

#include "async.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    redisAsyncContext *connection;
    short events;
    // In seconds of the monotonic clock; 0 without a timer.
    double deadline;
    // hiredis may end the connection from within a callback: the memory is then freed after the tick.
    int isTicking, hasEnded;
} PollLoop;

static double pollNow(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void pollAddRead(void *loop) { ((PollLoop *)loop)->events |= POLLIN; }
static void pollDropRead(void *loop) { ((PollLoop *)loop)->events &= ~POLLIN; }
static void pollAddWrite(void *loop) { ((PollLoop *)loop)->events |= POLLOUT; }
static void pollDropWrite(void *loop) { ((PollLoop *)loop)->events &= ~POLLOUT; }

static void pollSetTimer(void *loop, struct timeval delay) {
    ((PollLoop *)loop)->deadline = pollNow() + (double)delay.tv_sec + (double)delay.tv_usec / 1e6;
}

static void pollEnd(void *data) {
    PollLoop *loop = data;
    loop->connection->ev.data = NULL;
    loop->hasEnded = 1;
    if (!loop->isTicking) free(loop);
}

static int redisPollAttach(redisAsyncContext *connection) {
    PollLoop *loop = calloc(1, sizeof *loop);
    if (loop == NULL || connection->ev.data != NULL) return REDIS_ERR;
    loop->connection = connection;
    connection->ev.data = loop;
    connection->ev.addRead = pollAddRead;
    connection->ev.delRead = pollDropRead;
    connection->ev.addWrite = pollAddWrite;
    connection->ev.delWrite = pollDropWrite;
    connection->ev.scheduleTimer = pollSetTimer;
    connection->ev.cleanup = pollEnd;
    return REDIS_OK;
}

// Waits for at most so many seconds, then calls back what is due.
static int redisPollTick(redisAsyncContext *connection, double seconds) {
    PollLoop *loop = connection->ev.data;
    if (loop == NULL) return 0;
    struct pollfd descriptor = {.fd = connection->c.fd, .events = loop->events};
    if (loop->deadline != 0 && loop->deadline - pollNow() < seconds) seconds = loop->deadline - pollNow();
    poll(&descriptor, 1, seconds > 0 ? (int)(seconds * 1000) + 1 : 0);

    loop->isTicking = 1;
    int calls = 0;
    // An error or the end of the connection is found by reading or writing.
    short failed = descriptor.revents & (POLLERR | POLLHUP);
    if (loop->events & POLLIN && (descriptor.revents & POLLIN || failed)) calls++, redisAsyncHandleRead(connection);
    if (!loop->hasEnded && loop->events & POLLOUT && (descriptor.revents & POLLOUT || failed))
        calls++, redisAsyncHandleWrite(connection);
    if (!loop->hasEnded && loop->deadline != 0 && pollNow() >= loop->deadline) {
        loop->deadline = 0;
        calls++;
        redisAsyncHandleTimeout(connection);
    }
    loop->isTicking = 0;
    if (loop->hasEnded) free(loop);
    return calls;
}
