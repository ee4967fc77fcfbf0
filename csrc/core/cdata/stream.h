/* Streams of batches, or of arrays of one type, between libraries (CStreamInterface.rst). */
#ifndef MA_CDATA_STREAM_H
#define MA_CDATA_STREAM_H

#include "core/base/limits.h"
#include "core/cdata/abi.h"
#include "core/data/batch.h"

/* ---- handing one out ---- */

/* Where the stream's contents come from. The consumer calls from any thread, one at a time; a
 * source that needs the GIL takes it itself. */
typedef struct ma_cdata_source ma_cdata_source;

struct ma_cdata_source {
    /* Export the schema of all chunks (cdata/export_schema.h); called any number of times. */
    ma_status (*schema)(ma_cdata_source *self, struct ArrowSchema *out, ma_error *err);
    /* Export the next chunk (cdata/export_array.h), or return MA_END, after which it is not called
     * again. Nor is it after a failure, which is repeated from then on, unless `lost_nothing`. */
    ma_status (*next)(ma_cdata_source *self, struct ArrowArray *out, ma_error *err);
    void (*free)(ma_cdata_source *self);
    /* Set by `next` where it failed and may be called again: the next chunk is still to come. */
    bool lost_nothing;
};

/* Make a stream of `source`, which it takes over, also on failure (MA_NOMEM; `out` is then marked
 * released). Failures of the source become errno numbers, and their text get_last_error's. */
MA_NODISCARD ma_status
ma_cdata_export_stream(ma_cdata_source *source, struct ArrowArrayStream *out, ma_error *err);

/* ---- reading one of another library; it stays the caller's to release ---- */

/* What the stream carries: the schema of its batches, or the field of its arrays. Fails with what
 * the producer says (its errno as a status, its text), with MA_INVALID for a stream that was
 * released, and as importing the schema does. */
MA_NODISCARD ma_status
ma_cdata_stream_schema(struct ArrowArrayStream *self, const ma_limits *limits, ma_schema **out,
                       ma_error *err);
MA_NODISCARD ma_status
ma_cdata_stream_field(struct ArrowArrayStream *self, const ma_limits *limits, ma_field **out,
                      ma_error *err);

/* The next chunk under what the functions above returned, or MA_END. */
MA_NODISCARD ma_status
ma_cdata_stream_next_batch(struct ArrowArrayStream *self, ma_schema *schema, ma_batch **out,
                           ma_error *err);
MA_NODISCARD ma_status
ma_cdata_stream_next_array(struct ArrowArrayStream *self, ma_type *type, ma_array **out,
                           ma_error *err);

#endif
