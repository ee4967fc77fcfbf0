"""Python lists to arrays, and back."""

from harness import benchmark

ROWS = 1_000_000
VALUES = {
    "ints": lambda: list(range(ROWS)),
    "ints with gaps": lambda: [None if row % 10 == 0 else row for row in range(ROWS)],
    "floats": lambda: [row / 8 for row in range(ROWS)],
    "strings": lambda: [f"value {row}" for row in range(ROWS)],
    "bools": lambda: [row % 3 == 0 for row in range(ROWS)],
}


def from_list(make):
    def prepare(pa):
        values = make()

        def work():
            array = pa.array(values)
            return len(array), str(array.type), array.null_count

        return work

    return prepare


def to_list(make):
    def prepare(pa):
        array = pa.array(make())
        return array.to_pylist

    return prepare


for name, make in VALUES.items():
    benchmark(f"pa.array of 1,000,000 {name}", goal=0.7)(from_list(make))
for name in ("ints", "strings"):
    benchmark(f"to_pylist of 1,000,000 {name}", goal=0.7)(to_list(VALUES[name]))
