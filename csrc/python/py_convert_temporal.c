/* Dates, times, timestamps, durations and intervals. */
#include "core/base/number.h"
#include "python/py_convert.h"

#include <datetime.h>

/* datetime.h keeps its pointer in a variable of each file; ours stands in the interpreter's
 * state. */
static void *
api_of(pyma_state *state)
{
    void *api = atomic_load_explicit(&state->datetime_api, memory_order_acquire);
    if (api == NULL) {
        (void)PyDateTimeAPI;
        api = PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
        atomic_store_explicit(&state->datetime_api, api, memory_order_release);
    }
    return api;
}

#define PyDateTimeAPI ((PyDateTime_CAPI *)atomic_load(&self->state->datetime_api))

enum {
    DAY_SECONDS = 86400
};

static const int64_t per_second[] = {
    [MA_SECOND] = 1,
    [MA_MILLISECOND] = 1000,
    [MA_MICROSECOND] = 1000000,
    [MA_NANOSECOND] = 1000000000,
};

/* ---- what a value is ---- */

static bool
class_is(PyObject *value, const char *name)
{
    const char *full = Py_TYPE(value)->tp_name;
    const char *dot = strrchr(full, '.');
    return strcmp(dot != NULL ? dot + 1 : full, name) == 0;
}

int
pyma_temporal_kind_of(pyma_conversion *self, PyObject *value)
{
    if (api_of(self->state) == NULL) {
        return -1;
    }
    if (PyDateTime_Check(value)) {
        return PYMA_DATETIME;
    }
    if (PyDate_Check(value)) {
        return PYMA_DATE;
    }
    if (PyTime_Check(value)) {
        return PYMA_TIME;
    }
    if (PyDelta_Check(value)) {
        return PYMA_TIMEDELTA;
    }
    return (PyTuple_Check(value) && class_is(value, "MonthDayNano")) ||
                   class_is(value, "DateOffset") || class_is(value, "relativedelta")
               ? PYMA_INTERVAL
               : PYMA_NO_TEMPORAL;
}

PyObject *
pyma_zone_of(pyma_conversion *self, PyObject *value)
{
    PyObject *zone = PyObject_GetAttrString(value, "tzinfo");
    if (zone == NULL || zone == Py_None) {
        return zone;
    }
    Py_SETREF(zone, pyma_zone_to_text(self->state, zone));
    return zone;
}

int
pyma_numpy_unit(const char *text)
{
    const char *open = strchr(text, '[');
    static const char *const names[] = {"s]", "ms]", "us]", "ns]"};
    for (int i = 0; open != NULL && i < 4; i++) {
        if (strcmp(open + 1, names[i]) == 0) {
            return i;
        }
    }
    return open != NULL && strcmp(open + 1, "D]") == 0 ? 'D' : -1;
}

/* ---- arithmetic ---- */

