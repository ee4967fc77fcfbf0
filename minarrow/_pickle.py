"""How types, schemas, arrays, scalars and batches are pickled. Imported only when one is."""

import pickle

from . import _core


def _make_type(name, *args):
    return getattr(_core, name)(*args)


# the class that pyarrow has for a type, which repr shows -> the factory and the attributes it takes
_FACTORIES = {
    "FixedSizeBinaryType": ("binary", "byte_width"),
    "TimestampType": ("timestamp", "unit", "tz"),
    "Time32Type": ("time32", "unit"),
    "Time64Type": ("time64", "unit"),
    "DurationType": ("duration", "unit"),
    "Decimal32Type": ("decimal32", "precision", "scale"),
    "Decimal64Type": ("decimal64", "precision", "scale"),
    "Decimal128Type": ("decimal128", "precision", "scale"),
    "Decimal256Type": ("decimal256", "precision", "scale"),
    "ListType": ("list_", "value_field"),
    "LargeListType": ("large_list", "value_field"),
    "ListViewType": ("list_view", "value_field"),
    "LargeListViewType": ("large_list_view", "value_field"),
    "FixedSizeListType": ("list_", "value_field", "list_size"),
    "StructType": ("struct", "fields"),
    "SparseUnionType": ("sparse_union", "fields", "type_codes"),
    "DenseUnionType": ("dense_union", "fields", "type_codes"),
    "MapType": ("map_", "key_field", "item_field", "keys_sorted"),
    "DictionaryType": ("dictionary", "index_type", "value_type", "ordered"),
}


def reduce_type(type):
    kind = repr(type).partition("(")[0]
    if kind == "RunEndEncodedType":
        return _make_type, ("run_end_encoded", *type.fields)
    if kind in _FACTORIES:
        factory, *attributes = _FACTORIES[kind]
        return _make_type, (factory, *(getattr(type, name) for name in attributes))
    return _make_type, ("type_for_alias", str(type))


def _pairs(metadata):
    return None if metadata is None else getattr(metadata, "pairs", None) or list(metadata.items())


def _make_field(name, type, nullable, metadata):
    return _core.field(name, type, nullable=nullable, metadata=metadata)


def reduce_field(field):
    return _make_field, (field.name, field.type, field.nullable, _pairs(field.metadata))


def _make_schema(fields, metadata):
    return _core.schema(fields, metadata=metadata)


def reduce_schema(schema):
    return _make_schema, (list(schema), _pairs(schema.metadata))


def _make_array(type, length, buffers, children, dictionary):
    return _core.array_from_parts(
        type,
        length,
        [None if buffer is None else _core.py_buffer(buffer) for buffer in buffers],
        children=children,
        dictionary=dictionary,
        full=True,
    )


def reduce_array(array, protocol):
    """As little as the rows need; buffers go out of band where the protocol can do that."""
    type = array.type
    plain = _core.array_with_type(_core.compact_array(array), type.storage_type)
    wrap = pickle.PickleBuffer if protocol >= 5 else bytes
    buffers = [None if buffer is None else wrap(buffer) for buffer in _core.own_buffers(plain)]
    children = _core.children(plain)
    dictionary = getattr(plain, "dictionary", None)
    return _make_array, (type, len(plain), buffers, children, dictionary)


def _only_row(array):
    return _core.Array.__getitem__(array, 0)


def reduce_scalar(array):
    return _only_row, (array,)


def _make_batch(schema, num_rows, columns):
    if not columns:
        return _core.empty_batch(schema, num_rows)
    return _core.RecordBatch.from_arrays(columns, schema=schema)


def reduce_batch(batch, protocol):
    return _make_batch, (batch.schema, batch.num_rows, batch.columns)
