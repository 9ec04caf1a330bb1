#ifndef CPROCESSOR_H
#define CPROCESSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What Swift has no name for, and comparisons of vectors, which Swift 6.3 compiles to loops over their lanes. */

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

/* The same of bytes that another thread may be writing: they tell what to fetch, and decide nothing. */
__attribute__((no_sanitize("thread"))) static inline uint32_t processor_peek_equal_bytes(
    const void *address, uint8_t byte) {
#if defined(__SSE2__)
    __m128i bytes = _mm_load_si128((const __m128i *)address);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)byte)));
#else
    return processor_equal_bytes(address, byte);
#endif
}

/* A file whose 8 bytes are the instructions that this thread has executed outside of the kernel; -1 if the system or the
   processor counts none. */
int processor_open_instruction_counter(void);

/* 16 bytes in their order in memory, and the case of the letters that they were written with. */
struct processor_uuid {
    uint64_t bytes[2];
    int letter_case;
};

/* Reads the 32 hexadecimal digits of a UUID's 36 characters into 16 bytes; what the four others are is not looked at.
   Its case is 0 if they are not all digits, 1 if no letter among them is upper-case, 2 if none is lower-case, 3 if there
   are both. */
static inline struct processor_uuid processor_parse_uuid(const void *characters) {
    /* Sixteen digits each; the dashes at 8, 13, 18 and 23 stay out. */
    const uint8_t *text = (const uint8_t *)characters;
    uint64_t digits[4];
    uint32_t low, high;
    memcpy(&digits[0], text, 8);
    memcpy(&low, text + 9, 4);
    memcpy(&high, text + 14, 4);
    digits[1] = low | (uint64_t)high << 32;
    memcpy(&low, text + 19, 4);
    memcpy(&high, text + 24, 4);
    digits[2] = low | (uint64_t)high << 32;
    memcpy(&digits[3], text + 28, 8);
    struct processor_uuid uuid;
#if defined(__SSE2__)
    __m128i packed[2], hex = _mm_set1_epi8(-1), lower = _mm_setzero_si128(), upper = lower;
    for (int half = 0; half < 2; half++) {
        __m128i text16 = _mm_set_epi64x((long long)digits[half * 2 + 1], (long long)digits[half * 2]);
        __m128i digit = _mm_sub_epi8(text16, _mm_set1_epi8('0'));
        __m128i letter = _mm_sub_epi8(_mm_or_si128(text16, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
        __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
        __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
        hex = _mm_and_si128(hex, _mm_or_si128(is_digit, is_letter));
        lower = _mm_or_si128(lower, _mm_and_si128(is_letter, text16));
        upper = _mm_or_si128(upper, _mm_andnot_si128(text16, is_letter));
        __m128i value = _mm_add_epi8(
            _mm_and_si128(text16, _mm_set1_epi8(15)), _mm_and_si128(is_letter, _mm_set1_epi8(9)));
        packed[half] = _mm_and_si128(
            _mm_or_si128(_mm_slli_epi16(value, 4), _mm_srli_epi16(value, 8)), _mm_set1_epi16(0xFF));
    }
    _mm_storeu_si128((__m128i *)uuid.bytes, _mm_packus_epi16(packed[0], packed[1]));
    /* Bit 5 of a character, which tells the cases apart, moves to where the mask is taken from. */
    int has_lower = _mm_movemask_epi8(_mm_slli_epi16(lower, 2)) != 0;
    int has_upper = _mm_movemask_epi8(_mm_slli_epi16(upper, 2)) != 0;
    int is_hex = _mm_movemask_epi8(hex) == 0xFFFF;
#else
    const uint32_t ones = 0x01010101u, tops = 0x80808080u;
    uint32_t hex = tops, lower = 0, upper = 0;
    for (int index = 0; index < 8; index++) {
        /* Adding 0x80 - x to a byte below 0x80 sets its top bit if it is x or more, and carries nothing over. */
        uint32_t part = (uint32_t)(digits[index >> 1] >> (index & 1) * 32), ascii = part & ~tops, small = ascii | ones * 0x20;
        uint32_t digit = (ascii + ones * 0x50) & ~(ascii + ones * 0x46);
        uint32_t letter = (small + ones * 0x1F) & ~(small + ones * 0x19) & tops;
        hex &= (digit | letter) & ~part;
        lower |= letter & part << 2;
        upper |= letter & ~(part << 2);
        uint32_t value = (part & ones * 15) + (letter >> 7) * 9;
        value = (value << 4 | value >> 8) & 0x00FF00FFu;
        uint16_t pair = (uint16_t)(value | value >> 8);
        memcpy((uint8_t *)uuid.bytes + index * 2, &pair, 2);
    }
    int has_lower = lower != 0, has_upper = upper != 0, is_hex = (hex & tops) == tops;
#endif
    uuid.letter_case = !is_hex ? 0 : !has_upper ? 1 : !has_lower ? 2 : 3;
    return uuid;
}

#endif
