#include "core/validate/shape.h"

#include "core/base/number.h"

int64_t
ma_buffer_needed(ma_buffer_kind kind, const ma_type *type, int64_t rows)
{
    const int64_t bits = ma_buffer_kind_bits(kind, type->bits);
    int64_t items = rows;
    int64_t size;
    if (bits == 1) {
        return ma_bitmap_size(rows);
    }
    if (ma_buffer_kind_is_offsets(kind) && !ma_add_i64(rows, 1, &items)) {
        return -1;
    }
    return ma_mul_i64(items, bits / 8, &size) ? size : -1;
}

int64_t
ma_buffer_alignment(ma_buffer_kind kind, const ma_type *type)
{
    const int64_t bits = ma_buffer_kind_bits(kind, type->bits);
    return type->id == MA_TYPE_FIXED_SIZE_BINARY || bits < 16 ? 1 : ma_min_i64(bits / 8, 8);
}

/* ---- buffers ---- */

static ma_status
check_buffer_count(const ma_array *self, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    if (self->n_buffers < layout->n_buffers ||
        (self->n_buffers > layout->n_buffers && !layout->variadic)) {
        char name[80];
        return ma_fail(err, MA_INVALID, -1, "an array of type %s has %d buffers and was given %d",
                       ma_type_name(self->type, name, sizeof(name)), (int)layout->n_buffers,
                       (int)self->n_buffers);
    }
    return MA_OK;
}

/* An array without rows may come without offsets, or with an offset that no buffer reaches. It gets
 * the one offset that it must have, and begins at row 0, where every buffer is long enough. */
static void
settle_empty(ma_array *self)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    self->offset = 0;
    for (int i = 0; i < layout->n_buffers; i++) {
        if (ma_buffer_kind_is_offsets(layout->buffers[i])) {
            ma_buffer_clear(&self->buffers[i]);
            self->buffers[i] =
                (ma_buffer){ma_zeros, ma_buffer_needed(layout->buffers[i], self->type, 0), NULL};
        }
    }
}

/* A count of nulls that somebody else made is worth one bit, "none or some"; others we count. */
static ma_status
settle_nulls(ma_array *self, ma_error *err)
{
    const int64_t nulls = atomic_load_explicit(&self->nulls, memory_order_relaxed);
    if (ma_layouts[self->type->layout].buffers[0] != MA_BUFFER_VALIDITY) {
        atomic_store_explicit(&self->nulls, -1, memory_order_relaxed);
        return MA_OK;
    }
    if (nulls < -1 || nulls > self->length) {
        return ma_fail(err, MA_INVALID, -1, "the array has %lld rows and counts %lld nulls",
                       (long long)self->length, (long long)nulls);
    }
    if (nulls == 0 || self->length == 0) {
        ma_buffer_clear(&self->buffers[0]);
        atomic_store_explicit(&self->nulls, 0, memory_order_relaxed);
        return MA_OK;
    }
    if (self->buffers[0].size == 0) {
        ma_fail(err, MA_INVALID, -1,
                "rows may be null (the null count is not 0), and there is no validity bitmap");
        ma_error_prefix(err, "validity buffer");
        return MA_INVALID;
    }
    atomic_store_explicit(&self->nulls, -1, memory_order_relaxed);
    return MA_OK;
}

static ma_status
check_buffer(const ma_array *self, int index, int64_t end, ma_error *err)
{
    const ma_buffer_kind kind = ma_layouts[self->type->layout].buffers[index];
    const int64_t size = self->buffers[index].size;
    const int64_t needed = ma_buffer_needed(kind, self->type, end);
    if (needed >= 0 && size >= needed) {
        return MA_OK;
    }
    if (needed < 0) {
        ma_fail(err, MA_INVALID, -1, "no buffer is long enough for %lld rows", (long long)end);
    } else {
        ma_fail(err, MA_INVALID, -1, "the buffer has %lld bytes, and %lld rows need %lld",
                (long long)size, (long long)end, (long long)needed);
    }
    ma_error_prefix(err, "%s buffer", ma_buffer_kind_name(kind));
    return MA_INVALID;
}

static ma_status
check_buffers(ma_array *self, int64_t end, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    for (int i = 0; i < self->n_buffers; i++) {
        const bool optional = i == 0 && layout->buffers[0] == MA_BUFFER_VALIDITY;
        if (optional && self->buffers[0].data == NULL) {
            continue;
        }
        if (i < layout->n_buffers) {
            MA_TRY(check_buffer(self, i, end, err));
        }
        if (self->buffers[i].size == 0) { /* nobody may add to NULL, or keep a body for nothing */
            ma_buffer_clear(&self->buffers[i]);
            self->buffers[i] = MA_EMPTY_BUFFER;
        }
    }
    return MA_OK;
}

