"""What Python code changes while another thread reads it: each value is the old or the new one."""

import threading

import pytest

import minarrow as ma

ROUNDS = 300
pytestmark = [
    pytest.mark.usefixtures("switch_often"),
    pytest.mark.thread_unsafe(reason="changes how often all threads switch"),
]


def while_changing(change, work, threads=2):
    """Call `work` for several rounds in some threads, and `change` in another one all the time."""
    ended = threading.Event()
    failures = []

    def keep_changing():
        number = 0
        while not ended.is_set():
            change(number)
            number += 1

    def keep_working():
        try:
            for _ in range(ROUNDS):
                work()
        except BaseException as error:
            failures.append(error)

    changing = threading.Thread(target=keep_changing)
    working = [threading.Thread(target=keep_working) for _ in range(threads)]
    for thread in [changing, *working]:
        thread.start()
    for thread in working:
        thread.join()
    ended.set()
    changing.join()
    if failures:
        raise failures[0]


def word(number):
    """A string that nobody else has."""
    return f"word {number}"


def assert_words(values):
    assert all(value.startswith("word ") for value in values)


def test_items_of_a_list():
    words = [word(i) for i in range(50)]

    def change(number):
        words[number % 50] = word(number)

    while_changing(change, lambda: assert_words(ma.array(words).to_pylist()))


def test_a_list_that_shrinks_and_grows():
    words = [word(i) for i in range(50)]

    def change(number):
        if number % 2:
            words.extend(word(i) for i in range(40))
        else:
            del words[10:]

    def work():
        try:
            assert_words(ma.array(words, ma.string()).to_pylist())
        except RuntimeError as error:
            assert "became shorter" in str(error)

    while_changing(change, work)


@pytest.mark.parametrize("type", [None, ma.struct([("a", ma.string()), ("b", ma.string())])])
def test_values_of_dicts(type):
    rows = [{"a": word(i), "b": word(-i)} for i in range(20)]

    def change(number):
        rows[number % 20]["ab"[number % 2]] = word(number)

    def work():
        for row in ma.array(rows, type).to_pylist():
            assert_words(row.values())

    while_changing(change, work)


def test_entries_of_maps():
    entry = {"key": word(0), "value": word(0)}
    pair = [word(0), word(1)]

    def change(number):
        entry["value"] = word(number)
        pair[number % 2] = word(number)

    def work():
        (found,) = ma.array([[entry, pair]], ma.map_(ma.string(), ma.string())).to_pylist()
        for both in found:
            assert_words(both)

    while_changing(change, work)


def test_metadata():
    pair = [word(0), word(1)]
    metadata = {"key": word(0)}

    def change(number):
        pair[number % 2] = word(number)
        metadata["key"] = word(number)

    def work():
        for given in ([pair], metadata):
            field = ma.field("a", ma.int32(), metadata=given)
            assert_words(value.decode() for value in field.metadata.values())

    while_changing(change, work)


def test_names_that_columns_get():
    batch = ma.RecordBatch.from_arrays([ma.array([1]), ma.array([2])], ["a", "b"])
    names = {"a": word(0), "b": word(1)}

    def change(number):
        names["ab"[number % 2]] = word(number)

    while_changing(change, lambda: assert_words(batch.rename_columns(names).column_names))


def test_a_dict_that_changes_while_its_keys_are_compared():
    batch = ma.RecordBatch.from_arrays([ma.array([1]), ma.array([2])], ["a", "b"])
    names = {}

    class Key(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            names.clear()
            return str.__eq__(self, other)

    names[Key("b")] = "c"
    assert batch.rename_columns(names).column_names == ["a", "c"]


class Word(ma.ExtensionType):
    def __init__(self):
        super().__init__(ma.string(), "test.changing")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


def test_extension_types():
    batch = ma.RecordBatch.from_arrays([ma.array(["a"])], schema=ma.schema([ma.field("a", Word())]))

    def change(number):
        ma.register_extension_type(Word())  # held by the registry alone
        ma.unregister_extension_type("test.changing")

    def work():
        assert str(batch.schema.field(0).type) in ("string", str(Word()))
        assert batch.column(0).to_pylist() == ["a"]

    while_changing(change, work)
