#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

ma_status
ma_fail(ma_error *err, ma_status status, int64_t offset, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        err->status = status;
        err->offset = offset;
        err->where[0] = '\0';
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return status;
}

ma_status
ma_fail_nomem(ma_error *err, int64_t size)
{
    return ma_fail(err, MA_NOMEM, -1, "out of memory: %lld bytes could not be allocated",
                   (long long)size);
}

void
ma_error_prefix(ma_error *err, const char *format, ...)
{
    char head[sizeof(err->where) / 2];
    va_list args;

    if (err == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(head, sizeof(head), format, args);
    va_end(args);
    const char first = err->where[0];
    const char *glue = first == '\0' || first == '.' || first == '[' ? "" : ", ";
    const size_t before = strlen(head) + strlen(glue);
    /* A path that grows too long loses its innermost end, which the text repeats in words. */
    const size_t room = sizeof(err->where) - before - 1;
    const size_t size = strlen(err->where);
    const size_t kept = size < room ? size : room;
    memmove(err->where + before, err->where, kept);
    err->where[before + kept] = '\0';
    memcpy(err->where, head, strlen(head));
    memcpy(err->where + strlen(head), glue, strlen(glue));
}
