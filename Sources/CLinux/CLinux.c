#define _GNU_SOURCE
#include "CLinux.h"

#ifdef __linux__

#include <link.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, clinux_operation operation, int descriptor, uint32_t events, uint64_t value) {
    static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
    struct epoll_event event = {.events = events, .data.u64 = value};
    return epoll_ctl(epoll, operations[operation], descriptor, &event);
}

int clinux_epoll_wait(int epoll, clinux_event *events, int count, int milliseconds) {
    struct epoll_event reported[256];
    int ready = epoll_wait(epoll, reported, count < 256 ? count : 256, milliseconds);
    for (int index = 0; index < ready; index++) {
        events[index].value = reported[index].data.u64;
        events[index].events = reported[index].events;
    }
    return ready;
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

// Only what is executable and cannot be written: such pages are the file's own.
static int release_text(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || (segment->p_flags & PF_W)) continue;
        uintptr_t start = (object->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void clinux_release_text(void) { dl_iterate_phdr(release_text, NULL); }

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#endif
