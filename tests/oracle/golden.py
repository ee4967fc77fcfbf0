"""Where the test data lies, and which golden cases there are."""

import os
from dataclasses import dataclass
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared"
DATA = Path(os.environ.get("MINARROW_TESTDATA") or _BESIDE)
KINDS = ("stream", "arrow_file")


@dataclass(frozen=True)
class Golden:
    """The same data as a stream, as a file and as JSON."""

    folder: str
    name: str
    stream: Path
    arrow_file: Path
    json: Path

    @property
    def id(self):
        """A short name for a test."""
        return f"{self.folder}-{self.name.removeprefix('generated_')}"


def cases():
    """All golden cases in the order of their names; none where the data is missing."""
    found = []
    for json in sorted((DATA / "golden").glob("*/*.json.gz")):
        name = json.name.removesuffix(".json.gz")
        paths = [json.with_name(f"{name}.{kind}") for kind in KINDS]
        found.append(Golden(json.parent.name, name, *paths, json))
    return found


def hostile():
    """The files that crashed other readers; none where the data is missing."""
    return sorted((DATA / "hostile").glob("*"))


def why_missing():
    """The reason to skip a test of the golden cases, or None where they are there."""
    if cases():
        return None
    return f"no golden files in {DATA / 'golden'}; MINARROW_TESTDATA names the folder above"
