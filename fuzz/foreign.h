/* Structs of the C data interface, as another library might hand them over, made from bytes.
 *
 * What the interface takes on trust holds: a pointer that is there points to as many bytes as it
 * should, and to not one more, so that AddressSanitizer sees who reads too far. All else may be
 * wrong, but mostly is not. */
#ifndef FUZZ_FOREIGN_H
#define FUZZ_FOREIGN_H

#include "core/cdata/abi.h"
#include "core/types/type.h"
#include "fuzz.h"

/* Bytes that are taken from the front; behind their end there are zeros. */
typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

uint8_t
fuzz_take(fuzz_input *self);

/* A schema. With `other_layout`, text, binaries and lists become others of their family, and what
 * is nullable and named stays: the same input gives both. It is the caller's to release. */
void
fuzz_make_schema(fuzz_input *in, bool other_layout, struct ArrowSchema *out);

/* An array of `type`. `*released` counts how often it is released; parts of it are only ever
 * released with the whole, which is checked. */
void
fuzz_make_array(fuzz_input *in, const ma_type *type, int *released, struct ArrowArray *out);

#endif
