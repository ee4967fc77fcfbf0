/* The codecs: what goes in comes out, and nothing but that; and work spread over threads. */
#include <stdatomic.h>

#include "core/base/endian.h"
#include "core/base/parallel.h"
#include "core/codec/codec.h"
#include "core/codec/xxh32.h"
#include "make.h"

#ifdef MA_WITH_LZ4
#include <lz4frame.h>
#endif

static const ma_codec_id codecs[] = {MA_CODEC_LZ4_FRAME, MA_CODEC_ZSTD};

static bool
have(ma_codec_id id)
{
    return ma_codec_available(id, NULL) == MA_OK;
}

/* ---- bytes in blocks of exactly their size, so that the sanitizer sees one too far ---- */

typedef struct bytes {
    uint8_t *data;
    int64_t size;
} bytes;

static bytes
new_bytes(int64_t size)
{
    const bytes it = {malloc(size > 0 ? (size_t)size : 1), size};
    CHECK(it.data != NULL);
    return it;
}

static bytes
copy_bytes(const uint8_t *data, int64_t size)
{
    const bytes it = new_bytes(size);
    memcpy(it.data, data, (size_t)size);
    return it;
}

static bytes
join_bytes(bytes a, bytes b)
{
    const bytes it = new_bytes(a.size + b.size);
    memcpy(it.data, a.data, (size_t)a.size);
    memcpy(it.data + a.size, b.data, (size_t)b.size);
    return it;
}

typedef enum content {
    ZEROS,
    TEXT,
    RANDOM,
    N_CONTENTS
} content;

static bytes
make_content(content kind, int64_t size)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog, ";
    const bytes it = new_bytes(size);
    for (int64_t i = 0; i < size; i++) {
        switch (kind) {
        case TEXT: /* one letter in 64 is any */
            it.data[i] = random_below(64) == 0 ? (uint8_t)random_below(256)
                                               : (uint8_t)text[i % (int64_t)(sizeof(text) - 1)];
            break;
        case RANDOM:
            it.data[i] = (uint8_t)random_below(256);
            break;
        default:
            it.data[i] = 0;
        }
    }
    return it;
}

static bytes
compress(ma_codec_id id, int level, bytes plain)
{
    const int64_t bound = ma_codec_bound(id, plain.size);
    bytes packed = new_bytes(bound);
    int64_t written = -7;
    CHECK(ma_codec_compress(NULL, id, level, plain.data, plain.size, packed.data, bound, &written,
                            NULL) == MA_OK);
    CHECK(written > 0 && written <= bound);
    CHECK(plain.size <= ma_codec_most_inflated(id, written));
    const bytes exact = copy_bytes(packed.data, written);
    free(packed.data);
    return exact;
}

/* Inflate to `size` bytes; the text of a failure stays in `message`. */
static char message[320];

static ma_status
inflate(ma_codec_id id, bytes packed, int64_t size, bytes *out)
{
    ma_error err;
    ma_error_init(&err);
    message[0] = '\0';
    *out = new_bytes(size);
    const ma_status st =
        ma_codec_inflate(NULL, id, packed.data, packed.size, out->data, size, &err);
    if (st != MA_OK) {
        CHECK(err.status == st && err.offset == -1 && err.text[0] != '\0');
        memcpy(message, err.text, sizeof(message));
    }
    return st;
}

static void
check_gives(ma_codec_id id, bytes packed, bytes plain)
{
    bytes out;
    CHECK(inflate(id, packed, plain.size, &out) == MA_OK);
    CHECK(memcmp(out.data, plain.data, (size_t)plain.size) == 0);
    free(out.data);
}

static void
check_refused(ma_codec_id id, bytes packed, int64_t size, const char *text)
{
    bytes out;
    CHECK(inflate(id, packed, size, &out) == MA_INVALID);
    if (strstr(message, text) == NULL) {
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", message, text);
        abort();
    }
    free(out.data);
}

/* ---- round trips ---- */

