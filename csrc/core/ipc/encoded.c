#include "core/ipc/encoded.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/locate.h"

#define COSTLY_BYTES (64 * 1024) /* compressed bytes that take about as long as starting a thread */

static ma_status
check_counts(const ma_plan *plan, const ma_batch_table *table, ma_error *err)
{
    const ma_counts *wanted = &plan->full->counts;
    if (table->n_nodes != wanted->nodes) {
        return ma_fail(err, MA_INVALID, table->nodes_at,
                       "the message has %lld field nodes and its schema needs %lld",
                       (long long)table->n_nodes, (long long)wanted->nodes);
    }
    if (table->n_variadics != wanted->variadics) {
        return ma_fail(err, MA_INVALID, table->variadics_at,
                       "the message has %lld variadic buffer counts and its schema needs %lld",
                       (long long)table->n_variadics, (long long)wanted->variadics);
    }
    return MA_OK;
}

/* The tables lie in the message, which may lie in a mapped file that somebody writes to: so each
 * number is looked at once, copied, and what is checked is the copy. */
static ma_status
read_variadics(ma_encoded *self, const ma_batch_table *table, ma_error *err)
{
    const ma_counts *wanted = &self->plan->full->counts;
    self->variadic_sums[0] = 0;
    for (int64_t i = 0; i < table->n_variadics; i++) {
        const int64_t count = (int64_t)ma_load_le64(table->variadics + 8 * i);
        if (count < 0 || count > table->n_buffers) {
            return ma_fail(err, MA_INVALID, table->variadics_at + 8 * i,
                           "variadic buffer count %lld is %lld", (long long)i, (long long)count);
        }
        self->variadic_sums[i + 1] = self->variadic_sums[i] + count; /* far below 2^63 */
    }
    const int64_t n_buffers = wanted->buffers + (self->is_v4 ? wanted->v4_bitmaps : 0) +
                              self->variadic_sums[table->n_variadics];
    if (table->n_buffers != n_buffers) {
        return ma_fail(err, MA_INVALID, table->buffers_at,
                       "the message has %lld buffers and its schema needs %lld",
                       (long long)table->n_buffers, (long long)n_buffers);
    }
    return MA_OK;
}

static ma_status
read_nodes(ma_encoded *self, const ma_batch_table *table, ma_error *err)
{
    for (int64_t i = 0; i < table->n_nodes; i++) {
        const int64_t length = (int64_t)ma_load_le64(table->nodes + 16 * i);
        const int64_t nulls = (int64_t)ma_load_le64(table->nodes + 16 * i + 8);
        if (MA_UNLIKELY(length < 0 || nulls < 0 || nulls > length)) {
            const ma_status st = ma_fail(err, MA_INVALID, table->nodes_at + 16 * i,
                                         "field node %lld has %lld rows and %lld nulls",
                                         (long long)i, (long long)length, (long long)nulls);
            ma_locate_node(self, i, err);
            return st;
        }
        self->nodes[i] = (ma_node){length, nulls};
    }
    return MA_OK;
}

static ma_status
read_buffers(ma_encoded *self, const ma_batch_table *table, int64_t body_size, ma_error *err)
{
    int64_t total = 0;
    for (int64_t i = 0; i < table->n_buffers; i++) {
        const int64_t offset = (int64_t)ma_load_le64(table->buffers + 16 * i);
        const int64_t size = (int64_t)ma_load_le64(table->buffers + 16 * i + 8);
        if (size == 0) {
            self->buffers[i] = (ma_range){0, 0}; /* whatever its offset */
            continue;
        }
        if (MA_UNLIKELY(offset < 0 || size < 0 || offset > body_size ||
                        size > body_size - offset)) {
            const ma_status st =
                ma_fail(err, MA_INVALID, table->buffers_at + 16 * i,
                        "buffer %lld is %lld bytes at %lld of a body of %lld bytes", (long long)i,
                        (long long)size, (long long)offset, (long long)body_size);
            ma_locate_buffer(self, i, err);
            return st;
        }
        self->buffers[i] = (ma_range){offset, size};
        total = ma_add_i64(total, size, &total) ? total : INT64_MAX;
    }
    const int64_t most = ma_max_i64(body_size, self->plan->limits.max_batch_size);
    self->overlapping = total > most ? total : 0;
    return MA_OK;
}

ma_status
ma_encoded_new(ma_plan *plan, const ma_message *message, int64_t ordinal, ma_buffer body,
               int64_t body_size, int64_t origin, ma_encoded **out, ma_error *err)
{
    const ma_batch_table *table = &message->batch;
    MA_TRY(check_counts(plan, table, err));
    const int64_t size = (int64_t)sizeof(ma_encoded) + table->n_nodes * (int64_t)sizeof(ma_node) +
                         table->n_buffers * (int64_t)sizeof(ma_range) +
                         (table->n_variadics + 1) * (int64_t)sizeof(int64_t) +
                         (table->codec >= 0 ? table->n_buffers * (int64_t)sizeof(int64_t) : 0);
    ma_encoded *self = ma_malloc(size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->plan = ma_plan_ref(plan);
    self->body = ma_buffer_ref(body);
    self->origin = origin;
    self->message = ordinal;
    self->codec = table->codec;
    self->is_v4 = message->version == MA_V4;
    self->length = table->length;
    atomic_init(&self->inflated, 0);
    self->nodes = (ma_node *)(self + 1);
    self->buffers = (ma_range *)(self->nodes + table->n_nodes);
    self->variadic_sums = (int64_t *)(self->buffers + table->n_buffers);
    self->charged = (_Atomic int64_t *)(self->variadic_sums + table->n_variadics + 1);
    for (int64_t i = 0; self->codec >= 0 && i < table->n_buffers; i++) {
        atomic_init(&self->charged[i], 0);
    }
    ma_status st = read_variadics(self, table, err);
    if (st == MA_OK) {
        st = read_nodes(self, table, err);
    }
    if (st == MA_OK) {
        st = read_buffers(self, table, body_size, err);
    }
    if (st != MA_OK) {
        ma_encoded_unref(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

ma_encoded *
ma_encoded_ref(ma_encoded *self)
{
    ma_refs_add(&self->refs);
    return self;
}

void
ma_encoded_unref(ma_encoded *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        ma_buffer_clear(&self->body);
        ma_plan_unref(self->plan);
        ma_free(self);
    }
}

bool
ma_encoded_is_costly(const ma_encoded *self)
{
    return self->codec >= 0 && self->body.size > COSTLY_BYTES;
}
