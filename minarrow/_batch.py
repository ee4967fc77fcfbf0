"""How dicts and rows become record batches; the C type's own methods call these."""

from . import _core


def from_pydict(cls, mapping, schema=None, metadata=None):
    """A batch of a dict of names to columns."""
    if schema is None:
        return cls.from_arrays(list(mapping.values()), names=list(mapping), metadata=metadata)
    columns = []
    for field in schema:
        if field.name not in mapping:
            raise _core.ArrowKeyError(f"the schema's field {field.name!r} is not in the dict")
        columns.append(mapping[field.name])
    return cls.from_arrays(columns, schema=schema, metadata=metadata)


def from_pylist(cls, mapping, schema=None, metadata=None):
    """A batch of a list of dicts; what a dict lacks is null."""
    if schema is None:
        names = list(mapping[0]) if mapping else []
        columns = [[row.get(name) for row in mapping] for name in names]
        batch = cls.from_arrays(columns, names=names, metadata=metadata)
    else:
        names = schema.names
        columns = [[row.get(name) for row in mapping] for name in names]
        batch = cls.from_arrays(columns, schema=schema, metadata=metadata)
    if mapping and not names:
        return _core.empty_batch(batch.schema, len(mapping))
    return batch
