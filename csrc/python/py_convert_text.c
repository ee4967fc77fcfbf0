/* Text and bytes. */
#include "python/py_convert.h"

/* ---- UTF-8 ----
 *
 * Encoded here, straight from the str: asking the str for its UTF-8 would leave a copy of that
 * behind in every one of them. */

/* The bytes are written to `target`, which has room for four for each character (three below
 * U+10000, two below U+0100); returns the end, or NULL at a surrogate. */
static uint8_t *
encode(PyObject *text, uint8_t *target)
{
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t count = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_UCS4 c = PyUnicode_READ(kind, data, i);
        if (c < 0x80) {
            *target++ = (uint8_t)c;
        } else if (c < 0x800) {
            *target++ = (uint8_t)(0xC0 | c >> 6);
            *target++ = (uint8_t)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            if (c >= 0xD800 && c < 0xE000) {
                return NULL;
            }
            *target++ = (uint8_t)(0xE0 | c >> 12);
            *target++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            *target++ = (uint8_t)(0x80 | (c & 0x3F));
        } else {
            *target++ = (uint8_t)(0xF0 | c >> 18);
            *target++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
            *target++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            *target++ = (uint8_t)(0x80 | (c & 0x3F));
        }
    }
    return target;
}

/* The text as UTF-8: its own memory where it is ASCII, else the conversion's scratch. */
static int
utf8_of(pyma_conversion *self, PyObject *text, ma_bytes *out)
{
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(text) < 0) {
        return -1;
    }
#endif
    if (PyUnicode_IS_ASCII(text)) {
        *out = (ma_bytes){PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text)};
        return 0;
    }
    const int kind = PyUnicode_KIND(text);
    const int64_t widest = kind == 1 ? 2 : kind == 2 ? 3 : 4;
    ma_error err;
    ma_error_init(&err);
    self->scratch.size = 0;
    if (ma_growing_reserve(&self->scratch, widest * PyUnicode_GET_LENGTH(text), &err) != MA_OK) {
        return pyma_conversion_fail_core(self, &err);
    }
    const uint8_t *end = encode(text, self->scratch.data);
    if (end == NULL) {
        PyObject *repr = pyma_short_repr(text);
        if (repr != NULL) {
            pyma_conversion_fail(self, self->state->ArrowInvalid,
                                 "%U holds a lone surrogate, which UTF-8 has no bytes for", repr);
            Py_DECREF(repr);
        }
        return -1;
    }
    *out = (ma_bytes){(const char *)self->scratch.data, end - self->scratch.data};
    return 0;
}

/* ---- values ---- */

static int
append(pyma_conversion *self, ma_builder *builder, ma_bytes bytes)
{
    ma_error err;
    ma_error_init(&err);
    const ma_status st = builder->type->layout == MA_LAYOUT_FIXED
                             ? ma_builder_append_fixed(builder, bytes.data, &err)
                             : ma_builder_append_bytes(builder, bytes.data, bytes.size, &err);
    return st == MA_OK ? 0 : pyma_conversion_fail_core(self, &err);
}

static int
append_null(pyma_conversion *self, ma_builder *builder)
{
    ma_error err;
    ma_error_init(&err);
    return ma_builder_append_null(builder, 1, &err) == MA_OK
               ? 0
               : pyma_conversion_fail_core(self, &err);
}

static int
check_width(pyma_conversion *self, const ma_type *type, ma_bytes bytes)
{
    return type->layout != MA_LAYOUT_FIXED || bytes.size == type->byte_width
               ? 0
               : pyma_conversion_fail(self, self->state->ArrowInvalid,
                                      "a value of %lld bytes where each has %d",
                                      (long long)bytes.size, (int)type->byte_width);
}

