#include "core/cdata/import_array.h"

#include <stddef.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/base/release.h"
#include "core/validate/shape.h"

/* The owner of all memory behind one ArrowArray. */
typedef struct moved_block {
    ma_block base;
    ma_release release;
    struct ArrowArray array; /* owned */
} moved_block;

static void
moved_free(ma_release *release)
{
    moved_block *self = (moved_block *)((char *)release - offsetof(moved_block, release));
    self->array.release(&self->array);
    ma_free(self);
}

static void
moved_release(ma_block *base)
{
    ma_release_soon(&((moved_block *)base)->release);
}

/* Move `in` into a block of its own. */
static ma_status
take(struct ArrowArray *in, moved_block **out, ma_error *err)
{
    if (in->release == NULL) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowArray was released, or used already");
    }
    moved_block *self = ma_malloc(sizeof(*self));
    if (self == NULL) {
        in->release(in);
        in->release = NULL;
        return ma_fail_nomem(err, sizeof(*self));
    }
    ma_refs_init(&self->base.refs);
    self->base.release = moved_release;
    self->release.run = moved_free;
    self->array = *in;
    in->release = NULL;
    *out = self;
    return MA_OK;
}

/* ---- what must hold before anything of a struct is followed ---- */

static ma_status
check_counts(const struct ArrowArray *in, int64_t n_buffers, bool variadic, int64_t n_children,
             ma_error *err)
{
    if (in->n_buffers < n_buffers || in->n_buffers > INT32_MAX ||
        (in->n_buffers > n_buffers && !variadic)) {
        return ma_fail(err, MA_INVALID, -1,
                       "the ArrowArray has %lld buffers and its type has %lld%s",
                       (long long)in->n_buffers, (long long)n_buffers, variadic ? " or more" : "");
    }
    if (in->n_buffers > 0 && in->buffers == NULL) {
        return ma_fail(err, MA_INVALID, -1,
                       "the ArrowArray has %lld buffers and no pointer to them",
                       (long long)in->n_buffers);
    }
    if (in->n_children != n_children || (n_children > 0 && in->children == NULL)) {
        return ma_fail(
            err, MA_INVALID, -1, "the ArrowArray has %lld children%s, and its type has %lld",
            (long long)in->n_children, in->children == NULL ? " and no pointer to them" : "",
            (long long)n_children);
    }
    return MA_OK;
}

static ma_status
check_node(const struct ArrowArray *in, const ma_type *type, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[type->layout];
    int64_t end;
    if (in == NULL || in->release == NULL) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowArray %s",
                       in == NULL ? "is missing" : "was released, or moved elsewhere");
    }
    if (in->length < 0 || in->offset < 0 || !ma_add_i64(in->length, in->offset, &end)) {
        return ma_fail(err, MA_INVALID, -1, "an array cannot have %lld rows from row %lld on",
                       (long long)in->length, (long long)in->offset);
    }
    if ((in->dictionary != NULL) != (type->id == MA_TYPE_DICTIONARY)) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowArray has %s dictionary, and its type has %s",
                       in->dictionary != NULL ? "a" : "no",
                       in->dictionary != NULL ? "none" : "one");
    }
    /* A null array has no buffers; writers that still give it a validity bitmap exist. */
    const bool extra = layout->variadic || type->id == MA_TYPE_NULL;
    return check_counts(in, layout->n_buffers + layout->variadic, extra, type->n_children, err);
}

/* ---- buffers ---- */

/* The `size` bytes at `data`, in `block`. */
static ma_status
set_buffer(const void *data, int64_t size, int64_t alignment, ma_block *block, ma_buffer *out,
           ma_error *err)
{
    if (size < 0 || size > PTRDIFF_MAX || (uintptr_t)size > UINTPTR_MAX - (uintptr_t)data) {
        return ma_fail(err, MA_INVALID, -1, "no buffer has %lld bytes", (long long)size);
    }
    if (size == 0) {
        return MA_OK; /* the array was made with empty ones */
    }
    if (data == NULL) {
        return ma_fail(err, MA_INVALID, -1, "the buffer needs %lld bytes and is missing",
                       (long long)size);
    }
    ma_buffer buffer = {data, size, ma_block_ref(block)};
    const ma_status st = ma_buffer_align(&buffer, alignment, err);
    if (st != MA_OK) {
        ma_buffer_clear(&buffer);
        return st;
    }
    *out = buffer;
    return MA_OK;
}

