"""What the README shows is what happens."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"

if not README.is_file():
    pytest.skip("the README is not beside these tests", allow_module_level=True)

BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def promised_output(block):
    """The comments behind print(...), in order."""
    return re.findall(r"^\s*print\(.*\)\s+# (.*)$", block, re.MULTILINE)


def test_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
        shown = capsys.readouterr().out.splitlines()
        promised = promised_output(block)
        assert shown[: len(promised)] == promised


def test_files_that_the_readme_names_exist():
    text = README.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    named = re.findall(r"`((?:csrc|minarrow|tests|examples|benchmarks|docs)[\w/.]*)`", text)
    assert links and named
    assert not [name for name in links + named if not (ROOT / name).exists()]


def test_targets_that_the_readme_names_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z-]+)\b", README.read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
