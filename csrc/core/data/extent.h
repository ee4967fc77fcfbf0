/* What rows come to when each is looked at by itself. A few bytes may stand for any number of rows
 * (nulls, structs without fields, values without bytes, runs), and any number of rows for the same
 * bytes (views, indices, union rows), which is a power where such types nest. */
#ifndef MA_DATA_EXTENT_H
#define MA_DATA_EXTENT_H

#include "core/data/array.h"

typedef enum ma_extent_kind {
    MA_EXTENT_OBJECTS, /* a new object for each value: rows, their items, and bytes of text; those
                          of a flat dictionary once */
    MA_EXTENT_COPIES,  /* the same, with a dictionary's value for each row */
    MA_EXTENT_VISITS,  /* a look at each: what a comparison does, which takes a run as one row */
} ma_extent_kind;

/* Bytes that a row counts for, about what an object takes. */
#define MA_EXTENT_ROW 64

/* Whether rows [start, start + length) of a checked array come to at most `most` bytes. Takes time
 * in proportion to what lies in memory, and to `most`. */
bool
ma_array_extent_within(const ma_array *self, int64_t start, int64_t length, ma_extent_kind kind,
                       int64_t most);

/* What all rows that take memory come to, each counted once. */
int64_t
ma_array_extent_stored(const ma_array *self);

/* What all rows may come to: MA_MAX_REPEATED_SIZE bytes beyond what the array's stored rows,
 * counted once, do. */
int64_t
ma_array_extent_limit(const ma_array *self);

/* Whether rows come to at most that. */
bool
ma_array_extent_fits(const ma_array *self, int64_t start, int64_t length, ma_extent_kind kind);

/* The same as a status: fails with MA_LIMIT. */
MA_NODISCARD ma_status
ma_array_check_extent(const ma_array *self, int64_t start, int64_t length, ma_extent_kind kind,
                      ma_error *err);

/* The same for all rows of `n` arrays together, of which objects are made. */
MA_NODISCARD ma_status
ma_arrays_check_extent(ma_array *const *arrays, int64_t n, ma_error *err);

/* MA_LIMIT for this many rows, and what to do. */
MA_NODISCARD ma_status
ma_extent_fail(int64_t rows, ma_error *err);

/* Whether the array's rows take no memory, so that there may be any number of them. */
bool
ma_array_is_free(const ma_array *self);

/* Fails with MA_LIMIT where so many rows, of which each takes no memory but counts for
 * MA_EXTENT_ROW bytes, come to more than the limit. */
MA_NODISCARD ma_status
ma_check_free_rows(int64_t rows, ma_error *err);

#endif
