#include "core/cdata/stream.h"

#include <errno.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/validate/utf8.h"

/* ---- handing one out ---- */

typedef struct exported {
    ma_cdata_source *source; /* owned */
    bool ended;
    ma_error lost; /* the failure that is repeated from then on, as a chunk may be lost; or MA_OK */
    char text[sizeof(((ma_error *)0)->text) + sizeof(((ma_error *)0)->where) + 4];
} exported;

static int
errno_of(const ma_error *err)
{
    switch (err->status) {
    case MA_NOMEM:
        return ENOMEM;
    case MA_UNSUPPORTED:
        return ENOSYS;
    case MA_IO:
        return err->sys_errno != 0 ? err->sys_errno : EIO;
    case MA_OK:
    case MA_NEED_MORE:
    case MA_END:
    case MA_INVALID:
    case MA_LIMIT:
        return EINVAL;
    }
    return EINVAL;
}

static char *
append(char *end, const char *text)
{
    const size_t size = strlen(text);
    memcpy(end, text, size + 1);
    return end + size;
}

/* Remember "text (where)" as UTF-8, which the names in it need not be; returns the errno. */
static int
fail_stream(exported *self, const ma_error *err)
{
    uint8_t *text = (uint8_t *)self->text;
    char *end = append(self->text, err->text);
    if (err->where[0] != '\0') {
        end = append(append(append(end, " ("), err->where), ")");
    }
    const int64_t size = end - self->text;
    int64_t at = 0;
    int64_t bad;
    while ((bad = ma_utf8_find_bad(text + at, size - at)) >= 0) {
        at += bad;
        text[at] = '?';
    }
    return errno_of(err);
}

static int
stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    exported *self = stream->private_data;
    ma_error err;
    ma_error_init(&err);
    self->text[0] = '\0';
    out->release = NULL;
    return self->source->schema(self->source, out, &err) == MA_OK ? 0 : fail_stream(self, &err);
}

static int
stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    exported *self = stream->private_data;
    ma_error err;
    out->release = NULL; /* the end, unless there is one more */
    if (self->lost.status != MA_OK) {
        return fail_stream(self, &self->lost);
    }
    if (self->ended) {
        return 0;
    }
    ma_error_init(&err);
    self->text[0] = '\0';
    self->source->lost_nothing = false;
    const ma_status st = self->source->next(self->source, out, &err);
    if (st == MA_OK || st == MA_END) {
        self->ended = st == MA_END;
        return 0;
    }
    if (!self->source->lost_nothing) {
        self->lost = err;
    }
    return fail_stream(self, &err);
}

static const char *
stream_get_last_error(struct ArrowArrayStream *stream)
{
    const exported *self = stream->private_data;
    return self->text[0] != '\0' ? self->text : NULL;
}

static void
stream_release(struct ArrowArrayStream *stream)
{
    exported *self = stream->private_data;
    self->source->free(self->source);
    ma_free(self);
    stream->release = NULL;
}

ma_status
ma_cdata_export_stream(ma_cdata_source *source, struct ArrowArrayStream *out, ma_error *err)
{
    out->release = NULL;
    exported *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        source->free(source);
        return ma_fail_nomem(err, sizeof(*self));
    }
    self->source = source;
    ma_error_init(&self->lost);
    *out = (struct ArrowArrayStream){
        .get_schema = stream_get_schema,
        .get_next = stream_get_next,
        .get_last_error = stream_get_last_error,
        .release = stream_release,
        .private_data = self,
    };
    return MA_OK;
}

/* ---- reading one ---- */

static ma_status
status_of(int code)
{
    switch (code) {
    case EINVAL:
    case EDOM:
    case ERANGE:
        return MA_INVALID;
    case ENOMEM:
        return MA_NOMEM;
    case ENOSYS:
    case ENOTSUP:
        return MA_UNSUPPORTED;
    default:
        return MA_IO;
    }
}

/* What the producer says about the call that returned `code`. */
static ma_status
fail_producer(struct ArrowArrayStream *self, int code, ma_error *err)
{
    const char *text = self->get_last_error != NULL ? self->get_last_error(self) : NULL;
    const ma_status st = status_of(code);
    if (text != NULL && text[0] != '\0') {
        ma_fail(err, st, -1, "%s", text);
    } else {
        ma_fail(err, st, -1, "the stream's producer failed with error %d and did not say why",
                code);
    }
    if (err != NULL && st == MA_IO) {
        err->sys_errno = code;
    }
    return st;
}

static ma_status
check_stream(const struct ArrowArrayStream *self, ma_error *err)
{
    return self->release != NULL
               ? MA_OK
               : ma_fail(err, MA_INVALID, -1, "the ArrowArrayStream was released, or used already");
}

static ma_status
get_schema(struct ArrowArrayStream *self, struct ArrowSchema *out, ma_error *err)
{
    MA_TRY(check_stream(self, err));
    out->release = NULL;
    const int code = self->get_schema(self, out);
    return code == 0 ? MA_OK : fail_producer(self, code, err);
}

static void
release_schema(struct ArrowSchema *schema)
{
    if (schema->release != NULL) {
        schema->release(schema);
    }
}

ma_status
ma_cdata_stream_schema(struct ArrowArrayStream *self, const ma_limits *limits, ma_schema **out,
                       ma_error *err)
{
    struct ArrowSchema schema;
    MA_TRY(get_schema(self, &schema, err));
    const ma_status st = ma_cdata_import_schema(&schema, limits, out, err);
    release_schema(&schema);
    return st;
}

ma_status
ma_cdata_stream_field(struct ArrowArrayStream *self, const ma_limits *limits, ma_field **out,
                      ma_error *err)
{
    struct ArrowSchema schema;
    MA_TRY(get_schema(self, &schema, err));
    const ma_status st = ma_cdata_import_field(&schema, limits, out, err);
    release_schema(&schema);
    return st;
}

static ma_status
get_next(struct ArrowArrayStream *self, struct ArrowArray *out, ma_error *err)
{
    MA_TRY(check_stream(self, err));
    out->release = NULL;
    const int code = self->get_next(self, out);
    if (code != 0) {
        return fail_producer(self, code, err);
    }
    return out->release != NULL ? MA_OK : MA_END;
}

ma_status
ma_cdata_stream_next_batch(struct ArrowArrayStream *self, ma_schema *schema, ma_batch **out,
                           ma_error *err)
{
    struct ArrowArray chunk;
    MA_TRY(get_next(self, &chunk, err));
    return ma_cdata_import_batch(&chunk, schema, out, err);
}

ma_status
ma_cdata_stream_next_array(struct ArrowArrayStream *self, ma_type *type, ma_array **out,
                           ma_error *err)
{
    struct ArrowArray chunk;
    MA_TRY(get_next(self, &chunk, err));
    return ma_cdata_import_array(&chunk, type, out, err);
}
