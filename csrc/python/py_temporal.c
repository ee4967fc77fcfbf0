/* Dates, times, timestamps and durations as objects of Python's datetime.
 *
 * Python counts microseconds and knows the years 1 to 9999. What it cannot say is never rounded:
 * nanoseconds that are no whole microseconds become pandas' Timestamp or Timedelta where pandas is
 * installed, and else, like all that is out of range, an ArrowInvalid that names the number. */
#include "python/py_values.h"

#include <datetime.h>
#include <string.h>

enum {
    SECONDS_PER_DAY = 86400
};

static const int64_t per_second[] = {1, 1000, 1000000, 1000000000};

/* datetime's C interface, of this interpreter; NULL with an exception. */
static PyDateTime_CAPI *
api_of(pyma_state *state)
{
    (void)PyDateTimeAPI; /* datetime.h's own pointer would be shared between interpreters */
    PyDateTime_CAPI *api = atomic_load_explicit(&state->datetime_api, memory_order_acquire);
    if (api == NULL) {
        api = PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
        if (api != NULL) {
            atomic_store(&state->datetime_api, (void *)api);
        }
    }
    return api;
}

/* Rounds down, also below zero. */
static int64_t
divide_down(int64_t a, int64_t b, int64_t *rest)
{
    int64_t quotient = a / b;
    *rest = a % b;
    if (*rest < 0) {
        *rest += b;
        quotient--;
    }
    return quotient;
}

/* The proleptic Gregorian calendar in eras of 400 years (146,097 days) that begin on 1 March. */
void
pyma_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t of_era;
    const int64_t era = divide_down(days + 719468, 146097, &of_era);
    const int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    const int64_t shifted = (5 * of_year + 2) / 153; /* 0 is March */
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = years + era * 400 + (*month <= 2);
}

/* Days of 0001-01-01 and 9999-12-31. */
enum {
    FIRST_DAY = -719162,
    LAST_DAY = 2932896
};

static PyObject *
refuse(const pyma_converter *self, int64_t value, const char *why)
{
    const ma_type *type = self->array->type;
    char name[64];
    return PyErr_Format(self->state->ArrowInvalid,
                        "the value %lld of type %s %s; the number itself is to be had from a "
                        "scalar's `value` or from to_numpy()",
                        (long long)value, ma_type_name(type, name, sizeof(name)), why);
}

/* ---- dates and times of day ---- */

static PyObject *
make_date(const pyma_converter *self, int64_t value, int64_t days)
{
    PyDateTime_CAPI *api = api_of(self->state);
    if (api == NULL) {
        return NULL;
    }
    if (days < FIRST_DAY || days > LAST_DAY) {
        return refuse(self, value, "lies outside the years 1 to 9999 of Python's dates");
    }
    int64_t year;
    int month, day;
    pyma_civil_from_days(days, &year, &month, &day);
    return api->Date_FromDate((int)year, month, day, api->DateType);
}

static PyObject *
make_date32(const pyma_converter *self, int64_t row)
{
    const int32_t days = ma_load_i32(self->data + 4 * row);
    return make_date(self, days, days);
}

static PyObject *
make_date64(const pyma_converter *self, int64_t row)
{
    const int64_t value = ma_load_i64(self->data + 8 * row);
    int64_t rest;
    return make_date(self, value, divide_down(value, INT64_C(86400000), &rest));
}

