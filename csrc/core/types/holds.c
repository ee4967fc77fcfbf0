#include "core/types/holds.h"

#include <string.h>

static bool
is_binary(const ma_type *self)
{
    return self->id == MA_TYPE_BINARY || self->id == MA_TYPE_LARGE_BINARY ||
           self->id == MA_TYPE_BINARY_VIEW;
}

static bool
is_float(const ma_type *self)
{
    return self->id >= MA_TYPE_FLOAT16 && self->id <= MA_TYPE_FLOAT64;
}

static bool
is_decimal(const ma_type *self)
{
    return self->id >= MA_TYPE_DECIMAL32 && self->id <= MA_TYPE_DECIMAL256;
}

/* ---- flat types ---- */

static bool
integer_holds(const ma_type *self, const ma_type *other)
{
    return ma_type_greatest(self) >= ma_type_greatest(other) &&
           (ma_type_is_signed(self) || !ma_type_is_signed(other));
}

static bool
kind_holds(const ma_type *self, const ma_type *other)
{
    return self->id == other->id ||
           (ma_type_is_utf8(other) && (ma_type_is_utf8(self) || is_binary(self))) ||
           ((is_binary(other) || other->id == MA_TYPE_FIXED_SIZE_BINARY) && is_binary(self)) ||
           (ma_type_is_any_list(self) &&
            (ma_type_is_any_list(other) || other->id == MA_TYPE_FIXED_SIZE_LIST)) ||
           (ma_type_is_integer(self) && ma_type_is_integer(other) && integer_holds(self, other)) ||
           (is_float(self) && is_float(other) && self->bits >= other->bits) ||
           (is_decimal(self) && is_decimal(other) && self->bits >= other->bits) ||
           (ma_type_is_union(self) && ma_type_is_union(other));
}

/* An order that was promised need not be; the other way round nobody has looked. */
static bool
parameters_hold(const ma_type *self, const ma_type *other)
{
    const bool fixed = self->id == other->id;
    return self->unit == other->unit && self->scale == other->scale &&
           self->precision >= other->precision &&
           (self->timezone != NULL) == (other->timezone != NULL) &&
           (!self->keys_sorted || other->keys_sorted) &&
           (!fixed || self->byte_width == other->byte_width) &&
           (!fixed || self->list_size == other->list_size) &&
           self->n_children == other->n_children &&
           (!ma_type_is_union(self) || self->n_children == 0 ||
            memcmp(self->type_codes, other->type_codes, (size_t)self->n_children) == 0);
}

/* ---- nested types ---- */

static bool
field_holds(const ma_field *self, const ma_field *other, bool named)
{
    const bool same_name = ma_field_is_named(self, (ma_bytes){other->name, other->name_size});
    const bool has_nulls = other->nullable || ma_type_uncovers_nulls(self->type, other->type);
    return (self->nullable || !has_nulls) && (same_name || !named) &&
           ma_type_holds(self->type, other->type);
}

/* Keys and entries may have any names, and null keys are refused elsewhere. */
static bool
map_holds(const ma_type *self, const ma_type *other)
{
    ma_field *const *a = self->children[0]->type->children;
    ma_field *const *b = other->children[0]->type->children;
    return ma_type_holds(a[0]->type, b[0]->type) && field_holds(a[1], b[1], false);
}

static bool
children_hold(const ma_type *self, const ma_type *other)
{
    const bool named = self->id == MA_TYPE_STRUCT || ma_type_is_union(self);
    for (int32_t i = 0; i < self->n_children; i++) {
        if (!field_holds(self->children[i], other->children[i], named)) {
            return false;
        }
    }
    return true;
}

/* ---- encodings ---- */

static const ma_type *
decoded(const ma_type *self)
{
    return self->id == MA_TYPE_DICTIONARY ? self->value_type : self->children[1]->type;
}

/* Whether values come out of a dictionary into a union, which has no nulls, for which a child would
 * have to be chosen. */
static bool
loses_nulls(const ma_type *self, const ma_type *other)
{
    while (ma_type_is_encoded(self)) {
        self = decoded(self);
    }
    return other->id == MA_TYPE_DICTIONARY && ma_type_is_union(self);
}

/* What has the same encoding has it still; else values are taken out of `other`'s, and put into
 * that of `self`. */
static bool
encoding_holds(const ma_type *self, const ma_type *other)
{
    const bool same = self->id == other->id;
    if (!same && loses_nulls(self, other)) {
        return false;
    }
    if (!ma_type_is_encoded(self)) {
        return ma_type_holds(self, decoded(other));
    }
    if (self->id == MA_TYPE_RUN_END_ENCODED && same) {
        return field_holds(self->children[1], other->children[1], false);
    }
    return (!self->ordered || (same && other->ordered)) &&
           (self->id == MA_TYPE_DICTIONARY || self->children[1]->nullable) &&
           ma_type_holds(decoded(self), same ? decoded(other) : other);
}

bool
ma_type_uncovers_nulls(const ma_type *self, const ma_type *other)
{
    return (ma_type_is_encoded(other) || other->id == MA_TYPE_NULL) && self->id != other->id;
}

bool
ma_type_holds(const ma_type *self, const ma_type *other)
{
    if (ma_type_is_encoded(self) || ma_type_is_encoded(other)) {
        return encoding_holds(self, other);
    }
    if (other->id == MA_TYPE_NULL) {
        return !ma_type_is_union(self);
    }
    if (!kind_holds(self, other) || !parameters_hold(self, other)) {
        return false;
    }
    return self->id == MA_TYPE_MAP ? map_holds(self, other) : children_hold(self, other);
}
