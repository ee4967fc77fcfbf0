/* A piece of what is to be written: bytes that stay where they are. */
#ifndef MA_DATA_SEGMENT_H
#define MA_DATA_SEGMENT_H

#include <stdint.h>

typedef struct ma_segment {
    const uint8_t *data; /* borrowed */
    int64_t size;
} ma_segment;

#endif
