#include "core/ipc/sent.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/data/equal.h"

ma_status
ma_sent_init(ma_sent *self, int32_t count, ma_error *err)
{
    self->count = count;
    self->last = ma_calloc(count, sizeof(*self->last));
    self->pending = ma_calloc(count, sizeof(*self->pending));
    self->renewed = ma_calloc(count, sizeof(*self->renewed));
    self->tables = ma_calloc(count, sizeof(*self->tables));
    if (self->last == NULL || self->pending == NULL || self->renewed == NULL ||
        self->tables == NULL) {
        self->count = 0;
        return ma_fail_nomem(err, count * (int64_t)sizeof(*self->last));
    }
    return MA_OK;
}

void
ma_sent_fini(ma_sent *self)
{
    ma_sent_rollback(self);
    for (int32_t i = 0; i < self->count; i++) {
        ma_value_table_clear(&self->tables[i]);
        ma_array_unref(self->last[i]);
    }
    ma_free(self->tables);
    ma_free(self->last);
    ma_free(self->pending);
    ma_free(self->renewed);
    *self = (ma_sent){0};
}

/* Nothing is pending for `number` any more, and a table for anything but what was sent last is of
 * no use. */
static void
settle(ma_sent *self, int32_t number)
{
    self->pending[number] = NULL;
    self->renewed[number] = false;
    if (self->tables[number].values != self->last[number]) {
        ma_value_table_clear(&self->tables[number]);
    }
}

void
ma_sent_rollback(ma_sent *self)
{
    for (int32_t i = 0; i < self->count; i++) {
        ma_array_unref(self->pending[i]);
        settle(self, i);
    }
}

void
ma_sent_commit(ma_sent *self)
{
    for (int32_t i = 0; i < self->count; i++) {
        if (self->pending[i] != NULL) {
            ma_array_unref(self->last[i]);
            self->last[i] = self->pending[i];
        }
        settle(self, i);
    }
}

ma_array *
ma_sent_values(const ma_sent *self, int32_t number)
{
    return self->pending[number] != NULL ? self->pending[number] : self->last[number];
}

/* Whether the shorter of the two is how the longer begins. What unifying made begins with what was
 * sent, so there is no need to look. */
static bool
begins_alike(const ma_sent *self, int32_t number, const ma_array *a, const ma_array *b)
{
    if (self->tables[number].values == b) {
        return true;
    }
    const int64_t length = a->length < b->length ? a->length : b->length;
    return ma_array_identical_range(a, 0, b, 0, length);
}

static void
make_pending(ma_sent *self, int32_t number, ma_array *values)
{
    ma_array_unref(self->pending[number]);
    self->pending[number] = ma_array_ref(values);
}

ma_send
ma_sent_decide(ma_sent *self, int32_t number, ma_array *values, bool inner_renewed)
{
    const ma_array *sent = ma_sent_values(self, number);
    if (sent == values && !inner_renewed) {
        return MA_SEND_NOTHING;
    }
    ma_send send = MA_SEND_AGAIN;
    if (sent == NULL) {
        send = MA_SEND_FIRST;
    } else if (!inner_renewed && begins_alike(self, number, sent, values)) {
        if (values->length <= sent->length) {
            return MA_SEND_NOTHING;
        }
        send = MA_SEND_DELTA;
    }
    self->renewed[number] = send == MA_SEND_AGAIN;
    make_pending(self, number, values);
    return send;
}