/* Bytes that buffer `index` has at least; those before it are set. Negative where that is wrong. */
static int64_t
size_of_buffer(const ma_array *array, int index)
{
    const ma_buffer_kind kind = ma_layouts[array->type->layout].buffers[index];
    if (kind == MA_BUFFER_BYTES) { /* as many as the last offset says */
        return ma_array_offset_at(array, array->length);
    }
    return ma_buffer_needed(kind, array->type, array->offset + array->length);
}

static ma_status
import_own_buffers(const struct ArrowArray *in, ma_block *block, ma_array *array, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[array->type->layout];
    for (int i = 0; i < layout->n_buffers; i++) {
        const ma_buffer_kind kind = layout->buffers[i];
        if (kind == MA_BUFFER_VALIDITY && (in->buffers[i] == NULL || in->null_count == 0)) {
            continue;
        }
        const ma_status st =
            set_buffer(in->buffers[i], size_of_buffer(array, i),
                       ma_buffer_alignment(kind, array->type), block, &array->buffers[i], err);
        if (st != MA_OK) {
            ma_error_prefix(err, "%s buffer", ma_buffer_kind_name(kind));
            return st;
        }
    }
    return MA_OK;
}

/* A view's data buffers, whose sizes are in one more buffer behind them (CDataInterface.rst,
 * "Binary view arrays"). */
static ma_status
import_variadic(const struct ArrowArray *in, ma_block *block, ma_array *array, ma_error *err)
{
    const int first = ma_layouts[array->type->layout].n_buffers;
    const uint8_t *sizes = in->buffers[in->n_buffers - 1];
    if (sizes == NULL && array->n_buffers > first) {
        return ma_fail(err, MA_INVALID, -1, "the sizes of the data buffers are missing");
    }
    for (int32_t i = first; i < array->n_buffers; i++) {
        const int64_t size = ma_load_i64(sizes + 8 * (int64_t)(i - first));
        const ma_status st = set_buffer(in->buffers[i], size, 1, block, &array->buffers[i], err);
        if (st != MA_OK) {
            ma_error_prefix(err, "data buffer %d", (int)(i - first));
            return st;
        }
    }
    return MA_OK;
}

/* ---- arrays ---- */

/* Nulls as the producer counts them: 0, or -1 for as many as the bitmap says. */
static ma_status
import_nulls(const struct ArrowArray *in, ma_array *array, ma_error *err)
{
    const bool may_be_absent =
        ma_layouts[array->type->layout].buffers[0] == MA_BUFFER_VALIDITY && in->null_count == -1;
    if (in->null_count < -1) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowArray counts %lld nulls",
                       (long long)in->null_count);
    }
    /* Not counted and no bitmap: some write that for an array without nulls. */
    const bool none = in->null_count == 0 || (may_be_absent && in->buffers[0] == NULL);
    atomic_store_explicit(&array->nulls, none ? 0 : in->null_count, memory_order_relaxed);
    return MA_OK;
}

static ma_status
import_node(const struct ArrowArray *in, ma_block *block, ma_type *type, ma_array **out,
            ma_error *err);

static ma_status
import_children(const struct ArrowArray *in, ma_block *block, ma_array *array, ma_error *err)
{
    for (int32_t i = 0; i < array->n_children; i++) {
        const ma_field *field = array->type->children[i];
        const ma_status st =
            import_node(in->children[i], block, field->type, &array->children[i], err);
        if (st != MA_OK) {
            ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
            return st;
        }
    }
    if (in->dictionary != NULL) {
        const ma_status st =
            import_node(in->dictionary, block, array->type->value_type, &array->dictionary, err);
        if (st != MA_OK) {
            ma_error_prefix(err, ".dictionary");
            return st;
        }
    }
    return MA_OK;
}

static ma_status
fill_array(const struct ArrowArray *in, ma_block *block, ma_array *array, ma_error *err)
{
    array->offset = in->offset;
    MA_TRY(import_nulls(in, array, err));
    if (in->length > 0) { /* without rows, no buffer needs to be there */
        MA_TRY(import_own_buffers(in, block, array, err));
        if (ma_layouts[array->type->layout].variadic) {
            MA_TRY(import_variadic(in, block, array, err));
        }
    }
    MA_TRY(import_children(in, block, array, err));
    return ma_array_check_shape(array, err);
}

