/* Text that grows: for type names and messages that are longer than an error's. */
#ifndef MA_BASE_TEXT_H
#define MA_BASE_TEXT_H

#include "core/base/status.h"

typedef struct ma_text {
    char *data; /* owned; NUL-terminated once anything was added */
    int64_t size;
    int64_t capacity;
    bool failed; /* out of memory: what was added since is missing */
} ma_text;

void
ma_text_init(ma_text *text);
void
ma_text_fini(ma_text *text);

/* Append; a failure is remembered in `failed`, so that a caller may ask once at the end. */
void
ma_text_add(ma_text *text, const char *format, ...) MA_PRINTF(2, 3);
void
ma_text_add_bytes(ma_text *text, const char *data, int64_t size);

#endif
