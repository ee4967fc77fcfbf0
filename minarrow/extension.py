"""Extension types: a name and parameters on top of a storage type.

Registered ones arrive as what they are, others as their storage, with the field's metadata
untouched. The canonical ones are registered from the start. (Columnar.rst, "Extension Types", and
CanonicalExtensions.rst)
"""

from . import _core
from ._optional import load

__all__ = [
    "Bool8Array",
    "Bool8Type",
    "ExtensionArray",
    "ExtensionScalar",
    "ExtensionType",
    "FixedShapeTensorArray",
    "FixedShapeTensorType",
    "JsonType",
    "OpaqueType",
    "UuidType",
    "bool8",
    "fixed_shape_tensor",
    "json_",
    "opaque",
    "register_extension_type",
    "unregister_extension_type",
    "uuid",
]

register_extension_type = _core.register_extension_type
unregister_extension_type = _core.unregister_extension_type


class ExtensionScalar(_core.Scalar):
    """A value of an extension type."""

    __slots__ = ()

    def as_py(self, **options):
        """The value as the extension type gives it to Python."""
        value = super().as_py(**options)
        return None if value is None else self.type.value_to_python(value)


class ExtensionArray(_core.Array):
    """An array of an extension type; ``storage`` is the array below it."""

    __slots__ = ()

    @staticmethod
    def from_storage(typ, storage):
        """The array of extension type `typ` over an array of its storage type."""
        return _core.array_with_type(storage, typ)

    def to_pylist(self, **options):
        """All values as the extension type gives them to Python."""
        convert = self.type.value_to_python
        values = self.storage.to_pylist(**options)
        return [None if value is None else convert(value) for value in values]

    tolist = to_pylist


class ExtensionType(_core.DataType):
    """Derive from this class to define an extension type of your own.

    A subclass calls ``super().__init__(storage_type, extension_name)``, and defines
    ``__arrow_ext_serialize__(self) -> bytes`` for its parameters and the class method
    ``__arrow_ext_deserialize__(cls, storage_type, serialized)`` that makes it again. It may define
    ``__arrow_ext_class__`` and ``__arrow_ext_scalar_class__``, which give classes for its arrays
    and values, and ``value_to_python(self, value)``, which makes a value of what the storage gives
    to Python. An instance is registered with :func:`register_extension_type`.

    Parameters
    ----------
    storage_type : DataType
        What the values are stored as.
    extension_name : str
        The name under which fields say that they are of this type.
    """

    def __init__(self, storage_type, extension_name):
        super().__init__(storage_type)
        self._extension_name = extension_name

    @property
    def extension_name(self):
        """The name under which fields say that they are of this type."""
        return self._extension_name

    def __arrow_ext_serialize__(self):
        raise NotImplementedError(f"{type(self).__name__} must define __arrow_ext_serialize__")

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        raise NotImplementedError(f"{cls.__name__} must define __arrow_ext_deserialize__")

    def __arrow_ext_class__(self):
        return ExtensionArray

    def __arrow_ext_scalar_class__(self):
        return ExtensionScalar

    def value_to_python(self, value):
        """A value of the type from what the storage gives to Python."""
        return value

    def wrap_array(self, storage):
        """An array of this type over an array of its storage type."""
        return _core.array_with_type(storage, self)

    def equals(self, other, *, check_metadata=False):
        """Whether the other is the same type with the same parameters and storage."""
        return (
            type(self) is type(other)
            and self.extension_name == other.extension_name
            and self.storage_type.equals(other.storage_type, check_metadata=check_metadata)
            and self.__arrow_ext_serialize__() == other.__arrow_ext_serialize__()
        )

    def __eq__(self, other):
        return self.equals(other) if isinstance(other, _core.DataType) else NotImplemented

    __ne__ = object.__ne__  # which asks __eq__; that of DataType does not

    def __hash__(self):
        return hash((type(self), self.extension_name, self.storage_type))

    def __reduce__(self):
        arguments = (self.storage_type, self.__arrow_ext_serialize__())
        return type(self).__arrow_ext_deserialize__, arguments

    def __str__(self):
        return f"extension<{self.extension_name}<{type(self).__name__}>>"

    def __repr__(self):
        return f"{type(self).__name__}({self.storage_type})"


# -- the canonical ones


def _refuse_storage(name, storage_type):
    raise _core.ArrowInvalid(f"{name} cannot be stored as {storage_type}")


