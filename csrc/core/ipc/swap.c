#include "core/ipc/swap.h"

#include "core/base/endian.h"

/* Bytes of one number in the data buffer of a type: a decimal is one number however wide, an
 * interval of days and milliseconds is two, and of months, days and nanoseconds is three. */
static int32_t
data_unit(const ma_type *type)
{
    switch (type->id) {
    case MA_TYPE_BOOL:
    case MA_TYPE_FIXED_SIZE_BINARY:
        return 1;
    case MA_TYPE_INTERVAL_DAY_TIME:
        return 4;
    default:
        return type->bits / 8;
    }
}

static int32_t
unit_of(ma_buffer_kind kind, const ma_type *type)
{
    switch (kind) {
    case MA_BUFFER_NONE:
    case MA_BUFFER_VALIDITY:
    case MA_BUFFER_TYPE_IDS:
    case MA_BUFFER_BYTES:
        return 1;
    case MA_BUFFER_DATA:
        return data_unit(type);
    case MA_BUFFER_OFFSETS32:
    case MA_BUFFER_LIST_OFFSETS32:
    case MA_BUFFER_SIZES32:
    case MA_BUFFER_UNION_OFFSETS:
        return 4;
    case MA_BUFFER_OFFSETS64:
    case MA_BUFFER_LIST_OFFSETS64:
    case MA_BUFFER_SIZES64:
        return 8;
    case MA_BUFFER_VIEWS:
        return 16;
    }
    return 1;
}

static void
reverse(uint8_t *p, int32_t unit)
{
    for (int32_t i = 0; i < unit / 2; i++) {
        const uint8_t byte = p[i];
        p[i] = p[unit - 1 - i];
        p[unit - 1 - i] = byte;
    }
}

static void
swap_u32(uint8_t *p)
{
    ma_store_u32(p, ma_swap_u32(ma_load_u32(p)));
}

static void
swap_u64(uint8_t *p)
{
    ma_store_u64(p, ma_swap_u64(ma_load_u64(p)));
}

static void
swap_month_day_nano(uint8_t *p)
{
    swap_u32(p);
    swap_u32(p + 4);
    swap_u64(p + 8);
}

/* The size, and where the value is not in the view itself, its place; prefix and text stay. */
static void
swap_view(uint8_t *p)
{
    swap_u32(p);
    if (ma_load_i32(p) > 12) {
        swap_u32(p + 8);
        swap_u32(p + 12);
    }
}

bool
ma_swap_needed(ma_buffer_kind kind, const ma_type *type)
{
    return unit_of(kind, type) > 1;
}

void
ma_swap_buffer(ma_buffer_kind kind, const ma_type *type, uint8_t *data, int64_t size)
{
    const int32_t unit = unit_of(kind, type);
    const bool intervals = kind == MA_BUFFER_DATA && type->id == MA_TYPE_INTERVAL_MONTH_DAY_NANO;
    for (uint8_t *p = data; unit > 1 && data + size - p >= unit; p += unit) {
        if (kind == MA_BUFFER_VIEWS) {
            swap_view(p);
        } else if (intervals) {
            swap_month_day_nano(p);
        } else if (unit == 4) {
            swap_u32(p);
        } else if (unit == 8) {
            swap_u64(p);
        } else {
            reverse(p, unit);
        }
    }
}
