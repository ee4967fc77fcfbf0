/* How the core says that something went wrong, and where. */
#ifndef MA_BASE_STATUS_H
#define MA_BASE_STATUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define MA_NODISCARD __attribute__((warn_unused_result))
#define MA_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MA_COLD __attribute__((cold))
#define MA_LIKELY(x) __builtin_expect(!!(x), 1)
#define MA_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MA_PREFETCH(address) __builtin_prefetch(address)
#define MA_PREFETCH_TO_WRITE(address) __builtin_prefetch(address, 1)
#else
#define MA_NODISCARD
#define MA_PRINTF(fmt, args)
#define MA_COLD
#define MA_LIKELY(x) (x)
#define MA_UNLIKELY(x) (x)
#define MA_PREFETCH(address) ((void)(address))
#define MA_PREFETCH_TO_WRITE(address) ((void)(address))
#endif

/* A variable that each thread has for itself. */
#if defined(_MSC_VER)
#define MA_THREAD_LOCAL __declspec(thread)
#else
#define MA_THREAD_LOCAL _Thread_local
#endif

typedef enum ma_status {
    MA_OK = 0,
    MA_NEED_MORE,   /* not a failure: all input given so far was consumed */
    MA_END,         /* not a failure: the end of the stream was seen */
    MA_INVALID,     /* the bytes, or the values given, break the format */
    MA_UNSUPPORTED, /* legal Arrow that this build does not read or write */
    MA_LIMIT,       /* legal, but over a limit in ma_limits */
    MA_NOMEM,
    MA_IO,          /* sys_errno is set */
} ma_status;

/* What failed and where. Filled by ma_fail and on the way up by ma_error_prefix; read once, by the
 * one who reports it. `where` is a path such as "column 'a'.item, offsets buffer". */
typedef struct ma_error {
    ma_status status;
    int sys_errno;
    int64_t offset;  /* from the first byte of the stream or file; -1 if unknown */
    int64_t message; /* ordinal of the IPC message, the schema being 0; -1 if unknown */
    char where[192];
    char text[320];
} ma_error;

/* Sets the few fields that are read without a failure; the texts stay untouched for speed. */
static inline void
ma_error_init(ma_error *err)
{
    err->status = MA_OK;
    err->sys_errno = 0;
    err->offset = -1;
    err->message = -1;
    err->where[0] = '\0';
    err->text[0] = '\0';
}

/* Fill `err` (which may be NULL) and return `status`. `offset` is -1 where no byte is to blame. */
ma_status
ma_fail(ma_error *err, ma_status status, int64_t offset, const char *format, ...)
    MA_PRINTF(4, 5) MA_COLD;

/* Fill `err` for an allocation of `size` bytes that failed, and return MA_NOMEM. */
ma_status
ma_fail_nomem(ma_error *err, int64_t size) MA_COLD;

/* Put a component in front of `err->where`. A component that ends in a letter, or a quote, is
 * joined to what follows with ", " unless that begins with '.' or '['. */
void
ma_error_prefix(ma_error *err, const char *format, ...) MA_PRINTF(2, 3) MA_COLD;

#define MA_TRY(expr)                         \
    do {                                     \
        const ma_status st_ = (expr);        \
        if (MA_UNLIKELY(st_ != MA_OK)) {     \
            return st_;                      \
        }                                    \
    } while (0)

#endif
