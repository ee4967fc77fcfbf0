/* The file decoder: random access to the batches of a file through its footer (Columnar.rst,
 * "IPC File Format").
 *
 * Opening costs the footer's schema, not its length: blocks are looked up when asked for, and
 * dictionaries are read before the first batch that is. One file is used by one thread at a
 * time; its batches are free of it. */
#ifndef MA_IPC_FILE_H
#define MA_IPC_FILE_H

#include "core/data/batch.h"
#include "core/ipc/decoder.h"

/* Where a file's bytes are: in memory as a whole, or to be read. */
typedef struct ma_file_source {
    ma_buffer memory; /* the whole file; data == NULL: use `read` */
    int64_t size;     /* of the file */
    void *context;
    /* NULL where memory is all there is. Beside memory, it is for the first looks at a mapped file.
     * Read exactly `size` bytes at `offset`, which lie inside the file; MA_IO where they cannot
     * be had. */
    ma_status (*read)(void *context, int64_t offset, uint8_t *target, int64_t size, ma_error *err);
} ma_file_source;

typedef struct ma_file ma_file;

/* `source` is copied, its memory referenced. */
MA_NODISCARD ma_status
ma_file_open(const ma_file_source *source, const ma_limits *limits, ma_file **out, ma_error *err);
void
ma_file_free(ma_file *self); /* takes NULL */

/* As ma_decoder_project; before the first batch. */
MA_NODISCARD ma_status
ma_file_project(ma_file *self, ma_picks *picks, ma_error *err);

ma_schema *
ma_file_schema(const ma_file *self); /* borrowed */
ma_metadata *
ma_file_metadata(const ma_file *self); /* the footer's; borrowed; may be NULL */
int64_t
ma_file_batch_count(const ma_file *self);
const ma_read_stats *
ma_file_stats(const ma_file *self);

/* Decode batch `index` (0 <= index < ma_file_batch_count). Fails with MA_INVALID (block outside
 * the file, message malformed or of another kind), MA_LIMIT, MA_NOMEM, MA_IO. */
MA_NODISCARD ma_status
ma_file_batch(ma_file *self, int64_t index, ma_batch **out, ma_error *err);

#endif
