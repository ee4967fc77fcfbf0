"""Small inputs made by hand that would hurt a reader who believes them."""

import struct

from hostile.amplified import ARRAYS, stream
from hostile.damaged import COLUMNS, last_message, put, stream_of
from oracle import flatbuf

INPUTS = {}
VALID = set()  # those that are odd, but as the format has it


def made_by_hand(function):
    """Add a function that gives bytes, under its own name."""
    INPUTS[function.__name__] = function
    return function


@made_by_hand
def nothing_but_a_prefix():
    return struct.pack("<Ii", 0xFFFFFFFF, 2**31 - 8)


@made_by_hand
def a_file_of_two_magic_words():
    return b"ARROW1\0\0" + struct.pack("<i", 2**31 - 1) + b"ARROW1"


@made_by_hand
def metadata_that_points_at_itself():
    data = stream_of("structs")
    for at in range(8, flatbuf.messages(data)[0].body_at - 4, 4):
        put(data, at, 0)
    return bytes(data)


@made_by_hand
def a_batch_of_all_rows_there_can_be():
    data = stream_of("full")
    batch = last_message(data).batch
    batch.set("length", 2**63 - 1)
    batch.nodes[0].set("length", 2**63 - 1)
    return bytes(data)


@made_by_hand
def a_body_of_all_bytes_there_can_be():
    data = stream_of("full")
    last_message(data).set("body_size", 2**63 - 8)
    return bytes(data)


def _with_extremes(kind):
    def make():
        data = stream_of(kind)
        message = last_message(data)
        for at in range(message.body_at, message.end, 4):
            put(data, at, 2**31 - 1)
        return bytes(data)

    return make


for _kind in COLUMNS:
    INPUTS[f"extremes_in_{_kind.replace(' ', '_')}"] = _with_extremes(_kind)
VALID |= {f"extremes_in_{kind}" for kind in ("numbers", "full", "bools", "decimals", "nothing")}

for _name, _make in ARRAYS.items():
    INPUTS[_name] = lambda make=_make: stream(make())
VALID |= set(ARRAYS)
