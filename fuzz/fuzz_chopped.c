/* Chunks cut anywhere: the feeder must come to the same batches, and end in the same way, as a
 * decoder that is given exactly what it asks for.
 *
 * Input: a stream. Its last four bytes also say where it is cut. */
#include <string.h>

#include "core/base/endian.h"
#include "core/ipc/feeder.h"
#include "reading.h"
#include "touch.h"

#define TAIL          4
#define MOST_BY_BYTES 2048 /* bytes of a stream that is also fed one by one */

/* Cuts follow from the last one: xorshift. A cut may leave nothing. */
static size_t
next_chunk(uint32_t *state, size_t left)
{
    static const uint32_t most[] = {4, 12, 80, 600};
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    const size_t size = (*state >> 8) % most[*state >> 30];
    return size < left ? size : left;
}

static ma_status
feed_chunk(ma_feeder *feeder, ma_buffer chunk, ma_event *event, fuzz_reading *out)
{
    int64_t offset = 0;
    ma_status st = MA_OK;
    while (st == MA_OK && *event != MA_EVENT_END && out->count < FUZZ_MOST_BATCHES) {
        st = ma_feeder_feed(feeder, chunk, &offset, event, &out->err);
        FUZZ_REQUIRE(offset >= 0 && offset <= chunk.size);
        if (st == MA_OK && *event == MA_EVENT_SCHEMA) {
            out->schema = ma_schema_ref(ma_decoder_schema(feeder->decoder));
        } else if (st == MA_OK && *event == MA_EVENT_BATCH) {
            out->batches[out->count++] = ma_decoder_take_batch(feeder->decoder);
        }
    }
    FUZZ_REQUIRE(st != MA_NEED_MORE || offset == chunk.size);
    return st == MA_NEED_MORE ? MA_OK : st;
}

/* `state` is where the cuts come from; 0 cuts before every byte. */
static void
read_chopped(const uint8_t *data, size_t size, uint32_t state, fuzz_reading *out)
{
    const ma_limits limits = fuzz_limits();
    const bool by_bytes = state == 0;
    ma_decoder *decoder = NULL;
    ma_feeder feeder;
    ma_event event = MA_EVENT_NONE;
    size_t at = 0;
    *out = (fuzz_reading){.err = fuzz_no_error()};
    FUZZ_REQUIRE(ma_decoder_new(&limits, 0, &decoder, NULL) == MA_OK);
    ma_feeder_init(&feeder, decoder);
    while (out->status == MA_OK && event != MA_EVENT_END && at < size &&
           out->count < FUZZ_MOST_BATCHES) {
        const size_t step = by_bytes ? 1 : next_chunk(&state, size - at);
        ma_buffer chunk = fuzz_copy(data + at, step);
        out->status = feed_chunk(&feeder, chunk, &event, out);
        ma_buffer_clear(&chunk);
        at += step;
    }
    if (out->status == MA_OK && event != MA_EVENT_END && out->count < FUZZ_MOST_BATCHES) {
        out->status = ma_feeder_end(&feeder, &out->err);
    }
    ma_feeder_fini(&feeder);
    ma_decoder_free(decoder);
}

static void
require_equal(const fuzz_reading *a, const fuzz_reading *b)
{
    FUZZ_REQUIRE(a->status == b->status && fuzz_errors_equal(&a->err, &b->err));
    FUZZ_REQUIRE((a->schema == NULL) == (b->schema == NULL));
    FUZZ_REQUIRE(a->schema == NULL || ma_schema_equal(a->schema, b->schema, true));
    FUZZ_REQUIRE(a->count == b->count);
    for (int32_t i = 0; i < a->count; i++) {
        FUZZ_REQUIRE(ma_batch_length(a->batches[i]) == ma_batch_length(b->batches[i]));
        for (int32_t c = 0; c < a->schema->n_fields; c++) {
            FUZZ_REQUIRE(fuzz_columns_equal(a->batches[i], c, b->batches[i], c));
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_reading whole;
    fuzz_reading chopped;
    if (size < TAIL) {
        return 0;
    }
    /* any multiplier does that spreads the few bits of a small number */
    const uint32_t cuts = (ma_load_le32(data + size - TAIL) + 1) * UINT32_C(2654435761) | 1;
    fuzz_read_stream(data, size, 0, &whole);
    read_chopped(data, size, cuts, &chopped);
    require_equal(&whole, &chopped);
    fuzz_reading_fini(&chopped);
    if (size <= MOST_BY_BYTES) {
        read_chopped(data, size, 0, &chopped);
        require_equal(&whole, &chopped);
        fuzz_reading_fini(&chopped);
    }
    fuzz_reading_fini(&whole);
    return 0;
}
