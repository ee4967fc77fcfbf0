#include "core/types/layout.h"

const ma_layout ma_layouts[] = {
#define X(id, b0, b1, b2, n, variadic, children)                                            \
    {{MA_BUFFER_##b0, MA_BUFFER_##b1, MA_BUFFER_##b2}, n, variadic, MA_CHILDREN_##children},
    MA_LAYOUT_TABLE(X)
#undef X
};

const char *
ma_buffer_kind_name(ma_buffer_kind kind)
{
    switch (kind) {
    case MA_BUFFER_NONE:
        break;
    case MA_BUFFER_VALIDITY:
        return "validity";
    case MA_BUFFER_DATA:
    case MA_BUFFER_BYTES:
        return "data";
    case MA_BUFFER_OFFSETS32:
    case MA_BUFFER_OFFSETS64:
    case MA_BUFFER_LIST_OFFSETS32:
    case MA_BUFFER_LIST_OFFSETS64:
    case MA_BUFFER_UNION_OFFSETS:
        return "offsets";
    case MA_BUFFER_SIZES32:
    case MA_BUFFER_SIZES64:
        return "sizes";
    case MA_BUFFER_TYPE_IDS:
        return "type ids";
    case MA_BUFFER_VIEWS:
        return "views";
    }
    return "no";
}
