#include "CProcessor.h"

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

int processor_open_instruction_counter(void) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}
#else
int processor_open_instruction_counter(void) { return -1; }
#endif

#if defined(__x86_64__)
#include <immintrin.h>

int processor_hashes_four_uuids(void) { return __builtin_cpu_supports("avx2"); }

#define WITH_AVX2 __attribute__((target("avx2")))
#define INLINE_WITH_AVX2 WITH_AVX2 __attribute__((always_inline)) static inline

/* 32 bits that are set where characters are what a UUID has in its place, and where they are letters of each case. */
struct verdict {
    uint32_t fit, lower, upper;
};

/* The 32 digits of 36 characters, two to a 16-bit word, with the dashes left out. */
INLINE_WITH_AVX2 __m256i read_digits(const uint8_t *text, struct verdict *verdict) {
    /* Characters 0 to 15 and 18 to 33; 2 to 17 and 20 to 35. */
    __m256i one = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)text)),
        _mm_loadu_si128((const __m128i *)(text + 18)), 1);
    __m256i other = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(text + 2))),
        _mm_loadu_si128((const __m128i *)(text + 20)), 1);
    const __m256i from_one = _mm256_setr_epi8(
        0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, -1, -1, -1, -1, 1, 2, 3, 4, 6, 7, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256i from_other = _mm256_setr_epi8(
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, 8, 9, 10, 11,
        12, 13, 14, 15);
    /* The dashes are characters 8, 13, 18 and 23. */
    const __m256i dashes = _mm256_setr_epi8(
        0, 0, 0, 0, 0, 0, 0, 0, '-', 0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 0, 0, '-', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const uint32_t dash_places = 1u << 8 | 1u << 13 | 1u << 16 | 1u << 21;
    __m256i text32 = _mm256_or_si256(_mm256_shuffle_epi8(one, from_one), _mm256_shuffle_epi8(other, from_other));
    __m256i digit = _mm256_sub_epi8(text32, _mm256_set1_epi8('0'));
    __m256i letter = _mm256_sub_epi8(_mm256_or_si256(text32, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('a'));
    __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, _mm256_set1_epi8(9)), digit);
    __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);
    uint32_t is_hex = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(is_digit, is_letter));
    uint32_t is_dash = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(one, dashes));
    verdict->fit = is_hex & (is_dash | ~dash_places);
    /* Bit 5 of a character, which tells the cases apart, moves to where the mask is taken from. */
    verdict->lower = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(_mm256_and_si256(is_letter, text32), 2));
    verdict->upper = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(_mm256_andnot_si256(text32, is_letter), 2));
    __m256i value = _mm256_add_epi8(
        _mm256_and_si256(text32, _mm256_set1_epi8(15)), _mm256_and_si256(is_letter, _mm256_set1_epi8(9)));
    /* The first of two digits counts 16 times. */
    return _mm256_maddubs_epi16(value, _mm256_set1_epi16(0x0110));
}

INLINE_WITH_AVX2 __m256i rotate(__m256i words, int bits) {
    return _mm256_or_si256(_mm256_slli_epi64(words, bits), _mm256_srli_epi64(words, 64 - bits));
}

INLINE_WITH_AVX2 void sip_round(__m256i v[4]) {
    v[0] = _mm256_add_epi64(v[0], v[1]);
    v[2] = _mm256_add_epi64(v[2], v[3]);
    v[1] = _mm256_xor_si256(rotate(v[1], 13), v[0]);
    v[3] = _mm256_xor_si256(rotate(v[3], 16), v[2]);
    v[0] = _mm256_shuffle_epi32(v[0], _MM_SHUFFLE(2, 3, 0, 1));
    v[2] = _mm256_add_epi64(v[2], v[1]);
    v[0] = _mm256_add_epi64(v[0], v[3]);
    v[1] = _mm256_xor_si256(rotate(v[1], 17), v[2]);
    v[3] = _mm256_xor_si256(rotate(v[3], 21), v[0]);
    v[2] = _mm256_shuffle_epi32(v[2], _MM_SHUFFLE(2, 3, 0, 1));
}

INLINE_WITH_AVX2 void sip_absorb(__m256i v[4], __m256i word) {
    v[3] = _mm256_xor_si256(v[3], word);
    sip_round(v);
    v[0] = _mm256_xor_si256(v[0], word);
}

WITH_AVX2 int processor_hash_four_uuids(
    const void *first, size_t distance, uint64_t key0, uint64_t key1, uint64_t kind,
    struct processor_four_uuids *four) {
    const uint8_t *text = first;
    struct verdict verdicts[4];
    __m256i digits[4];
    for (int index = 0; index < 4; index++)
        digits[index] = read_digits(text + (size_t)index * distance, &verdicts[index]);
    uint64_t upper[4];
    uint32_t fit = ~0u, mixed = 0;
    for (int index = 0; index < 4; index++) {
        fit &= verdicts[index].fit;
        mixed |= verdicts[index].lower != 0 && verdicts[index].upper != 0;
        upper[index] = verdicts[index].upper != 0;
    }
    if (fit != ~0u || mixed) return 0;

    __m256i front = _mm256_packus_epi16(digits[0], digits[1]), back = _mm256_packus_epi16(digits[2], digits[3]);
    __m256i word0 = _mm256_permute2x128_si256(front, back, 0x20);
    __m256i word1 = _mm256_permute2x128_si256(front, back, 0x31);
    __m256i kinds = _mm256_or_si256(
        _mm256_set1_epi64x((long long)kind), _mm256_loadu_si256((const __m256i *)upper));
    __m256i v[4] = {
        _mm256_set1_epi64x((long long)(key0 ^ 0x736f6d6570736575)),
        _mm256_set1_epi64x((long long)(key1 ^ 0x646f72616e646f6d)),
        _mm256_set1_epi64x((long long)(key0 ^ 0x6c7967656e657261)),
        _mm256_set1_epi64x((long long)(key1 ^ 0x7465646279746573)),
    };
    sip_absorb(v, word0);
    sip_absorb(v, word1);
    sip_absorb(v, _mm256_or_si256(kinds, _mm256_set1_epi64x((long long)0xFF00000000000000)));
    v[2] = _mm256_xor_si256(v[2], _mm256_set1_epi64x(0xFF));
    for (int round = 0; round < 3; round++) sip_round(v);
    __m256i hashes = _mm256_xor_si256(_mm256_xor_si256(v[0], v[1]), _mm256_xor_si256(v[2], v[3]));
    _mm256_storeu_si256((__m256i *)four->hash, hashes);
    _mm256_storeu_si256((__m256i *)four->word0, word0);
    _mm256_storeu_si256((__m256i *)four->word1, word1);
    _mm256_storeu_si256((__m256i *)four->kind, kinds);
    return 1;
}
#else
int processor_hashes_four_uuids(void) { return 0; }

int processor_hash_four_uuids(
    const void *first, size_t distance, uint64_t key0, uint64_t key1, uint64_t kind,
    struct processor_four_uuids *four) {
    (void)first, (void)distance, (void)key0, (void)key1, (void)kind, (void)four;
    return 0;
}
#endif
