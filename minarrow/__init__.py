"""Reads and writes Arrow IPC streams and files: small, quick, and safe on any bytes.

The names are pyarrow's, so that ``import minarrow as pa`` is all it takes::

    import minarrow as pa

    batch = pa.RecordBatch.from_arrays([pa.array([1, 2, None])], names=["a"])
    with pa.new_file("numbers.arrow", batch.schema) as writer:
        writer.write_batch(batch)
    pa.open_file("numbers.arrow").get_batch(0)

What is seldom needed (tables, extension types, pandas ...) is imported when it is first used.
"""

from ._core import (  # noqa: F401 - all of these are in __all__
    Array,
    ArrowException,
    ArrowIndexError,
    ArrowInvalid,
    ArrowKeyError,
    ArrowMemoryError,
    ArrowNotImplementedError,
    ArrowTypeError,
    Buffer,
    BufferOutputStream,
    BufferReader,
    DataType,
    Field,
    MemoryMappedFile,
    MonthDayNano,
    NativeFile,
    OSFile,
    RecordBatch,
    Scalar,
    Schema,
    array,
    binary,
    binary_view,
    bool_,
    concat_arrays,
    date32,
    date64,
    day_time_interval,
    decimal32,
    decimal64,
    decimal128,
    decimal256,
    dense_union,
    dictionary,
    duration,
    field,
    float16,
    float32,
    float64,
    input_stream,
    int8,
    int16,
    int32,
    int64,
    large_binary,
    large_list,
    large_list_view,
    large_string,
    large_utf8,
    list_,
    list_view,
    map_,
    memory_map,
    month_day_nano_interval,
    month_interval,
    null,
    nulls,
    output_stream,
    py_buffer,
    register_extension_type,
    repeat,
    run_end_encoded,
    scalar,
    schema,
    sparse_union,
    string,
    string_view,
    struct,
    time32,
    time64,
    timestamp,
    type_for_alias,
    uint8,
    uint16,
    uint32,
    uint64,
    union,
    unregister_extension_type,
    utf8,
)

__version__ = "0.1.0"

# name -> the module of this package that has it; a module's own name means the module itself
_LAZY = {
    "arrays": "arrays",
    "DictionaryArray": "arrays",
    "FixedSizeListArray": "arrays",
    "LargeListArray": "arrays",
    "LargeListViewArray": "arrays",
    "ListArray": "arrays",
    "ListViewArray": "arrays",
    "MapArray": "arrays",
    "RunEndEncodedArray": "arrays",
    "StructArray": "arrays",
    "UnionArray": "arrays",
    "table": "_table",
    "ChunkedArray": "_table",
    "RecordBatchReader": "_table",
    "Table": "_table",
    "chunked_array": "_table",
    "concat_batches": "_table",
    "concat_tables": "_table",
    "record_batch": "_table",
    "extension": "extension",
    "Bool8Array": "extension",
    "Bool8Type": "extension",
    "ExtensionArray": "extension",
    "ExtensionScalar": "extension",
    "ExtensionType": "extension",
    "FixedShapeTensorArray": "extension",
    "FixedShapeTensorType": "extension",
    "JsonType": "extension",
    "OpaqueType": "extension",
    "UuidType": "extension",
    "bool8": "extension",
    "fixed_shape_tensor": "extension",
    "json_": "extension",
    "opaque": "extension",
    "uuid": "extension",
    "ipc": "ipc",
    "FileReader": "ipc",
    "FileWriter": "ipc",
    "RecordBatchFileReader": "ipc",
    "RecordBatchFileWriter": "ipc",
    "RecordBatchStreamReader": "ipc",
    "RecordBatchStreamWriter": "ipc",
    "StreamReader": "ipc",
    "StreamWriter": "ipc",
    "new_file": "ipc",
    "new_stream": "ipc",
    "open_file": "ipc",
    "open_stream": "ipc",
}

__all__ = sorted(
    [
        *(name for name in globals() if not name.startswith("_")),
        *(name for name, module in _LAZY.items() if name != module),
    ]
)


def __getattr__(name):
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = import_module(f"{__name__}.{module}")
    if name != module:
        value = getattr(value, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_LAZY})
