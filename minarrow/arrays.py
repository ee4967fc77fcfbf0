"""Arrays put together from their parts, under the names that pyarrow has for it.

These classes are never instantiated: what they make, and what any array is, is an ``Array``; so
``isinstance`` asks an array for its type.
"""

from . import _core

__all__ = [
    "DictionaryArray",
    "FixedSizeListArray",
    "LargeListArray",
    "LargeListViewArray",
    "ListArray",
    "ListViewArray",
    "MapArray",
    "RunEndEncodedArray",
    "StructArray",
    "UnionArray",
]


class _OfKind(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, _core.Array) and str(instance.type).startswith(cls._kinds)


class _Kind(metaclass=_OfKind):
    _kinds = ()

    def __new__(cls, *args, **kwargs):
        raise TypeError(f"{cls.__name__} is not called: arrays are made by its from_... functions")


def _array(values, type=None):
    return values if isinstance(values, _core.Array) else _core.array(values, type=type)


def _buffers(array, *more):
    """Validity and data of an array of plain values, which must begin at its buffers' start."""
    array = _core.compact_array(array)
    return _core.own_buffers(array)


def _validity(mask, length):
    """(null_count, bitmap) of a mask of bool that is True where a row is null."""
    if mask is None:
        return 0, None
    mask = _array(mask, _core.bool_())
    if str(mask.type) != "bool" or len(mask) != length or mask.null_count:
        raise _core.ArrowInvalid(f"a mask is an array of bool of {length} rows, without nulls")
    valid = _core.array([not null for null in mask.to_pylist()], type=_core.bool_())
    return -1, _core.own_buffers(valid)[1]


class DictionaryArray(_Kind):
    """Arrays of indices into a dictionary."""

    _kinds = ("dictionary<",)

    @staticmethod
    def from_arrays(indices, dictionary, mask=None, ordered=False, from_pandas=False, safe=True):
        """From indices and dictionary. With `safe`, indices that point outside are refused now."""
        indices = _array(indices)
        dictionary = _array(dictionary)
        type = _core.dictionary(indices.type, dictionary.type, ordered)
        validity, data = _buffers(indices)
        if mask is not None:
            if indices.null_count:
                raise _core.ArrowInvalid("give nulls in the indices or in a mask, not both")
            validity = _validity(mask, len(indices))[1]
        return _core.array_from_parts(
            type, len(indices), [validity, data], dictionary=dictionary, full=safe
        )


class StructArray(_Kind):
    """Arrays of structs."""

    _kinds = ("struct<",)

    @staticmethod
    def from_arrays(arrays, names=None, fields=None, mask=None, type=None):
        """From a child for each field, and their names, or Fields, or the struct's type."""
        if sum(given is not None for given in (names, fields, type)) != 1:
            raise ValueError("a struct's children need names, fields or a type: one of them")
        arrays = [_array(array) for array in arrays]
        if names is not None:
            names = list(names)
            if len(names) != len(arrays):
                raise ValueError(f"{len(names)} names for {len(arrays)} arrays")
            pairs = zip(names, arrays, strict=True)
            fields = [_core.field(name, array.type) for name, array in pairs]
        if type is None:
            type = _core.struct(fields)
        length = len(arrays[0]) if arrays else len(mask) if mask is not None else 0
        for array in arrays:
            if len(array) != length:
                raise _core.ArrowInvalid(f"the children have {length} and {len(array)} rows")
        null_count, validity = _validity(mask, length)
        return _core.array_from_parts(
            type, length, [validity], null_count=null_count, children=arrays
        )