static PyObject *
make_time(const pyma_converter *self, int64_t row)
{
    const ma_type *type = self->array->type;
    const int64_t value =
        type->bits == 32 ? ma_load_i32(self->data + 4 * row) : ma_load_i64(self->data + 8 * row);
    PyDateTime_CAPI *api = api_of(self->state);
    if (api == NULL) {
        return NULL;
    }
    int64_t fraction;
    const int64_t second = divide_down(value, per_second[type->unit], &fraction);
    if (second < 0 || second >= SECONDS_PER_DAY) {
        return refuse(self, value, "is no time of day");
    }
    if (type->unit == MA_NANOSECOND && fraction % 1000 != 0) {
        return refuse(self, value, "has nanoseconds, which Python's time has not");
    }
    const int64_t micros = type->unit == MA_NANOSECOND
                               ? fraction / 1000
                               : fraction * (1000000 / per_second[type->unit]);
    return api->Time_FromTime((int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
                              (int)micros, Py_None, api->TimeType);
}

/* ---- timestamps and durations ---- */

/* pandas' object of this name for a number of nanoseconds; refused where there is no pandas. */
static PyObject *
make_with_pandas(const pyma_converter *self, const char *name, int64_t value, PyObject *zone)
{
    if (value == INT64_MIN) {
        return refuse(self, value, "is what pandas takes for no time at all (NaT)");
    }
    PyObject *pandas = PyImport_ImportModule("pandas");
    if (pandas == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_ImportError)) {
            return NULL;
        }
        PyErr_Clear();
        return refuse(self, value,
                      "has nanoseconds, which Python's datetime has not (pandas has, "
                      "and is not installed)");
    }
    PyObject *class = PyObject_GetAttrString(pandas, name);
    Py_DECREF(pandas);
    PyObject *args = class != NULL ? Py_BuildValue("(L)", (long long)value) : NULL;
    PyObject *kwargs = args != NULL ? Py_BuildValue("{s:s}", "unit", "ns") : NULL;
    PyObject *object = NULL;
    if (kwargs != NULL && (zone == NULL || PyDict_SetItemString(kwargs, "tz", zone) == 0)) {
        object = PyObject_Call(class, args, kwargs);
    }
    Py_XDECREF(class);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    if (object == NULL && PyErr_ExceptionMatches(PyExc_ValueError)) {
        PyErr_Clear();
        return refuse(self, value, "lies outside the years of pandas' time in its time zone");
    }
    return object;
}

/* A datetime in UTC that says it is in `zone`, moved there. */
static PyObject *
move_to_zone(const pyma_converter *self, int64_t value, PyObject *moment, PyObject *zone)
{
    PyObject *moved = PyObject_CallMethod(zone, "fromutc", "O", moment);
    Py_DECREF(moment);
    if (moved == NULL && PyErr_ExceptionMatches(PyExc_ArithmeticError)) {
        PyErr_Clear();
        return refuse(self, value, "lies outside the years 1 to 9999 in its time zone");
    }
    return moved;
}

static PyObject *
make_timestamp(const pyma_converter *self, int64_t row)
{
    const ma_type *type = self->array->type;
    const int64_t value = ma_load_i64(self->data + 8 * row);
    PyObject *zone = self->extra;
    PyDateTime_CAPI *api = api_of(self->state);
    if (api == NULL) {
        return NULL;
    }
    int64_t fraction;
    int64_t second;
    const int64_t all_seconds = divide_down(value, per_second[type->unit], &fraction);
    const int64_t days = divide_down(all_seconds, SECONDS_PER_DAY, &second);
    if (type->unit == MA_NANOSECOND && fraction % 1000 != 0) {
        return make_with_pandas(self, "Timestamp", value, zone);
    }
    if (days < FIRST_DAY || days > LAST_DAY) {
        return refuse(self, value, "lies outside the years 1 to 9999 of Python's datetime");
    }
    const int64_t micros = type->unit == MA_NANOSECOND
                               ? fraction / 1000
                               : fraction * (1000000 / per_second[type->unit]);
    int64_t year;
    int month, day;
    pyma_civil_from_days(days, &year, &month, &day);
    PyObject *moment = api->DateTime_FromDateAndTime(
        (int)year, month, day, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
        (int)micros, zone != NULL ? zone : Py_None, api->DateTimeType);
    if (moment == NULL || zone == NULL || strcmp(type->timezone, "UTC") == 0) {
        return moment;
    }
    return move_to_zone(self, value, moment, zone);
}

