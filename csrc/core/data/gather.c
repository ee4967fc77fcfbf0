#include "core/data/gather.h"

#include "core/data/concat.h"

void
ma_gather_init(ma_gather *self, ma_array *array)
{
    self->array = array;
    self->bare = NULL;
    self->length = 0;
    self->next = (ma_used){0, 0};
    self->n_pieces = 0;
    self->groups = (ma_growing){0};
}

static void
drop(ma_array **arrays, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        ma_array_unref(arrays[i]);
    }
}

static ma_array **
groups_of(const ma_gather *self)
{
    return (ma_array **)(void *)self->groups.data;
}

static int64_t
n_groups(const ma_gather *self)
{
    return self->groups.size / (int64_t)sizeof(ma_array *);
}

void
ma_gather_fini(ma_gather *self)
{
    drop(self->pieces, self->n_pieces);
    drop(groups_of(self), n_groups(self));
    ma_growing_fini(&self->groups);
    ma_array_unref(self->bare);
}

/* A copy of `self` whose views have the data buffers of those in `from`; NULL for none. */
static ma_status
with_data_of(ma_array *self, const ma_array *from, ma_array **out, ma_error *err)
{
    const int n_own = ma_layouts[self->type->layout].n_buffers;
    const int32_t n_buffers = from != NULL ? from->n_buffers : n_own;
    ma_array *copy = NULL;
    if (self->type->counts.variadics == 0) {
        *out = ma_array_ref(self);
        return MA_OK;
    }
    MA_TRY(ma_array_new(self->type, self->length, n_buffers - n_own, &copy, err));
    copy->offset = self->offset;
    atomic_store(&copy->nulls, atomic_load(&self->nulls));
    atomic_store(&copy->checked, atomic_load(&self->checked) & ~(unsigned)MA_CHECKED_COMPACT);
    for (int32_t i = 0; i < n_buffers; i++) {
        copy->buffers[i] = ma_buffer_ref(i < n_own ? self->buffers[i] : from->buffers[i]);
    }
    ma_status st = MA_OK;
    for (int32_t i = 0; i < self->n_children && st == MA_OK; i++) {
        st = with_data_of(self->children[i], from != NULL ? from->children[i] : NULL,
                          &copy->children[i], err);
    }
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    copy->place = ma_place_ref(self->place);
    *out = copy;
    return MA_OK;
}

static ma_status
join_pieces(ma_gather *self, ma_error *err)
{
    ma_array *group;
    MA_TRY(ma_growing_reserve(&self->groups, sizeof(group), err));
    MA_TRY(ma_array_concat(self->array->type, self->pieces, self->n_pieces, &group, err));
    ma_growing_put(&self->groups, &group, sizeof(group));
    drop(self->pieces, self->n_pieces);
    self->n_pieces = 0;
    return MA_OK;
}

static ma_status
cut_piece(ma_gather *self, ma_error *err)
{
    if (self->n_pieces == MA_GATHER_PIECES) {
        MA_TRY(join_pieces(self, err));
    }
    if (self->bare == NULL) {
        MA_TRY(with_data_of(self->array, NULL, &self->bare, err));
    }
    MA_TRY(ma_array_slice(self->bare, self->next.start, self->next.length,
                          &self->pieces[self->n_pieces], err));
    self->n_pieces++;
    self->next.length = 0;
    return MA_OK;
}

ma_status
ma_gather_put(ma_gather *self, int64_t start, int64_t length, ma_error *err)
{
    if (self->next.length > 0 && start != self->next.start + self->next.length) {
        MA_TRY(cut_piece(self, err));
    }
    if (self->next.length == 0) {
        self->next.start = start;
    }
    self->next.length += length;
    self->length += length;
    return MA_OK;
}

ma_status
ma_gather_finish(ma_gather *self, ma_array **out, ma_error *err)
{
    MA_TRY(cut_piece(self, err));
    MA_TRY(join_pieces(self, err));
    ma_array *joined = NULL;
    MA_TRY(ma_array_concat(self->array->type, groups_of(self), n_groups(self), &joined, err));
    const ma_status st = with_data_of(joined, self->array, out, err);
    ma_array_unref(joined);
    return st;
}