def _offsets(offsets, wide):
    """(rows, buffer of offsets, validity) for offsets, of which a null means a null list."""
    offsets = _array(offsets, _core.int64() if wide else _core.int32())
    if str(offsets.type) != ("int64" if wide else "int32"):
        raise _core.ArrowTypeError(
            f"offsets are {'int64' if wide else 'int32'}, not {offsets.type}"
        )
    if not len(offsets):
        raise _core.ArrowInvalid("offsets have one entry more than there are lists")
    rows = len(offsets) - 1
    validity = None
    if offsets.null_count:
        numbers = offsets.to_pylist()
        if numbers[-1] is None:
            raise _core.ArrowInvalid("the last offset cannot be null")
        validity = _validity([number is None for number in numbers[:-1]], rows)[1]
        for i in range(rows - 1, -1, -1):
            if numbers[i] is None:
                numbers[i] = numbers[i + 1]
        offsets = _core.array(numbers, type=offsets.type)
    return rows, _buffers(offsets)[1], validity


def _list_from_arrays(factory, wide, offsets, values, type, mask):
    values = _array(values)
    rows, buffer, validity = _offsets(offsets, wide)
    if mask is not None:
        if validity is not None:
            raise _core.ArrowInvalid("give nulls in the offsets or in a mask, not both")
        validity = _validity(mask, rows)[1]
    type = factory(values.type) if type is None else type
    return _core.array_from_parts(type, rows, [validity, buffer], children=[values], full=True)


class ListArray(_Kind):
    """Arrays of lists with 32-bit offsets."""

    _kinds = ("list<",)

    @staticmethod
    def from_arrays(offsets, values, type=None, pool=None, mask=None):
        """From offsets, one more than there are lists, and the items of all lists."""
        return _list_from_arrays(_core.list_, False, offsets, values, type, mask)


class LargeListArray(_Kind):
    """Arrays of lists with 64-bit offsets."""

    _kinds = ("large_list<",)

    @staticmethod
    def from_arrays(offsets, values, type=None, pool=None, mask=None):
        """From offsets, one more than there are lists, and the items of all lists."""
        return _list_from_arrays(_core.large_list, True, offsets, values, type, mask)


def _list_view_from_arrays(factory, number, offsets, sizes, values, type, mask):
    values = _array(values)
    offsets = _array(offsets, number)
    sizes = _array(sizes, number)
    if len(sizes) != len(offsets):
        raise _core.ArrowInvalid(f"{len(offsets)} offsets and {len(sizes)} sizes")
    for part in (offsets, sizes):
        if part.type != number:
            raise _core.ArrowTypeError(f"offsets and sizes are {number}, not {part.type}")
    null_count, validity = _validity(mask, len(offsets))
    return _core.array_from_parts(
        factory(values.type) if type is None else type,
        len(offsets),
        [validity, _buffers(offsets)[1], _buffers(sizes)[1]],
        null_count=null_count,
        children=[values],
        full=True,
    )


class ListViewArray(_Kind):
    """Arrays of lists with offsets and sizes of 32 bits."""

    _kinds = ("list_view<",)

    @staticmethod
    def from_arrays(offsets, sizes, values, type=None, pool=None, mask=None):
        """From where each list begins, how long it is, and the items."""
        return _list_view_from_arrays(
            _core.list_view, _core.int32(), offsets, sizes, values, type, mask
        )


class LargeListViewArray(_Kind):
    """Arrays of lists with offsets and sizes of 64 bits."""

    _kinds = ("large_list_view<",)

    @staticmethod
    def from_arrays(offsets, sizes, values, type=None, pool=None, mask=None):
        """From where each list begins, how long it is, and the items."""
        return _list_view_from_arrays(
            _core.large_list_view, _core.int64(), offsets, sizes, values, type, mask
        )


