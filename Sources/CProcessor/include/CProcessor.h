#ifndef CPROCESSOR_H
#define CPROCESSOR_H

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Processor instructions that Swift has no name for, or (6.3: comparisons of vectors) compiles to loops. */

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

/* A bit for each of the 16 bytes at an address, itself a multiple of 16, that equals `byte`. */
static inline uint32_t processor_equal_bytes(const void *address, uint8_t byte) {
#if defined(__SSE2__)
    __m128i bytes = _mm_load_si128((const __m128i *)address);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte)));
#else
    const uint64_t ones = 0x0101010101010101u, low = 0x7F7F7F7F7F7F7F7Fu;
    uint64_t words[2];
    uint32_t bits = 0;
    memcpy(words, address, 16);
    for (int index = 0; index < 2; index++) {
        uint64_t difference = words[index] ^ ones * byte;
        uint64_t zeros = ~(((difference & low) + low) | difference | low) >> 7;
        bits |= (uint32_t)(zeros * 0x0102040810204080u >> 56) << (8 * index);
    }
    return bits;
#endif
}

#endif
