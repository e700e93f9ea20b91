"""The confusion matrix: a heat map whose cells say their numbers."""

from collections.abc import Sequence
from dataclasses import replace

from resnet_explorer.analysis.inside import Confusion
from resnet_explorer.drawing.chart import Axis, HeatMap, Row, heatmap
from resnet_explorer.drawing.inside.shade import on, readable
from resnet_explorer.drawing.marks import Anchor, Box, Group, Label, Mark, Picture
from resnet_explorer.drawing.text import Style, width

MOST_NUMBERS = 40
"""Classes beyond which cells are too small for numbers."""
LARGEST, SMALLEST = 17, 6
"""In px: numbers larger than the one are not needed, smaller than the other are not read."""


def confusion_picture(
    shown: Confusion, names: Sequence[str], width: float, height: float, text: float = 1.0
) -> Picture:
    """Return the matrix in that size: a row for each true class, a column for each given one.

    A cell's path is ``true3.given5``, a row's ``true3``.
    """
    classes, plan = len(shown.counts), shown.request.plan
    labels = [class_name(names, label) for label in range(classes)]
    ticks = tuple((float(label), name) for label, name in enumerate(labels))
    rows = tuple(Row(name, shown.counts[label].tolist(), f"true{label}") for label, name in enumerate(labels))
    right = round(shown.accuracy * shown.tested)
    made = HeatMap(
        f"How {plan.name} names the test images",
        Axis("class that the network gives", ticks=ticks),
        Axis("images", low=0.0, high=max(1.0, float(shown.counts.max()))),
        [float(label) for label in range(classes)],
        rows,
        "true class",
        f"{right:,} of {shown.tested:,} named right, {100 * shown.accuracy:.1f} % · mean loss {shown.loss:.3g} · "
        f"evaluation mode · {shown.data}",
        ("On the diagonal is what was named right; every number beside it is a mistake.",),
    )
    picture = heatmap(made, width, height, text)
    marks = tuple(_numbered(mark, shown, labels, text) if _is(mark, "row") else mark for mark in picture.marks)
    return replace(picture, marks=marks)


def class_name(names: Sequence[str], label: int) -> str:
    """Return the name of a class; its number where it has none."""
    return names[label] if label < len(names) and names[label] else str(label)


def _is(mark: Mark, kind: str) -> bool:
    return isinstance(mark, Group) and mark.kind == kind


def _numbered(row: Mark, shown: Confusion, labels: Sequence[str], text: float) -> Mark:
    """Return a row whose cells have addresses, say what they count, and show it where there is room."""
    assert isinstance(row, Group)
    truth = int(row.path.removeprefix("true"))
    cells = []
    for cell in row.marks:
        assert isinstance(cell, Group)
        given = int(cell.suffix.removeprefix(":"))
        count, of = int(shown.counts[truth, given]), int(shown.counts[truth].sum())
        words = f"{count:,} of {of:,} images of “{labels[truth]}” were named “{labels[given]}”"
        marks = _cell(cell, count, text) if len(labels) <= MOST_NUMBERS else cell.marks
        cells.append(replace(cell, path=f".given{given}", suffix="", title=words, marks=marks))
    recall = shown.recall(truth)
    said = "no images" if recall is None else f"{100 * recall:.1f} % named right"
    return replace(row, marks=tuple(cells), title=f"{labels[truth]}: {said}")


def _cell(cell: Group, count: int, text: float) -> tuple[Mark, ...]:
    """Return a cell with its number; empty where there is none."""
    box = cell.marks[0]
    if not isinstance(box, Box) or box.fill is None:
        return cell.marks
    if not count:
        return (replace(box, fill=None),)
    words, room = f"{count:,}", min(LARGEST * text, 0.5 * cell.height)
    size = int(min(room, room * 0.85 * cell.width / max(1.0, width(words, room, Style.SEMIBOLD))))
    fill = readable(box.fill)
    if size < SMALLEST:
        return (replace(box, fill=fill),)
    base = box.height / 2 + 0.36 * size
    return (
        replace(box, fill=fill),
        Label(box.width / 2, base, words, size, on(fill), Anchor.MIDDLE, Style.SEMIBOLD),
    )
