/* What a writer was told. */
#ifndef MA_IPC_OPTIONS_H
#define MA_IPC_OPTIONS_H

#include "core/codec/codec.h"
#include "core/meta/message.h"

typedef struct ma_write_options {
    ma_version version; /* MA_V5, or MA_V4 */
    int32_t alignment;  /* of buffers in a body: 8 or 64 */
    bool legacy;        /* the framing before 0.15, without FFFFFFFF */
    ma_codec_id codec;
    int level;               /* MA_CODEC_LEVEL_DEFAULT, or the codec's own */
    int threads;             /* to compress on; 0: one for each processor */
    bool dictionary_deltas;  /* send what a dictionary has grown by, not all of it again */
    bool unify_dictionaries; /* map a batch's dictionary to the one that was written */
} ma_write_options;

static inline ma_write_options
ma_write_options_default(void)
{
    return (ma_write_options){
        .version = MA_V5, .alignment = 8, .codec = MA_CODEC_NONE, .level = MA_CODEC_LEVEL_DEFAULT};
}

#endif