static void
check_capacities(ma_codec_id id, int level, bytes plain, int64_t needed)
{
    const int64_t capacities[] = {0, 1, 6, 7, 10, 11, needed / 2, needed - 1, needed};
    for (int i = 0; i < COUNT(capacities); i++) {
        const bytes target = new_bytes(capacities[i]);
        int64_t written = -7;
        CHECK(ma_codec_compress(NULL, id, level, plain.data, plain.size, target.data, target.size,
                                &written, NULL) == MA_OK);
        CHECK(written == -1 || (written > 0 && written <= target.size));
        CHECK(written == -1 || target.size >= needed || id == MA_CODEC_LZ4_FRAME);
        if (written > 0) { /* a block that found less room may be stored, or packed tighter */
            check_gives(id, (bytes){target.data, written}, plain);
        }
        free(target.data);
    }
}

static void
check_round_trip(ma_codec_id id, int level, bytes plain)
{
    const bytes packed = compress(id, level, plain);
    check_gives(id, packed, plain);
    if (plain.size <= 70000) {
        check_capacities(id, level, plain, packed.size);
    }
    free(packed.data);
}

static void
test_round_trips(ma_codec_id id)
{
    static const int64_t sizes[] = {0, 1, 7, 12, 13, 4096, 65536, 65537, 300000, 5 << 20};
    static const int levels[] = {-70000, -65536, -5, -1, 0, 1, 2, 3, 4, 9, 10, 12, 19, 22};
    int lowest, highest, normal;
    ma_codec_levels(id, &lowest, &highest, &normal);
    for (int i = 0; i < COUNT(sizes); i++) {
        for (int kind = 0; kind < N_CONTENTS; kind++) {
            const bytes plain = make_content((content)kind, sizes[i]);
            check_round_trip(id, MA_CODEC_LEVEL_DEFAULT, plain);
            for (int k = 0; k < COUNT(levels); k++) {
                const bool quick = levels[k] <= 4 || sizes[i] <= 70000;
                if (quick && levels[k] >= lowest && levels[k] <= highest) {
                    check_round_trip(id, levels[k], plain);
                }
            }
            free(plain.data);
        }
    }
}

static void
test_levels(ma_codec_id id)
{
    int lowest, highest, normal;
    ma_codec_levels(id, &lowest, &highest, &normal);
    CHECK(lowest < 0 && normal == 1 && highest >= 12);
    const int wrong[] = {lowest - 1, highest + 1, INT32_MAX};
    for (int i = 0; i < COUNT(wrong); i++) {
        uint8_t target[100];
        int64_t written;
        ma_error err;
        ma_error_init(&err);
        CHECK(ma_codec_compress(NULL, id, wrong[i], target, 0, target, 100, &written, &err) ==
              MA_INVALID);
        CHECK(strstr(err.text, "level") != NULL && strstr(err.text, ma_codec_name(id)) != NULL);
    }
}

/* ---- bytes that nobody vouches for ---- */

static void
test_truncations(ma_codec_id id)
{
    for (int kind = 0; kind < N_CONTENTS; kind++) {
        const bytes plain = make_content((content)kind, 700);
        const bytes packed = compress(id, 1, plain);
        for (int64_t size = 0; size < packed.size; size++) {
            const bytes cut = copy_bytes(packed.data, size);
            check_refused(id, cut, plain.size, "end early");
            free(cut.data);
        }
        free(packed.data);
        free(plain.data);
    }
}

static void
check_any(ma_codec_id id, bytes packed, int64_t size)
{
    bytes out;
    const ma_status st = inflate(id, packed, size, &out);
    CHECK(st == MA_OK || st == MA_INVALID);
    free(out.data);
}

static void
test_flips(ma_codec_id id)
{
    for (int kind = 0; kind < N_CONTENTS; kind++) {
        const bytes plain = make_content((content)kind, 700);
        const bytes packed = compress(id, 1, plain);
        for (int64_t bit = 0; bit < packed.size * 8; bit++) {
            packed.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            check_any(id, packed, plain.size);
            packed.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        }
        for (int round = 0; round < 20000; round++) {
            const bytes copy = copy_bytes(packed.data, packed.size);
            for (int flips = 0; flips < 1 + round % 8; flips++) {
                copy.data[random_below((uint32_t)copy.size)] = (uint8_t)random_below(256);
            }
            check_any(id, copy, plain.size);
            free(copy.data);
        }
        free(packed.data);
        free(plain.data);
    }
}

