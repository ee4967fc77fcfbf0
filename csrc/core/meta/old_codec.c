#include "core/meta/old_codec.h"

#include <string.h>

#include "core/base/memory.h"

#define KEY "ARROW:experimental_compression"

/* By the numbers of Message.fbs. In capitals, as 0.17 wrote and read them. */
static const char *const names[] = {"LZ4", "ZSTD"};

#define N_NAMES ((int)(sizeof(names) / sizeof(names[0])))

static bool
is_text(ma_bytes bytes, const char *text)
{
    if (bytes.size != (int64_t)strlen(text)) {
        return false;
    }
    for (int64_t i = 0; i < bytes.size; i++) {
        const char c = bytes.data[i];
        if ((c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != text[i]) {
            return false;
        }
    }
    return true;
}

static bool
is_key(ma_bytes key)
{
    return key.size == (int64_t)strlen(KEY) && memcmp(key.data, KEY, strlen(KEY)) == 0;
}

static int
codec_named(ma_bytes name)
{
    int codec = 0;
    while (codec < N_NAMES && !is_text(name, names[codec])) {
        codec++;
    }
    return codec;
}

/* The pairs but those with our key, and `more` if it is given. */
static ma_status
copy_pairs(const ma_metadata *metadata, const ma_pair *more, ma_metadata **out, ma_error *err)
{
    const int64_t room = ma_metadata_count(metadata) + 1;
    int64_t count = 0;
    ma_pair *pairs = ma_calloc(room, (int64_t)sizeof(ma_pair));
    if (pairs == NULL) {
        return ma_fail_nomem(err, room * (int64_t)sizeof(ma_pair));
    }
    for (int64_t i = 0; i < ma_metadata_count(metadata); i++) {
        if (!is_key(metadata->pairs[i].key)) {
            pairs[count++] = metadata->pairs[i];
        }
    }
    if (more != NULL) {
        pairs[count++] = *more;
    }
    const ma_status st = ma_metadata_new(pairs, count, out, err);
    ma_free(pairs);
    return st;
}

ma_status
ma_old_codec_take(ma_metadata **metadata, int *codec, int64_t at, ma_error *err)
{
    ma_metadata *rest;
    const ma_bytes *name = ma_metadata_get(*metadata, KEY);
    if (name == NULL) {
        *codec = -1;
        return MA_OK;
    }
    const int found = codec_named(*name);
    if (found == N_NAMES) {
        return ma_fail(err, MA_INVALID, at,
                       "the body is compressed with an unknown codec, says the message's metadata "
                       "under " KEY);
    }
    MA_TRY(copy_pairs(*metadata, NULL, &rest, err));
    ma_metadata_unref(*metadata);
    *metadata = rest;
    *codec = found;
    return MA_OK;
}

ma_status
ma_old_codec_add(const ma_metadata *metadata, int codec, ma_metadata **out, ma_error *err)
{
    const char *name = names[codec];
    const ma_pair pair = {{KEY, (int64_t)strlen(KEY)}, {name, (int64_t)strlen(name)}};
    return copy_pairs(metadata, &pair, out, err);
}
