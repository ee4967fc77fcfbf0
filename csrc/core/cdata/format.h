/* Format strings: a type without its children, as text (CDataInterface.rst, "Data type
 * description"). */
#ifndef MA_CDATA_FORMAT_H
#define MA_CDATA_FORMAT_H

#include "core/types/type.h"

/* Append the format string of a type; of a dictionary type, that of its indices. */
void
ma_cdata_format_write(const ma_type *self, ma_text *out);

/* The type that `format` describes, its parameters filled in, with room for `n_children` that the
 * caller fills before ma_type_seal. Fails with MA_INVALID and MA_NOMEM. */
MA_NODISCARD ma_status
ma_cdata_format_read(const char *format, int32_t n_children, ma_type **out, ma_error *err);

#endif