static void
test_wrong_sizes(ma_codec_id id)
{
    static const int64_t sizes[] = {1, 100, 65536, 200000};
    for (int i = 0; i < COUNT(sizes); i++) {
        for (int kind = 0; kind < N_CONTENTS; kind++) {
            const bytes plain = make_content((content)kind, sizes[i]);
            const bytes packed = compress(id, 1, plain);
            check_refused(id, packed, plain.size + 1, "and not the stated");
            check_refused(id, packed, plain.size * 3, "and not the stated");
            check_refused(id, packed, plain.size - 1, "give more than the stated");
            check_refused(id, packed, plain.size / 2, "give more than the stated");
            check_refused(id, packed, 0, "give more than the stated 0 bytes");
            free(packed.data);
            free(plain.data);
        }
    }
}

/* ---- several frames ---- */

static const uint8_t skippable[] = {0x5F, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};

static void
test_several_frames(ma_codec_id id)
{
    const bytes first = make_content(TEXT, 3000);
    const bytes second = make_content(RANDOM, 500);
    const bytes empty = {first.data, 0};
    const bytes skip = {(uint8_t *)skippable, sizeof(skippable)};
    const bytes plain = join_bytes(first, second);
    const bytes packed_first = compress(id, 1, first);
    const bytes packed_second = compress(id, 3, second);
    const bytes packed_empty = compress(id, 1, empty);
    const bytes head = join_bytes(skip, packed_first);
    const bytes gap = join_bytes(head, packed_empty);
    const bytes whole = join_bytes(gap, packed_second);
    const bytes packed = join_bytes(whole, skip);

    check_gives(id, whole, plain);
    check_gives(id, packed, plain);
    check_gives(id, head, first);
    check_gives(id, packed_empty, empty);
    check_gives(id, skip, empty);
    check_refused(id, empty, 0, "end early, at byte 0");
    check_refused(id, gap, plain.size, "give 3000 bytes and not the stated 3500");
    check_refused(id, whole, first.size, "give more");
    for (int64_t size = whole.size + 1; size < packed.size; size++) {
        check_refused(id, (bytes){packed.data, size}, plain.size, "end early");
    }
    packed.data[whole.size] ^= 0x80; /* no magic number any more */
    check_refused(id, packed, plain.size, "frame begins here");

    const bytes all[] = {first,        second, plain, packed_first, packed_second,
                         packed_empty, head,   gap,   whole,        packed};
    for (int i = 0; i < COUNT(all); i++) {
        free(all[i].data);
    }
}

/* ---- the most that a format can give ---- */

/* One match as long as a block has room for, of the byte before it. */
static bytes
make_extreme_lz4(int64_t *inflated)
{
    static const uint8_t head[] = {0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73};
    static const uint8_t last[] = {0x50, 1, 2, 3, 4, 5};
    const int64_t lengths = ((4 << 20) - 1 - 19 - 5) / 255;
    const int64_t block = 4 + lengths + 1 + (int64_t)sizeof(last);
    const bytes it = new_bytes((int64_t)sizeof(head) + 4 + block + 4);
    uint8_t *at = it.data;
    memcpy(at, head, sizeof(head));
    at += sizeof(head);
    ma_store_le32(at, (uint32_t)block);
    memcpy(at + 4, "\x1F\x00\x01\x00", 4);
    memset(at + 8, 0xFF, (size_t)lengths);
    at[8 + lengths] = 0;
    memcpy(at + 9 + lengths, last, sizeof(last));
    memset(at + 4 + block, 0, 4);
    *inflated = 1 + 19 + lengths * 255 + 5;
    return it;
}

/* Blocks of one byte each that say 128 KiB. */
static bytes
make_extreme_zstd(int64_t *inflated)
{
    static const uint8_t head[] = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38};
    const int64_t blocks = 100;
    const bytes it = new_bytes((int64_t)sizeof(head) + blocks * 4);
    memcpy(it.data, head, sizeof(head));
    for (int64_t i = 0; i < blocks; i++) {
        const uint32_t is_last = i == blocks - 1;
        ma_store_le32(it.data + sizeof(head) + 4 * i, is_last | 1u << 1 | (128u << 10) << 3);
    }
    *inflated = blocks << 17;
    return it;
}