class _CanonicalType(ExtensionType):
    """One that the format defines; its text has its parameters in place of the class."""

    def _parameters(self):
        return ""

    def __str__(self):
        return f"extension<{self.extension_name}{self._parameters()}>"

    def __repr__(self):
        return f"{type(self).__name__}({self})"


class UuidType(_CanonicalType):
    """UUIDs (``uuid.UUID``), stored as 16 bytes."""

    def __init__(self):
        super().__init__(_core.binary(16), "arrow.uuid")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        if storage_type != _core.binary(16):
            _refuse_storage("arrow.uuid", storage_type)
        return cls()

    def value_to_python(self, value):
        from uuid import UUID

        return UUID(bytes=value)


class JsonType(_CanonicalType):
    """JSON documents, stored as text, which is also how Python sees them."""

    def __init__(self, storage_type=None):
        storage_type = _core.string() if storage_type is None else storage_type
        if storage_type not in (_core.string(), _core.large_string(), _core.string_view()):
            _refuse_storage("arrow.json", storage_type)
        super().__init__(storage_type, "arrow.json")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls(storage_type)


class Bool8Type(_CanonicalType):
    """Booleans of a byte each, as numpy has them."""

    def __init__(self):
        super().__init__(_core.int8(), "arrow.bool8")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        if storage_type != _core.int8():
            _refuse_storage("arrow.bool8", storage_type)
        return cls()

    def value_to_python(self, value):
        return value != 0

    def __arrow_ext_class__(self):
        return Bool8Array


class Bool8Array(ExtensionArray):
    """An array of booleans of a byte each."""

    __slots__ = ()

    def to_numpy(self, zero_copy_only=True, writable=False):
        """A numpy array of bool; a view where nothing is null."""
        numpy = load("numpy")
        if self.null_count:
            if zero_copy_only:
                raise _core.ArrowInvalid(
                    "bool8 with nulls needs a copy; allow it with zero_copy_only=False"
                )
            return numpy.array(self.to_pylist(), object)
        values = numpy.asarray(self.storage)
        if len(values) and not 0 <= values.min() <= values.max() <= 1:
            values = values != 0  # any other byte is true, too, but no bool of numpy's
        values = values.view(numpy.bool_)
        return values.copy() if writable else values

    @staticmethod
    def from_numpy(obj):
        """An array over the memory of a numpy array of bool or int8."""
        numpy = load("numpy")
        obj = numpy.asarray(obj)
        if obj.ndim != 1 or obj.dtype not in (numpy.bool_, numpy.int8):
            raise _core.ArrowTypeError(
                f"bool8 is made of one dimension of bool or int8, not of {obj.ndim} of {obj.dtype}"
            )
        return Bool8Type().wrap_array(_core.array(obj.view(numpy.int8)))


class OpaqueType(_CanonicalType):
    """Values of another system's type that Arrow has no type for, kept as they came.

    Parameters
    ----------
    storage_type : DataType
    type_name : str
        What the other system calls the type.
    vendor_name : str
        The other system.
    """

    def __init__(self, storage_type, type_name, vendor_name):
        super().__init__(storage_type, "arrow.opaque")
        self.type_name = type_name
        self.vendor_name = vendor_name

    def _parameters(self):
        return (
            f"[storage_type={self.storage_type}, type_name={self.type_name}, "
            f"vendor_name={self.vendor_name}]"
        )

    def __arrow_ext_serialize__(self):
        import json

        return json.dumps({"type_name": self.type_name, "vendor_name": self.vendor_name}).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        import json

        parameters = json.loads(serialized)
        return cls(storage_type, parameters["type_name"], parameters["vendor_name"])


def _product(numbers):
    result = 1
    for number in numbers:
        result *= number
    return result