static int64_t
floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar: years from March on, in eras of 400. */
static int64_t
days_of(int64_t year, int month, int day)
{
    const int64_t y = year - (month <= 2);
    const int64_t era = floor_divide(y, 400);
    const int64_t of_era = y - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int
fail_range(pyma_conversion *self, const ma_type *type, PyObject *value)
{
    char name[96];
    PyObject *repr = pyma_short_repr(value);
    if (repr != NULL) {
        pyma_conversion_fail(self, self->state->ArrowInvalid, "%U is out of the range of %s", repr,
                             ma_type_name(type, name, sizeof(name)));
        Py_DECREF(repr);
    }
    return -1;
}

/* Seconds and the nanoseconds (0 to 999,999,999) behind them, in units; finer digits are cut
 * off, towards the past as pyarrow does it. */
static int
in_units(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t seconds,
         int64_t nanoseconds, int64_t *out)
{
    const int64_t scale = per_second[type->unit];
    const int64_t below = seconds < 0; /* the lowest number of all is reached from above */
    const int64_t part = nanoseconds / (1000000000 / scale) - below * scale;
    return ma_mul_i64(seconds + below, scale, out) && ma_add_i64(*out, part, out)
               ? 0
               : fail_range(self, type, value);
}

/* Pandas' Timestamp and Timedelta reach farther and are finer than the classes that they derive
 * from, whose memory then says something else: what they are is told by their attributes. */
static bool
may_be_pandas(PyObject *value)
{
    return strchr(Py_TYPE(value)->tp_name, 'T') != NULL; /* datetime's own are lower-case */
}

/* Attribute `name` in `*out`, which stays as it is where there is none; -1 with an exception, also
 * where it is not in low..high. */
static int
get_part(pyma_conversion *self, const ma_type *type, PyObject *value, const char *name, int64_t low,
         int64_t high, int64_t *out)
{
    PyObject *attribute;
    if (pyma_find_attribute(value, name, &attribute) <= 0) {
        return PyErr_Occurred() ? -1 : 0;
    }
    int overflow;
    const int64_t found = PyLong_AsLongLongAndOverflow(attribute, &overflow);
    Py_DECREF(attribute);
    if (PyErr_Occurred()) {
        return -1;
    }
    if (overflow != 0 || found < low || found > high) {
        return fail_range(self, type, value);
    }
    *out = found;
    return 0;
}

/* Years and days farther than these are more seconds than 64 bits count. */
#define MOST_YEARS INT64_C(292000000000)
#define MOST_DAYS  INT64_C(106000000000000)

static int
date_days(pyma_conversion *self, const ma_type *type, PyObject *date, bool pandas, int64_t *out)
{
    int64_t year = PyDateTime_GET_YEAR(date);
    if (pandas && get_part(self, type, date, "year", -MOST_YEARS, MOST_YEARS, &year) < 0) {
        return -1;
    }
    *out = days_of(year, PyDateTime_GET_MONTH(date), PyDateTime_GET_DAY(date));
    return 0;
}

/* ---- numpy's scalars ---- */

/* The number in a datetime64 or timedelta64, in units of `scale` to the second, or days when
 * `scale` is 0. 1 for a value, 0 for NaT, -1 with an exception. */
static int
numpy_number(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t scale,
             int64_t *out)
{
    const char kind = class_is(value, "datetime64") ? 'M' : 'm';
    PyObject *wanted = NULL;
    PyObject *same = NULL;
    PyObject *number = NULL;
    PyObject *before = PyObject_CallMethod(value, "view", "s", "i8");
    int result = -1;
    const char *unit = scale == 0         ? "D"
                       : scale == 1       ? "s"
                       : scale == 1000    ? "ms"
                       : scale == 1000000 ? "us"
                                          : "ns";
    char dtype[16];
    (void)snprintf(dtype, sizeof(dtype), "%c8[%s]", kind, unit);
    int64_t raw = before != NULL ? PyLong_AsLongLong(before) : -1;
    if (before == NULL || (raw == -1 && PyErr_Occurred())) {
        goto done;
    }
    if (raw == INT64_MIN) {
        result = 0;
        goto done;
    }
    /* numpy does the sum; that nothing was lost shows when both are equal. */
    wanted = PyObject_CallMethod(value, "astype", "s", dtype);
    if (wanted == NULL) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_Clear();
            result = fail_range(self, type, value);
        }
        goto done;
    }
    same = PyObject_RichCompare(wanted, value, Py_EQ);
    const int equal = same != NULL ? PyObject_IsTrue(same) : -1;
    if (equal < 0) {
        goto done;
    }
    if (!equal && self->safe) {
        char name[96];
        PyObject *repr = pyma_short_repr(value);
        if (repr != NULL) {
            pyma_conversion_fail(self, self->state->ArrowInvalid,
                                 "%U is finer than %s, or out of its range", repr,
                                 ma_type_name(type, name, sizeof(name)));
            Py_DECREF(repr);
        }
        goto done;
    }
    number = PyObject_CallMethod(wanted, "view", "s", "i8");
    *out = number != NULL ? PyLong_AsLongLong(number) : -1;
    result = number == NULL || (*out == -1 && PyErr_Occurred()) ? -1 : 1;

done:
    Py_XDECREF(before);
    Py_XDECREF(wanted);
    Py_XDECREF(same);
    Py_XDECREF(number);
    return result;
}

/* ---- one function for each type: 1 for a value, 0 for null, -1 with an exception ---- */

