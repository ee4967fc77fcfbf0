"""Data types, fields and schemas: pyarrow's names, and what it says of them."""

import copy
import datetime
import pickle
import zoneinfo

import pytest

import minarrow as ma

# expressions over `m`, which is minarrow or pyarrow
TYPES = [
    "m.null()", "m.bool_()",
    "m.int8()", "m.int16()", "m.int32()", "m.int64()",
    "m.uint8()", "m.uint16()", "m.uint32()", "m.uint64()",
    "m.float16()", "m.float32()", "m.float64()",
    "m.string()", "m.utf8()", "m.large_string()", "m.string_view()",
    "m.binary()", "m.binary(0)", "m.binary(16)", "m.large_binary()", "m.binary_view()",
    "m.date32()", "m.date64()",
    "m.time32('s')", "m.time32('ms')", "m.time64('us')", "m.time64('ns')",
    "m.timestamp('s')", "m.timestamp('ns', tz='Europe/Berlin')", "m.timestamp('us', '+01:00')",
    "m.duration('ms')", "m.month_day_nano_interval()",
    "m.decimal32(9, 2)", "m.decimal64(18)", "m.decimal128(38, 37)", "m.decimal256(76, -3)",
    "m.list_(m.int8())", "m.list_(m.field('x', m.int8(), nullable=False))", "m.list_(m.int8(), 3)",
    "m.large_list(m.string())", "m.list_view(m.int8())", "m.large_list_view(m.int8())",
    "m.map_(m.string(), m.int32())", "m.map_(m.string(), m.int32(), keys_sorted=True)",
    "m.struct([])", "m.struct([('a', m.int8()), m.field('b', m.bool_(), nullable=False)])",
    "m.struct({'a': m.int8()})",
    "m.sparse_union([m.field('a', m.int8()), m.field('b', m.bool_())])",
    "m.dense_union([m.field('a', m.int8())], [5])",
    "m.union([m.field('a', m.int8())], 'dense')",
    "m.dictionary(m.int8(), m.string())",
    "m.dictionary(m.uint64(), m.list_(m.int8()), ordered=True)",
]  # fmt: skip
OURS = ["m.month_interval()", "m.day_time_interval()", "m.run_end_encoded(m.int16(), m.string())"]

ATTRIBUTES = """
    id bit_width byte_width num_fields num_buffers unit tz precision scale list_size
    value_type value_field key_type key_field item_type item_field keys_sorted index_type
    ordered mode type_codes run_end_type
""".split()  # noqa: SIM905 - a list of words reads better so


def make(expression, module=ma):
    return eval(expression, {"m": module})


def said(value):
    return repr(value).replace("pyarrow.", "").replace("minarrow.", "")


@pytest.mark.parametrize("expression", TYPES)
def test_types_say_what_pyarrow_says(expression):
    pyarrow = pytest.importorskip("pyarrow")
    ours, theirs = make(expression), make(expression, pyarrow)
    assert str(ours) == str(theirs)
    assert said(ours) == said(theirs)
    assert said([ours.field(i) for i in range(ours.num_fields)]) == said(
        [theirs.field(i) for i in range(theirs.num_fields)]
    )
    for name in ATTRIBUTES:
        try:
            expected = getattr(theirs, name)
        except AttributeError:
            assert not hasattr(ours, name), name
        except ValueError:
            with pytest.raises(ValueError):
                getattr(ours, name)
        else:
            assert said(getattr(ours, name)) == said(expected), name


@pytest.mark.parametrize("expression", TYPES + OURS)
def test_types_are_values(expression):
    ours = make(expression)
    again = make(expression)
    assert ours == again and hash(ours) == hash(again)
    assert ours.equals(again, check_metadata=True)
    assert sum(ours == make(other) for other in TYPES + OURS) <= 3  # aliases
    assert ours != 1 and ours != "no type"
    assert bool(ours)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(ours, protocol)).equals(ours, check_metadata=True)
    assert copy.deepcopy(ours) == ours


@pytest.mark.parametrize(
    "alias",
    ["int64", "i8", "bool", "str", "double", "date32[day]", "timestamp[us]", "duration[ns]"],
)
def test_names_stand_for_types(alias):
    pyarrow = pytest.importorskip("pyarrow")
    assert str(ma.type_for_alias(alias)) == str(pyarrow.type_for_alias(alias))
    assert ma.type_for_alias(alias) == alias
    assert ma.field("x", alias).type == ma.list_(alias).value_type