class FixedSizeListArray(_Kind):
    """Arrays of lists that all have the same number of items."""

    _kinds = ("fixed_size_list<",)

    @staticmethod
    def from_arrays(values, list_size=None, type=None, mask=None):
        """From the items of all lists, and their number in each or the type."""
        if (list_size is None) == (type is None):
            raise ValueError("give list_size or type, one of them")
        values = _array(values)
        type = _core.list_(values.type, list_size) if type is None else type
        if type.list_size == 0:
            length = len(mask) if mask is not None else 0
        else:
            length, rest = divmod(len(values), type.list_size)
            if rest:
                raise _core.ArrowInvalid(
                    f"{len(values)} items are no whole number of lists of {type.list_size}"
                )
        null_count, validity = _validity(mask, length)
        return _core.array_from_parts(
            type, length, [validity], null_count=null_count, children=[values]
        )


class MapArray(_Kind):
    """Arrays of maps."""

    _kinds = ("map<",)

    @staticmethod
    def from_arrays(offsets, keys, items, type=None, pool=None, mask=None):
        """From offsets, one more than there are maps, and the keys and values of all of them."""
        keys = _array(keys)
        items = _array(items)
        if keys.null_count:
            raise _core.ArrowInvalid("the keys of a map cannot be null")
        type = _core.map_(keys.type, items.type) if type is None else type
        entries = StructArray.from_arrays([keys, items], fields=[type.key_field, type.item_field])
        rows, buffer, validity = _offsets(offsets, False)
        if mask is not None:
            validity = _validity(mask, rows)[1]
        return _core.array_from_parts(type, rows, [validity, buffer], children=[entries], full=True)


class UnionArray(_Kind):
    """Arrays of unions."""

    _kinds = ("sparse_union<", "dense_union<")

    @staticmethod
    def _fields(children, field_names):
        names = [str(i) for i in range(len(children))] if field_names is None else field_names
        if len(names) != len(children):
            raise _core.ArrowInvalid(f"{len(names)} names for {len(children)} children")
        return [_core.field(name, child.type) for name, child in zip(names, children, strict=True)]

    @staticmethod
    def from_dense(types, value_offsets, children, field_names=None, type_codes=None):
        """From type codes and offsets, one of each a row, and the children."""
        children = [_array(child) for child in children]
        types = _array(types, _core.int8())
        offsets = _array(value_offsets, _core.int32())
        if str(types.type) != "int8" or str(offsets.type) != "int32":
            raise _core.ArrowTypeError("a union's type codes are int8 and its offsets int32")
        if types.null_count or offsets.null_count or len(types) != len(offsets):
            raise _core.ArrowInvalid("a union has a type code and an offset a row, and no nulls")
        type = _core.dense_union(UnionArray._fields(children, field_names), type_codes)
        buffers = [None, _buffers(types)[1], _buffers(offsets)[1]]
        return _core.array_from_parts(type, len(types), buffers, children=children, full=True)

    @staticmethod
    def from_sparse(types, children, field_names=None, type_codes=None):
        """From type codes, one a row, and children of as many rows."""
        children = [_array(child) for child in children]
        types = _array(types, _core.int8())
        if str(types.type) != "int8":
            raise _core.ArrowTypeError("a union's type codes are int8")
        if types.null_count:
            raise _core.ArrowInvalid("a union has a type code a row, and no nulls")
        type = _core.sparse_union(UnionArray._fields(children, field_names), type_codes)
        buffers = [None, _buffers(types)[1]]
        return _core.array_from_parts(type, len(types), buffers, children=children, full=True)


class RunEndEncodedArray(_Kind):
    """Arrays of runs of equal values."""

    _kinds = ("run_end_encoded<",)

    @staticmethod
    def from_arrays(run_ends, values, type=None):
        """From the row behind the last one of each run, and the runs' values."""
        run_ends = _array(run_ends, None if type is None else type.run_end_type)
        values = _array(values)
        type = _core.run_end_encoded(run_ends.type, values.type) if type is None else type
        length = run_ends[len(run_ends) - 1].as_py() if len(run_ends) else 0
        if run_ends.null_count:
            raise _core.ArrowInvalid("run ends cannot be null")
        return _core.array_from_parts(type, length, [None], children=[run_ends, values], full=True)
