"""Metadata that no dict can hold: a key occurs more than once. Imported only when it does."""


def _first_values(pairs):
    first = {}
    for key, value in pairs:
        first.setdefault(key, value)
    return first


class KeyValueMetadata(dict):
    """A dict of the first value of each key, which knows the other pairs, too.

    Given as metadata, it is all of them again; changed, it is the dict that it became.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs):
        self._pairs = list(pairs)
        super().__init__(_first_values(self._pairs))

    @property
    def pairs(self):
        """All pairs of a key and a value, in order."""
        unchanged = self == _first_values(self._pairs)
        return list(self._pairs if unchanged else self.items())

    def __reduce__(self):
        return type(self), (self.pairs,)
