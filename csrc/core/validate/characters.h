/* Whether the text of an array is text: what only readers of text, and other libraries, depend on.
 * */
#ifndef MA_VALIDATE_CHARACTERS_H
#define MA_VALIDATE_CHARACTERS_H

#include "core/data/array.h"

/* Check the array's own rows (not its children's), whose offsets or views were found to be good:
 * those that are not null are UTF-8, and the bytes behind a short view's value are 0, as libraries
 * that compare views word by word take for granted. Fails with MA_INVALID, and with MA_NOMEM. */
MA_NODISCARD ma_status
ma_array_check_characters(const ma_array *self, ma_error *err);

#endif
