/* LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md) around the blocks of liblz4.
 *
 * The library has a frame layer too. It wants room for the worst case to compress into, where we
 * have as much as storing would take; it inflates what ends a frame by way of a buffer of its own;
 * and it does not say where the damage is. A frame is a few numbers around blocks, so that taking
 * the blocks alone gives all three, with no memory but that of one compressor's table. */
#include "core/codec/library.h"

#include <assert.h>

#include "core/base/endian.h"
#include "core/base/memory.h"
#include "core/base/number.h"

#ifdef MA_WITH_LZ4
#include <lz4.h>
#include <lz4hc.h>
#include <string.h>

#include "core/codec/xxh32.h"
#endif

#define LEAST_HEADER 7 /* magic number, FLG, BD, and the header's checksum */
#define BLOCK_HEAD   4
#define END_MARK     4

/* A length goes on with bytes of up to 255 each; nothing else gives more for a byte. */
#define MOST_OF_A_BYTE INT64_C(255)

/* A frame that gives anything has a header, an end mark and at least one block. */
static int64_t
most_inflated(int64_t size)
{
    int64_t most;
    const int64_t bytes = ma_max_i64(size - LEAST_HEADER - BLOCK_HEAD - END_MARK, 0);
    return ma_mul_i64(bytes, MOST_OF_A_BYTE, &most) ? most : INT64_MAX;
}

#ifdef MA_WITH_LZ4

#define MAGIC          UINT32_C(0x184D2204)
#define DESCRIPTOR     4 /* where it begins */
#define WINDOW         (64 * 1024)
#define BLOCK_STORED   UINT32_C(0x80000000)
#define CHECKSUM       4
#define LOWEST_LEVEL   (-65536) /* its acceleration, 65537, is the library's highest */
#define LEAST_HC_LEVEL 3        /* below, the frame layer of the library uses the fast compressor */

/* The bits of FLG. */
enum {
    FLAG_DICTIONARY = 1 << 0,
    FLAG_RESERVED = 1 << 1,
    FLAG_CONTENT_CHECKSUM = 1 << 2,
    FLAG_CONTENT_SIZE = 1 << 3,
    FLAG_BLOCK_CHECKSUM = 1 << 4,
    FLAG_INDEPENDENT = 1 << 5,
    FLAG_VERSION = 3 << 6,
    VERSION_1 = 1 << 6,
};

static uint8_t
header_checksum(const uint8_t *descriptor, int64_t size)
{
    return (uint8_t)(ma_xxh32(descriptor, size) >> 8);
}

/* ---- compressing ---- */

/* Our frames have independent blocks as large as the format has them: each is compressed on its
 * own, and so few begin without a history to refer to that linked ones would gain nothing. There
 * are no checksums, and no size, which stands in front of the frame already (Message.fbs,
 * BodyCompressionMethod). */
#define SMALLEST_BLOCK (64 * 1024)
#define LARGEST_BLOCK  (4 * 1024 * 1024)

/* The least of the format's sizes that takes all of `size` bytes at once, or the largest. A decoder
 * may set memory of this size aside. */
static int64_t
choose_block(int64_t size)
{
    int64_t block = SMALLEST_BLOCK;
    while (block < size && block < LARGEST_BLOCK) {
        block *= 4;
    }
    return block;
}

static void
get_levels(int *lowest, int *highest, int *normal)
{
    *lowest = LOWEST_LEVEL;
    *highest = LZ4HC_CLEVEL_MAX;
    *normal = 1;
}

static int64_t
get_bound(int64_t size)
{
    const int64_t blocks = size / LARGEST_BLOCK + 1;
    int64_t most;
    return ma_add_i64(size, LEAST_HEADER + END_MARK + blocks * BLOCK_HEAD, &most) ? most
                                                                                  : INT64_MAX;
}

/* 0 when it does not fit. */
static int
compress_block(void *state, int level, const uint8_t *source, int size, uint8_t *target,
               int capacity)
{
    const char *from = (const char *)source;
    char *to = (char *)target;
    if (level >= LEAST_HC_LEVEL) {
        return LZ4_compress_HC_extStateHC(state, from, to, size, capacity, level);
    }
    return LZ4_compress_fast_extState(state, from, to, size, capacity, level < 0 ? 1 - level : 1);
}

/* Append a block to `target`, stored as it is where that is shorter; false when it doesn't fit. */
static bool
add_block(void *state, int level, const uint8_t *source, int size, ma_target *target)
{
    const int64_t room = target->size - target->at - BLOCK_HEAD;
    if (room < 1) {
        return false;
    }
    uint8_t *head = target->data + target->at;
    const int64_t useful = ma_min_i64(room, size - 1);
    int packed = compress_block(state, level, source, size, head + BLOCK_HEAD, (int)useful);
    if (packed > 0) {
        ma_store_le32(head, (uint32_t)packed);
    } else if (size <= room) {
        packed = size;
        memcpy(head + BLOCK_HEAD, source, (size_t)size);
        ma_store_le32(head, (uint32_t)size | BLOCK_STORED);
    } else {
        return false;
    }
    target->at += BLOCK_HEAD + packed;
    return true;
}

