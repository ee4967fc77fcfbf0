/* Many threads at once on the same batches, to be run under ThreadSanitizer: columns are built and
 * checked by whoever comes first, everybody writes them with an encoder of their own, and each lets
 * go of them when it likes. */
#include "core/base/parallel.h"
#include "core/data/compact.h"
#include "core/data/equal.h"
#include "core/ipc/decoder.h"
#include "core/ipc/encoder.h"
#include "make.h"

enum {
    ROWS = 100,
    BATCHES = 3,
    TASKS = 48,
    THREADS = 8,
    WIDE = 4096,
    GROWING = 3, /* columns */
    GROWTH = 20
};

typedef struct stream {
    uint8_t *data; /* owned */
    int64_t size;
} stream;

typedef struct shared {
    ma_schema *schema;        /* owned */
    ma_batch *given[BATCHES]; /* owned; made of arrays that nothing is known about */
    ma_batch *read[BATCHES];  /* owned; built when they are touched */
    ma_write_options options;
    stream written; /* what each thread must write */
} shared;

/* ---- one thread's work, which is the test's own as well ---- */

static void
gather(const ma_output *output, stream *out)
{
    out->data = realloc(out->data, (size_t)(out->size + output->total));
    CHECK(out->data != NULL);
    for (int64_t i = 0; i < output->count; i++) {
        memcpy(out->data + out->size, output->segments[i].data, (size_t)output->segments[i].size);
        out->size += output->segments[i].size;
    }
}

static stream
write_all(const shared *self, ma_batch *const *batches)
{
    stream out = {NULL, 0};
    ma_encoder *encoder = NULL;
    ma_output output;
    ma_output_init(&output);
    CHECK(ma_encoder_new(self->schema, &self->options, false, &encoder, NULL) == MA_OK);
    CHECK(ma_encoder_begin(encoder, &output, NULL) == MA_OK);
    gather(&output, &out);
    ma_encoder_commit(encoder);
    for (int i = 0; i < BATCHES; i++) {
        ma_output_reset(&output);
        CHECK(ma_encoder_batch(encoder, batches[i], NULL, &output, NULL) == MA_OK);
        gather(&output, &out);
        ma_encoder_commit(encoder);
    }
    ma_output_reset(&output);
    CHECK(ma_encoder_finish(encoder, NULL, &output, NULL) == MA_OK);
    gather(&output, &out);
    CHECK(ma_encoder_stats(encoder)->dictionary_deltas >= GROWING * (BATCHES - 1));
    ma_output_fini(&output);
    ma_encoder_free(encoder);
    return out;
}

static void
look_at(ma_batch *read, ma_batch *given, int32_t index)
{
    ma_array *a;
    ma_array *b;
    ma_array *small = NULL;
    CHECK(ma_batch_column(read, index, &a, NULL) == MA_OK);
    CHECK(ma_batch_column(given, index, &b, NULL) == MA_OK);
    CHECK(ma_array_check_full(a, NULL) == MA_OK && ma_array_check_full(b, NULL) == MA_OK);
    CHECK(ma_array_null_count(a) == ma_array_null_count(b));
    CHECK(ma_array_equal(a, b, true));
    ma_array *slice = slice_of(a, ROWS / 3, ROWS / 3);
    CHECK(ma_array_compact(slice, &small, NULL) == MA_OK);
    CHECK(ma_array_equal(slice, small, true));
    ma_array_unref(small);
    ma_array_unref(slice);
}

/* Threads begin at different batches and columns, and meet. */
static ma_status
use_batches(void *context, int64_t task, ma_error *err)
{
    const shared *self = context;
    const int32_t n = self->schema->n_fields;
    for (int i = 0; i < BATCHES; i++) {
        const int64_t k = (i + task) % BATCHES;
        ma_batch *batch = ma_batch_ref(self->read[k]);
        if (task % 4 == 3) {
            CHECK(ma_batch_load(batch, err) == MA_OK);
        }
        for (int32_t c = 0; c < n; c++) {
            look_at(batch, self->given[k], (int32_t)((c + task * 7) % n));
        }
        ma_batch_unref(batch);
    }
    if (task % 3 == 0) {
        stream written = write_all(self, task % 2 == 0 ? self->read : self->given);
        CHECK(written.size == self->written.size);
        CHECK(memcmp(written.data, self->written.data, (size_t)written.size) == 0);
        free(written.data);
    }
    return MA_OK;
}

/* ---- what they share ---- */

static void
release_stream(ma_block *block)
{
    free(block);
}

/* The stream in a block that the batches read from it share. */
static ma_buffer
new_buffer(stream from)
{
    ma_block *block = malloc(64 + (size_t)from.size);
    CHECK(block != NULL);
    ma_refs_init(&block->refs);
    block->release = release_stream;
    uint8_t *data = (uint8_t *)block + 64;
    memcpy(data, from.data, (size_t)from.size);
    return (ma_buffer){data, from.size, block};
}

