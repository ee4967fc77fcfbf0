/* The dictionaries that a writer has sent, and what a batch needs sent before it (Columnar.rst,
 * "Dictionary Messages"). */
#ifndef MA_IPC_SENT_H
#define MA_IPC_SENT_H

#include "core/ipc/value_table.h"

/* What to do for a dictionary of a batch. */
typedef enum ma_send {
    MA_SEND_NOTHING, /* what was sent holds it */
    MA_SEND_FIRST,
    MA_SEND_DELTA, /* what was sent is its beginning */
    MA_SEND_AGAIN, /* it is another one */
} ma_send;

typedef struct ma_sent {
    int32_t count;
    ma_array **last;        /* owned, each of them; what was sent for each number, or NULL */
    ma_array **pending;     /* owned, each of them; what will be sent on commit; NULL: as before */
    bool *renewed;          /* in the current batch: sent from the start again */
    ma_value_table *tables; /* owned; where each finds its values, if dictionaries are unified */
} ma_sent;

MA_NODISCARD ma_status
ma_sent_init(ma_sent *self, int32_t count, ma_error *err);
void
ma_sent_fini(ma_sent *self);

/* Forget what was pending. */
void
ma_sent_rollback(ma_sent *self);
void
ma_sent_commit(ma_sent *self);

/* What dictionary `number` needs so that indices into `values`, which are checked, mean the same
 * at the reader. Anything but MA_SEND_NOTHING makes `values` pending. `inner_renewed` says that
 * a dictionary inside of it was sent again, so that what was sent no longer means what it did. */
ma_send
ma_sent_decide(ma_sent *self, int32_t number, ma_array *values, bool inner_renewed);

/* The last values sent for a number, pending ones included; NULL for none. Borrowed. */
ma_array *
ma_sent_values(const ma_sent *self, int32_t number);

#endif