static void
test_most_inflated(ma_codec_id id)
{
    int64_t inflated;
    const bytes packed =
        id == MA_CODEC_ZSTD ? make_extreme_zstd(&inflated) : make_extreme_lz4(&inflated);
    const int64_t bound = ma_codec_most_inflated(id, packed.size);
    CHECK(inflated <= bound && inflated >= bound - bound / 500);
    if (have(id)) {
        bytes out;
        CHECK(inflate(id, packed, inflated, &out) == MA_OK);
        free(out.data);
    }
    free(packed.data);
    CHECK(ma_codec_most_inflated(id, 0) == 0);
    CHECK(ma_codec_most_inflated(id, INT64_MAX) == INT64_MAX);
    for (int64_t size = 0; size < 1000; size++) {
        CHECK(ma_codec_most_inflated(id, size) <= ma_codec_most_inflated(id, size + 1));
    }
}

/* 1 GiB that was never written to is one page of zeros. */
static void
test_gibibyte_of_zeros(ma_codec_id id)
{
    const int64_t size = INT64_C(1) << 30;
    const bytes packed = new_bytes(8 << 20);
    uint8_t *zeros = calloc(1, (size_t)size);
    int64_t written;
    if (zeros != NULL) {
        CHECK(ma_codec_compress(NULL, id, 1, zeros, size, packed.data, packed.size, &written,
                                NULL) == MA_OK);
        CHECK(written > 0 && size <= ma_codec_most_inflated(id, written));
        free(zeros);
    }
    free(packed.data);
}

/* ---- what LZ4 frames may have beside blocks ---- */

static void
test_checksum(void)
{
    static const char text[] = "Nobody inspects the spammish repetition";
    CHECK(ma_xxh32((const uint8_t *)"", 0) == 0x02CC5D05);
    CHECK(ma_xxh32((const uint8_t *)"abc", 3) == 0x32D153FF);
    CHECK(ma_xxh32((const uint8_t *)text, (int64_t)strlen(text)) == 0xE2293B2F);
}

#ifdef MA_WITH_LZ4
static bytes
compress_with(LZ4F_frameInfo_t info, bytes plain)
{
    const LZ4F_preferences_t preferences = {.frameInfo = info};
    const bytes packed =
        new_bytes((int64_t)LZ4F_compressFrameBound((size_t)plain.size, &preferences));
    const size_t size = LZ4F_compressFrame(packed.data, (size_t)packed.size, plain.data,
                                           (size_t)plain.size, &preferences);
    CHECK(!LZ4F_isError(size));
    const bytes exact = copy_bytes(packed.data, (int64_t)size);
    free(packed.data);
    return exact;
}

static void
test_frames_of_the_library(void)
{
    static const int64_t sizes[] = {1, 1000, 65536, 65537, 1000000};
    for (int i = 0; i < 1 << 5; i++) {
        for (int k = 0; k < COUNT(sizes) * N_CONTENTS; k++) {
            const bytes plain = make_content((content)(k % N_CONTENTS), sizes[k / N_CONTENTS]);
            const LZ4F_frameInfo_t info = {
                .blockSizeID = i & 1 ? LZ4F_max64KB : LZ4F_max256KB,
                .blockMode = i & 2 ? LZ4F_blockLinked : LZ4F_blockIndependent,
                .contentChecksumFlag = i & 4 ? 1 : 0,
                .contentSize = i & 8 ? (unsigned long long)plain.size : 0,
                .blockChecksumFlag = i & 16 ? 1 : 0,
            };
            const bytes packed = compress_with(info, plain);
            check_gives(MA_CODEC_LZ4_FRAME, packed, plain);
            if ((i & 8) != 0) {
                check_refused(MA_CODEC_LZ4_FRAME, packed, plain.size - 1, "give more");
            }
            free(packed.data);
            free(plain.data);
        }
    }
}

