/* What was read and holds in full is written and read back: it must be the same.
 *
 * Input: a stream. Its last two bytes also say how it is written. */
#include <string.h>

#include "core/data/equal.h"
#include "core/ipc/encoder.h"
#include "core/validate/values.h"
#include "reading.h"
#include "touch.h"

/* The first byte of the two. */
enum {
    SWITCH_FILE = 1,
    SWITCH_WIDE = 2,
    SWITCH_V4 = 4,
    SWITCH_LEGACY = 8,
    SWITCH_DELTAS = 16,
    SWITCH_UNIFY = 32,
    CODEC_SHIFT = 6
};

/* The second byte. */
enum {
    SWITCH_SLICED = 1, /* all rows but the first are written */
    SWITCH_TWICE = 2,  /* each batch comes twice */
    SWITCH_THREADS = 4,
    LEVEL_SHIFT = 3
};

typedef struct written {
    uint8_t *data; /* owned */
    size_t size;
} written;

static void
append(written *out, const ma_output *output)
{
    size_t total = 0;
    out->data = realloc(out->data, out->size + (size_t)output->total + 1);
    FUZZ_REQUIRE(out->data != NULL);
    for (int64_t i = 0; i < output->count; i++) {
        const ma_segment segment = output->segments[i];
        if (segment.size > 0) {
            memcpy(out->data + out->size + total, segment.data, (size_t)segment.size);
        }
        total += (size_t)segment.size;
    }
    FUZZ_REQUIRE(total == (size_t)output->total);
    out->size += total;
}

static bool
holds_in_full(ma_batch *batch)
{
    for (int32_t i = 0; i < ma_batch_schema(batch)->n_fields; i++) {
        ma_error err = fuzz_no_error();
        ma_array *column;
        if (ma_batch_column(batch, i, &column, &err) != MA_OK ||
            ma_array_check_full(column, &err) != MA_OK) {
            return false;
        }
    }
    return true;
}

/* The batches that can be written, in place of those that were read. */
static void
keep_good(fuzz_reading *self, uint8_t switches)
{
    int32_t n = 0;
    for (int32_t i = 0; i < self->count; i++) {
        ma_batch *batch = self->batches[i];
        ma_batch *slice = batch;
        if (!holds_in_full(batch)) {
            ma_batch_unref(batch);
            continue;
        }
        if ((switches & SWITCH_SLICED) && ma_batch_length(batch) > 0) {
            const int64_t rows = ma_batch_length(batch) - 1;
            FUZZ_REQUIRE(ma_batch_slice(batch, 1, rows, &slice, NULL) == MA_OK);
            ma_batch_unref(batch);
        }
        self->batches[n++] = slice;
    }
    self->count = n;
    if ((switches & SWITCH_TWICE) && 2 * n <= FUZZ_MOST_BATCHES) {
        for (int32_t i = 0; i < n; i++) {
            self->batches[n + i] = ma_batch_ref(self->batches[i]);
        }
        self->count = 2 * n;
    }
}

static ma_write_options
choose_options(uint8_t frame, uint8_t rest)
{
    ma_write_options options = ma_write_options_default();
    const ma_codec_id codec = (ma_codec_id)((frame >> CODEC_SHIFT) % 3 - 1);
    options.version = frame & SWITCH_V4 ? MA_V4 : MA_V5;
    options.alignment = frame & SWITCH_WIDE ? 64 : 8;
    options.legacy = (frame & SWITCH_LEGACY) && !(frame & SWITCH_FILE);
    options.dictionary_deltas = frame & SWITCH_DELTAS;
    options.unify_dictionaries = frame & SWITCH_UNIFY;
    options.threads = rest & SWITCH_THREADS ? 2 : 1;
    if (codec != MA_CODEC_NONE && ma_codec_available(codec, NULL) == MA_OK) {
        options.codec = codec;
        options.level = (rest >> LEVEL_SHIFT) % 5;
    }
    return options;
}

