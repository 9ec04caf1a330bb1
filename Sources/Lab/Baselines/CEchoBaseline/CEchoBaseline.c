#define _GNU_SOURCE
#include "CEchoBaseline.h"

#include <errno.h>

#ifdef __linux__

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    read_size = 1 << 16,
    events_at_once = 128,
    /// More requests than one read can hold: the shortest that anyone sends has more than 16 bytes.
    replies_at_once = read_size / 16,
    longest_reply = 1024,
    /// So few that the count of a block fits a byte: the compiler counts sixteen or more bytes in one instruction.
    block_size = 128,
};

int echo_baseline_listen(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 511) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0) {
        close(listener);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

/// How many requests begin in these bytes.
static size_t count_requests(const char *bytes, size_t count) {
    size_t requests = 0;
    while (count >= block_size) {
        uint8_t in_block = 0;
        for (int index = 0; index < block_size; index++) in_block += bytes[index] == '*';
        requests += in_block;
        bytes += block_size;
        count -= block_size;
    }
    for (size_t index = 0; index < count; index++) requests += bytes[index] == '*';
    return requests;
}

static void accept_connection(int epoll, int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    int yes = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0)
        close(descriptor);
}

/// One read, one send. A client that leaves, or that reads so little that its replies do not fit into the socket, is
/// dropped: a closed-loop client does neither.
static void answer(int descriptor, char *buffer, const char *replies, size_t length) {
    ssize_t count = read(descriptor, buffer, read_size);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) {
        size_t due = count_requests(buffer, (size_t)count) * length;
        if (due == 0 || send(descriptor, replies, due, MSG_NOSIGNAL) == (ssize_t)due) return;
    }
    close(descriptor);
}

int echo_baseline_serve(int listener, const char *reply, size_t length) {
    struct epoll_event events[events_at_once];
    struct epoll_event accepting = {.events = EPOLLIN, .data.fd = listener};
    if (length > longest_reply) {
        errno = EINVAL;
        return -1;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    char *buffer = malloc(read_size);
    char *replies = malloc(replies_at_once * length);
    if (epoll < 0 || !buffer || !replies || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &accepting) < 0) return -1;
    for (size_t index = 0; index < replies_at_once; index++) memcpy(replies + index * length, reply, length);
    for (;;) {
        int ready = epoll_wait(epoll, events, events_at_once, -1);
        if (ready < 0 && errno != EINTR) return -1;
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == listener)
                accept_connection(epoll, listener);
            else
                answer(descriptor, buffer, replies, length);
        }
    }
}

#else

int echo_baseline_listen(uint16_t *port) {
    (void)port;
    errno = ENOSYS;
    return -1;
}

int echo_baseline_serve(int listener, const char *reply, size_t length) {
    (void)listener, (void)reply, (void)length;
    errno = ENOSYS;
    return -1;
}

#endif