/* With checksums for all there is, no flipped bit goes unseen. */
static void
test_checksums_are_compared(void)
{
    const bytes plain = make_content(TEXT, 500);
    for (int kind = 0; kind < 2; kind++) {
        const LZ4F_frameInfo_t info = {.contentChecksumFlag = kind == 0,
                                       .blockChecksumFlag = 1,
                                       .contentSize = kind == 0 ? 500 : 0};
        const bytes packed = compress_with(info, plain);
        for (int64_t bit = 0; bit < packed.size * 8; bit++) {
            packed.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            check_refused(MA_CODEC_LZ4_FRAME, packed, plain.size, "the compressed bytes");
            packed.data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        }
        for (int64_t size = 0; size < packed.size; size++) {
            check_refused(MA_CODEC_LZ4_FRAME, (bytes){packed.data, size}, plain.size, "end early");
        }
        free(packed.data);
    }
    free(plain.data);
}

static void
check_header(int flags, int block, const char *text)
{
    uint8_t frame[19] = {0x04, 0x22, 0x4D, 0x18, (uint8_t)flags, (uint8_t)block};
    const int size = 6 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
    frame[size] = (uint8_t)(ma_xxh32(frame + 4, size - 4) >> 8);
    const bytes it = copy_bytes(frame, size + 5 < 19 ? size + 5 : 19);
    check_refused(MA_CODEC_LZ4_FRAME, it, 0, text);
    free(it.data);
}

static void
test_headers(void)
{
    static const uint8_t legacy[] = {0x02, 0x21, 0x4C, 0x18, 0, 0, 0, 0};
    check_header(0x20, 0x40, "no version of LZ4");
    check_header(0xA0, 0x40, "no version of LZ4");
    check_header(0x62, 0x40, "reserved bit");
    check_header(0x60, 0xC0, "reserved bit");
    check_header(0x60, 0x41, "reserved bit");
    check_header(0x60, 0x30, "no such size of blocks");
    check_header(0x61, 0x40, "dictionary");
    check_refused(MA_CODEC_LZ4_FRAME, (bytes){(uint8_t *)legacy, sizeof(legacy)}, 0,
                  "no LZ4 frame begins here");
}

static void
test_stated_size(void)
{
    uint8_t frame[] = {0x04, 0x22, 0x4D, 0x18, 0x68, 0x40, 5,   0,   0, 0, 0, 0, 0,
                       0,    0,    2,    0,    0,    0x80, 'h', 'i', 0, 0, 0, 0};
    frame[14] = (uint8_t)(ma_xxh32(frame + 4, 10) >> 8);
    const bytes it = copy_bytes(frame, sizeof(frame));
    check_refused(MA_CODEC_LZ4_FRAME, it, 2, "give more than the stated 2 bytes");
    check_refused(MA_CODEC_LZ4_FRAME, it, 5, "does not give what its header says");
    free(it.data);
}

/* Blocks that the library would not write: stored ones too large, empty ones, ones that refer to
 * before the frame. */
static void
check_block(const uint8_t *block, int size, int64_t inflated, const char *text)
{
    static const uint8_t head[] = {0x04, 0x22, 0x4D, 0x18, 0x40, 0x40, 0xC0};
    static const uint8_t tail[] = {0, 0, 0, 0};
    const bytes begin =
        join_bytes((bytes){(uint8_t *)head, sizeof(head)}, (bytes){(uint8_t *)block, size});
    const bytes frame = join_bytes(begin, (bytes){(uint8_t *)tail, sizeof(tail)});
    if (text != NULL) {
        check_refused(MA_CODEC_LZ4_FRAME, frame, inflated, text);
    } else {
        bytes out;
        CHECK(inflate(MA_CODEC_LZ4_FRAME, frame, inflated, &out) == MA_OK);
        free(out.data);
    }
    free(begin.data);
    free(frame.data);
}

