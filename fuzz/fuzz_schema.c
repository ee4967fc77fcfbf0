/* Schemas from flatbuffers: read, described, written and read again, and the same through the C
 * data interface.
 *
 * Input: the flatbuffer of a message or of a footer, and each is tried; a footer also with a hole
 * in its middle. Its last bytes, from the last NUL on, are also a path to a column, and all of it
 * is a format string. */
#include <string.h>

#include "core/cdata/export_schema.h"
#include "core/cdata/format.h"
#include "core/cdata/import_schema.h"
#include "core/ipc/plan.h"
#include "core/ipc/wire_schema.h"
#include "core/meta/message.h"
#include "reading.h"
#include "touch.h"

static void
describe_type(const ma_type *type)
{
    char name[40];
    ma_text text;
    ma_text_init(&text);
    ma_type_describe(type, &text);
    ma_type_name(type, name, sizeof(name));
    FUZZ_REQUIRE(!text.failed && text.size > 0 && strlen(name) < sizeof(name));
    FUZZ_REQUIRE(strncmp(text.data, name, 20) == 0);
    ma_text_fini(&text);
}

static ma_schema *
read_back(const ma_flat *flat)
{
    const ma_limits limits = fuzz_limits();
    const ma_span bytes = {flat->data, flat->size, 0};
    ma_message message;
    FUZZ_REQUIRE(ma_message_read(bytes, &limits, &message, NULL) == MA_OK);
    FUZZ_REQUIRE(message.kind == MA_MESSAGE_SCHEMA && message.body_size == 0);
    ma_schema *schema = ma_schema_ref(message.schema.schema);
    ma_message_fini(&message);
    return schema;
}

/* With numbers for its dictionaries as a writer gives them. */
static void
write_again(ma_schema *schema)
{
    ma_flat flat;
    ma_schema *wire = NULL;
    int32_t count = -1;
    FUZZ_REQUIRE(ma_wire_schema_new(schema, &wire, &count, NULL) == MA_OK);
    FUZZ_REQUIRE(ma_schema_equal(schema, wire, true) && (count > 0) == schema->has_dictionary);
    FUZZ_REQUIRE(ma_schema_message_write(wire, MA_V5, &flat, NULL) == MA_OK);
    FUZZ_REQUIRE(flat.size % 8 == 0);
    ma_schema *back = read_back(&flat);
    FUZZ_REQUIRE(ma_schema_equal(wire, back, true));
    ma_schema_unref(back);
    ma_schema_unref(wire);
    ma_free(flat.data);
}

static void
lend(const ma_schema *schema)
{
    const ma_limits limits = fuzz_limits();
    struct ArrowSchema lent;
    ma_error err = fuzz_no_error();
    ma_schema *back = NULL;
    const ma_status st = ma_cdata_export_schema(schema, &lent, &err);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
        FUZZ_REQUIRE(lent.release == NULL);
        return;
    }
    FUZZ_REQUIRE(ma_cdata_import_schema(&lent, &limits, &back, &err) == MA_OK);
    FUZZ_REQUIRE(ma_schema_equal(schema, back, true));
    ma_schema_unref(back);
    lent.release(&lent);
}

/* A reader of this schema, and one that wants a single column of it. */
static void
plan_reading(ma_schema *schema, const uint8_t *data, size_t size)
{
    const ma_limits limits = fuzz_limits();
    const uint8_t *end = data + size;
    const uint8_t *path = end;
    while (path > data && path[-1] != 0) {
        path--;
    }
    for (int projected = 0; projected < 2; projected++) {
        ma_error err = fuzz_no_error();
        ma_picks picks = {0};
        ma_plan *plan = NULL;
        ma_status st = MA_OK;
        if (projected) {
            const ma_bytes bytes = {(const char *)path, end - path};
            st = ma_picks_add_path(&picks, schema, bytes, &err);
        }
        if (st == MA_OK) {
            st = ma_plan_new(schema, false, &limits, projected ? &picks : NULL, &plan, &err);
        } else {
            ma_picks_fini(&picks);
        }
        if (st != MA_OK) {
            fuzz_require_failure(st, &err);
        }
        FUZZ_REQUIRE((st == MA_OK) == (plan != NULL));
        if (plan != NULL) {
            FUZZ_REQUIRE(plan->schema->n_fields == (projected ? 1 : schema->n_fields));
            ma_plan_unref(plan);
        }
    }
}

