#include "core/ipc/locate.h"

#include "core/base/number.h"

/* A walk over a message's tables, depth first, until the wanted entry. */
typedef struct search {
    const ma_encoded *encoded;
    int64_t wanted_node;   /* -1: a buffer is wanted */
    int64_t wanted_buffer; /* -1: a node is wanted */
    int64_t node;          /* the next ones */
    int64_t buffer;
    int64_t variadic;
    ma_error *err;
} search;

/* Which of its type's buffers it is, counted with the bitmap that unions had in V4. */
static void
name_buffer(const search *self, const ma_type *type, bool has_v4_bitmap, int64_t index)
{
    const ma_layout *layout = &ma_layouts[type->layout];
    ma_buffer_kind kind = MA_BUFFER_VALIDITY;
    if (!has_v4_bitmap || index > 0) {
        index -= has_v4_bitmap;
        kind = index < layout->n_buffers ? layout->buffers[index] : MA_BUFFER_BYTES;
    }
    ma_error_prefix(self->err, "%s buffer", ma_buffer_kind_name(kind));
}

static bool
find_below(search *self, const ma_type *type)
{
    const ma_encoded *encoded = self->encoded;
    const ma_layout *layout = &ma_layouts[type->layout];
    const bool has_v4_bitmap = encoded->is_v4 && ma_type_has_v4_bitmap(type);
    int64_t n_buffers = layout->n_buffers + has_v4_bitmap;
    if (self->node++ == self->wanted_node) {
        return true;
    }
    if (self->wanted_buffer >= 0 && layout->variadic) {
        const int64_t *sums = encoded->variadic_sums + self->variadic++;
        n_buffers += sums[1] - sums[0];
    }
    if (self->wanted_buffer >= 0 && self->wanted_buffer < self->buffer + n_buffers) {
        name_buffer(self, type, has_v4_bitmap, self->wanted_buffer - self->buffer);
        return true;
    }
    self->buffer += n_buffers;
    for (int32_t i = 0; i < type->n_children; i++) {
        const ma_field *field = type->children[i];
        if (find_below(self, field->type)) {
            ma_error_prefix(self->err, ".%.*s", (int)ma_min_i64(field->name_size, 64),
                            field->name);
            return true;
        }
    }
    return false;
}

static void
locate(const ma_encoded *encoded, int64_t node, int64_t buffer, ma_error *err)
{
    const ma_schema *schema = encoded->plan->full;
    search search = {
        .encoded = encoded, .wanted_node = node, .wanted_buffer = buffer, .err = err};
    for (int32_t i = 0; i < schema->n_fields; i++) {
        const ma_field *field = schema->fields[i];
        if (find_below(&search, field->type)) {
            ma_error_prefix(err, "column '%.*s'", (int)ma_min_i64(field->name_size, 64),
                            field->name);
            return;
        }
    }
}

void
ma_locate_node(const ma_encoded *encoded, int64_t index, ma_error *err)
{
    locate(encoded, index, -1, err);
}

void
ma_locate_buffer(const ma_encoded *encoded, int64_t index, ma_error *err)
{
    locate(encoded, -1, index, err);
}
