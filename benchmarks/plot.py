"""Draws a run of the benchmarks: `python benchmarks/plot.py figures.json figures.svg`.

A bar for each benchmark, on a logarithmic scale: minarrow's best as a part of pyarrow's.
"""

import json
import math
import sys
from html import escape
from pathlib import Path

ROW = 22
LABELS = 330                    # width of the column of titles
BARS = 420
LEAST, MOST = 0.01, 4.0         # ratios at the ends of the scale
FONT = "font-family='system-ui, sans-serif' font-size='12'"


def place(ratio):
    """Where a ratio lies on the scale."""
    part = math.log(min(max(ratio, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
    return LABELS + part * BARS


def text(x, y, words, anchor="start", colour="#333", weight="normal"):
    return (
        f"<text x='{x:.1f}' y='{y}' text-anchor='{anchor}' fill='{colour}' "
        f"font-weight='{weight}'>{escape(words)}</text>"
    )


def scale(height):
    """A thin line at each mark; a dark one where both take the same time."""
    for ratio in (0.01, 0.1, 0.25, 0.5, 1, 2, 4):
        x = place(ratio)
        colour = "#555" if ratio == 1 else "#ddd"
        yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='40' y2='{height - 10}' stroke='{colour}'/>"
        yield text(x, 34, f"{ratio:g}", "middle", "#777")


def bar(result, y):
    ratio = result["ratio"]
    start, end = sorted((place(1), place(ratio)))
    colour = "#2a7f62" if ratio <= 1 else "#b5502f"
    yield text(LABELS - 10, y + 15, result["title"], "end")
    size = f"width='{end - start:.1f}' height='14'"
    yield f"<rect x='{start:.1f}' y='{y + 4}' {size} fill='{colour}'/>"
    if result["goal"] is not None:
        x = place(result["goal"])
        yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{y + 2}' y2='{y + 20}' stroke='#000'/>"
    yield text(LABELS + BARS + 15, y + 15, f"{ratio:.2f}")


def picture(run):
    results = [result for result in run["results"] if result["ratio"] is not None]
    groups = list(dict.fromkeys(result["group"] for result in results))
    height = 60 + ROW * (len(results) + len(groups))
    width = LABELS + BARS + 60
    versions = run["versions"]
    title = (
        f"minarrow's time as a part of pyarrow's {versions['pyarrow']} "
        f"({run['machine']['processor']}, Python {run['machine']['python']}; | is the goal)"
    )
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' {FONT}>",
        "<rect width='100%' height='100%' fill='#fff'/>",
        text(10, 16, title, weight="bold"),
        *scale(height),
    ]
    y = 44
    for group in groups:
        parts.append(text(10, y + 15, group, colour="#000", weight="bold"))
        y += ROW
        for result in results:
            if result["group"] == group:
                parts += bar(result, y)
                y += ROW
    return "\n".join([*parts, "</svg>\n"])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    run = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(picture(run), encoding="utf-8")


if __name__ == "__main__":
    main()