static int
check_utf8(pyma_conversion *self, const ma_type *type, ma_bytes bytes)
{
    if (!ma_type_is_utf8(type)) {
        return 0;
    }
    PyObject *text = PyUnicode_DecodeUTF8(bytes.data, (Py_ssize_t)bytes.size, NULL);
    if (text == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
            return -1;
        }
        PyErr_Clear();
        return pyma_conversion_fail(self, self->state->ArrowInvalid,
                                    "bytes that are no UTF-8 cannot be text; use a binary type");
    }
    Py_DECREF(text);
    return 0;
}

/* Bytes of whatever speaks the buffer protocol, held for the time of the call. */
static int
convert_buffer(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    Py_buffer view;
    if (PyObject_GetBuffer(value, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    const ma_bytes bytes = {view.buf, view.len};
    int result = -1;
    if (check_width(self, builder->type, bytes) == 0 &&
        check_utf8(self, builder->type, bytes) == 0) {
        result = append(self, builder, bytes);
    }
    PyBuffer_Release(&view);
    return result;
}

/* uuid.UUID says its 16 bytes. */
static int
convert_uuid(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    PyObject *bytes = PyObject_GetAttrString(value, "bytes");
    int result = -1;
    if (bytes != NULL) {
        result = PyBytes_Check(bytes) ? convert_buffer(self, builder, bytes)
                                      : pyma_conversion_fail_kind(self, self->state->ArrowTypeError,
                                                                  builder->type, value);
    }
    Py_XDECREF(bytes);
    return result;
}

int
pyma_convert_text(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    ma_bytes bytes;
    if (PyUnicode_Check(value)) {
        return utf8_of(self, value, &bytes) < 0 || check_width(self, builder->type, bytes) < 0
                   ? -1
                   : append(self, builder, bytes);
    }
    if (PyBytes_Check(value) || PyByteArray_Check(value) || PyMemoryView_Check(value) ||
        PyObject_TypeCheck(value, self->state->Buffer)) {
        return convert_buffer(self, builder, value);
    }
    if (strcmp(Py_TYPE(value)->tp_name, "UUID") == 0 && builder->type->byte_width == 16) {
        return convert_uuid(self, builder, value);
    }
    return pyma_conversion_fail_kind(self, self->state->ArrowTypeError, builder->type, value);
}

static MA_COLD int
slow_text(pyma_conversion *self, ma_builder *builder, PyObject *value, bool masked)
{
    if (value == NULL) {
        return pyma_conversion_fail_shorter();
    }
    if (masked || value == Py_None) {
        return append_null(self, builder);
    }
    if (self->exact) {
        self->mismatch = true;
        return -1;
    }
    if (pyma_is_null(self, value)) {
        return append_null(self, builder);
    }
    PyObject *held = Py_NewRef(value);
    PyObject *plain = pyma_plain_value(self, held);
    const int result = plain == NULL               ? -1
                       : pyma_is_null(self, plain) ? append_null(self, builder)
                                                   : pyma_convert_text(self, builder, plain);
    Py_XDECREF(plain);
    Py_DECREF(held);
    return result;
}

int
pyma_convert_texts(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    const bool is_text = ma_type_is_utf8(builder->type);
    PyTypeObject *const quick = is_text ? &PyUnicode_Type : &PyBytes_Type;
    ma_error err;
    ma_error_init(&err);
    if (ma_builder_reserve(builder, items.count, &err) != MA_OK) {
        return pyma_conversion_fail_core(self, &err);
    }
    for (Py_ssize_t i = 0; i < items.count; i++) {
        PyObject *value = pyma_item(items.list, i);
        const bool masked = pyma_is_masked(items, i);
        ma_bytes bytes;
        int result;
        if (MA_UNLIKELY(masked || value == NULL || !Py_IS_TYPE(value, quick))) {
            result = slow_text(self, builder, value, masked);
        } else if (is_text) {
            result = utf8_of(self, value, &bytes) < 0 ? -1 : append(self, builder, bytes);
        } else {
            bytes = (ma_bytes){PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)};
            result = append(self, builder, bytes);
        }
        if (MA_UNLIKELY(result < 0)) {
            pyma_conversion_at_index(self, i);
            return -1;
        }
    }
    return 0;
}
