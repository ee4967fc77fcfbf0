/* Whether numbers ascend, or lie in a range: the loops over whole buffers.
 *
 * All of them run over blocks of rows without a branch, so that compilers make vector code of them,
 * and look for the row to blame only in a block that has one. They return that row, the first one,
 * or -1. Numbers may lie at any alignment. */
#ifndef MA_VALIDATE_RANGES_H
#define MA_VALIDATE_RANGES_H

#include <stdint.h>

/* The first of `rows` rows whose offset is greater than the next one. There are `rows` + 1 offsets
 * of 32 or 64 bits, and the first is not negative. */
int64_t
ma_find_descent(const uint8_t *offsets, int32_t bits, int64_t rows);

/* The first of `count` run ends of 16, 32 or 64 bits that is not greater than the one before it;
 * the one before the first is 0. */
int64_t
ma_find_bad_run_end(const uint8_t *ends, int32_t bits, int64_t count);

/* The first of `rows` rows of a list view whose offset or size is negative, or that ends behind
 * `limit`. */
int64_t
ma_find_bad_list(const uint8_t *offsets, const uint8_t *sizes, int32_t bits, int64_t rows,
                 int64_t limit);

/* The first of `rows` rows that is not null and whose index (8 to 64 bits, read as unsigned) is
 * above `top`. `top` fits the index type, and an int64_t. `validity` may be NULL; the bit of row 0
 * is bit `first_bit`. */
int64_t
ma_find_bad_index(const uint8_t *indices, int32_t bits, int64_t rows, uint64_t top,
                  const uint8_t *validity, int64_t first_bit);

/* The first of `rows` type ids for which `children` says -1, or that is negative. */
int64_t
ma_find_bad_type_id(const uint8_t *ids, int64_t rows, const int8_t children[128]);

/* The first of `rows` rows whose union offset is negative or not below the limit of its type id;
 * type ids are good. */
int64_t
ma_find_bad_union_offset(const uint8_t *offsets, const uint8_t *ids, int64_t rows,
                         const uint32_t limits[128]);

#endif
