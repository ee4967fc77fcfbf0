/* Mapping the dictionaries of a batch to those that a writer has sent already. */
#ifndef MA_IPC_UNIFY_H
#define MA_IPC_UNIFY_H

#include "core/ipc/sent.h"

/* `*out` holds the same values as `column`, which is checked, but wherever a dictionary differs
 * from the one that was sent under its number, the array's own is replaced by that one with the
 * missing values behind it, and the indices by indices into it. `type` is the column's type with
 * the writer's numbers. Dictionaries whose values contain dictionaries, or share so many bytes that
 * looking at each would take long (data/extent.h), are left as they are.
 * Fails with MA_INVALID when an index outgrows its type, MA_NOMEM. */
MA_NODISCARD ma_status
ma_unify_column(ma_sent *sent, const ma_type *type, ma_array *column, ma_array **out,
                ma_error *err);

#endif
