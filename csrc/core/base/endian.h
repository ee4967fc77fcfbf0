/* Numbers in bytes: at any alignment, little-endian whatever the host is. */
#ifndef MA_BASE_ENDIAN_H
#define MA_BASE_ENDIAN_H

#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define MA_HOST_BIG_ENDIAN 1
#else
#define MA_HOST_BIG_ENDIAN 0
#endif

static inline uint16_t
ma_swap_u16(uint16_t v)
{
    return (uint16_t)((v >> 8) | (v << 8));
}

static inline uint32_t
ma_swap_u32(uint32_t v)
{
    v = ((v & 0xFF00FF00u) >> 8) | ((v & 0x00FF00FFu) << 8);
    return (v >> 16) | (v << 16);
}

static inline uint64_t
ma_swap_u64(uint64_t v)
{
    return ((uint64_t)ma_swap_u32((uint32_t)v) << 32) | ma_swap_u32((uint32_t)(v >> 32));
}

/* Loads in the host's own order. */
#define MA_DEFINE_ACCESS(suffix, type)                  \
    static inline type                                  \
    ma_load_##suffix(const void *p)                     \
    {                                                   \
        type v;                                         \
        memcpy(&v, p, sizeof(v));                       \
        return v;                                       \
    }                                                   \
    static inline void                                  \
    ma_store_##suffix(void *p, type v)                  \
    {                                                   \
        memcpy(p, &v, sizeof(v));                       \
    }

MA_DEFINE_ACCESS(u16, uint16_t)
MA_DEFINE_ACCESS(i16, int16_t)
MA_DEFINE_ACCESS(i32, int32_t)
MA_DEFINE_ACCESS(u32, uint32_t)
MA_DEFINE_ACCESS(i64, int64_t)
MA_DEFINE_ACCESS(u64, uint64_t)
MA_DEFINE_ACCESS(f32, float)
MA_DEFINE_ACCESS(f64, double)
#undef MA_DEFINE_ACCESS

/* Loads and stores in the format's order. */
static inline uint16_t
ma_load_le16(const void *p)
{
    const uint16_t v = ma_load_u16(p);
    return MA_HOST_BIG_ENDIAN ? ma_swap_u16(v) : v;
}

static inline uint32_t
ma_load_le32(const void *p)
{
    const uint32_t v = ma_load_u32(p);
    return MA_HOST_BIG_ENDIAN ? ma_swap_u32(v) : v;
}

static inline uint64_t
ma_load_le64(const void *p)
{
    const uint64_t v = ma_load_u64(p);
    return MA_HOST_BIG_ENDIAN ? ma_swap_u64(v) : v;
}

static inline void
ma_store_le16(void *p, uint16_t v)
{
    ma_store_u16(p, MA_HOST_BIG_ENDIAN ? ma_swap_u16(v) : v);
}

static inline void
ma_store_le32(void *p, uint32_t v)
{
    ma_store_u32(p, MA_HOST_BIG_ENDIAN ? ma_swap_u32(v) : v);
}

static inline void
ma_store_le64(void *p, uint64_t v)
{
    ma_store_u64(p, MA_HOST_BIG_ENDIAN ? ma_swap_u64(v) : v);
}

#endif