/* An int stands for itself. */
static int
raw_number(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *out)
{
    ma_type plain = *type; /* its width is what the range check asks for */
    if (!PyBool_Check(value) && (PyIndex_Check(value) || PyFloat_Check(value))) {
        plain.id = type->bits == 32 ? MA_TYPE_INT32 : MA_TYPE_INT64;
        return pyma_integer_of(self, &plain, value, out);
    }
    return pyma_conversion_fail_kind(self, self->state->ArrowTypeError, type, value);
}

static int
date_number(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *out)
{
    int result = 1;
    if (PyDate_Check(value)) {
        result = date_days(self, type, value, may_be_pandas(value), out) < 0 ? -1 : 1;
    } else if (class_is(value, "datetime64")) {
        result = numpy_number(self, type, value, 0, out);
    } else {
        return raw_number(self, type, value, out);
    }
    if (result == 1 && type->id == MA_TYPE_DATE64 &&
        !ma_mul_i64(*out, (int64_t)DAY_SECONDS * 1000, out)) {
        return fail_range(self, type, value);
    }
    return result;
}

static int
time_number(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *out)
{
    if (!PyTime_Check(value)) {
        return raw_number(self, type, value, out);
    }
    const int64_t seconds = PyDateTime_TIME_GET_HOUR(value) * 3600 +
                            PyDateTime_TIME_GET_MINUTE(value) * 60 +
                            PyDateTime_TIME_GET_SECOND(value);
    const int64_t nanoseconds = (int64_t)PyDateTime_TIME_GET_MICROSECOND(value) * 1000;
    return in_units(self, type, value, seconds, nanoseconds, out) < 0 ? -1 : 1;
}

/* What a timedelta sums up; all but the days are not negative. */
typedef struct delta {
    int64_t days;
    int64_t seconds;
    int64_t nanoseconds;
} delta;

static int
delta_of(pyma_conversion *self, const ma_type *type, PyObject *value, delta *out)
{
    int64_t microseconds = PyDateTime_DELTA_GET_MICROSECONDS(value);
    *out = (delta){PyDateTime_DELTA_GET_DAYS(value), PyDateTime_DELTA_GET_SECONDS(value), 0};
    if (may_be_pandas(value) &&
        (get_part(self, type, value, "days", -MOST_DAYS, MOST_DAYS, &out->days) < 0 ||
         get_part(self, type, value, "seconds", 0, DAY_SECONDS - 1, &out->seconds) < 0 ||
         get_part(self, type, value, "microseconds", 0, 999999, &microseconds) < 0 ||
         get_part(self, type, value, "nanoseconds", 0, 999, &out->nanoseconds) < 0)) {
        return -1;
    }
    out->nanoseconds += 1000 * microseconds;
    return 0;
}

/* Seconds from 1970-01-01 in UTC, and nanoseconds: of an aware datetime, its offset is taken
 * off; a naive one counts as UTC. */
static int
utc_seconds(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *seconds,
            int64_t *nanoseconds)
{
    const bool pandas = may_be_pandas(value);
    int64_t days;
    *nanoseconds = 0;
    if (date_days(self, type, value, pandas, &days) < 0 ||
        (pandas && get_part(self, type, value, "nanosecond", 0, 999, nanoseconds) < 0)) {
        return -1;
    }
    *seconds = days * DAY_SECONDS + PyDateTime_DATE_GET_HOUR(value) * 3600 +
               PyDateTime_DATE_GET_MINUTE(value) * 60 + PyDateTime_DATE_GET_SECOND(value);
    *nanoseconds += (int64_t)PyDateTime_DATE_GET_MICROSECOND(value) * 1000;
    if (PyDateTime_DATE_GET_TZINFO(value) == Py_None) {
        return 0;
    }
    PyObject *offset = PyObject_CallMethod(value, "utcoffset", NULL);
    if (offset == NULL) {
        return -1;
    }
    if (PyDelta_Check(offset)) {
        *seconds -= (int64_t)PyDateTime_DELTA_GET_DAYS(offset) * DAY_SECONDS +
                    PyDateTime_DELTA_GET_SECONDS(offset);
        *nanoseconds -= (int64_t)PyDateTime_DELTA_GET_MICROSECONDS(offset) * 1000;
        if (*nanoseconds < 0) {
            *nanoseconds += 1000000000;
            *seconds -= 1;
        }
    }
    Py_DECREF(offset);
    return 0;
}

