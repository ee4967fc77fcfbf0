/* The file decoder, and all that is done to what it reads: every column of every batch.
 *
 * Input: a file. The two bytes that pad its first magic also say how its bytes are had, and which
 * columns are read alone (fuzz_choose), which must come out as they do when everything is read. */
#include "reading.h"
#include "touch.h"

#define PADDING_AT 6

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *padding = data + PADDING_AT;
    const bool has_padding = size >= PADDING_AT + 2;
    const uint8_t wanted = has_padding ? padding[1] : 0;
    const fuzz_access access = has_padding ? (fuzz_access)(padding[0] % 4) : FUZZ_MEMORY;
    fuzz_reading whole;
    fuzz_reading part;
    fuzz_read_file(data, size, FUZZ_MEMORY, 0, &whole);
    for (int32_t i = 0; i < whole.count; i++) {
        fuzz_touch_batch(whole.batches[i]);
    }
    if (wanted != 0 || access != FUZZ_MEMORY) {
        fuzz_read_file(data, size, access, wanted, &part);
        for (int32_t i = 0; i < part.count; i++) {
            fuzz_touch_batch(part.batches[i]);
        }
        if (part.status != MA_IO && wanted != 0) {
            fuzz_require_part(&whole, &part, wanted);
        }
        fuzz_reading_fini(&part);
    }
    fuzz_reading_fini(&whole);
    return 0;
}
