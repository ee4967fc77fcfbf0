/* UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. */
#ifndef MA_VALIDATE_UTF8_H
#define MA_VALIDATE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* How many bytes at the beginning are ASCII. */
int64_t
ma_utf8_ascii_prefix(const uint8_t *data, int64_t size);

/* Where the first sequence begins that is malformed or cut off; -1 if there is none. */
int64_t
ma_utf8_find_bad(const uint8_t *data, int64_t size);

/* Whether a byte only continues a character. */
static inline bool
ma_utf8_continues(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

#endif
