/* From a message and its body to a batch or a new dictionary: what the stream and the file
 * decoder share. */
#ifndef MA_IPC_READING_H
#define MA_IPC_READING_H

#include "core/data/batch.h"
#include "core/ipc/dictionaries.h"
#include "core/ipc/encoded.h"

/* A batch whose columns are built from `encoded` (taken over, also on failure) when touched;
 * `number` counts the batches, for errors. */
MA_NODISCARD ma_status
ma_reading_batch(ma_encoded *encoded, ma_dict_set *dicts, int64_t number, ma_metadata *metadata,
                 ma_batch **out, ma_error *err);

/* Put a dictionary message into the set. */
MA_NODISCARD ma_status
ma_reading_dictionary(ma_plan *plan, ma_dict_set **dicts, const ma_message *message,
                      int64_t ordinal, bool keep, ma_buffer body, int64_t origin, ma_error *err);

/* Whether dictionary `id` is of columns that nobody wants. */
bool
ma_reading_skips_dictionary(const ma_plan *plan, int64_t id);

#endif
