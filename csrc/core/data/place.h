/* Where a column was read from: errors about its values come to light when they are used, long
 * after its message. Immutable and shared by the column and its slices. */
#ifndef MA_DATA_PLACE_H
#define MA_DATA_PLACE_H

#include "core/types/schema.h"

typedef struct ma_place {
    ma_refs refs;
    ma_schema *schema; /* owned; NULL of a dictionary's values, which columns of any batch share */
    int32_t column;
    int64_t batch;
    int64_t message; /* -1: unknown */
    int64_t offset;  /* of the message's body, from the start of the stream or file */
} ma_place;

/* Takes a new reference to `schema`, which may be NULL. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_place_new(ma_schema *schema, int32_t column, int64_t batch, int64_t message, int64_t offset,
             ma_place **out, ma_error *err);

/* Both take NULL. */
ma_place *
ma_place_ref(ma_place *self);
void
ma_place_unref(ma_place *self);

/* Say in `err`, whose path begins inside the column, where the column is; message and offset stay
 * what they are where they are known (a dictionary's). Both may be NULL. */
void
ma_place_tell(const ma_place *self, ma_error *err) MA_COLD;

/* Say in `err` which column it is about, which the column's place, if it has one, has said. */
void
ma_place_name(const ma_place *self, const ma_field *column, ma_error *err) MA_COLD;

#endif
