/* What every target does to what it was given: touch all of it, within a bound on time. */
#ifndef FUZZ_TOUCH_H
#define FUZZ_TOUCH_H

#include "core/base/limits.h"
#include "core/base/memory.h"
#include "core/data/batch.h"
#include "fuzz.h"

/* Small, so that an input that gets around them is seen in the memory it takes. */
ma_limits
fuzz_limits(void);

/* Whether an allocation is made to fail. */
extern bool fuzz_short_of_memory;

/* A failure is one of those that may come of any bytes, and says so in `err`. */
void
fuzz_require_failure(ma_status st, const ma_error *err);

/* An error before anything happened. */
static inline ma_error
fuzz_no_error(void)
{
    ma_error err;
    ma_error_init(&err);
    return err;
}

/* Whether the values are good. Then every one of them is read (up to some thousands of them), and
 * slicing, joining, making compact and lending to another library must each give the same again. */
bool
fuzz_touch_array(ma_array *array);

/* So that what is known about it must be found out. */
void
fuzz_forget_checks(ma_array *array);

/* Whether rows are equal, unless they come to so much that nobody would compare them. */
bool
fuzz_rows_equal(const ma_array *a, int64_t i, const ma_array *b, int64_t j, int64_t n);

/* How many rows from the first on come to no more values than a fuzzer has time for. */
int64_t
fuzz_few_rows(const ma_array *array);

/* All columns. What fails is looked at, and that it fails alike when it is asked for again. */
void
fuzz_touch_batch(ma_batch *batch);

/* Whether they say the same, about the same place. */
bool
fuzz_errors_equal(const ma_error *a, const ma_error *b);

/* Whether column `i` of the one is column `j` of the other: the same values, or the same failure.
 */
bool
fuzz_columns_equal(ma_batch *a, int32_t i, ma_batch *b, int32_t j);

#endif
