"""Files that other implementations wrote, value by value, and again after we wrote them.

For each there is the same data as a stream, as a file and as JSON; the JSON is what both must say.
"""

import itertools
import os
import re
from functools import cache
from pathlib import Path

import pytest
from oracle import integration_json
from oracle.fields import describe_schema
from oracle.layout import raw_columns

import minarrow as ma

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("MINARROW_TESTDATA") or ROOT.parent / "shared") / "golden"
CASES = sorted(DATA.glob("*/*.json.gz"))
KINDS = ("stream", "arrow_file")
CODECS = (None, "lz4", "zstd")
FORMS = [
    {"alignment": alignment, "metadata_version": version, "use_legacy_format": legacy}
    for alignment, version, legacy in itertools.product(
        (8, 64), (ma.ipc.MetadataVersion.V4, ma.ipc.MetadataVersion.V5), (False, True)
    )
]

pytestmark = pytest.mark.skipif(
    not CASES, reason=f"no golden files in {DATA}; MINARROW_TESTDATA names the folder that has them"
)
each_source = pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            path.with_name(path.name.replace("json.gz", kind)),
            id=f"{path.parent.name}-{path.name[10:-8]}-{kind}",
        )
        for path in CASES
        for kind in KINDS
    ],
)


@cache
def expected(source):
    """What the JSON beside a file says."""
    return integration_json.read(source.with_name(f"{source.stem}.json.gz"))


def read(module, source, kind):
    """Schema and batches of a stream or file, by minarrow or pyarrow."""
    if kind == "stream":
        reader = module.ipc.open_stream(source)
        return reader.schema, list(reader)
    reader = module.ipc.open_file(source)
    return reader.schema, [reader.get_batch(i) for i in range(reader.num_record_batches)]


def write(schema, batches, kind, **options):
    """Bytes of a stream or file with these batches, by us."""
    sink = ma.BufferOutputStream()
    new = ma.new_stream if kind == "stream" else ma.new_file
    with new(sink, schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def with_plain_map_names(field):
    """A description whose maps' children have the names that the format recommends."""
    children = [with_plain_map_names(child) for child in field["children"]]
    if field["type"][0] == "map":
        key, value = children[0]["children"]
        entries = [key | {"name": "key"}, value | {"name": "value"}]
        children = [children[0] | {"name": "entries", "children": entries}]
    return field | {"children": children}


def check(source, schema, batches):
    """Schema and batches are what the JSON says."""
    case = expected(source)
    fields, metadata = case.fields, case.metadata
    if source.stem == "generated_map_non_canonical" and source.suffix == ".stream":
        # who wrote it renamed the children, as looking into it shows
        fields = [with_plain_map_names(field) for field in fields]
    assert describe_schema(schema) == (fields, metadata)
    assert [batch.num_rows for batch in batches] == [batch.num_rows for batch in case.batches]
    for number, (batch, wanted) in enumerate(zip(batches, case.batches, strict=True)):
        for field, got, values in zip(fields, raw_columns(batch), wanted.columns, strict=True):
            assert got == values, f"batch {number}, column {field['name']!r}"


@each_source
def test_schema_and_values_are_those_of_the_json(source):
    schema, batches = read(ma, source, source.suffix[1:])
    check(source, schema, batches)
    for batch in batches:
        batch.validate(full=True)


NOT_FOR_PYTHON = "from a scalar's `value`|field name that occurs twice"


@each_source
def test_python_values_can_be_made_of_all(source):
    _, batches = read(ma, source, source.suffix[1:])
    for batch, wanted in zip(batches, expected(source).batches, strict=True):
        for column, values in zip(batch.columns, wanted.columns, strict=True):
            try:
                rows = column.to_pylist()
            except ma.ArrowInvalid as error:
                assert re.search(NOT_FOR_PYTHON, str(error))
                continue
            assert len(rows) == len(values)
            if "union" not in str(column.type):
                assert [row is None for row in rows] == [value is None for value in values]


def needs(codec):
    if codec is not None and not ma._core.codec_is_available(codec):
        pytest.skip(f"this build has no {codec}")


@pytest.mark.parametrize("codec", CODECS)
@each_source
def test_what_we_write_of_it_says_the_same(source, codec):
    needs(codec)
    schema, batches = read(ma, source, source.suffix[1:])
    for form, kind in itertools.product(FORMS, KINDS):
        data = write(schema, batches, kind, compression=codec, **form)
        check(source, *read(ma, data, kind))


@pytest.mark.parametrize("codec", CODECS)
@each_source
def test_pyarrow_reads_the_same_from_what_we_write_of_it(source, codec):
    pa = pytest.importorskip("pyarrow")
    needs(codec)
    schema, batches = read(ma, source, source.suffix[1:])
    their_schema, theirs = read(pa, source, source.suffix[1:])
    for form, kind in itertools.product(FORMS, KINDS):
        data = write(schema, batches, kind, compression=codec, **form)
        got_schema, got = read(pa, pa.py_buffer(data), kind)
        assert got_schema.equals(their_schema, check_metadata=True), form
        assert len(got) == len(theirs)
        for mine, their in zip(got, theirs, strict=True):
            assert mine.equals(their, check_metadata=True), form
