/* Bytes of somebody else's: text that may hold NULs, a key, a value. */
#ifndef MA_BASE_BYTES_H
#define MA_BASE_BYTES_H

#include <stdint.h>

typedef struct ma_bytes {
    const char *data; /* borrowed; may hold NULs */
    int64_t size;
} ma_bytes;

#endif
