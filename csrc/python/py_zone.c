/* Time zones: the text in a timestamp's type and Python's tzinfo objects. */
#include "python/py_state.h"

#include <math.h>
#include <string.h>

/* "+05:30", "-03", "+0530": seconds east of Greenwich. False for other text. */
static bool
parse_offset(const char *text, int *seconds)
{
    int digits[4] = {0, 0, 0, 0};
    int count = 0;
    if (text[0] != '+' && text[0] != '-') {
        return false;
    }
    for (const char *p = text + 1; *p != '\0'; p++) {
        if (*p == ':' && count == 2) {
            continue;
        }
        if (*p < '0' || *p > '9' || count == 4) {
            return false;
        }
        digits[count++] = *p - '0';
    }
    if (count != 2 && count != 4) {
        return false;
    }
    const int hours = 10 * digits[0] + digits[1];
    const int minutes = 10 * digits[2] + digits[3];
    if (hours > 23 || minutes > 59) {
        return false;
    }
    *seconds = (text[0] == '-' ? -60 : 60) * (60 * hours + minutes);
    return true;
}

static PyObject *
fixed_zone(pyma_state *state, int seconds)
{
    PyObject *datetime = pyma_import(&state->datetime, "datetime", NULL);
    PyObject *delta =
        datetime != NULL ? PyObject_CallMethod(datetime, "timedelta", "ii", 0, seconds) : NULL;
    PyObject *zone = delta != NULL ? PyObject_CallMethod(datetime, "timezone", "O", delta) : NULL;
    Py_XDECREF(delta);
    return zone;
}

static PyObject *
named_zone(pyma_state *state, const char *text)
{
    PyObject *ZoneInfo = pyma_import(&state->ZoneInfo, "zoneinfo", "ZoneInfo");
    PyObject *name = ZoneInfo != NULL ? pyma_text_to_str(text, (int64_t)strlen(text)) : NULL;
    PyObject *zone = name != NULL ? PyObject_CallOneArg(ZoneInfo, name) : NULL;
    /* zoneinfo raises errors of many kinds for names that are no file: all mean the same here */
    if (zone != NULL || name == NULL || pyma_drop_refusal() < 0) {
        Py_XDECREF(name);
        return zone;
    }
    if (strcmp(text, "UTC") == 0) {
        zone = fixed_zone(state, 0); /* a machine without a time zone database */
    } else {
        PyErr_Format(state->ArrowInvalid,
                     "nobody here knows the time zone %R: Python's zoneinfo needs the system's "
                     "time zone database or the package tzdata; the values as integers are to be "
                     "had from a scalar's `value` or from to_numpy()",
                     name);
    }
    Py_DECREF(name);
    return zone;
}

PyObject *
pyma_zone_from_text(pyma_state *state, const char *text)
{
    int seconds;
    return parse_offset(text, &seconds) ? fixed_zone(state, seconds) : named_zone(state, text);
}

/* The str under attribute `name`; NULL without an exception when there is none. */
static PyObject *
str_attribute(PyObject *object, const char *name)
{
    PyObject *value;
    if (pyma_find_attribute(object, name, &value) == 1 && !PyUnicode_Check(value)) {
        Py_CLEAR(value);
    }
    return value;
}

/* "+05:30" of a tzinfo whose offset is always the same. */
static PyObject *
offset_text(PyObject *zone)
{
    PyObject *delta = PyObject_CallMethod(zone, "utcoffset", "O", Py_None);
    if (delta == NULL) {
        return NULL;
    }
    if (delta == Py_None) {
        Py_DECREF(delta);
        PyErr_Format(PyExc_ValueError, "the time zone %R has neither a name nor a fixed offset",
                     zone);
        return NULL;
    }
    PyObject *total = PyObject_CallMethod(delta, "total_seconds", NULL);
    const double number = total != NULL ? PyFloat_AsDouble(total) : -1.0;
    Py_DECREF(delta);
    Py_XDECREF(total);
    if (PyErr_Occurred()) {
        return NULL;
    }
    const int seconds = fabs(number) < 86400.0 ? (int)number : 1;
    if ((double)seconds != number || seconds % 60 != 0) {
        PyErr_Format(PyExc_ValueError, "the offset of %R is no whole number of minutes of a day",
                     zone);
        return NULL;
    }
    const int minutes = (seconds < 0 ? -seconds : seconds) / 60;
    return PyUnicode_FromFormat("%c%02d:%02d", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

PyObject *
pyma_zone_to_text(pyma_state *state, PyObject *zone)
{
    if (PyUnicode_Check(zone)) {
        return Py_NewRef(zone);
    }
    PyObject *datetime = pyma_import(&state->datetime, "datetime", NULL);
    PyObject *tzinfo = datetime != NULL ? PyObject_GetAttrString(datetime, "tzinfo") : NULL;
    PyObject *timezone = tzinfo != NULL ? PyObject_GetAttrString(datetime, "timezone") : NULL;
    PyObject *utc = timezone != NULL ? PyObject_GetAttrString(timezone, "utc") : NULL;
    PyObject *text = NULL;
    if (utc == NULL) {
        goto done;
    }
    const int is_zone = PyObject_IsInstance(zone, tzinfo);
    if (is_zone <= 0) {
        if (is_zone == 0) {
            PyErr_Format(state->ArrowTypeError, "a time zone is a str or a tzinfo, not %.200s",
                         Py_TYPE(zone)->tp_name);
        }
        goto done;
    }
    if (zone == utc) {
        text = PyUnicode_FromString("UTC");
        goto done;
    }
    text = str_attribute(zone, "key"); /* zoneinfo */
    if (text == NULL && !PyErr_Occurred()) {
        text = str_attribute(zone, "zone"); /* pytz */
    }
    if (text == NULL && !PyErr_Occurred()) {
        text = offset_text(zone);
    }

done:
    Py_XDECREF(tzinfo);
    Py_XDECREF(timezone);
    Py_XDECREF(utc);
    return text;
}
