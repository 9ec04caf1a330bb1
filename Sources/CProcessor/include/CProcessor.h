#ifndef CPROCESSOR_H
#define CPROCESSOR_H

/* The two processor instructions that Swift has no name for. */

/* Asks for a cache line. Any address is allowed: a prefetch never faults. */
static inline void processor_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

/* Tells the processor that this is a spin loop. */
static inline void processor_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

#endif
