/* Streams written and read by the core alone, with each allocation failing in turn. What leaks, the
 * sanitizer reports. */
#include "make.h"

#include "core/data/equal.h"
#include "core/ipc/decoder.h"
#include "core/ipc/encoder.h"
#include "core/ipc/feeder.h"

typedef struct bytes {
    uint8_t *data;
    int64_t size;
} bytes;

static ma_batch *
batch_of(ma_array *array)
{
    ma_field *field = NULL;
    ma_schema *schema = NULL;
    ma_batch *batch = NULL;
    const ma_bytes name = {"a", 1};
    CHECK(ma_field_new(name, array->type, true, NULL, &field, NULL) == MA_OK);
    CHECK(ma_schema_new(&field, 1, NULL, &schema, NULL) == MA_OK);
    CHECK(ma_batch_new(schema, array->length, &array, NULL, &batch, NULL) == MA_OK);
    ma_schema_unref(schema);
    ma_field_unref(field);
    return batch;
}

static void
append(bytes *out, const ma_output *output)
{
    out->data = realloc(out->data, (size_t)(out->size + output->total + 1));
    CHECK(out->data != NULL);
    for (int64_t i = 0; i < output->count; i++) {
        const ma_segment segment = output->segments[i];
        if (segment.size > 0) {
            memcpy(out->data + out->size, segment.data, (size_t)segment.size);
        }
        out->size += segment.size;
    }
}

static ma_status
encode_all(ma_encoder *encoder, ma_batch *batch, ma_output *output, bytes *out, ma_error *err)
{
    MA_TRY(ma_encoder_begin(encoder, output, err));
    append(out, output);
    ma_encoder_commit(encoder);
    for (int i = 0; i < 2; i++) {
        ma_output_reset(output);
        MA_TRY(ma_encoder_batch(encoder, batch, NULL, output, err));
        append(out, output);
        ma_encoder_commit(encoder);
    }
    ma_output_reset(output);
    MA_TRY(ma_encoder_finish(encoder, NULL, output, err));
    append(out, output);
    ma_encoder_commit(encoder);
    return MA_OK;
}

static ma_status
encode(ma_batch *batch, const ma_write_options *options, bool is_file, bytes *out, ma_error *err)
{
    ma_encoder *encoder = NULL;
    ma_output output;
    *out = (bytes){NULL, 0};
    MA_TRY(ma_encoder_new(ma_batch_schema(batch), options, is_file, &encoder, err));
    ma_output_init(&output);
    const ma_status st = encode_all(encoder, batch, &output, out, err);
    ma_output_fini(&output);
    ma_encoder_free(encoder);
    if (st != MA_OK) {
        free(out->data);
        *out = (bytes){NULL, 0};
    }
    return st;
}

/* Take the batch that came, build its column, check its values and compare. */
static ma_status
look_at(ma_decoder *decoder, ma_batch *wanted, ma_error *err)
{
    ma_array *column;
    ma_array *expected;
    ma_batch *batch = ma_decoder_take_batch(decoder);
    ma_status st = ma_batch_column(batch, 0, &column, err);
    if (st == MA_OK) {
        st = ma_array_check_full(column, err);
    }
    if (st == MA_OK) {
        CHECK(ma_batch_column(wanted, 0, &expected, NULL) == MA_OK);
        CHECK(ma_array_equal(column, expected, true));
    }
    ma_batch_unref(batch);
    return st;
}

static ma_status
decode_all(ma_feeder *feeder, bytes stream, int64_t step, ma_batch *wanted, ma_error *err)
{
    int batches = 0;
    for (int64_t at = 0; at < stream.size; at += step) {
        const int64_t size = stream.size - at < step ? stream.size - at : step;
        const ma_buffer chunk = {stream.data + at, size, NULL};
        int64_t used = 0;
        ma_event event;
        ma_status st;
        while ((st = ma_feeder_feed(feeder, chunk, &used, &event, err)) == MA_OK) {
            if (event == MA_EVENT_END) {
                break;
            }
            if (event == MA_EVENT_BATCH) {
                MA_TRY(look_at(feeder->decoder, wanted, err));
                batches++;
            }
        }
        if (st != MA_OK && st != MA_NEED_MORE) {
            return st;
        }
    }
    MA_TRY(ma_feeder_end(feeder, err));
    CHECK(batches == 2);
    return MA_OK;
}

static ma_status
decode(bytes stream, int64_t step, ma_batch *wanted, ma_error *err)
{
    const ma_limits limits = ma_limits_default();
    ma_decoder *decoder = NULL;
    ma_feeder feeder;
    MA_TRY(ma_decoder_new(&limits, 0, &decoder, err));
    ma_feeder_init(&feeder, decoder);
    const ma_status st = decode_all(&feeder, stream, step, wanted, err);
    ma_feeder_fini(&feeder);
    ma_decoder_free(decoder);
    return st;
}

static void
check_status(ma_status st, const ma_error *err)
{
    CHECK(st == MA_OK || (st == MA_NOMEM && err->status == MA_NOMEM));
}

static void
starve_encoder(ma_batch *batch, const ma_write_options *options, bool is_file, int64_t count)
{
    ma_status st = MA_NOMEM;
    for (int64_t n = 1; st != MA_OK; n++) {
        bytes out;
        ma_error err;
        ma_error_init(&err);
        CHECK(n < 10000);
        ma_fault_set(n, count);
        st = encode(batch, options, is_file, &out, &err);
        ma_fault_set(0, 0);
        check_status(st, &err);
        free(out.data);
    }
}

static void
starve_decoder(bytes stream, int64_t step, ma_batch *wanted, int64_t count)
{
    const int64_t before = ma_fault_live();
    ma_status st = MA_NOMEM;
    for (int64_t n = 1; st != MA_OK; n++) {
        ma_error err;
        ma_error_init(&err);
        CHECK(n < 10000);
        ma_fault_set(n, count);
        st = decode(stream, step, wanted, &err);
        ma_fault_set(0, 0);
        check_status(st, &err);
        CHECK(ma_fault_live() == before);
    }
}

static void
test_type(ma_type *type, ma_codec_id codec)
{
    static const int64_t counts[] = {1, INT64_MAX};
    ma_write_options options = ma_write_options_default();
    ma_array *array = random_array(type, 40);
    ma_array *slice = slice_of(array, 3, 30);
    ma_batch *batch = batch_of(slice);
    bytes stream;
    options.codec = codec;
    options.threads = 1;
    CHECK(encode(batch, &options, false, &stream, NULL) == MA_OK);
    for (int i = 0; i < COUNT(counts); i++) {
        starve_encoder(batch, &options, i == 1, counts[i]);
        starve_decoder(stream, stream.size, batch, counts[i]);
        starve_decoder(stream, 101, batch, counts[i]);
    }
    free(stream.data);
    ma_batch_unref(batch);
    ma_array_unref(slice);
    ma_array_unref(array);
}

int
main(void)
{
    static const ma_codec_id codecs[] = {MA_CODEC_NONE, MA_CODEC_LZ4_FRAME, MA_CODEC_ZSTD};
    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int t = 0; t < n; t++) {
        const ma_codec_id codec = codecs[t % 3];
        const bool there = codec == MA_CODEC_NONE || ma_codec_available(codec, NULL) == MA_OK;
        test_type(types[t], there ? codec : MA_CODEC_NONE);
        ma_type_unref(types[t]);
    }
    printf("ipc: ok\n");
    return 0;
}
