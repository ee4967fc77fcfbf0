#include "core/types/type.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"

static const struct {
    int16_t bits;
    ma_layout_id layout;
} rows[] = {
#define X(id, name, format, bits, layout) {bits, MA_LAYOUT_##layout},
    MA_TYPE_TABLE(X)
#undef X
};

ma_status
ma_type_new(ma_type_id id, int32_t n_children, ma_type **out, ma_error *err)
{
    ma_type *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    ma_refs_init(&self->refs);
    self->id = id;
    self->dictionary_id = -1;
    self->layout = rows[id].layout;
    self->bits = rows[id].bits;
    if (n_children > 0) {
        self->children = ma_calloc(n_children, sizeof(*self->children));
        if (self->children == NULL) {
            ma_type_unref(self);
            return ma_fail_nomem(err, n_children * (int64_t)sizeof(*self->children));
        }
        self->n_children = n_children;
    }
    *out = self;
    return MA_OK;
}

ma_status
ma_type_simple(ma_type_id id, ma_type **out, ma_error *err)
{
    ma_type *self = NULL;
    MA_TRY(ma_type_new(id, 0, &self, err));
    const ma_status st = ma_type_seal(self, err);
    if (st != MA_OK) {
        ma_type_unref(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

ma_type *
ma_type_ref(ma_type *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_type_unref(ma_type *self)
{
    if (self == NULL || !ma_refs_drop(&self->refs)) {
        return;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        ma_field_unref(self->children[i]);
    }
    ma_type_unref(self->index_type);
    ma_type_unref(self->value_type);
    ma_free(self->children);
    ma_free(self->timezone);
    ma_free(self->type_codes);
    ma_free(self->child_of_code);
    ma_free(self);
}

/* ---- sealing: one check for each kind of parameter ---- */

static ma_status
check_children(const ma_type *self, int32_t wanted, ma_error *err)
{
    if (self->n_children != wanted) {
        return ma_fail(err, MA_INVALID, -1, "this type takes %d children and was given %d",
                       (int)wanted, (int)self->n_children);
    }
    return MA_OK;
}

static ma_status
check_decimal(const ma_type *self, ma_error *err)
{
    /* Wider than its bits can hold is legal (and exists); zero or less is no precision at all. */
    const int32_t most = self->id == MA_TYPE_DECIMAL32    ? 9
                         : self->id == MA_TYPE_DECIMAL64  ? 18
                         : self->id == MA_TYPE_DECIMAL128 ? 38
                                                          : 76;
    if (self->precision < 1 || self->precision > most) {
        return ma_fail(err, MA_INVALID, -1,
                       "a decimal of %d bits takes a precision from 1 to %d and was given %d",
                       (int)self->bits, (int)most, (int)self->precision);
    }
    return check_children(self, 0, err);
}

static ma_status
check_time(const ma_type *self, ma_error *err)
{
    const bool coarse = self->unit == MA_SECOND || self->unit == MA_MILLISECOND;
    if (coarse != (self->id == MA_TYPE_TIME32)) {
        return ma_fail(err, MA_INVALID, -1, "time32 takes s or ms, and time64 takes us or ns");
    }
    return check_children(self, 0, err);
}

static ma_status
seal_union(ma_type *self, ma_error *err)
{
    if (self->n_children > 128) {
        return ma_fail(err, MA_INVALID, -1, "a union takes at most 128 children and was given %d",
                       (int)self->n_children);
    }
    self->child_of_code = ma_malloc(128);
    if (self->child_of_code == NULL) {
        return ma_fail_nomem(err, 128);
    }
    memset(self->child_of_code, -1, 128);
    for (int32_t i = 0; i < self->n_children; i++) {
        const int code = self->type_codes[i];
        if (code < 0) {
            return ma_fail(err, MA_INVALID, -1, "a union's type ids are 0 to 127, and one is %d",
                           code);
        }
        if (self->child_of_code[code] >= 0) {
            return ma_fail(err, MA_INVALID, -1, "a union's type id %d stands for two children",
                           code);
        }
        self->child_of_code[code] = (int8_t)i;
    }
    return MA_OK;
}

static ma_status
check_map(const ma_type *self, ma_error *err)
{
    MA_TRY(check_children(self, 1, err));
    const ma_type *entries = self->children[0]->type;
    if (entries->id != MA_TYPE_STRUCT || entries->n_children != 2) {
        return ma_fail(err, MA_INVALID, -1,
                       "a map's child must be a struct of two fields, a key and a value");
    }
    return MA_OK;
}

static ma_status
check_run_ends(const ma_type *self, ma_error *err)
{
    MA_TRY(check_children(self, 2, err));
    const ma_type_id id = self->children[0]->type->id;
    if (id != MA_TYPE_INT16 && id != MA_TYPE_INT32 && id != MA_TYPE_INT64) {
        return ma_fail(err, MA_INVALID, -1, "run ends are int16, int32 or int64");
    }
    return MA_OK;
}

static ma_status
seal_dictionary(ma_type *self, ma_error *err)
{
    if (self->index_type == NULL || self->value_type == NULL) {
        return ma_fail(err, MA_INVALID, -1, "a dictionary needs an index type and a value type");
    }
    if (!ma_type_is_integer(self->index_type)) {
        return ma_fail(err, MA_INVALID, -1, "a dictionary's index type must be an integer");
    }
    if (self->value_type->id == MA_TYPE_DICTIONARY) {
        return ma_fail(err, MA_INVALID, -1,
                       "a dictionary's values cannot be dictionary-encoded themselves (a field has "
                       "one encoding only), though what they contain can be");
    }
    self->bits = self->index_type->bits;
    return check_children(self, 0, err);
}

/* An empty zone means none (Schema.fbs, Timestamp). */
static void
seal_timestamp(ma_type *self)
{
    if (self->timezone != NULL && self->timezone[0] == '\0') {
        ma_free(self->timezone);
        self->timezone = NULL;
    }
}

/* The parameters that only this type has. */
static ma_status
seal_parameters(ma_type *self, ma_error *err)
{
    switch (self->id) {
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        return check_decimal(self, err);
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        return check_time(self, err);
    case MA_TYPE_TIMESTAMP:
        seal_timestamp(self);
        return check_children(self, 0, err);
    case MA_TYPE_FIXED_SIZE_BINARY:
        if (self->byte_width < 0) {
            return ma_fail(err, MA_INVALID, -1,
                           "a fixed-size binary cannot have a width of %d bytes",
                           (int)self->byte_width);
        }
        self->bits = (int64_t)self->byte_width * 8;
        return check_children(self, 0, err);
    case MA_TYPE_FIXED_SIZE_LIST:
        if (self->list_size < 0) {
            return ma_fail(err, MA_INVALID, -1, "a fixed-size list cannot have %d items",
                           (int)self->list_size);
        }
        return check_children(self, 1, err);
    case MA_TYPE_LIST:
    case MA_TYPE_LARGE_LIST:
    case MA_TYPE_LIST_VIEW:
    case MA_TYPE_LARGE_LIST_VIEW:
        return check_children(self, 1, err);
    case MA_TYPE_MAP:
        return check_map(self, err);
    case MA_TYPE_STRUCT:
        return MA_OK;
    case MA_TYPE_SPARSE_UNION:
    case MA_TYPE_DENSE_UNION:
        return seal_union(self, err);
    case MA_TYPE_RUN_END_ENCODED:
        return check_run_ends(self, err);
    case MA_TYPE_DICTIONARY:
        return seal_dictionary(self, err);
    case MA_TYPE_NULL:
    case MA_TYPE_BOOL:
    case MA_TYPE_INT8:
    case MA_TYPE_UINT8:
    case MA_TYPE_INT16:
    case MA_TYPE_UINT16:
    case MA_TYPE_INT32:
    case MA_TYPE_UINT32:
    case MA_TYPE_INT64:
    case MA_TYPE_UINT64:
    case MA_TYPE_FLOAT16:
    case MA_TYPE_FLOAT32:
    case MA_TYPE_FLOAT64:
    case MA_TYPE_DATE32:
    case MA_TYPE_DATE64:
    case MA_TYPE_DURATION:
    case MA_TYPE_INTERVAL_MONTHS:
    case MA_TYPE_INTERVAL_DAY_TIME:
    case MA_TYPE_INTERVAL_MONTH_DAY_NANO:
    case MA_TYPE_UTF8:
    case MA_TYPE_LARGE_UTF8:
    case MA_TYPE_UTF8_VIEW:
    case MA_TYPE_BINARY:
    case MA_TYPE_LARGE_BINARY:
    case MA_TYPE_BINARY_VIEW:
        return check_children(self, 0, err);
    }
    return ma_fail(err, MA_INVALID, -1, "no such type");
}

ma_status
ma_type_seal(ma_type *self, ma_error *err)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        if (self->children[i] == NULL) {
            return ma_fail(err, MA_INVALID, -1, "child %d of a type is missing", (int)i);
        }
    }
    MA_TRY(seal_parameters(self, err));

    const ma_layout *layout = &ma_layouts[self->layout];
    const ma_type *values = self->value_type;
    self->counts = (ma_counts){1, layout->n_buffers, layout->variadic,
                               ma_type_has_v4_bitmap(self)};
    self->depth = values != NULL ? values->depth : 0;
    self->has_dictionary = values != NULL;
    for (int32_t i = 0; i < self->n_children; i++) {
        const ma_type *child = self->children[i]->type;
        self->counts.nodes += child->counts.nodes;
        self->counts.buffers += child->counts.buffers;
        self->counts.variadics += child->counts.variadics;
        self->counts.v4_bitmaps += child->counts.v4_bitmaps;
        self->depth = child->depth > self->depth ? child->depth : self->depth;
        self->has_dictionary = self->has_dictionary || child->has_dictionary;
    }
    self->depth++;
    if (self->depth > MA_MAX_NESTING_DEPTH) {
        return ma_fail(err, MA_LIMIT, -1, "types nest deeper than %d levels",
                       MA_MAX_NESTING_DEPTH);
    }
    return MA_OK;
}

/* ---- equality ---- */

static bool
timezones_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
children_equal(const ma_type *a, const ma_type *b, bool check_metadata)
{
    /* The one child of a list or map is found by position, and writers name it as they like. */
    const bool named = a->id == MA_TYPE_STRUCT || ma_type_is_union(a);
    for (int32_t i = 0; i < a->n_children; i++) {
        const ma_field *x = a->children[i];
        const ma_field *y = b->children[i];
        const bool same = named ? ma_field_equal(x, y, check_metadata)
                                : x->nullable == y->nullable &&
                                      ma_type_equal(x->type, y->type, check_metadata) &&
                                      (!check_metadata ||
                                       ma_metadata_equal(x->metadata, y->metadata));
        if (!same) {
            return false;
        }
    }
    return true;
}

static bool
map_equal(const ma_type *a, const ma_type *b, bool check_metadata)
{
    const ma_type *x = a->children[0]->type;
    const ma_type *y = b->children[0]->type;
    return ma_type_equal(x->children[0]->type, y->children[0]->type, check_metadata) &&
           ma_type_equal(x->children[1]->type, y->children[1]->type, check_metadata) &&
           x->children[1]->nullable == y->children[1]->nullable;
}

bool
ma_type_equal(const ma_type *a, const ma_type *b, bool check_metadata)
{
    if (a == b) {
        return true;
    }
    if (a->id != b->id || a->n_children != b->n_children || a->unit != b->unit ||
        a->bits != b->bits || a->list_size != b->list_size || a->precision != b->precision ||
        a->scale != b->scale || a->keys_sorted != b->keys_sorted || a->ordered != b->ordered ||
        !timezones_equal(a->timezone, b->timezone)) {
        return false;
    }
    if (a->id == MA_TYPE_DICTIONARY) {
        return ma_type_equal(a->index_type, b->index_type, check_metadata) &&
               ma_type_equal(a->value_type, b->value_type, check_metadata);
    }
    if (a->id == MA_TYPE_MAP) {
        return map_equal(a, b, check_metadata);
    }
    if (ma_type_is_union(a) && a->n_children > 0 &&
        memcmp(a->type_codes, b->type_codes, (size_t)a->n_children) != 0) {
        return false;
    }
    return children_equal(a, b, check_metadata);
}
