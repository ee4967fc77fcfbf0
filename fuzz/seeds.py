"""Makes the seeds of the fuzzers: small streams, files and schemas with every type and every frame.

    python seeds.py                 into the folders of seeds/

It needs minarrow and hypothesis, and makes the same bytes each time. Most come from the project's
own writer; what that does not write (the other byte order, odd padding, a dictionary replaced
between batches of one type) comes from the tests' oracle.
"""

import io
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests"), str(HERE.parent / "tests" / "any")]

from anything import Maker  # noqa: E402
from oracle import messages, reading  # noqa: E402
from oracle.encoder import Encoder, sheet_of  # noqa: E402

import minarrow as ma  # noqa: E402

INT = ma.int32()
TEXT = ma.string()
ENTRIES = [ma.field("a", ma.int8()), ma.field("b", TEXT)]
TYPES = {
    "null": [ma.null()],
    "bool": [ma.bool_()],
    "signed": [ma.int8(), ma.int16(), ma.int32(), ma.int64()],
    "unsigned": [ma.uint8(), ma.uint16(), ma.uint32(), ma.uint64()],
    "floats": [ma.float16(), ma.float32(), ma.float64()],
    "decimals": [ma.decimal32(5, 2), ma.decimal64(9), ma.decimal128(38, -3), ma.decimal256(76, 5)],
    "dates": [ma.date32(), ma.date64()],
    "times": [ma.time32("s"), ma.time32("ms"), ma.time64("us"), ma.time64("ns")],
    "timestamps": [ma.timestamp("s"), ma.timestamp("ns", "Europe/Berlin")],
    "durations": [ma.duration("ms")],
    "intervals": [ma.month_interval(), ma.day_time_interval(), ma.month_day_nano_interval()],
    "string": [TEXT],
    "large-string": [ma.large_string()],
    "string-view": [ma.string_view()],
    "binary": [ma.binary(), ma.large_binary()],
    "binary-view": [ma.binary_view(), ma.binary_view()],
    "fixed-binary": [ma.binary(3), ma.binary(0)],
    "list": [ma.list_(INT)],
    "large-list": [ma.large_list(TEXT)],
    "list-view": [ma.list_view(INT)],
    "large-list-view": [ma.large_list_view(ma.bool_())],
    "list-view-nested": [ma.list_view(ma.list_view(ma.list_view(ma.int8())))],
    "fixed-list": [ma.list_(INT, 2), ma.list_(ma.int8(), 0)],
    "map": [ma.map_(TEXT, INT)],
    "map-sorted": [ma.map_(ma.int8(), ma.list_(INT), keys_sorted=True)],
    "map-of-encoded-keys": [
        ma.map_(ma.dictionary(ma.int8(), TEXT), INT),
        ma.map_(ma.run_end_encoded(INT, ma.dictionary(ma.int8(), TEXT)), INT),
    ],
    "struct": [ma.struct(ENTRIES), ma.struct([])],
    "sparse-union": [ma.sparse_union(ENTRIES, [5, 2])],
    "dense-union": [ma.dense_union(ENTRIES, [0, 127])],
    "runs": [ma.run_end_encoded(ma.int16(), TEXT), ma.run_end_encoded(ma.int64(), INT)],
    "dictionary": [ma.dictionary(ma.int8(), TEXT)],
    "dictionary-wide": [ma.dictionary(ma.uint64(), ma.float64(), ordered=True)],
    "dictionary-of-lists": [ma.dictionary(ma.int16(), ma.list_(TEXT))],
    "dictionary-nested": [
        ma.dictionary(ma.int32(), ma.struct([ma.field("x", ma.dictionary(ma.int8(), TEXT))]))
    ],
    "dictionary-of-many": [
        ma.dictionary(ma.int8(), values)
        for values in (
            *(ma.bool_(), ma.string_view(), ma.list_(INT, 2), ma.list_view(ma.int8()), ma.null()),
            *(ma.dense_union(ENTRIES), ma.sparse_union(ENTRIES), ma.map_(ma.int8(), TEXT)),
            *(ma.run_end_encoded(INT, TEXT), ma.struct(ENTRIES)),
        )
    ],
    "runs-of-many": [
        ma.run_end_encoded(INT, values)
        for values in (ma.bool_(), ma.list_(TEXT), ma.dense_union(ENTRIES), ma.struct(ENTRIES))
    ],
    "list-of-structs": [ma.list_(ma.struct([*ENTRIES, ma.field("c", ma.list_(ma.bool_()))]))],
    "union-of-all": [ma.dense_union([ma.field("l", ma.list_(INT)), ma.field("n", ma.null())])],
    "list-of-dictionaries": [ma.list_(ma.dictionary(ma.int8(), TEXT))],
    "runs-of-dictionary": [ma.run_end_encoded(INT, ma.dictionary(ma.uint8(), TEXT))],
    "no-columns": [],
}
# what the frames below are tried with: one type of each layout
MIXED = [
    *(ma.bool_(), ma.int64(), TEXT, ma.string_view(), ma.list_(ma.int16())),
    *(ma.struct(ENTRIES), ma.dictionary(ma.int8(), TEXT)),
]
UNIONS = [ma.sparse_union(ENTRIES), ma.dense_union(ENTRIES), ma.run_end_encoded(INT, TEXT)]
V4 = ma.ipc.MetadataVersion.V4
FRAMES = {
    "lz4": dict(compression="lz4"),
    "zstd": dict(compression="zstd"),
    "v4": dict(metadata_version=V4),
    "v4-lz4": dict(metadata_version=V4, compression="lz4"),
    "legacy": dict(metadata_version=V4, use_legacy_format=True),
    "wide": dict(alignment=64),
    "deltas": dict(emit_dictionary_deltas=True),
    "unified": dict(unify_dictionaries=True),
}