static void
read_all(shared *self, stream from)
{
    const ma_limits limits = ma_limits_default();
    ma_buffer whole = new_buffer(from);
    ma_decoder *decoder = NULL;
    ma_event event = MA_EVENT_NONE;
    int64_t at = 0;
    int n = 0;
    CHECK(ma_decoder_new(&limits, 0, &decoder, NULL) == MA_OK);
    while (event != MA_EVENT_END) {
        const int64_t need = ma_decoder_need(decoder);
        const ma_buffer piece = {whole.data + at, need, whole.block};
        CHECK(need <= whole.size - at);
        CHECK(ma_decoder_give(decoder, piece, &event, NULL) == MA_OK);
        at += need;
        if (event == MA_EVENT_BATCH) {
            CHECK(n < BATCHES);
            self->read[n++] = ma_decoder_take_batch(decoder);
        }
    }
    CHECK(n == BATCHES);
    ma_decoder_free(decoder);
    ma_buffer_clear(&whole);
}

static ma_array *
wide_array(void)
{
    ma_array *array = array_of(fixed_binary(WIDE), ROWS, 0);
    uint8_t *data = malloc(ROWS * WIDE);
    CHECK(data != NULL);
    for (int i = 0; i < ROWS * WIDE; i++) {
        data[i] = (uint8_t)random_below(200);
    }
    put(array, 1, data, ROWS * WIDE);
    free(data);
    return array;
}

/* Of the same values in each batch, some more than in the one before: what comes is a delta. */
static ma_array *
growing_array(ma_type *type, int number)
{
    const int values = GROWTH * (number + 1);
    const uint64_t state = random_state;
    ma_array *array = array_of(ma_type_ref(type), ROWS, 0);
    uint8_t indices[ROWS];
    for (int i = 0; i < ROWS; i++) {
        indices[i] = (uint8_t)(values - 1 - i % values);
    }
    put(array, 1, indices, ROWS);
    random_state = 7;
    array->dictionary = random_array(type->value_type, values);
    random_state = state;
    return array;
}

/* Batch `number` of `types`: the last columns' dictionaries grow, and one takes long to inflate. */
static ma_batch *
new_batch(ma_schema *schema, ma_type *const *types, int n, int number)
{
    ma_array *columns[SAMPLES];
    ma_batch *batch = NULL;
    for (int i = 0; i < n; i++) {
        ma_array *made = i == n - 1             ? wide_array()
                         : i >= n - 1 - GROWING ? growing_array(types[i], number)
                                                : random_array(types[i], ROWS);
        ma_array *slice = slice_of(made, 0, ROWS);
        columns[i] = stranger(slice);
        ma_array_unref(slice);
        ma_array_unref(made);
    }
    CHECK(ma_batch_new(schema, ROWS, columns, NULL, &batch, NULL) == MA_OK);
    for (int i = 0; i < n; i++) {
        ma_array_unref(columns[i]);
    }
    return batch;
}

static ma_schema *
new_schema(ma_type *const *types, int n)
{
    ma_schema *schema = NULL;
    ma_field *fields[SAMPLES];
    for (int i = 0; i < n; i++) {
        char name[20];
        const int size = snprintf(name, sizeof(name), "column %d", i);
        CHECK(ma_field_new((ma_bytes){name, size}, types[i], true, NULL, &fields[i], NULL) ==
              MA_OK);
    }
    CHECK(ma_schema_new(fields, n, NULL, &schema, NULL) == MA_OK);
    for (int i = 0; i < n; i++) {
        ma_field_unref(fields[i]);
    }
    return schema;
}

/* Each round has columns that nobody has touched before. */
static void
run_round(ma_codec_id codec, ma_type *const *types, int n)
{
    shared self = {.schema = new_schema(types, n), .options = ma_write_options_default()};
    ma_batch *first[BATCHES];
    self.options.codec = codec;
    self.options.threads = 2;
    self.options.dictionary_deltas = true;
    random_state = (uint64_t)(10 + codec);
    for (int i = 0; i < BATCHES; i++) {
        first[i] = new_batch(self.schema, types, n, i);
    }
    random_state = (uint64_t)(10 + codec);
    for (int i = 0; i < BATCHES; i++) {
        self.given[i] = new_batch(self.schema, types, n, i);
    }
    self.written = write_all(&self, first);
    read_all(&self, self.written);
    CHECK(ma_parallel(use_batches, &self, TASKS, THREADS, NULL) == MA_OK);
    for (int i = 0; i < BATCHES; i++) {
        ma_batch_unref(first[i]);
        ma_batch_unref(self.given[i]);
        ma_batch_unref(self.read[i]);
    }
    ma_schema_unref(self.schema);
    free(self.written.data);
}

int
main(void)
{
    static const ma_codec_id codecs[] = {MA_CODEC_NONE, MA_CODEC_LZ4_FRAME, MA_CODEC_ZSTD};
    ma_type *types[SAMPLES];
    int n = sample_types(types);
    CHECK(n + GROWING < SAMPLES);
    types[n++] = dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8));
    types[n++] = dictionary_of(MA_TYPE_INT8, list_of(MA_TYPE_LIST, simple(MA_TYPE_UTF8_VIEW)));
    types[n++] =
        dictionary_of(MA_TYPE_INT8, struct_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_INT64)),
                                              simple(MA_TYPE_UTF8)));
    types[n++] = fixed_binary(WIDE);
    for (int i = 0; i < COUNT(codecs); i++) {
        if (ma_codec_available(codecs[i], NULL) == MA_OK) {
            run_round(codecs[i], types, n);
        }
    }
    for (int i = 0; i < n; i++) {
        ma_type_unref(types[i]);
    }
    return 0;
}