@pytest.mark.parametrize(
    "zone, text",
    [
        ("UTC", "UTC"),
        (datetime.UTC, "UTC"),
        (datetime.timezone(datetime.timedelta(hours=-3, minutes=-30)), "-03:30"),
        (zoneinfo.ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
        ("", None),
    ],
)
def test_zones_become_text(zone, text):
    assert ma.timestamp("us", tz=zone).tz == text


@pytest.mark.parametrize(
    "expression, kind, text",
    [
        ("m.timestamp('xx')", ValueError, "no such time unit"),
        ("m.timestamp('us', tz=3)", TypeError, "time zone"),
        ("m.time32('us')", ValueError, "time32"),
        ("m.decimal128(39)", ValueError, "1 to 38"),
        ("m.binary(-2)", ValueError, "width"),
        ("m.list_(3)", TypeError, "DataType"),
        ("m.list_(m.int8(), -3)", ValueError, "list_size"),
        ("m.dictionary(m.string(), m.string())", TypeError, "integers"),
        ("m.run_end_encoded(m.int8(), m.string())", ValueError, "run ends"),
        ("m.dense_union([m.field('a', m.int8())], [5, 6])", ValueError, "type codes"),
        ("m.dense_union([m.field('a', m.int8())], [128])", ValueError, "0 to 127"),
        ("m.struct([3])", TypeError, "Field"),
        ("m.type_for_alias('decimal')", ValueError, "no type"),
        ("m.int8().field(0)", IndexError, "out of bounds"),
        ("m.struct([('a', m.int8())])['b']", KeyError, "b"),
        ("m.DataType()", TypeError, "functions"),
        ("len(m.int8())", TypeError, "int8"),
    ],
)
def test_what_is_no_type_says_why(expression, kind, text):
    with pytest.raises(kind, match=text):
        make(expression)


def test_structs_are_containers_of_fields():
    struct = ma.struct([("a", ma.int8()), ("b", ma.bool_()), ("b", ma.string())])
    assert [field.name for field in struct] == ["a", "b", "b"] == struct.names
    assert len(struct) == 3 and struct["a"] == struct[0] == struct.field("a")
    assert struct.get_field_index("a") == 0 and struct.get_field_index("b") == -1
    assert struct.get_all_field_indices("b") == [1, 2]


def test_fields():
    field = ma.field("a", ma.int32(), nullable=False, metadata={"k": b"\xff"})
    assert (field.name, field.type, field.nullable) == ("a", ma.int32(), False)
    assert field.metadata == {b"k": b"\xff"}
    assert said(field) == "Field<a: int32 not null>"
    assert field == ma.field("a", "int32", False) and hash(field) == hash(
        ma.field("a", "int32", False)
    )
    assert not field.equals(ma.field("a", "int32", False), check_metadata=True)
    changed = field.with_name("b").with_type("int64").with_nullable(True).with_metadata({"x": "y"})
    assert changed.equals(ma.field("b", "int64", metadata={b"x": b"y"}), check_metadata=True)
    assert field.remove_metadata().metadata is None
    assert pickle.loads(pickle.dumps(field)).equals(field, check_metadata=True)
    assert ma.field(field, nullable=True).nullable
    with pytest.raises(TypeError, match="name of a field"):
        ma.field(3, ma.int8())


def test_names_that_are_no_utf8_survive():
    field = ma.field(b"a\xff", ma.int8())
    assert field.name == "a\udcff"
    assert ma.field(field.name, ma.int8()) == field
    assert ma.schema([field]).get_field_index(field.name) == 0


def test_schemas_look_like_pyarrows():
    pyarrow = pytest.importorskip("pyarrow")

    def make_schema(m):
        fields = [
            ("a", m.int32()),
            m.field("b", m.list_(m.string()), nullable=False, metadata={"x": "y"}),
            m.field("c", m.struct([("d", m.map_(m.string(), m.bool_()))])),
        ]
        return m.schema(fields, metadata={"m": "n", "long": "x" * 200})

    ours, theirs = make_schema(ma), make_schema(pyarrow)
    assert str(ours) == str(theirs)
    for options in ({"show_field_metadata": False}, {"show_schema_metadata": False}):
        assert ours.to_string(**options) == theirs.to_string(**options)
    assert "x" * 200 in ours.to_string(truncate_metadata=False)
    assert said(ours.types) == said(theirs.types)
    assert ours.metadata == theirs.metadata


def test_schemas():
    schema = ma.schema({"a": ma.int32(), "b": "string"}, metadata=[("k", "1"), ("k", "2")])
    assert schema.names == ["a", "b"] and schema.types == [ma.int32(), ma.string()]
    assert len(schema) == 2 and list(schema) == [schema[0], schema["b"]]
    assert schema.field("b") == schema.field(-1) == schema[1]
    assert "a" in schema and "z" not in schema and schema[0] in schema
    assert schema.metadata == {b"k": b"1"}
    assert schema == ma.schema(list(schema)) and hash(schema) == hash(ma.schema(list(schema)))
    assert not schema.equals(ma.schema(list(schema)), check_metadata=True)
    new = ma.field("n", ma.bool_())
    assert schema.append(new).names == ["a", "b", "n"]
    assert schema.insert(0, new).names == ["n", "a", "b"]
    assert schema.set(1, new).names == ["a", "n"]
    assert schema.remove(0).names == ["b"]
    assert schema.with_metadata({"q": "r"}).metadata == {b"q": b"r"}
    assert schema.remove_metadata().metadata is None
    assert ma.schema(schema) is schema
    assert pickle.loads(pickle.dumps(schema)).equals(schema)
    for key, kind in (("z", KeyError), (9, IndexError), (2.0, TypeError)):
        with pytest.raises(kind):
            schema.field(key)
    for wrong in (lambda: schema.insert(9, new), lambda: schema.remove(-1)):
        with pytest.raises(ma.ArrowInvalid, match="no place"):
            wrong()
    twice = schema.append(schema[0])
    assert twice.get_field_index("a") == -1 and twice.get_all_field_indices("a") == [0, 2]
    with pytest.raises(KeyError, match="several times"):
        twice.field("a")


def test_exceptions_are_pyarrows():
    pyarrow = pytest.importorskip("pyarrow")
    for name in ("Exception", "Invalid", "TypeError", "KeyError", "IndexError",
                 "NotImplementedError", "MemoryError"):  # fmt: skip
        ours, theirs = getattr(ma, f"Arrow{name}"), getattr(pyarrow.lib, f"Arrow{name}")
        assert [c.__name__ for c in ours.__mro__] == [c.__name__ for c in theirs.__mro__]
        assert str(ours("some words")) == "some words"
        assert ours.offset is None and ours.path is None and ours.message_number is None