def schema_of(types, metadata=None):
    names = "abcdefghij"
    fields = [ma.field(names[i], type_) for i, type_ in enumerate(types)]
    return ma.schema(fields, metadata=metadata)


def batches_of(schema, rows, seed=1):
    make = Maker(random.Random(seed))
    return [make.batch(schema, n) for n in rows]


def written(new, schema, batches, **options):
    """The bytes of a stream or a file; a file's dictionaries cannot change."""
    sink = io.BytesIO()
    with new(sink, schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def repeated(schema, rows, count=2):
    """Batches that share their dictionaries."""
    return batches_of(schema, [rows]) * count


def streams():
    for name, types in TYPES.items():
        schema = schema_of(types)
        yield name, written(ma.ipc.new_stream, schema, batches_of(schema, [5, 3]))
    schema = schema_of(MIXED, {"k": "v", "": b"\xff\0"})
    for name, options in FRAMES.items():
        wide = batches_of(schema, [9, 30])
        yield f"mixed-{name}", written(ma.ipc.new_stream, schema, wide, **options)
    unions = schema_of(UNIONS)
    yield "unions-v4", written(
        ma.ipc.new_stream, unions, batches_of(unions, [7]), metadata_version=V4
    )
    yield "no-rows", written(ma.ipc.new_stream, schema, batches_of(schema, [0]))
    yield "no-batches", written(ma.ipc.new_stream, schema, [])
    sliced = [batch.slice(3, 4) for batch in batches_of(schema, [20])]
    yield "sliced", written(ma.ipc.new_stream, schema, sliced)
    for name, sheet in odd_sheets():
        yield name, sheet.stream()


def files():
    for name in ("bool", "string-view", "list-view", "map", "dictionary", "runs", "no-columns"):
        schema = schema_of(TYPES[name])
        yield name, written(ma.ipc.new_file, schema, repeated(schema, 5))
    schema = schema_of(MIXED, {"k": "v"})
    for name, options in FRAMES.items():
        if not options.get("use_legacy_format"):
            yield f"mixed-{name}", written(ma.ipc.new_file, schema, repeated(schema, 9), **options)
    yield "no-batches", written(ma.ipc.new_file, schema, [])
    data = written(ma.ipc.new_file, schema, repeated(schema, 40))
    for access in range(4):  # what fuzz_file reads in the padding of the first magic
        yield f"parts-{access}", data[:6] + bytes([access, 0x29]) + data[8:]
    yield "parts-of-structs", data[:6] + b"\x01\xb0" + data[8:]
    for name, sheet in odd_sheets():
        yield name, sheet.file()


def odd_sheets():
    """What others write: the other byte order, bodies in any order, dictionaries that grow."""
    for name, types in {"mixed": MIXED, "unions": UNIONS, "views": TYPES["binary-view"],
                        "decimals": TYPES["decimals"], "intervals": TYPES["intervals"]}.items():
        schema = schema_of(types)
        data = written(ma.ipc.new_stream, schema, batches_of(schema, [4, 3], seed=2))
        case = reading.read_stream(data)
        yield f"{name}-big-endian", sheet_of(case, endianness=messages.BIG)
        yield f"{name}-odd", sheet_of(case, random.Random(3), version=messages.V4)


    yield "unions-with-nulls", old_unions()


def old_unions():
    """Unions with nulls of their own, as they were before V5."""
    schema = schema_of(UNIONS[:2])
    case = reading.read_stream(written(ma.ipc.new_stream, schema, batches_of(schema, [7, 5])))
    sheet = messages.Sheet(version=messages.V4)
    sheet.add_schema(case.fields)
    for batch in case.batches:
        columns = list(map(Encoder().column, case.fields, batch.columns))
        for column in columns:
            column.buffers[0] = b"\x2d"
        sheet.add_batch(columns, batch.num_rows)
    return sheet


def roundtrips():
    """Streams whose dictionaries change, and behind them how fuzz_roundtrip is to write them."""
    for name in ("dictionary", "dictionary-wide", "dictionary-of-lists", "list-of-dictionaries"):
        schema = schema_of(TYPES[name])
        for switches in (b"\x10\x02", b"\x20\x00", b"\x30\x01", b"\x61\x1a"):
            data = written(ma.ipc.new_stream, schema, batches_of(schema, [5, 4, 6, 3]))
            yield f"{name}-{switches.hex()}", data + switches
    schema = schema_of(UNIONS)
    yield "unions-to-v4", written(ma.ipc.new_stream, schema, batches_of(schema, [6])) + b"\x86\x01"


def schemas():
    """The flatbuffers of schema messages, and of footers."""
    for name, types in TYPES.items():
        data = written(ma.ipc.new_stream, schema_of(types, {"k": "v"}), [])
        yield name, flatbuffer_of(data)
    schema = schema_of(MIXED, {"k": "v"})
    data = written(ma.ipc.new_file, schema, repeated(schema, 3))
    size = int.from_bytes(data[-10:-6], "little")
    yield "footer", data[-10 - size : -10]
    yield "batch", second_flatbuffer(data[8:])


def flatbuffer_of(data):
    size = int.from_bytes(data[4:8], "little")
    return data[8 : 8 + size]


def second_flatbuffer(data):
    """A schema message has no body, so the next message lies right behind it."""
    return flatbuffer_of(data[8 + int.from_bytes(data[4:8], "little") :])


def main():
    total = 0
    makers = {"stream": streams, "roundtrip": roundtrips, "file": files, "schema": schemas}
    for target, made in makers.items():
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in made():
            (folder / name).write_bytes(data)
            total += len(data)
    print(f"{total} bytes")


if __name__ == "__main__":
    main()