static PyObject *
make_duration(const pyma_converter *self, int64_t row)
{
    const ma_unit unit = self->array->type->unit;
    const int64_t value = ma_load_i64(self->data + 8 * row);
    PyDateTime_CAPI *api = api_of(self->state);
    if (api == NULL) {
        return NULL;
    }
    int64_t fraction;
    int64_t second;
    const int64_t all_seconds = divide_down(value, per_second[unit], &fraction);
    const int64_t days = divide_down(all_seconds, SECONDS_PER_DAY, &second);
    if (unit == MA_NANOSECOND && fraction % 1000 != 0) {
        return make_with_pandas(self, "Timedelta", value, NULL);
    }
    if (days < -999999999 || days > 999999999) {
        return refuse(self, value, "is longer than Python's timedelta can be");
    }
    const int64_t micros =
        unit == MA_NANOSECOND ? fraction / 1000 : fraction * (1000000 / per_second[unit]);
    return api->Delta_FromDelta((int)days, (int)second, (int)micros, 0, api->DeltaType);
}

int
pyma_temporal_open(pyma_converter *self)
{
    const ma_type *type = self->array->type;
    switch (type->id) {
    case MA_TYPE_DATE32:
        self->make = make_date32;
        return 0;
    case MA_TYPE_DATE64:
        self->make = make_date64;
        return 0;
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        self->make = make_time;
        return 0;
    case MA_TYPE_DURATION:
        self->make = make_duration;
        return 0;
    case MA_TYPE_TIMESTAMP:
        self->make = make_timestamp;
        /* an empty name of a zone is what some writers mean by none; only values need the zone */
        if (type->timezone != NULL && type->timezone[0] != '\0' &&
            ma_array_null_count(self->array) < self->array->length) {
            self->extra = pyma_zone_from_text(self->state, type->timezone);
            return self->extra != NULL ? 0 : -1;
        }
        return 0;
    default:
        PyErr_SetString(PyExc_SystemError, "a type that nobody converts");
        return -1;
    }
}

/* ---- text, for previews ---- */

static void
add_fraction(ma_text *out, int64_t fraction, ma_unit unit)
{
    static const int digits[] = {0, 3, 6, 9};
    if (unit != MA_SECOND) {
        ma_text_add(out, ".%0*lld", digits[unit], (long long)fraction);
    }
}

static void
add_clock(ma_text *out, int64_t second)
{
    ma_text_add(out, "%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60),
                (int)(second % 60));
}

static bool
add_day(ma_text *out, int64_t days)
{
    int64_t year;
    int month, day;
    /* what pyarrow's calendar can say: years of 16 bits */
    if (days < -12687428 || days > 11248737) {
        return false;
    }
    pyma_civil_from_days(days, &year, &month, &day);
    ma_text_add(out, "%s%04lld-%02d-%02d", year < 0 ? "-" : "",
                (long long)(year < 0 ? -year : year), month, day);
    return true;
}

static bool
add_moment(ma_text *out, int64_t value, const ma_type *type)
{
    int64_t fraction;
    int64_t second;
    const int64_t all_seconds = divide_down(value, per_second[type->unit], &fraction);
    if (!add_day(out, divide_down(all_seconds, SECONDS_PER_DAY, &second))) {
        return false;
    }
    ma_text_add(out, " ");
    add_clock(out, second);
    add_fraction(out, fraction, type->unit);
    ma_text_add(out, type->timezone != NULL && type->timezone[0] != '\0' ? "Z" : "");
    return true;
}

static bool
add_time(ma_text *out, int64_t value, ma_unit unit)
{
    int64_t fraction;
    const int64_t second = divide_down(value, per_second[unit], &fraction);
    if (second < 0 || second >= SECONDS_PER_DAY) {
        return false;
    }
    add_clock(out, second);
    add_fraction(out, fraction, unit);
    return true;
}

void
pyma_temporal_text(ma_text *out, const ma_type *type, int64_t value)
{
    int64_t rest;
    bool said = false;
    switch (type->id) {
    case MA_TYPE_DATE32:
        said = add_day(out, value);
        break;
    case MA_TYPE_DATE64:
        said = add_day(out, divide_down(value, INT64_C(86400000), &rest));
        break;
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        said = add_time(out, value, type->unit);
        break;
    case MA_TYPE_TIMESTAMP:
        said = add_moment(out, value, type);
        break;
    default:
        ma_text_add(out, "%lld", (long long)value); /* a duration */
        said = true;
        break;
    }
    if (!said) {
        ma_text_add(out, "<value out of range: %lld>", (long long)value);
    }
}