static int
timestamp_number(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *out)
{
    int64_t seconds;
    int64_t nanoseconds;
    if (class_is(value, "datetime64")) {
        return numpy_number(self, type, value, per_second[type->unit], out);
    }
    if (PyDateTime_Check(value)) {
        return utc_seconds(self, type, value, &seconds, &nanoseconds) < 0 ||
                       in_units(self, type, value, seconds, nanoseconds, out) < 0
                   ? -1
                   : 1;
    }
    if (PyDate_Check(value)) {
        int64_t days;
        return date_days(self, type, value, may_be_pandas(value), &days) < 0 ||
                       in_units(self, type, value, days * DAY_SECONDS, 0, out) < 0
                   ? -1
                   : 1;
    }
    return raw_number(self, type, value, out);
}

static int
duration_number(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *out)
{
    if (class_is(value, "timedelta64")) {
        return numpy_number(self, type, value, per_second[type->unit], out);
    }
    if (!PyDelta_Check(value)) {
        return raw_number(self, type, value, out);
    }
    delta parts;
    if (delta_of(self, type, value, &parts) < 0) {
        return -1;
    }
    const int64_t seconds = parts.days * DAY_SECONDS + parts.seconds;
    return in_units(self, type, value, seconds, parts.nanoseconds, out) < 0 ? -1 : 1;
}

/* ---- intervals ---- */

typedef struct interval {
    int64_t months;
    int64_t days;
    int64_t nanoseconds;
} interval;

static int
add_part(PyObject *value, const char *name, int64_t factor, int64_t *sum, bool *any)
{
    PyObject *attribute = PyObject_GetAttrString(value, name);
    int64_t part;
    if (attribute == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return -1;
        }
        PyErr_Clear();
        return 0;
    }
    part = PyLong_AsLongLong(attribute);
    Py_DECREF(attribute);
    if (part == -1 && PyErr_Occurred()) {
        return -1;
    }
    *any = true;
    if (!ma_mul_i64(part, factor, &part) || !ma_add_i64(*sum, part, sum)) {
        PyErr_SetString(PyExc_OverflowError, "an interval does not fit 64 bits");
        return -1;
    }
    return 0;
}

/* The parts of pandas' DateOffset and dateutil's relativedelta, under the names they share. */
static int
interval_of_attributes(pyma_conversion *self, const ma_type *type, PyObject *value, interval *out)
{
    static const struct {
        const char *name;
        int64_t factor;
        int which;
    } parts[] = {
        {"years", 12, 0},
        {"months", 1, 0},
        {"weeks", 7, 1},
        {"days", 1, 1},
        {"hours", INT64_C(3600000000000), 2},
        {"minutes", INT64_C(60000000000), 2},
        {"seconds", INT64_C(1000000000), 2},
        {"microseconds", 1000, 2},
        {"nanoseconds", 1, 2},
    };
    /* dateutil's weeks are part of its days */
    const bool has_weeks = !class_is(value, "relativedelta");
    bool any = false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int64_t *sum = parts[i].which == 0   ? &out->months
                       : parts[i].which == 1 ? &out->days
                                             : &out->nanoseconds;
        if ((i != 2 || has_weeks) &&
            add_part(value, parts[i].name, parts[i].factor, sum, &any) < 0) {
            return -1;
        }
    }
    return any ? 0 : pyma_conversion_fail_kind(self, self->state->ArrowTypeError, type, value);
}

