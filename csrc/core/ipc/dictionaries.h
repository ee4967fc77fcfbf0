/* The dictionaries of a stream or file as they stood when a batch came: an immutable set, shared
 * by all batches until the next dictionary message, which makes a new one (Columnar.rst,
 * "Dictionary Messages"). Values are built when a column that uses them is touched. */
#ifndef MA_IPC_DICTIONARIES_H
#define MA_IPC_DICTIONARIES_H

#include "core/ipc/encoded.h"

/* An empty set for a plan. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_dict_set_new(ma_plan *plan, ma_dict_set **out, ma_error *err);
/* Takes NULL. Not while the set is put into. */
ma_dict_set *
ma_dict_set_ref(ma_dict_set *self);
void
ma_dict_set_unref(ma_dict_set *self); /* takes NULL */

/* Make dictionary `id` what `encoded` holds (a new reference is taken), or with `is_delta` end with
 * it. `*self` becomes another set where anybody else was given a reference to it. Fails with
 * MA_INVALID for an id that the schema does not use, or when `keep` and the dictionary is there
 * already (a file may not replace it), and with MA_NOMEM. */
MA_NODISCARD ma_status
ma_dict_set_put(ma_dict_set **self, int64_t id, bool is_delta, bool keep, ma_encoded *encoded,
                ma_error *err);

/* Whether dictionary `id` has come. `self` may be NULL: none has. */
bool
ma_dict_set_has(const ma_dict_set *self, int64_t id);

/* The values for a dictionary type of the plan's schema; a new reference. An empty array when no
 * message brought them, which is right as long as every index is null. `self` may be NULL: no
 * dictionaries. Safe from several threads. */
MA_NODISCARD ma_status
ma_dict_set_values(ma_dict_set *self, const ma_type *type, ma_array **out, ma_error *err);

#endif