static void
test_blocks(void)
{
    static const uint8_t too_large[] = {1, 0, 1, 0x80};
    static const uint8_t stored_nothing[] = {0, 0, 0, 0x80};
    static const uint8_t packed_nothing[] = {1, 0, 0, 0, 0};
    static const uint8_t before_begin[] = {5, 0, 0, 0, 0x10, 'a', 2, 0, 0};
    static const uint8_t stored[] = {2, 0, 0, 0x80, 'h', 'i'};
    check_block(too_large, sizeof(too_large), 10, "larger than its frame allows");
    check_block(stored_nothing, sizeof(stored_nothing), 0, NULL);
    check_block(packed_nothing, sizeof(packed_nothing), 0, NULL);
    check_block(before_begin, sizeof(before_begin), 5, "makes no sense");
    check_block(before_begin, sizeof(before_begin), 70000, "makes no sense");
    check_block(stored, sizeof(stored), 2, NULL);
    check_block(stored, sizeof(stored), 1, "give more than the stated 1 bytes");
}
#endif

/* ---- threads ---- */

typedef struct tally {
    atomic_int seen[1000];
    int64_t fails_from; /* items from here on fail, if they are odd */
} tally;

static ma_status
count_one(void *context, int64_t index, ma_error *err)
{
    tally *self = context;
    atomic_fetch_add(&self->seen[index], 1);
    if (index >= self->fails_from && index % 2 == 1) {
        return ma_fail(err, MA_LIMIT, index, "item %d", (int)index);
    }
    return MA_OK;
}

static void
test_parallel(void)
{
    static const int threads[] = {0, 1, 2, 7, 1000};
    CHECK(ma_processors() >= 1);
    for (int round = 0; round < 20 * COUNT(threads); round++) {
        static tally tally;
        const int64_t count = round % 3 == 0 ? 1000 : round % 3 == 1 ? 2 : 0;
        for (int i = 0; i < 1000; i++) {
            atomic_store(&tally.seen[i], 0);
        }
        tally.fails_from = 1000;
        CHECK(ma_parallel(count_one, &tally, count, threads[round % COUNT(threads)], NULL) ==
              MA_OK);
        for (int i = 0; i < 1000; i++) {
            CHECK(atomic_load(&tally.seen[i]) == (i < count));
        }
    }
}

static void
test_parallel_failure(void)
{
    static const int threads[] = {1, 2, 8};
    for (int round = 0; round < 200; round++) {
        static tally tally;
        const int64_t from = round * 5;
        ma_error err;
        ma_error_init(&err);
        err.message = 17;
        tally.fails_from = from;
        for (int i = 0; i < 1000; i++) {
            atomic_store(&tally.seen[i], 0);
        }
        const int n = threads[round % COUNT(threads)];
        CHECK(ma_parallel(count_one, &tally, 1000, n, &err) == MA_LIMIT);
        const int64_t first = from + (from % 2 == 0);
        char text[20];
        snprintf(text, sizeof(text), "item %d", (int)first);
        CHECK(err.status == MA_LIMIT && err.offset == first && err.message == 17);
        CHECK(strcmp(err.text, text) == 0);
        int begun = 0;
        for (int i = 0; i < 1000; i++) {
            begun += atomic_load(&tally.seen[i]);
        }
        CHECK(begun > first && (n > 1 || begun == first + 1));
    }
}

/* Every item goes there and back through contexts that all threads share. */
typedef struct shared {
    ma_codec_pool pool;
    ma_codec_id id;
    bytes plain;
} shared;

static ma_status
go_round(void *context, int64_t index, ma_error *err)
{
    shared *self = context;
    const bytes part = {self->plain.data + index, self->plain.size - 10 * index};
    const bytes packed = new_bytes(ma_codec_bound(self->id, part.size));
    const bytes out = new_bytes(part.size);
    int64_t written = -1;
    ma_status st = ma_codec_compress(&self->pool, self->id, MA_CODEC_LEVEL_DEFAULT, part.data,
                                     part.size, packed.data, packed.size, &written, err);
    if (st == MA_OK) {
        st = ma_codec_inflate(&self->pool, self->id, packed.data, written, out.data, out.size, err);
    }
    CHECK(st != MA_OK || memcmp(out.data, part.data, (size_t)part.size) == 0);
    /* a context that saw damage serves the next as well as any */
    packed.data[written / 2] ^= 0x55;
    const ma_status damaged =
        ma_codec_inflate(&self->pool, self->id, packed.data, written, out.data, out.size, NULL);
    CHECK(damaged == MA_OK || damaged == MA_INVALID);
    free(packed.data);
    free(out.data);
    return st;
}