static bool
add_bytes(ma_target *target, const uint8_t *data, int64_t size)
{
    if (size > target->size - target->at) {
        return false;
    }
    memcpy(target->data + target->at, data, (size_t)size);
    target->at += size;
    return true;
}

static bool
add_header(ma_target *target, int64_t block)
{
    uint8_t header[LEAST_HEADER];
    int code = 4;
    for (int64_t size = SMALLEST_BLOCK; size < block; size *= 4) {
        code++;
    }
    ma_store_le32(header, MAGIC);
    header[DESCRIPTOR] = VERSION_1 | FLAG_INDEPENDENT;
    header[DESCRIPTOR + 1] = (uint8_t)(code << 4);
    header[DESCRIPTOR + 2] = header_checksum(header + DESCRIPTOR, 2);
    return add_bytes(target, header, sizeof(header));
}

static bool
add_frame(void *state, int level, const uint8_t *source, int64_t size, ma_target *target)
{
    static const uint8_t end_mark[END_MARK] = {0};
    const int64_t block = choose_block(size);
    if (!add_header(target, block)) {
        return false;
    }
    for (int64_t at = 0; at < size; at += block) {
        const int length = (int)ma_min_i64(size - at, block);
        if (!add_block(state, level, source + at, length, target)) {
            return false;
        }
    }
    return add_bytes(target, end_mark, sizeof(end_mark));
}

static ma_status
compress(ma_codec_pool *pool, int level, const uint8_t *source, int64_t size, uint8_t *target,
         int64_t capacity, int64_t *written, ma_error *err)
{
    ma_target out = {target, capacity, 0};
    const int state_size = level >= LEAST_HC_LEVEL ? LZ4_sizeofStateHC() : LZ4_sizeofState();
    void *state = ma_malloc(state_size);
    (void)pool; /* the table is cleared for each block, so that one at rest would save nothing */
    if (state == NULL) {
        return ma_fail_nomem(err, state_size);
    }
    *written = add_frame(state, level, source, size, &out) ? out.at : -1;
    ma_free(state);
    return MA_OK;
}

/* ---- inflating ---- */

/* A frame on its way. */
typedef struct frame {
    ma_span source;
    int64_t begin; /* of the frame in the source */
    int64_t at;
    ma_target *target;
    int64_t target_begin;
    int flags;
    int64_t largest_block;
    uint64_t content_size; /* 0 if not stated, as in the library */
} frame;

/* The next `size` bytes, which the frame then goes on behind; NULL when they are not there. */
static const uint8_t *
take(frame *self, int64_t size)
{
    if (!ma_span_has(self->source, self->at, size)) {
        return NULL;
    }
    const uint8_t *bytes = self->source.data + self->at;
    self->at += size;
    return bytes;
}

static ma_status
fail_early(const frame *self, ma_error *err)
{
    return ma_codec_fail_early(self->source, self->begin, err);
}

static ma_status
check_flags(const frame *self, int flags, int block, ma_error *err)
{
    const int64_t at = self->begin + DESCRIPTOR;
    if ((flags & FLAG_VERSION) != VERSION_1) {
        return ma_codec_fail_damaged(self->source, at, "its frame has no version of LZ4", err);
    }
    if ((flags & FLAG_RESERVED) != 0 || (block & 0x8F) != 0) {
        return ma_codec_fail_damaged(self->source, at, "a reserved bit of its header is set", err);
    }
    if (block >> 4 < 4) {
        return ma_codec_fail_damaged(self->source, at + 1, "LZ4 has no such size of blocks", err);
    }
    if ((flags & FLAG_DICTIONARY) != 0) {
        return ma_codec_fail_damaged(self->source, at,
                                     "it needs an LZ4 dictionary, which Arrow does not have", err);
    }
    return MA_OK;
}

static ma_status
read_header(frame *self, ma_error *err)
{
    const uint8_t *head = take(self, DESCRIPTOR + 2);
    if (head == NULL) {
        return fail_early(self, err);
    }
    if (ma_load_le32(head) != MAGIC) {
        return ma_codec_fail_damaged(self->source, self->begin, "no LZ4 frame begins here", err);
    }
    self->flags = head[DESCRIPTOR];
    const int block = head[DESCRIPTOR + 1];
    MA_TRY(check_flags(self, self->flags, block, err));
    self->largest_block = INT64_C(1) << (2 * (block >> 4) + 8);
    if ((self->flags & FLAG_CONTENT_SIZE) != 0) {
        const uint8_t *size = take(self, 8);
        if (size == NULL) {
            return fail_early(self, err);
        }
        self->content_size = ma_load_le64(size);
    }
    const uint8_t *checksum = take(self, 1);
    if (checksum == NULL) {
        return fail_early(self, err);
    }
    if (*checksum != header_checksum(head + DESCRIPTOR, checksum - head - DESCRIPTOR)) {
        return ma_codec_fail_damaged(self->source, self->begin, "its header's checksum is wrong",
                                     err);
    }
    return MA_OK;
}