class FixedShapeTensorType(_CanonicalType):
    """Tensors of one shape, stored as fixed-size lists of their items.

    Parameters
    ----------
    value_type : DataType
        Of an item.
    shape : sequence of int
        As the items lie in memory, row-major.
    dim_names : sequence of str, optional
    permutation : sequence of int, optional
        How the dimensions are ordered for the user: dimension ``permutation[i]`` of `shape` comes
        i-th.
    """

    def __init__(self, value_type, shape, dim_names=None, permutation=None):
        self.shape = list(shape)
        self.dim_names = None if dim_names is None else list(dim_names)
        self.permutation = None if permutation is None else list(permutation)
        if any(size < 0 for size in self.shape):
            raise _core.ArrowInvalid(f"no dimension has fewer than 0 items: {list(self.shape)}")
        for name in ("dim_names", "permutation"):
            given = getattr(self, name)
            if given is not None and len(given) != len(self.shape):
                raise _core.ArrowInvalid(
                    f"{name} has {len(given)} items for {len(self.shape)} dimensions"
                )
        if self.permutation is not None and sorted(self.permutation) != list(
            range(len(self.shape))
        ):
            raise _core.ArrowInvalid(f"permutation is no order of dimensions: {self.permutation}")
        storage = _core.list_(value_type, _product(self.shape))
        super().__init__(storage, "arrow.fixed_shape_tensor")

    @property
    def value_type(self):
        """The DataType of an item."""
        return self.storage_type.value_type

    def __arrow_ext_class__(self):
        return FixedShapeTensorArray

    def equals(self, other, *, check_metadata=False):
        """Whether the other has the same items, shape, names and order of dimensions."""
        return (
            type(self) is type(other)
            and self.storage_type.equals(other.storage_type, check_metadata=check_metadata)
            and (self.shape, self.dim_names, self._order())
            == (other.shape, other.dim_names, other._order())
        )

    def _order(self):
        """The permutation; None where it leaves all in place, which need not be said."""
        trivial = self.permutation == list(range(len(self.shape)))
        return None if trivial else self.permutation

    def _parameters(self):
        text = f"value_type={self.value_type}"
        for name in ("shape", "permutation", "dim_names"):
            items = getattr(self, name)
            if items is not None:
                text += f", {name}=[{','.join(map(str, items))}]"
        return f"[{text}]"

    def __arrow_ext_serialize__(self):
        import json

        parameters = {"shape": list(self.shape)}
        if self.dim_names is not None:
            parameters["dim_names"] = self.dim_names
        if self.permutation is not None:
            parameters["permutation"] = self.permutation
        return json.dumps(parameters).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        import json

        parameters = json.loads(serialized)
        made = cls(
            storage_type.value_type,
            parameters["shape"],
            parameters.get("dim_names"),
            parameters.get("permutation"),
        )
        if made.storage_type.list_size != storage_type.list_size:
            _refuse_storage("arrow.fixed_shape_tensor", storage_type)
        return made


class FixedShapeTensorArray(ExtensionArray):
    """An array of tensors of one shape."""

    __slots__ = ()

    def to_numpy_ndarray(self):
        """All tensors as one numpy array, the first axis counts them; a view without nulls."""
        numpy = load("numpy")
        if self.null_count:
            raise _core.ArrowInvalid("tensors with nulls have no numpy form")
        items = numpy.asarray(self.storage.flatten())
        tensors = items.reshape(len(self), *self.type.shape)
        if self.type.permutation is None:
            return tensors
        return tensors.transpose(0, *(axis + 1 for axis in self.type.permutation))

    @staticmethod
    def from_numpy_ndarray(obj, dim_names=None):
        """An array of the tensors along the first axis of a numpy array."""
        numpy = load("numpy")
        items = numpy.ascontiguousarray(obj)
        if items.ndim < 2 or not len(items):
            raise ValueError("tensors are taken along the first axis, which must not be empty")
        values = _core.array(items.ravel())
        tensor_type = FixedShapeTensorType(values.type, items.shape[1:], dim_names)
        storage = _core.array_from_parts(
            tensor_type.storage_type, len(items), [None], children=[values]
        )
        return tensor_type.wrap_array(storage)


def uuid():
    """The type of UUIDs."""
    return UuidType()


def json_(storage_type=None):
    """The type of JSON documents."""
    return JsonType(storage_type)


def bool8():
    """The type of booleans of a byte each."""
    return Bool8Type()


def opaque(storage_type, type_name, vendor_name):
    """The type of another system's values that Arrow has no type for."""
    return OpaqueType(storage_type, type_name, vendor_name)


def fixed_shape_tensor(value_type, shape, dim_names=None, permutation=None):
    """The type of tensors of one shape."""
    return FixedShapeTensorType(value_type, shape, dim_names, permutation)


def _register_canonical():
    int8, binary = _core.int8(), _core.binary()
    for canonical in (
        UuidType(),
        JsonType(),
        Bool8Type(),
        OpaqueType(binary, "", ""),
        FixedShapeTensorType(int8, (1,)),
    ):
        register_extension_type(canonical)


_register_canonical()