/* ---- children and dictionary ---- */

/* What an array has below it, of a type that its own type tells. */
static ma_status
check_part(const ma_array *part, const ma_type *type, int64_t rows, ma_error *err)
{
    char want[80];
    char have[80];
    if (part == NULL) {
        return ma_fail(err, MA_INVALID, -1, "the array is missing");
    }
    if (!ma_type_equal(part->type, type, false)) {
        return ma_fail(err, MA_INVALID, -1, "the array is of type %s and must be %s",
                       ma_type_name(part->type, have, sizeof(have)),
                       ma_type_name(type, want, sizeof(want)));
    }
    if (part->length < rows) {
        return ma_fail(err, MA_INVALID, -1, "the child has %lld rows and its parent needs %lld",
                       (long long)part->length, (long long)rows);
    }
    return MA_OK;
}

/* The rows that each child has at least. */
static ma_status
rows_of_children(const ma_array *self, int64_t end, int64_t *rows, ma_error *err)
{
    switch (ma_layouts[self->type->layout].children) {
    case MA_CHILDREN_NONE:
    case MA_CHILDREN_BY_OFFSETS:
    case MA_CHILDREN_RUNS:
        *rows = 0;
        return MA_OK;
    case MA_CHILDREN_ALIGNED:
        *rows = end;
        return MA_OK;
    case MA_CHILDREN_MULTIPLIED:
        if (!ma_mul_i64(end, self->type->list_size, rows)) {
            return ma_fail(err, MA_INVALID, -1, "no child is long enough for %lld rows of %d items",
                           (long long)end, (int)self->type->list_size);
        }
        return MA_OK;
    }
    return MA_OK;
}

static ma_status
check_children(const ma_array *self, int64_t end, ma_error *err)
{
    const ma_type *type = self->type;
    int64_t rows = 0;
    if (self->n_children != type->n_children) {
        char name[80];
        return ma_fail(err, MA_INVALID, -1, "an array of type %s has %d children and was given %d",
                       ma_type_name(type, name, sizeof(name)), (int)type->n_children,
                       (int)self->n_children);
    }
    MA_TRY(rows_of_children(self, end, &rows, err));
    for (int32_t i = 0; i < self->n_children; i++) {
        const ma_field *field = type->children[i];
        const ma_status st = check_part(self->children[i], field->type, rows, err);
        if (st != MA_OK) {
            ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
            return st;
        }
    }
    return MA_OK;
}

/* Columnar.rst, "Run-End Encoded Layout": an end and a value for each run. */
static ma_status
check_runs(const ma_array *self, ma_error *err)
{
    const int64_t ends = self->children[0]->length;
    const int64_t values = self->children[1]->length;
    if (ends > values) {
        return ma_fail(err, MA_INVALID, -1, "there are %lld run ends and only %lld values",
                       (long long)ends, (long long)values);
    }
    if (ends == 0 && self->length > 0) {
        return ma_fail(err, MA_INVALID, -1, "there are %lld rows and no runs",
                       (long long)self->length);
    }
    return MA_OK;
}

static ma_status
check_dictionary(const ma_array *self, ma_error *err)
{
    if (self->type->layout != MA_LAYOUT_DICTIONARY) {
        return self->dictionary == NULL
                   ? MA_OK
                   : ma_fail(err, MA_INVALID, -1,
                             "the array has a dictionary and its type does not");
    }
    const ma_status st = check_part(self->dictionary, self->type->value_type, 0, err);
    if (st != MA_OK) {
        ma_error_prefix(err, ".dictionary");
    }
    return st;
}

ma_status
ma_array_check_shape(ma_array *self, ma_error *err)
{
    int64_t end;
    if (self->length < 0 || self->offset < 0 || !ma_add_i64(self->length, self->offset, &end)) {
        return ma_fail(err, MA_INVALID, -1, "an array cannot have %lld rows from row %lld on",
                       (long long)self->length, (long long)self->offset);
    }
    MA_TRY(check_buffer_count(self, err));
    if (self->length == 0) {
        settle_empty(self);
        end = 0;
    }
    MA_TRY(settle_nulls(self, err));
    MA_TRY(check_buffers(self, end, err));
    MA_TRY(check_children(self, end, err));
    if (ma_layouts[self->type->layout].children == MA_CHILDREN_RUNS) {
        MA_TRY(check_runs(self, err));
    }
    return check_dictionary(self, err);
}
