#include "core/ipc/dictionaries.h"

#include "core/base/memory.h"
#include "core/data/concat.h"
#include "core/validate/values.h"

/* One dictionary message: all the values of a dictionary, or those that a delta adds to `base`. Or
 * what came of several, whose messages are no longer needed. */
typedef struct dict {
    ma_refs refs;
    ma_encoded *encoded; /* owned; NULL where `built` is all there is */
    struct dict *base;   /* owned; NULL but for deltas */
    _Atomic(ma_array *)
        built; /* owned; all values, base included; kept here only where they do not depend on
                                  other dictionaries of the set */
} dict;

/* What is known of values that contain other dictionaries, as long as those stay as they are. */
typedef struct nested {
    _Atomic(ma_array *) built; /* owned; all values */
    ma_array *before_values;   /* owned; all values of `before_message`, to which deltas came */
    dict *before_message;      /* borrowed: a base of the set's own */
} nested;

/* A set shares with the one before it the pages of slots in which nothing has changed: dictionaries
 * may be many more than a message that changes one of them, and the batch behind it, have bytes. */
enum {
    PAGE = 64
};

typedef struct page {
    ma_refs refs;
    dict *dicts[PAGE]; /* each owned, or NULL: not there yet */
} page;

typedef struct set_page {
    page *page;               /* owned; NULL: nothing came */
    _Atomic(nested *) nested; /* owned, PAGE of them; NULL: nothing is known */
} set_page;

struct ma_dict_set {
    ma_refs refs;
    bool is_shared;    /* somebody else may have it, so it does not change any more */
    atomic_bool knows; /* something of nested values: some page has some */
    ma_plan *plan;     /* owned */
    int32_t n_pages;
    set_page pages[];
};

static void
unref_dict(dict *self)
{
    while (self != NULL && ma_refs_drop(&self->refs)) { /* a chain of deltas can be long */
        dict *base = self->base;
        ma_encoded_unref(self->encoded);
        ma_array_unref(atomic_load(&self->built));
        ma_free(self);
        self = base;
    }
}

static void
unref_page(page *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        for (int i = 0; i < PAGE; i++) {
            unref_dict(self->dicts[i]);
        }
        ma_free(self);
    }
}