static int
interval_of(pyma_conversion *self, const ma_type *type, PyObject *value, interval *out)
{
    *out = (interval){0, 0, 0};
    if (PyDelta_Check(value)) {
        delta parts;
        if (delta_of(self, type, value, &parts) < 0) {
            return -1;
        }
        out->days = parts.days;
        out->nanoseconds = parts.seconds * 1000000000 + parts.nanoseconds;
        return 0;
    }
    const bool pair = type->id == MA_TYPE_INTERVAL_DAY_TIME;
    if (PyTuple_Check(value) && PyTuple_GET_SIZE(value) == 3) {
        return PyArg_ParseTuple(value, "LLL", &out->months, &out->days, &out->nanoseconds) ? 0 : -1;
    }
    if (pair && PyTuple_Check(value) && PyTuple_GET_SIZE(value) == 2) {
        if (!PyArg_ParseTuple(value, "LL", &out->days, &out->nanoseconds)) {
            return -1;
        }
        return ma_mul_i64(out->nanoseconds, 1000000, &out->nanoseconds)
                   ? 0
                   : fail_range(self, type, value);
    }
    return interval_of_attributes(self, type, value, out);
}

static bool
fits_int32(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

/* The parts side by side, as the type lays them out; a part that it has not must be 0. */
static int
lay_out(pyma_conversion *self, const ma_type *type, PyObject *value, const interval *parts,
        uint8_t *bytes)
{
    const int64_t milliseconds = parts->nanoseconds / 1000000;
    bool fits = fits_int32(parts->months) && fits_int32(parts->days);
    switch (type->id) {
    case MA_TYPE_INTERVAL_MONTHS:
        fits = fits && parts->days == 0 && parts->nanoseconds == 0;
        ma_store_i32(bytes, (int32_t)parts->months);
        break;
    case MA_TYPE_INTERVAL_DAY_TIME:
        fits = fits && parts->months == 0 && parts->nanoseconds % 1000000 == 0 &&
               fits_int32(milliseconds);
        ma_store_i32(bytes, (int32_t)parts->days);
        ma_store_i32(bytes + 4, (int32_t)milliseconds);
        break;
    default:
        ma_store_i32(bytes, (int32_t)parts->months);
        ma_store_i32(bytes + 4, (int32_t)parts->days);
        ma_store_i64(bytes + 8, parts->nanoseconds);
    }
    return fits ? 0 : fail_range(self, type, value);
}

static int
interval_bytes(pyma_conversion *self, const ma_type *type, PyObject *value, uint8_t *bytes)
{
    interval parts;
    if (type->id == MA_TYPE_INTERVAL_MONTHS && PyIndex_Check(value)) {
        int64_t months;
        if (raw_number(self, type, value, &months) < 0) {
            return -1;
        }
        ma_store_i32(bytes, (int32_t)months);
        return 1;
    }
    if (interval_of(self, type, value, &parts) < 0) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_Clear();
            return fail_range(self, type, value);
        }
        return -1;
    }
    return lay_out(self, type, value, &parts, bytes) < 0 ? -1 : 1;
}

/* ---- all of them ---- */

static int
number_of(pyma_conversion *self, const ma_type *type, PyObject *value, int64_t *out)
{
    switch (type->id) {
    case MA_TYPE_DATE32:
    case MA_TYPE_DATE64:
        return date_number(self, type, value, out);
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        return time_number(self, type, value, out);
    case MA_TYPE_TIMESTAMP:
        return timestamp_number(self, type, value, out);
    default:
        return duration_number(self, type, value, out);
    }
}

int
pyma_convert_temporal(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    const ma_type *type = builder->type;
    const bool is_interval =
        type->id >= MA_TYPE_INTERVAL_MONTHS && type->id <= MA_TYPE_INTERVAL_MONTH_DAY_NANO;
    uint8_t bytes[16];
    int64_t number = 0;
    ma_error err;
    ma_error_init(&err);
    if (api_of(self->state) == NULL) {
        return -1;
    }
    const int found = is_interval ? interval_bytes(self, type, value, bytes)
                                  : number_of(self, type, value, &number);
    if (found < 0) {
        return -1;
    }
    if (!is_interval && type->bits == 32) {
        if (!fits_int32(number)) {
            return fail_range(self, type, value);
        }
        ma_store_i32(bytes, (int32_t)number);
    } else if (!is_interval) {
        ma_store_i64(bytes, number);
    }
    const ma_status st = found == 0 ? ma_builder_append_null(builder, 1, &err)
                                    : ma_builder_append_fixed(builder, bytes, &err);
    return st == MA_OK ? 0 : pyma_conversion_fail_core(self, &err);
}
