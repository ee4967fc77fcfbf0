"""What the tests compare with: readings of Arrow data that share no code with the library.

Reading: ``golden`` finds the golden cases, ``integration_json`` reads their JSON, ``columns`` and
``layout`` decode the buffers of arrays, ``raw_values`` asks pyarrow's scalars, ``fields`` says in
plain words what a schema is, and ``reading`` reads whole streams and files.

Making: ``strategies`` draws schemas and data, ``encoder`` lays values out in buffers, ``messages``
and ``type_tables`` frame them, and ``builder`` makes the flatbuffers. ``flatbuf`` finds where in a
stream or file a number stands, and damages it there.

All of them give the same raw values: an int for whatever is stored as an integer (dates, times,
unscaled decimals ...), a float, True or False, bytes for binary, str for text, a tuple of numbers
for an interval of several, a list for a list, a list of (name, value) for a struct (names may
repeat) and of (key, value) for a map, (type id, value) for a union; what a dictionary or a run
stands for; None for null. Every NaN is the one object ``NAN``, so that == between lists takes them
as equal.
"""

import math

NAN = math.nan


def raw_float(number):
    """The number, or the one NaN."""
    return NAN if number != number else number