static void
test_shared_pool(ma_codec_id id)
{
    static const int threads[] = {1, 4, 20};
    shared shared = {.id = id, .plain = make_content(TEXT, 20000)};
    for (int i = 0; i < COUNT(threads); i++) {
        ma_codec_pool_init(&shared.pool);
        CHECK(ma_parallel(go_round, &shared, 400, threads[i], NULL) == MA_OK);
        ma_codec_pool_fini(&shared.pool);
    }
    free(shared.plain.data);
}

/* ---- memory that is not there ---- */

static void
test_no_memory(void)
{
#ifdef MA_FAULT_INJECTION
    static tally tally = {.fails_from = 1000};
    ma_fault_set(1, 1);
    CHECK(ma_parallel(count_one, &tally, 1000, 8, NULL) == MA_OK);
    CHECK(ma_fault_seen() == 1);
    if (have(MA_CODEC_LZ4_FRAME)) {
        const bytes plain = make_content(TEXT, 1000);
        const bytes packed = compress(MA_CODEC_LZ4_FRAME, 1, plain);
        bytes out;
        int64_t written;
        ma_fault_set(1, 1);
        CHECK(ma_codec_compress(NULL, MA_CODEC_LZ4_FRAME, 1, plain.data, plain.size, packed.data,
                                packed.size, &written, NULL) == MA_NOMEM);
        ma_fault_set(1, 1); /* the block that tells damage from a lie */
        CHECK(inflate(MA_CODEC_LZ4_FRAME, packed, 999, &out) == MA_NOMEM);
        free(out.data);
        free(packed.data);
        free(plain.data);
    }
    ma_fault_set(0, 0);
#endif
}

/* ---- a build without ---- */

static void
test_without_library(ma_codec_id id)
{
    const char *package = id == MA_CODEC_ZSTD ? "libzstd-dev" : "liblz4-dev";
    uint8_t byte = 0;
    int64_t written;
    ma_error err;
    ma_error_init(&err);
    CHECK(ma_codec_available(id, &err) == MA_UNSUPPORTED);
    CHECK(strstr(err.text, package) != NULL && strstr(err.text, ma_codec_name(id)) != NULL);
    CHECK(ma_codec_inflate(NULL, id, &byte, 1, &byte, 1, NULL) == MA_UNSUPPORTED);
    CHECK(ma_codec_compress(NULL, id, 1, &byte, 1, &byte, 1, &written, NULL) == MA_UNSUPPORTED);
    ma_codec_pool pool;
    ma_codec_pool_init(&pool);
    ma_codec_pool_fini(&pool);
}

static void
test_unknown_codec(void)
{
    ma_error err;
    ma_error_init(&err);
    CHECK(ma_codec_available((ma_codec_id)5, &err) == MA_INVALID);
    CHECK(strstr(err.text, "number 5") != NULL);
    CHECK(ma_codec_inflate(NULL, MA_CODEC_NONE, NULL, 0, NULL, 0, NULL) == MA_INVALID);
}

static void
test_codec(ma_codec_id id)
{
    test_levels(id);
    test_round_trips(id);
    test_truncations(id);
    test_flips(id);
    test_wrong_sizes(id);
    test_several_frames(id);
    test_gibibyte_of_zeros(id);
    test_shared_pool(id);
}

int
main(void)
{
    for (int i = 0; i < COUNT(codecs); i++) {
        test_most_inflated(codecs[i]);
        if (have(codecs[i])) {
            test_codec(codecs[i]);
        } else {
            test_without_library(codecs[i]);
        }
    }
    test_checksum();
#ifdef MA_WITH_LZ4
    test_frames_of_the_library();
    test_checksums_are_compared();
    test_headers();
    test_stated_size();
    test_blocks();
#endif
    test_unknown_codec();
    test_parallel();
    test_parallel_failure();
    test_no_memory();
    return 0;
}
