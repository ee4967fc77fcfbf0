/* The checksum of LZ4 frames: xxHash with 32 bits (LZ4 Frame Format, "Header Checksum"). */
#ifndef MA_CODEC_XXH32_H
#define MA_CODEC_XXH32_H

#include <stdint.h>

/* The hash of `size` bytes, with a seed of 0. */
uint32_t
ma_xxh32(const uint8_t *data, int64_t size);

#endif