static ma_status
import_node(const struct ArrowArray *in, ma_block *block, ma_type *type, ma_array **out,
            ma_error *err)
{
    ma_array *array = NULL;
    MA_TRY(check_node(in, type, err));
    const ma_layout *layout = &ma_layouts[type->layout];
    const int64_t n_variadic =
        layout->variadic && in->length > 0 ? in->n_buffers - layout->n_buffers - 1 : 0;
    MA_TRY(ma_array_new(type, in->length, n_variadic, &array, err));
    const ma_status st = fill_array(in, block, array, err);
    if (st != MA_OK) {
        ma_array_unref(array);
        return st;
    }
    *out = array;
    return MA_OK;
}

ma_status
ma_cdata_import_array(struct ArrowArray *in, ma_type *type, ma_array **out, ma_error *err)
{
    moved_block *moved;
    MA_TRY(take(in, &moved, err));
    const ma_status st = import_node(&moved->array, &moved->base, type, out, err);
    ma_block_unref(&moved->base);
    return st;
}

/* ---- batches ---- */

static ma_status
check_rows(const struct ArrowArray *in, ma_error *err)
{
    const uint8_t *bits = in->buffers[0];
    int64_t end;
    if (in->length < 0 || in->offset < 0 || !ma_add_i64(in->length, in->offset, &end)) {
        return ma_fail(err, MA_INVALID, -1, "a batch cannot have %lld rows from row %lld on",
                       (long long)in->length, (long long)in->offset);
    }
    if (in->null_count == 0 || bits == NULL) {
        return MA_OK;
    }
    const int64_t nulls = in->length - ma_bitmap_count(bits, in->offset, in->length);
    if (nulls > 0) {
        return ma_fail(err, MA_INVALID, -1,
                       "%lld rows of the struct are null as a whole, which a batch cannot hold; "
                       "import it as an array",
                       (long long)nulls);
    }
    return MA_OK;
}

/* The rows of one column that belong to the batch. */
static ma_status
import_column(const struct ArrowArray *in, moved_block *moved, const ma_field *field, int32_t index,
              ma_array **out, ma_error *err)
{
    ma_array *whole = NULL;
    MA_TRY(import_node(in->children[index], &moved->base, field->type, &whole, err));
    if (whole->length < in->offset + in->length) {
        const int64_t rows = whole->length;
        ma_array_unref(whole);
        return ma_fail(err, MA_INVALID, -1, "the column has %lld rows and the batch needs %lld",
                       (long long)rows, (long long)(in->offset + in->length));
    }
    if (in->offset == 0 && in->length == whole->length) {
        *out = whole;
        return MA_OK;
    }
    const ma_status st = ma_array_slice(whole, in->offset, in->length, out, err);
    ma_array_unref(whole);
    return st;
}

static ma_status
import_columns(moved_block *moved, ma_schema *schema, ma_array **columns, ma_batch **out,
               ma_error *err)
{
    const struct ArrowArray *in = &moved->array;
    for (int32_t i = 0; i < schema->n_fields; i++) {
        const ma_field *field = schema->fields[i];
        const ma_status st = import_column(in, moved, field, i, &columns[i], err);
        if (st != MA_OK) {
            ma_error_prefix(err, "column '%.*s'", (int)ma_min_i64(field->name_size, 64),
                            field->name);
            return st;
        }
    }
    return ma_batch_new(schema, in->length, columns, NULL, out, err);
}

static ma_status
import_struct(moved_block *moved, ma_schema *schema, ma_batch **out, ma_error *err)
{
    MA_TRY(check_counts(&moved->array, 1, false, schema->n_fields, err));
    MA_TRY(check_rows(&moved->array, err));
    ma_array **columns = ma_calloc(schema->n_fields, sizeof(ma_array *));
    if (columns == NULL) {
        return ma_fail_nomem(err, schema->n_fields * (int64_t)sizeof(ma_array *));
    }
    const ma_status st = import_columns(moved, schema, columns, out, err);
    for (int32_t i = 0; i < schema->n_fields; i++) {
        ma_array_unref(columns[i]);
    }
    ma_free(columns);
    return st;
}

ma_status
ma_cdata_import_batch(struct ArrowArray *in, ma_schema *schema, ma_batch **out, ma_error *err)
{
    moved_block *moved;
    MA_TRY(take(in, &moved, err));
    const ma_status st = import_struct(moved, schema, out, err);
    ma_block_unref(&moved->base);
    return st;
}
