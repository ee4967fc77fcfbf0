/* Numbers in memory to numbers of another type, checked. */
#ifndef PYMA_CAST_H
#define PYMA_CAST_H

#include "python/py_convert.h"

/* A column of numbers as it lies in someone's memory. */
typedef struct pyma_numbers {
    const uint8_t *data;
    int64_t count;
    int64_t stride;  /* bytes from one to the next; may be negative */
    ma_type_id type; /* bool (a byte each), integer or float */
    int width;
    bool swapped; /* in the other byte order */
} pyma_numbers;

/* Whether numbers of one type can become those of the other here. */
bool
pyma_can_cast(ma_type_id from, ma_type_id to);

/* Write all numbers to `target` as type `to` (bits, zeroed before, for bool); those whose bit in
 * `validity` (NULL for none) is not set become 0. In safe conversions what does not fit is
 * refused, with its position; else it is cut. */
int
pyma_cast(pyma_conversion *self, const pyma_numbers *from, const ma_type *to,
          const uint8_t *validity, uint8_t *target);

/* The number at `index` as a double, for floats. */
double
pyma_number_double(const pyma_numbers *from, int64_t index);

/* Copy the items side by side, in the host's byte order. */
void
pyma_numbers_copy(const pyma_numbers *from, uint8_t *target);

#endif