static void
look_at(const ma_schema_meta *meta, const uint8_t *data, size_t size)
{
    ma_schema *schema = meta->schema;
    FUZZ_REQUIRE(ma_schema_equal(schema, schema, true));
    for (int32_t i = 0; i < schema->n_fields; i++) {
        describe_type(schema->fields[i]->type);
    }
    write_again(schema);
    lend(schema);
    plan_reading(schema, data, size);
}

static void
read_format(const uint8_t *data, size_t size)
{
    char format[64];
    ma_type *type = NULL;
    ma_error err = fuzz_no_error();
    const size_t used = size < sizeof(format) ? size : sizeof(format) - 1;
    memcpy(format, data, used);
    format[used] = '\0';
    const ma_status st = ma_cdata_format_read(format, 0, &type, &err);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
    } else if (ma_type_seal(type, NULL) == MA_OK) {
        ma_text text;
        ma_text_init(&text);
        describe_type(type);
        ma_cdata_format_write(type, &text);
        FUZZ_REQUIRE(!text.failed && text.size > 0);
        ma_text_fini(&text);
    }
    ma_type_unref(type);
}

/* What was read of a footer in whose middle bytes were missing is what the whole of it says. */
static void
read_around_hole(const uint8_t *data, size_t size, const ma_footer *whole)
{
    const ma_limits limits = fuzz_limits();
    const int64_t head_size = data[size - 1] % (int64_t)size;
    const int64_t tail_size = (data[0] * INT64_C(8)) % ((int64_t)size - head_size);
    ma_buffer head = fuzz_copy(data, (size_t)head_size);
    ma_buffer tail = fuzz_copy(data + size - tail_size, (size_t)tail_size);
    const ma_span first = {head.data, head.size, 0};
    const ma_span last = {tail.data, tail.size, (int64_t)size - tail_size};
    ma_error err = fuzz_no_error();
    ma_footer footer;
    const ma_status st = ma_footer_read(first, last, &limits, &footer, &err);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
    } else {
        FUZZ_REQUIRE(whole != NULL && footer.version == whole->version);
        FUZZ_REQUIRE(ma_schema_equal(footer.schema.schema, whole->schema.schema, true));
        FUZZ_REQUIRE(memcmp(&footer.dictionaries, &whole->dictionaries, sizeof(ma_block_range)) ==
                     0);
        FUZZ_REQUIRE(memcmp(&footer.batches, &whole->batches, sizeof(ma_block_range)) == 0);
        ma_footer_fini(&footer);
    }
    ma_buffer_clear(&head);
    ma_buffer_clear(&tail);
}

static void
read_blocks(const uint8_t *data, size_t size, ma_block_range blocks)
{
    FUZZ_REQUIRE(blocks.count >= 0);
    if (blocks.count > 0) {
        const int64_t last = blocks.at + (blocks.count - 1) * MA_BLOCK_SIZE;
        FUZZ_REQUIRE(blocks.at >= 0 && last <= (int64_t)size - MA_BLOCK_SIZE);
        (void)ma_footer_block(data + blocks.at);
        (void)ma_footer_block(data + last);
    }
}

static void
read_footer(const uint8_t *data, size_t size)
{
    const ma_limits limits = fuzz_limits();
    const ma_span bytes = {data, (int64_t)size, 0};
    ma_error err = fuzz_no_error();
    ma_footer footer;
    const ma_status st = ma_footer_read(bytes, bytes, &limits, &footer, &err);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
        read_around_hole(data, size, NULL);
        return;
    }
    look_at(&footer.schema, data, size);
    read_blocks(data, size, footer.dictionaries);
    read_blocks(data, size, footer.batches);
    read_around_hole(data, size, &footer);
    ma_footer_fini(&footer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ma_limits limits = fuzz_limits();
    const ma_span bytes = {data, (int64_t)size, 0};
    ma_error err = fuzz_no_error();
    ma_message message;
    if (size == 0) {
        return 0;
    }
    const ma_status st = ma_message_read(bytes, &limits, &message, &err);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
    } else {
        if (message.kind == MA_MESSAGE_SCHEMA) {
            look_at(&message.schema, data, size);
        }
        ma_message_fini(&message);
    }
    read_footer(data, size);
    read_format(data, size);
    return 0;
}
