/* Putting the rows of an array into a builder, one by one. */
#ifndef FUZZ_REBUILD_H
#define FUZZ_REBUILD_H

#include "core/data/builder.h"
#include "fuzz.h"

/* Append the first rows of `array`, which holds in full, to an empty builder of its type: as many
 * as are not too many for a fuzzer. The bits of `again` choose rows that are appended, taken back,
 * and appended again. After a failure the builder has the whole rows before it. */
MA_NODISCARD ma_status
fuzz_rebuild(ma_builder *builder, const ma_array *array, uint8_t again, ma_error *err);

#endif
