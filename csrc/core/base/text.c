#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

#include "core/base/memory.h"

void
ma_text_init(ma_text *text)
{
    *text = (ma_text){0};
}

void
ma_text_fini(ma_text *text)
{
    ma_free(text->data);
    *text = (ma_text){0};
}

void
ma_text_add_bytes(ma_text *text, const char *data, int64_t size)
{
    if (text->failed || ma_grow((void **)&text->data, &text->capacity, text->size + size + 1, 1,
                                NULL) != MA_OK) {
        text->failed = true;
        return;
    }
    if (size > 0) {
        memcpy(text->data + text->size, data, (size_t)size);
    }
    text->size += size;
    text->data[text->size] = '\0';
}

void
ma_text_add(ma_text *text, const char *format, ...)
{
    char piece[256]; /* every format that is used here makes less */
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(piece, sizeof(piece), format, args);
    va_end(args);
    ma_text_add_bytes(text, piece, size < (int)sizeof(piece) ? size : (int)sizeof(piece) - 1);
}
