/* The framing of messages (Columnar.rst, "Encapsulated message format"): FFFFFFFF, int32 size of
 * the metadata, metadata, padding, body. Before Arrow 0.15 there was no FFFFFFFF. */
#ifndef MA_IPC_FRAME_H
#define MA_IPC_FRAME_H

#include <stdint.h>

#include "core/base/endian.h"

#define MA_CONTINUATION UINT32_C(0xFFFFFFFF)
#define MA_MAGIC        "ARROW1"
#define MA_MAGIC_SIZE   6
#define MA_FILE_HEAD    8  /* the magic, and two zeros */
#define MA_FILE_TAIL    10 /* int32 size of the footer, and the magic */

#endif
