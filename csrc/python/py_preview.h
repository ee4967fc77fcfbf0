/* Arrays as text for people, laid out as pyarrow does it. */
#ifndef PYMA_PREVIEW_H
#define PYMA_PREVIEW_H

#include "python/py_state.h"

typedef struct pyma_preview {
    int64_t window;           /* values shown at either end, of numbers, text and the like */
    int64_t container_window; /* the same of lists */
    bool one_line;
    int indent; /* of the first line */
} pyma_preview;

#define PYMA_PREVIEW_DEFAULT ((pyma_preview){10, 2, false, 0})

/* Append the rows of a checked array. Never fails but for memory, whatever the values are; what is
 * appended is bounded by the windows alone. */
void
pyma_preview_array(ma_text *out, const ma_array *array, const pyma_preview *options);

/* Append one row of a checked array, on one line. */
void
pyma_preview_row(ma_text *out, const ma_array *array, int64_t row);

#endif