/* A batch that cannot be written leaves the encoder as it was, so it is left out. */
static void
write_batches(ma_encoder *encoder, fuzz_reading *from, ma_output *output, written *out)
{
    int32_t n = 0;
    for (int32_t i = 0; i < from->count; i++) {
        ma_error err = fuzz_no_error();
        ma_batch *batch = from->batches[i];
        ma_output_reset(output);
        const ma_status st =
            ma_encoder_batch(encoder, batch, ma_batch_metadata(batch), output, &err);
        if (st == MA_OK) {
            append(out, output);
            ma_encoder_commit(encoder);
            from->batches[n++] = batch;
            continue;
        }
        /* a file's dictionaries cannot change, and indices into joined ones may not fit */
        fuzz_require_failure(st, &err);
        FUZZ_REQUIRE(from->schema->has_dictionary);
        ma_batch_unref(batch);
    }
    from->count = n;
}

static void
write_all(fuzz_reading *from, const ma_write_options *options, bool is_file, written *out)
{
    ma_encoder *encoder = NULL;
    ma_output output;
    ma_output_init(&output);
    FUZZ_REQUIRE(ma_encoder_new(from->schema, options, is_file, &encoder, NULL) == MA_OK);
    FUZZ_REQUIRE(ma_encoder_begin(encoder, &output, NULL) == MA_OK);
    append(out, &output);
    ma_encoder_commit(encoder);
    write_batches(encoder, from, &output, out);
    ma_output_reset(&output);
    FUZZ_REQUIRE(ma_encoder_finish(encoder, from->schema->metadata, &output, NULL) == MA_OK);
    append(out, &output);
    ma_encoder_commit(encoder);
    FUZZ_REQUIRE(ma_encoder_position(encoder) == (int64_t)out->size);
    ma_output_fini(&output);
    ma_encoder_free(encoder);
}

static void
require_same(ma_batch *a, ma_batch *b)
{
    FUZZ_REQUIRE(ma_batch_length(a) == ma_batch_length(b));
    FUZZ_REQUIRE(ma_metadata_count(ma_batch_metadata(a)) == 0 ||
                 ma_metadata_equal(ma_batch_metadata(a), ma_batch_metadata(b)));
    for (int32_t i = 0; i < ma_batch_schema(a)->n_fields; i++) {
        ma_array *x;
        ma_array *y;
        FUZZ_REQUIRE(ma_batch_column(a, i, &x, NULL) == MA_OK);
        FUZZ_REQUIRE(ma_batch_column(b, i, &y, NULL) == MA_OK);
        FUZZ_REQUIRE(ma_array_check_full(y, NULL) == MA_OK && x->length == y->length &&
                     fuzz_rows_equal(x, 0, y, 0, x->length));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_reading first;
    fuzz_reading second;
    written bytes = {NULL, 0};
    if (size < 2) {
        return 0;
    }
    const uint8_t frame = data[size - 2];
    const uint8_t rest = data[size - 1];
    const ma_write_options options = choose_options(frame, rest);
    fuzz_read_stream(data, size, 0, &first);
    if (first.schema != NULL) {
        keep_good(&first, rest);
        write_all(&first, &options, frame & SWITCH_FILE, &bytes);
        if (frame & SWITCH_FILE) {
            fuzz_read_file(bytes.data, bytes.size, FUZZ_MEMORY, 0, &second);
        } else {
            fuzz_read_stream(bytes.data, bytes.size, 0, &second);
        }
        FUZZ_REQUIRE(second.status == MA_OK && second.count == first.count);
        FUZZ_REQUIRE(ma_schema_equal(first.schema, second.schema, true));
        for (int32_t i = 0; i < first.count; i++) {
            require_same(first.batches[i], second.batches[i]);
        }
        fuzz_reading_fini(&second);
    }
    fuzz_reading_fini(&first);
    free(bytes.data);
    return 0;
}
