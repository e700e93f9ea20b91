"""The reference of the language of lessons: what a scene can be told, and what expressions can name, with examples."""

from collections.abc import Iterable, Mapping, Sequence
from enum import EnumType
from textwrap import fill
from typing import Any, get_args, get_type_hints

from resnet_explorer import codec, features
from resnet_explorer.lessons.expressions import FUNCTIONS
from resnet_explorer.lessons.formats import FORMATS
from resnet_explorer.lessons.kinds import KINDS
from resnet_explorer.lessons.readings import readings, values_of
from resnet_explorer.scenes.scene import part_class
from resnet_explorer.spec.codec import WRITERS

SCENE_KEYS: Mapping[str, tuple[str, str]] = {
    "network": ("Another network of the catalogue, closed, with its usual input.", 'network = "resnet50"'),
    "set": ("Settings of the network, as --set has them.", 'set = ["width=32", "attention=se"]'),
    "input": ("The input: a side, H×W, or N×C×H×W.", 'input = "1x3x224x224"'),
    "page": ("The page that is shown.", 'page = "gradients"'),
    "select": ("The path that is selected; empty for none.", 'select = "layer2.0.conv1"'),
    "open": ('The blocks that are open to their layers, or "all"; all others are closed.', 'open = ["layer2.0"]'),
    "unfold": ("The long stages whose blocks are all shown.", 'unfold = ["layer3"]'),
    "compare": ("Whether the plain twin stands beside the network.", "compare = true"),
    "changes": ("Whether what the network changes in its parent is marked.", "changes = true"),
    "drawers": ("Drawers by their titles, open or closed.", "drawers = { Layers = true }"),
}
"""What each key of a scene means, and an example."""
WIDE = 100


def reference() -> str:
    """Return functions, formats and readings as plain text."""
    kinds = fill(", ".join(KINDS), WIDE, initial_indent="  ", subsequent_indent="  ")
    rows = ((f"{row.name}({', '.join(values_of(row.name))}): {row.sentence}", row.example) for row in readings())
    lines = [
        'A text holds expressions in braces, as in {params(of="resnet50"):si}.',
        *("", "functions:", *_entries((f"{name}: {sentence}", example) for name, sentence, example in _functions())),
        *("", "formats, after a colon:", *_entries((f"{name}: {FORMATS[name][1]}", "") for name in FORMATS)),
        *("", "kinds of parts, for count and paths:", kinds),
        *("", "readings:", *_entries(rows)),
    ]
    return "\n".join(lines) + "\n"


def _functions() -> Iterable[tuple[str, str, str]]:
    return ((name, sentence, example) for name, (_, _, _, sentence, example) in FUNCTIONS.items())


def _entries(rows: Iterable[tuple[str, str]]) -> Iterable[str]:
    for text, example in rows:
        yield fill(text, WIDE, initial_indent="  ", subsequent_indent="      ")
        if example:
            yield f"      {example}"


def tables() -> Mapping[str, str]:
    """Return the tables of docs/lessons.md in Markdown, by their names."""
    keys = ((f"`{key}`", *_code(row)) for key, row in SCENE_KEYS.items())
    functions = ((f"`{name}`", *_code(row)) for name, *row in _functions())
    formats = ((f"`{name}`", sentence) for name, (_, sentence) in FORMATS.items())
    return {
        "scene": _table(("key", "what it says", "example"), keys),
        "pages": _pages(),
        "functions": _table(("function", "what it gives", "example"), functions),
        "formats": _table(("format", "what it makes of a value"), formats),
        "kinds": f"{', '.join(f'`{kind}`' for kind in KINDS)}.\n",
        "readings": _table(("reading", "what it gives", "example"), map(_reading, readings())),
    }


def _code(row: Sequence[str]) -> tuple[str, str]:
    return row[0], f"`{row[1]}`"


def _reading(row: features.Reading) -> tuple[str, str, str]:
    return f"`{row.name}({', '.join(values_of(row.name))})`", row.sentence, f"`{row.example}`"


def _pages() -> str:
    """Return a row for each key of each page: its value at first, or the keys of a table, and what it can be."""
    rows: list[tuple[str, ...]] = []
    for page in features.pages():
        if made := part_class(page.key):
            hints, values = get_type_hints(made), codec.plain(made(), WRITERS)
            head = f"`{page.key}`"
            rows += [(head, f"`{key}`", _at_first(value), _choices(hints[key])) for key, value in values.items()]
    return _table(("page", "key", "at first", "other values"), rows)


def _at_first(value: object) -> str:
    if isinstance(value, Mapping):
        return f"a table of {', '.join(f'`{key}`' for key in value)}"
    return "–" if value is None else f"`{codec.encode(value, indent=None).strip()}`"


def _choices(kind: Any) -> str:
    """Return the values of a choice; empty for any other type."""
    enums = (each for each in (kind, *get_args(kind)) if isinstance(each, EnumType))
    return ", ".join(f"`{value}`" for each in enums for value in list[Any](each))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)
