/* A borrowed range of bytes that knows where it stands in the stream or file. */
#ifndef MA_BASE_SPAN_H
#define MA_BASE_SPAN_H

#include "core/base/status.h"

typedef struct ma_span {
    const uint8_t *data; /* borrowed */
    int64_t size;        /* never negative */
    int64_t origin;      /* offset of data[0] from the first byte of the stream or file */
} ma_span;

/* Whether [offset, offset + size) lies inside; never adds what it has not compared. */
static inline bool
ma_span_has(ma_span span, int64_t offset, int64_t size)
{
    return offset >= 0 && size >= 0 && offset <= span.size && size <= span.size - offset;
}

#endif
