/* The stream decoder, and all that is done to what it reads: every column of every batch.
 *
 * Input: a stream. Its last byte, behind the end mark or not, also says which columns are read
 * alone (fuzz_choose), which must come out as they do when everything is read. */
#include "reading.h"
#include "touch.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t wanted = size > 0 ? data[size - 1] : 0;
    fuzz_reading whole;
    fuzz_reading part;
    fuzz_read_stream(data, size, 0, &whole);
    for (int32_t i = 0; i < whole.count; i++) {
        fuzz_touch_batch(whole.batches[i]);
    }
    if (wanted != 0) {
        fuzz_read_stream(data, size, wanted, &part);
        for (int32_t i = 0; i < part.count; i++) {
            fuzz_touch_batch(part.batches[i]);
        }
        fuzz_require_part(&whole, &part, wanted);
        fuzz_reading_fini(&part);
    }
    fuzz_reading_fini(&whole);
    return 0;
}