static int
inflate_block(const frame *self, const uint8_t *packed, int64_t size, uint8_t *to, int64_t room)
{
    const ma_target *target = self->target;
    int64_t history = ma_min_i64(target->at - self->target_begin, WINDOW);
    if ((self->flags & FLAG_INDEPENDENT) != 0) {
        history = 0;
    }
    return LZ4_decompress_safe_usingDict((const char *)packed, (char *)to, (int)size, (int)room,
                                         (const char *)target->data + target->at - history,
                                         (int)history);
}

/* A block could not be inflated into the `room` that is left: too little of it, or damage? Only a
 * second try with enough room can tell. */
static ma_status
explain_block(const frame *self, const uint8_t *packed, int64_t size, int64_t room, ma_error *err)
{
    const int64_t enough = ma_min_i64(self->largest_block, MOST_OF_A_BYTE * size);
    bool too_long = false;
    if (room < enough) {
        uint8_t *spare = ma_malloc(enough);
        if (spare == NULL) {
            return ma_fail_nomem(err, enough);
        }
        too_long = inflate_block(self, packed, size, spare, enough) >= 0;
        ma_free(spare);
    }
    return too_long ? ma_codec_fail_more(self->target, err)
                    : ma_codec_fail_damaged(self->source, packed - self->source.data,
                                            "this LZ4 block makes no sense", err);
}

static ma_status
read_checksum(frame *self, const uint8_t *data, int64_t size, const char *what, ma_error *err)
{
    const int64_t at = self->at;
    const uint8_t *checksum = take(self, CHECKSUM);
    if (checksum == NULL) {
        return fail_early(self, err);
    }
    if (ma_load_le32(checksum) != ma_xxh32(data, size)) {
        return ma_codec_fail_damaged(self->source, at, what, err);
    }
    return MA_OK;
}

static ma_status
read_block(frame *self, uint32_t head, ma_error *err)
{
    ma_target *target = self->target;
    const int64_t size = head & ~BLOCK_STORED;
    const int64_t room = ma_min_i64(target->size - target->at, self->largest_block);
    if (size > self->largest_block) {
        return ma_codec_fail_damaged(self->source, self->at - BLOCK_HEAD,
                                     "this LZ4 block is larger than its frame allows", err);
    }
    const uint8_t *block = take(self, size);
    if (block == NULL) {
        return fail_early(self, err);
    }
    if ((self->flags & FLAG_BLOCK_CHECKSUM) != 0) {
        MA_TRY(
            read_checksum(self, block, size, "the checksum of the LZ4 block before is wrong", err));
    }
    if ((head & BLOCK_STORED) != 0) {
        if (size > room) {
            return ma_codec_fail_more(target, err);
        }
        memcpy(target->data + target->at, block, (size_t)size);
        target->at += size;
        return MA_OK;
    }
    const int got = inflate_block(self, block, size, target->data + target->at, room);
    if (got < 0) {
        return explain_block(self, block, size, room, err);
    }
    assert(got <= room);
    target->at += got;
    return MA_OK;
}

static ma_status
read_blocks(frame *self, ma_error *err)
{
    for (;;) {
        const uint8_t *head = take(self, BLOCK_HEAD);
        if (head == NULL) {
            return fail_early(self, err);
        }
        const uint32_t value = ma_load_le32(head);
        if (value == 0) { /* the end mark */
            return MA_OK;
        }
        MA_TRY(read_block(self, value, err));
    }
}

static ma_status
inflate(ma_codec_pool *pool, ma_span source, int64_t *at, ma_target *target, ma_error *err)
{
    frame frame = {
        .source = source, .begin = *at, .at = *at, .target = target, .target_begin = target->at};
    (void)pool;
    MA_TRY(read_header(&frame, err));
    if (frame.content_size > (uint64_t)(target->size - target->at)) {
        return ma_codec_fail_more(target, err);
    }
    MA_TRY(read_blocks(&frame, err));
    const int64_t size = target->at - frame.target_begin;
    if (frame.content_size != 0 && frame.content_size != (uint64_t)size) {
        return ma_codec_fail_damaged(source, frame.begin,
                                     "this LZ4 frame does not give what its header says", err);
    }
    if ((frame.flags & FLAG_CONTENT_CHECKSUM) != 0) {
        MA_TRY(read_checksum(&frame, target->data + frame.target_begin, size,
                             "the checksum of the LZ4 frame's content is wrong", err));
    }
    *at = frame.at;
    return MA_OK;
}
#endif

const ma_library ma_library_lz4_frame = {
    .name = "lz4",
    .package = "liblz4",
    .most_inflated = most_inflated,
#ifdef MA_WITH_LZ4
    .levels = get_levels,
    .bound = get_bound,
    .compress = compress,
    .inflate = inflate,
#endif
};
