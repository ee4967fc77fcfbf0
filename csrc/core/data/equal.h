/* Equality of arrays by value. */
#ifndef MA_DATA_EQUAL_H
#define MA_DATA_EQUAL_H

#include "core/data/array.h"

/* Whether two arrays of equal types, both checked (validate/values.h), hold the same values: nulls
 * equal nulls whatever lies under them, offsets and sharing do not matter, dictionaries are
 * compared by the values that the indices stand for (an index of a null stands for null), runs by
 * the values of the rows. NaN differs from NaN unless `nans_equal`, and 0.0 equals -0.0, as in
 * pyarrow. Arrays of unequal types are not equal. Takes time in proportion to what the rows come to
 * (data/extent.h, MA_EXTENT_VISITS), however deep they nest, which whoever asks bounds
 * beforehand. */
bool
ma_array_equal(const ma_array *a, const ma_array *b, bool nans_equal);

/* The same for `length` rows from row `a_start` of the one and `b_start` of the other. */
bool
ma_array_equal_range(const ma_array *a, int64_t a_start, const ma_array *b, int64_t b_start,
                     int64_t length, bool nans_equal);

/* The same with floats compared bit by bit: whether the one's rows may stand in for the other's.
 * Rows that come to too much are not compared, and count as others. */
bool
ma_array_identical_range(const ma_array *a, int64_t a_start, const ma_array *b, int64_t b_start,
                         int64_t length);

/* The same for one row of arrays of equal types, where somebody has counted what it comes to: a
 * look at the types and at all that the arrays hold would take longer than one at the row. */
bool
ma_array_identical_row(const ma_array *a, int64_t i, const ma_array *b, int64_t j);

#endif
