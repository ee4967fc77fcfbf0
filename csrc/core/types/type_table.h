/* One row for each data type of the format; everything that differs by type is generated from it or
 * asks it. Adding a type is a row here, and the compiler then lists the switches to look at. */
#ifndef MA_TYPES_TYPE_TABLE_H
#define MA_TYPES_TYPE_TABLE_H

/* `format` is the C data interface's string ("" where it has parameters, and code builds it);
 * `bits` is the width of a value in the data buffer (0 where a value has none of its own, or a
 * parameter says it). */
#define MA_TYPE_TABLE(X)                                                        \
    /* id                      name                      format  bits layout */ \
    X(NULL,                    "null",                   "n",    0,   NULL)     \
    X(BOOL,                    "bool",                   "b",    1,   FIXED)    \
    X(INT8,                    "int8",                   "c",    8,   FIXED)    \
    X(UINT8,                   "uint8",                  "C",    8,   FIXED)    \
    X(INT16,                   "int16",                  "s",    16,  FIXED)    \
    X(UINT16,                  "uint16",                 "S",    16,  FIXED)    \
    X(INT32,                   "int32",                  "i",    32,  FIXED)    \
    X(UINT32,                  "uint32",                 "I",    32,  FIXED)    \
    X(INT64,                   "int64",                  "l",    64,  FIXED)    \
    X(UINT64,                  "uint64",                 "L",    64,  FIXED)    \
    X(FLOAT16,                 "halffloat",              "e",    16,  FIXED)    \
    X(FLOAT32,                 "float",                  "f",    32,  FIXED)    \
    X(FLOAT64,                 "double",                 "g",    64,  FIXED)    \
    X(DATE32,                  "date32",                 "tdD",  32,  FIXED)    \
    X(DATE64,                  "date64",                 "tdm",  64,  FIXED)    \
    X(TIME32,                  "time32",                 "",     32,  FIXED)    \
    X(TIME64,                  "time64",                 "",     64,  FIXED)    \
    X(TIMESTAMP,               "timestamp",              "",     64,  FIXED)    \
    X(DURATION,                "duration",               "",     64,  FIXED)    \
    X(INTERVAL_MONTHS,         "month_interval",         "tiM",  32,  FIXED)    \
    X(INTERVAL_DAY_TIME,       "day_time_interval",      "tiD",  64,  FIXED)    \
    X(INTERVAL_MONTH_DAY_NANO, "month_day_nano_interval", "tin", 128, FIXED)    \
    X(DECIMAL32,               "decimal32",              "",     32,  FIXED)    \
    X(DECIMAL64,               "decimal64",              "",     64,  FIXED)    \
    X(DECIMAL128,              "decimal128",             "",     128, FIXED)    \
    X(DECIMAL256,              "decimal256",             "",     256, FIXED)    \
    X(FIXED_SIZE_BINARY,       "fixed_size_binary",      "",     0,   FIXED)    \
    X(UTF8,                    "string",                 "u",    0,   BINARY32) \
    X(LARGE_UTF8,              "large_string",           "U",    0,   BINARY64) \
    X(UTF8_VIEW,               "string_view",            "vu",   0,   VIEW)     \
    X(BINARY,                  "binary",                 "z",    0,   BINARY32) \
    X(LARGE_BINARY,            "large_binary",           "Z",    0,   BINARY64) \
    X(BINARY_VIEW,             "binary_view",            "vz",   0,   VIEW)     \
    X(LIST,                    "list",                   "+l",   0,   LIST32)   \
    X(LARGE_LIST,              "large_list",             "+L",   0,   LIST64)   \
    X(LIST_VIEW,               "list_view",              "+vl",  0,   LIST_VIEW32) \
    X(LARGE_LIST_VIEW,         "large_list_view",        "+vL",  0,   LIST_VIEW64) \
    X(FIXED_SIZE_LIST,         "fixed_size_list",        "",     0,   FIXED_LIST) \
    X(MAP,                     "map",                    "+m",   0,   LIST32)   \
    X(STRUCT,                  "struct",                 "+s",   0,   STRUCT)   \
    X(SPARSE_UNION,            "sparse_union",           "",     0,   SPARSE_UNION) \
    X(DENSE_UNION,             "dense_union",            "",     0,   DENSE_UNION) \
    X(RUN_END_ENCODED,         "run_end_encoded",        "+r",   0,   RUN_END)  \
    X(DICTIONARY,              "dictionary",             "",     0,   DICTIONARY)

/* One row for each physical layout: its buffers in the order of the format, whether any number of
 * data buffers follows them, and how the rows of the children relate to the array's own
 * (Columnar.rst, "Buffer listing for each layout"). */
#define MA_LAYOUT_TABLE(X)                                                       \
    /* id           buffers                             n  variadic children */  \
    X(NULL,         NONE,     NONE,          NONE,      0, false,   NONE)        \
    X(FIXED,        VALIDITY, DATA,          NONE,      2, false,   NONE)        \
    X(BINARY32,     VALIDITY, OFFSETS32,     BYTES,     3, false,   NONE)        \
    X(BINARY64,     VALIDITY, OFFSETS64,     BYTES,     3, false,   NONE)        \
    X(VIEW,         VALIDITY, VIEWS,         NONE,      2, true,    NONE)        \
    X(LIST32,       VALIDITY, OFFSETS32,     NONE,      2, false,   BY_OFFSETS)  \
    X(LIST64,       VALIDITY, OFFSETS64,     NONE,      2, false,   BY_OFFSETS)  \
    X(LIST_VIEW32,  VALIDITY, LIST_OFFSETS32, SIZES32,  3, false,   BY_OFFSETS)  \
    X(LIST_VIEW64,  VALIDITY, LIST_OFFSETS64, SIZES64,  3, false,   BY_OFFSETS)  \
    X(FIXED_LIST,   VALIDITY, NONE,          NONE,      1, false,   MULTIPLIED)  \
    X(STRUCT,       VALIDITY, NONE,          NONE,      1, false,   ALIGNED)     \
    X(SPARSE_UNION, TYPE_IDS, NONE,          NONE,      1, false,   ALIGNED)     \
    X(DENSE_UNION,  TYPE_IDS, UNION_OFFSETS, NONE,      2, false,   BY_OFFSETS)  \
    X(RUN_END,      NONE,     NONE,          NONE,      0, false,   RUNS)        \
    X(DICTIONARY,   VALIDITY, DATA,          NONE,      2, false,   NONE)

#endif
