/* Which types are other representations of the same values. */
#ifndef MA_TYPES_HOLDS_H
#define MA_TYPES_HOLDS_H

#include "core/types/type.h"

/* Whether each value of `other` is, as it is, a value of `self`:
 *
 * - text, binary, and lists in any layout; text as binary, fixed sizes as sizes of their own;
 * - numbers in a wider type of the same kind, decimals of the same scale, time stamps in another
 *   zone, and all rows of the null type;
 * - values behind dictionaries of any index type, in runs, or neither; unions of either mode;
 * - all that differs in names that mean nothing, in metadata, or by allowing nulls.
 *
 * Names of a struct's fields, units, and that a dictionary or keys are in order mean something.
 * Layouts may be too narrow for what an array has: 32-bit offsets, indices, run ends. */
bool
ma_type_holds(const ma_type *self, const ma_type *other);

/* Whether nulls may come out of a type that counts none itself: behind a dictionary, in runs, or
 * rows of the null type. */
bool
ma_type_uncovers_nulls(const ma_type *self, const ma_type *other);

#endif