ma_status
ma_dict_set_new(ma_plan *plan, ma_dict_set **out, ma_error *err)
{
    const int32_t n_pages = plan->n_dicts / PAGE + 1;
    const int64_t size = (int64_t)sizeof(ma_dict_set) + n_pages * (int64_t)sizeof(set_page);
    ma_dict_set *self = ma_calloc(1, size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->plan = ma_plan_ref(plan);
    self->n_pages = n_pages;
    *out = self;
    return MA_OK;
}

static void
forget_nested(nested *self)
{
    ma_array_unref(atomic_exchange(&self->built, NULL));
    ma_array_unref(self->before_values);
    self->before_values = NULL;
    self->before_message = NULL;
}

/* Looks at all pages only where there is something, which between two batches is once. */
static void
forget_all_nested(ma_dict_set *self)
{
    if (!atomic_load(&self->knows)) {
        return;
    }
    for (int32_t k = 0; k < self->n_pages; k++) {
        nested *known = atomic_exchange(&self->pages[k].nested, NULL);
        for (int i = 0; known != NULL && i < PAGE; i++) {
            forget_nested(&known[i]);
        }
        ma_free(known);
    }
    atomic_store(&self->knows, false);
}

ma_dict_set *
ma_dict_set_ref(ma_dict_set *self)
{
    if (self != NULL) {
        self->is_shared = true;
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_dict_set_unref(ma_dict_set *self)
{
    if (self == NULL || !ma_refs_drop(&self->refs)) {
        return;
    }
    forget_all_nested(self);
    for (int32_t i = 0; i < self->n_pages; i++) {
        unref_page(self->pages[i].page);
    }
    ma_plan_unref(self->plan);
    ma_free(self);
}

/* What came last for a slot; NULL for nothing. Borrowed. */
static dict *
find_dict(const ma_dict_set *self, int32_t slot)
{
    const page *page = self->pages[slot / PAGE].page;
    return page != NULL ? page->dicts[slot % PAGE] : NULL;
}

/* What is known of a slot's values that contain other dictionaries; NULL for nothing. */
static nested *
find_nested(const ma_dict_set *self, int32_t slot)
{
    nested *known = atomic_load(&self->pages[slot / PAGE].nested);
    return known != NULL ? &known[slot % PAGE] : NULL;
}

bool
ma_dict_set_has(const ma_dict_set *self, int64_t id)
{
    const int32_t slot = self != NULL ? ma_plan_find_dict(self->plan, id) : -1;
    return slot >= 0 && find_dict(self, slot) != NULL;
}

static ma_status
check_put(const ma_dict_set *self, int32_t slot, int64_t id, bool is_delta, bool keep,
          ma_error *err)
{
    if (slot < 0) {
        return ma_fail(err, MA_INVALID, -1, "a dictionary has id %lld, which no field uses",
                       (long long)id);
    }
    if (is_delta && find_dict(self, slot) == NULL) {
        return ma_fail(err, MA_INVALID, -1,
                       "a delta came for dictionary %lld before the dictionary itself",
                       (long long)id);
    }
    if (!is_delta && keep && find_dict(self, slot) != NULL) {
        return ma_fail(err, MA_INVALID, -1,
                       "the file has two dictionaries with id %lld; a file may not replace one",
                       (long long)id);
    }
    return MA_OK;
}

static ma_status
copy_nested(set_page *self, const set_page *old, ma_error *err)
{
    const nested *known = atomic_load(&old->nested);
    if (known == NULL) {
        return MA_OK;
    }
    nested *own = ma_calloc(PAGE, sizeof(*own));
    if (own == NULL) {
        return ma_fail_nomem(err, PAGE * (int64_t)sizeof(*own));
    }
    for (int i = 0; i < PAGE; i++) {
        atomic_init(&own[i].built, ma_array_ref(atomic_load(&known[i].built)));
        own[i].before_values = ma_array_ref(known[i].before_values);
        own[i].before_message = known[i].before_message;
    }
    atomic_init(&self->nested, own);
    return MA_OK;
}

static ma_status
take_over_nested(ma_dict_set *self, const ma_dict_set *old, ma_error *err)
{
    if (!atomic_load(&old->knows)) {
        return MA_OK;
    }
    atomic_store(&self->knows, true);
    for (int32_t k = 0; k < self->n_pages; k++) {
        MA_TRY(copy_nested(&self->pages[k], &old->pages[k], err));
    }
    return MA_OK;
}

/* Replace a set that others may have by a copy; with `is_inside` for a message that makes it forget
 * all that is known of nested values. */
static ma_status
own_set(ma_dict_set **self, bool is_inside, ma_error *err)
{
    ma_dict_set *old = *self;
    ma_dict_set *set = NULL;
    if (!old->is_shared) {
        return MA_OK;
    }
    MA_TRY(ma_dict_set_new(old->plan, &set, err));
    for (int32_t k = 0; k < old->n_pages; k++) {
        page *page = old->pages[k].page;
        if (page != NULL) {
            ma_refs_add(&page->refs);
        }
        set->pages[k].page = page;
    }
    const ma_status st = is_inside ? MA_OK : take_over_nested(set, old, err);
    if (st != MA_OK) {
        ma_dict_set_unref(set);
        return st;
    }
    ma_dict_set_unref(old);
    *self = set;
    return MA_OK;
}

/* Make a page that is not there yet, or replace one that other sets have by a copy. */
static ma_status
own_page(page **self, ma_error *err)
{
    page *old = *self;
    if (old != NULL && ma_refs_is_last(&old->refs)) {
        return MA_OK;
    }
    page *own = ma_calloc(1, sizeof(*own));
    if (own == NULL) {
        return ma_fail_nomem(err, sizeof(*own));
    }
    ma_refs_init(&own->refs);
    for (int i = 0; old != NULL && i < PAGE; i++) {
        own->dicts[i] = old->dicts[i];
        if (own->dicts[i] != NULL) {
            ma_refs_add(&own->dicts[i]->refs);
        }
    }
    unref_page(old);
    *self = own;
    return MA_OK;
}

/* What the next delta is added to. Values that are there already are all that is needed of the
 * messages that they were built of: else each version would live as long as the last one. */
static ma_status
take_base(dict *last, dict **out, ma_error *err)
{
    ma_array *built = atomic_load(&last->built);
    *out = last;
    if (built == NULL) {
        ma_refs_add(&last->refs);
        return MA_OK;
    }
    dict *base = ma_calloc(1, sizeof(*base));
    if (base == NULL) {
        return ma_fail_nomem(err, sizeof(*base));
    }
    ma_refs_init(&base->refs);
    atomic_init(&base->built, ma_array_ref(built));
    *out = base;
    return MA_OK;
}

/* A message came for `slot`: values that contain others are built anew where those others may have
 * changed. */
static void
renew_nested(ma_dict_set *self, int32_t slot, bool is_delta)
{
    nested *known = find_nested(self, slot);
    if (self->plan->dicts[slot].is_inside) {
        forget_all_nested(self);
    } else if (known != NULL && !is_delta) {
        forget_nested(known);
    } else if (known != NULL && atomic_load(&known->built) != NULL) {
        ma_array_unref(known->before_values);
        known->before_values = atomic_exchange(&known->built, NULL);
        known->before_message = find_dict(self, slot);
    }
}

ma_status
ma_dict_set_put(ma_dict_set **self, int64_t id, bool is_delta, bool keep, ma_encoded *encoded,
                ma_error *err)
{
    const int32_t slot = ma_plan_find_dict((*self)->plan, id);
    dict *base = NULL;
    MA_TRY(check_put(*self, slot, id, is_delta, keep, err));
    MA_TRY(own_set(self, (*self)->plan->dicts[slot].is_inside, err));
    page **page = &(*self)->pages[slot / PAGE].page;
    MA_TRY(own_page(page, err));
    dict **place = &(*page)->dicts[slot % PAGE];
    dict *entry = ma_calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return ma_fail_nomem(err, sizeof(*entry));
    }
    ma_refs_init(&entry->refs);
    const ma_status st = is_delta ? take_base(*place, &base, err) : MA_OK;
    if (st != MA_OK) {
        ma_free(entry);
        return st;
    }
    entry->encoded = ma_encoded_ref(encoded);
    entry->base = base;
    renew_nested(*self, slot, is_delta);
    unref_dict(*place);
    *place = entry;
    return MA_OK;
}

/* ---- values ---- */

/* Keep what this thread built, unless another one was first; either way the result is the kept
 * one. */
static ma_array *
publish(_Atomic(ma_array *) *place, ma_array *built)
{
    ma_array *first = NULL;
    if (atomic_compare_exchange_strong(place, &first, built)) {
        return built;
    }
    ma_array_unref(built);
    return first;
}

/* All values of a dictionary up to the message `part`, where they are there already; borrowed. */
static ma_array *
find_values(const ma_dict_set *self, int32_t slot, const dict *part)
{
    const nested *known = find_nested(self, slot);
    return known != NULL && known->before_message == part ? known->before_values
                                                          : atomic_load(&part->built);
}

/* The messages of a dictionary that have to be joined: back to the first one, or to one whose
 * values are there already. */
static int64_t
count_parts(const ma_dict_set *self, int32_t slot, const dict *last)
{
    int64_t n = 1;
    for (const dict *d = last; d->base != NULL && find_values(self, slot, d) == NULL; d = d->base) {
        n++;
    }
    return n;
}

static ma_status
build_part(ma_dict_set *self, dict *part, ma_array **out, ma_error *err)
{
    const ma_encoded *encoded = part->encoded;
    const ma_place place = {.message = encoded->message, .offset = encoded->origin};
    ma_array *array = NULL;
    ma_status st = ma_encoded_column(part->encoded, self, 0, &array, err);
    if (st == MA_OK) {
        st = ma_array_check_values(array, err);
    }
    if (st == MA_OK) { /* whether text is UTF-8 is looked at later */
        st = ma_place_new(NULL, 0, 0, place.message, place.offset, &array->place, err);
    }
    if (st != MA_OK) {
        ma_array_unref(array);
        ma_place_tell(&place, err);
        return st;
    }
    *out = array;
    return MA_OK;
}

static ma_status
check_size(const ma_dict_set *self, int64_t total, ma_error *err)
{
    const int64_t most = self->plan->limits.max_dictionary_size;
    if (total <= most) {
        return MA_OK;
    }
    return ma_fail(err, MA_LIMIT, -1,
                   "the dictionary takes %lld bytes or more, over the limit max_dictionary_size of "
                   "%lld; raise it to read this",
                   (long long)total, (long long)most);
}

/* Where the first part comes from that is not good in full, which whoever looks at the text of all
 * of them will say; NULL for none. */
static ma_place *
place_of_damage(ma_array *const *parts, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (ma_array_check_full(parts[i], NULL) != MA_OK) {
            return parts[i]->place;
        }
    }
    return NULL;
}

/* Fill `parts` from its end on; `*first` is where they begin, later than thought where another
 * thread has built some meanwhile. What several come to is checked before the next one is built,
 * for each may inflate to as much as a batch. */
static ma_status
build_parts(ma_dict_set *self, int32_t slot, ma_array **parts, int64_t *first, ma_error *err)
{
    const int64_t n = *first;
    int64_t total = 0;
    bool is_last = false;
    for (dict *part = find_dict(self, slot); !is_last; part = part->base) {
        ma_array *values = find_values(self, slot, part);
        --*first;
        if (values != NULL) {
            parts[*first] = ma_array_ref(values);
        } else {
            MA_TRY(build_part(self, part, &parts[*first], err));
        }
        total += ma_array_nbytes(parts[*first]);
        is_last = values != NULL || part->base == NULL;
        if (!is_last || n - *first > 1) {
            MA_TRY(check_size(self, total, err));
        }
    }
    return MA_OK;
}

/* Deltas only add: what a dictionary was before them is the beginning of what it is now. So each of
 * the messages that were joined gets its values, for batches that came before the last of them. */
static ma_status
share_values(const dict *last, ma_array *values, ma_array *const *parts, int64_t n, ma_error *err)
{
    int64_t length = values->length;
    for (int64_t i = n - 1; i > 0; i--, last = last->base) {
        dict *before = last->base;
        ma_array *start;
        length -= parts[i]->length;
        if (atomic_load(&before->built) == NULL) {
            MA_TRY(ma_array_slice(values, 0, length, &start, err));
            (void)publish(&before->built, start);
        }
    }
    return MA_OK;
}

/* Views are left out: each slice would have the data buffers of all. */
static ma_status
join_parts(const dict *last, ma_type *value_type, ma_array *const *parts, int64_t n, ma_array **out,
           ma_error *err)
{
    MA_TRY(ma_array_concat(value_type, parts, n, out, err));
    if (n == 1) {
        return MA_OK;
    }
    (*out)->place = ma_place_ref(place_of_damage(parts, n));
    const bool plain = !value_type->has_dictionary && value_type->counts.variadics == 0;
    const ma_status st = plain ? share_values(last, *out, parts, n, err) : MA_OK;
    if (st != MA_OK) {
        ma_array_unref(*out);
    }
    return st;
}

static ma_status
build_values(ma_dict_set *self, int32_t slot, ma_type *value_type, ma_array **out, ma_error *err)
{
    const dict *last = find_dict(self, slot);
    const int64_t n = count_parts(self, slot, last);
    int64_t first = n;
    ma_array **parts = ma_calloc(n, sizeof(*parts));
    if (parts == NULL) {
        return ma_fail_nomem(err, n * (int64_t)sizeof(*parts));
    }
    ma_status st = build_parts(self, slot, parts, &first, err);
    if (st == MA_OK) {
        st = join_parts(last, value_type, parts + first, n - first, out, err);
    }
    for (int64_t i = 0; i < n; i++) {
        ma_array_unref(parts[i]);
    }
    ma_free(parts);
    return st;
}

/* The same as find_nested, where there is room for it from now on. */
static ma_status
make_nested(ma_dict_set *self, int32_t slot, nested **out, ma_error *err)
{
    if (find_nested(self, slot) == NULL) {
        atomic_store(&self->knows, true);
        nested *none = NULL;
        nested *made = ma_calloc(PAGE, sizeof(*made));
        if (made == NULL) {
            return ma_fail_nomem(err, PAGE * (int64_t)sizeof(*made));
        }
        if (!atomic_compare_exchange_strong(&self->pages[slot / PAGE].nested, &none, made)) {
            ma_free(made); /* another thread was first */
        }
    }
    *out = find_nested(self, slot);
    return MA_OK;
}

ma_status
ma_dict_set_values(ma_dict_set *self, const ma_type *type, ma_array **out, ma_error *err)
{
    const int32_t slot = self != NULL ? ma_plan_find_dict(self->plan, type->dictionary_id) : -1;
    dict *last = slot >= 0 ? find_dict(self, slot) : NULL;
    if (last == NULL) {
        return ma_array_concat(type->value_type, NULL, 0, out, err);
    }
    _Atomic(ma_array *) *place = &last->built;
    if (type->value_type->has_dictionary) {
        nested *known = NULL;
        MA_TRY(make_nested(self, slot, &known, err));
        place = &known->built;
    }
    ma_array *values = atomic_load(place);
    if (values == NULL) {
        const ma_status st = build_values(self, slot, type->value_type, &values, err);
        if (st != MA_OK) {
            ma_error_prefix(err, ".dictionary");
            return st;
        }
        values = publish(place, values);
    }
    *out = ma_array_ref(values);
    return MA_OK;
}
