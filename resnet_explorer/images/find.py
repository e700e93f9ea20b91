"""Which images there are, of which class and in which part: read off folders and tables, without opening one."""

import csv
import errno
import io
import itertools
import os
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm",
)  # fmt: skip
"""Endings of pictures."""
TABLES = (".csv", ".tsv", ".tab", ".txt")
"""Endings of tables."""
PARTS = {"train": "tr(ai)?n(ing|val)?", "val": "e?val(id(ation)?|uation)?|dev(el(opment)?)?", "test": "te?st(ing)?"}
"""The parts of a data set, and what folders and values that mean one are called."""
LABELS = "labels?|class(es)?|class.?(name|label|id)|label.?name|categor(y|ies)|targets?|y|species|breed|diagnosis"
"""What columns of classes are called; another one is taken where none is."""
MOST_BYTES, MOST_CELLS, MOST_COLUMNS = 2**27, 2_600_000, 1000
"""Larger tables are not read: a cell takes 160 bytes of memory."""
MOST_FOLDERS = 5000
"""Of so many folders the names of the files are kept."""
MOST_KNOWN = 65_536
"""Of so many cells of a table the files are kept: the same cell may stand in many rows."""
SAMPLE = 100
"""So many rows and columns of a table tell which column names the files."""
SAMPLE_TEXT = 2**20
"""So many letters of a table are looked at for that."""


class Found(NamedTuple):
    """Images as (file, class, part), folders of classes without images, and sentences on how they were read.

    The part is "train", "val" or "test", and empty where the images come in no parts.
    """

    items: list[tuple[Path, str, str]]
    empty: list[Path]
    notes: list[str]


def part_of(name: str) -> str:
    """Return the part that a name means, such as Training, val_set or test2017; empty for none."""
    more = r"[ _-]*(set|split|data|images?)?[ _-]*(\d{4})?"
    means = (part for part, text in PARTS.items() if re.fullmatch(f"({text}){more}", name.strip().lower()))
    return next(means, "")


def inside(folder: Path) -> list[Path]:
    """Return the folders in a folder by their names, without hidden ones and what macOS leaves in archives."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and is_shown(path.name))


def is_shown(name: str) -> bool:
    """Return whether a file or folder is none of those that a system keeps for itself."""
    return name[0] != "." and name not in ("__MACOSX", "Thumbs.db", "desktop.ini")


def walk(root: Path, suffixes: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return the images at any depth of a folder, and the other files.

    Links are followed, but not up to a folder that they lie in; no folder is read twice.
    """
    entered, files = {os.path.realpath(folder) for folder in (root, *root.absolute().parents)}, []
    for where, folders, names in os.walk(root, followlinks=True):
        here = Path(os.path.realpath(where))
        paths, folders[:] = [Path(where, name) for name in folders if is_shown(name)], []
        for path in sorted(paths, key=lambda path: (path.is_symlink(), path.name)):
            if (real := os.path.realpath(path)) not in entered and not here.is_relative_to(real):
                entered.add(real)
                folders.append(path.name)
        files += [Path(where, name) for name in names if is_shown(name)]
    files = sorted(files, key=lambda path: path.relative_to(root).as_posix())
    files = [path for path in files if path.is_file() or not path.exists()]  # no pipes; a broken link is told later
    images = [path for path in files if path.suffix.lower() in suffixes]
    return images, [path for path in files if path.suffix.lower() not in suffixes]


def in_folder(root: Path, suffixes: Sequence[str]) -> Found:
    """Return the images of a folder: a folder for each class, in folders of parts or not."""
    folders = inside(root)
    parts = {folder: part_of(folder.name) for folder in folders}
    if not any(part == "train" and inside(folder) for folder, part in parts.items()):
        return in_classes(root, "", suffixes)
    listing = Found([], [], [])
    for part in PARTS:
        for folder in (folder for folder in folders if parts[folder] == part):
            items, empty, notes = in_classes(folder, part, suffixes)
            listing = Found(listing.items + items, listing.empty + empty, listing.notes + notes)
    if unused := [folder.name for folder in folders if not parts[folder]]:
        listing.notes.append(f"Not used, since they are no parts: {some(unused)}.")
    return Found(one_case(listing.items, listing.notes), listing.empty, [*loose(root, suffixes), *listing.notes])


def in_classes(root: Path, part: str, suffixes: Sequence[str]) -> Found:
    """Return the images in the folder of each class."""
    listing, others = Found([], [], loose(root, suffixes)), []
    for folder in inside(root):
        images, rest = walk(folder, suffixes)
        listing.items.extend((path, folder.name, part) for path in images)
        listing.empty.extend([] if images else [folder])
        others += rest
    if others:
        names = some([path.name for path in others])
        listing.notes.append(f"Files that do not end as images do are not used ({len(others):,}): {names}.")
    return listing


def loose(root: Path, suffixes: Sequence[str]) -> list[str]:
    """Return a sentence on the images that lie beside folders, in none of them."""
    files = sorted(path.name for path in root.iterdir() if is_shown(path.name) and path.suffix.lower() in suffixes)
    text = f"Images beside the folders of {root.name} are not used, since they have no class"
    return [f"{text} ({len(files):,}): {some(files)}."] if files else []


def one_case(items: list[tuple[Path, str, str]], notes: list[str]) -> list[tuple[Path, str, str]]:
    """Return the images with the classes that training knows, where others differ in upper and lower case alone."""
    trained = {label for _, label, part in items if part == "train"}
    alike = {label.casefold(): label for label in trained}
    other = {label: alike.get(label.casefold(), label) for _, label, _ in items if label not in trained}
    notes += [f"{label} is read as the class {same}." for label, same in sorted(other.items()) if label != same]
    return [(file, other.get(label, label), part) for file, label, part in items]


def some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def with_parts(items: list[tuple[Path, str, str]], share: float, seed: int) -> list[tuple[Path, str, str]]:
    """Return the images as they are where some are not to train on; else a seed keeps a share of each class for test.

    That is at least one, of classes that have two.
    """
    if any(part in ("val", "test") for _, _, part in items):
        return [(file, label, part or "train") for file, label, part in items]
    chance, tested, of_class = random.Random(seed), set[Path](), dict[str, list[Path]]()
    for file, label, _ in items:
        of_class.setdefault(label, []).append(file)
    for _, mine in sorted(of_class.items()):
        chance.shuffle(mine)
        tested |= set(mine[: max(1, round(share * len(mine)))] if len(mine) > 1 else [])
    return [(file, label, "test" if file in tested else "train") for file, label, _ in items]


def few(items: list[tuple[Any, str, str]], count: int, seed: int) -> list[tuple[Any, str, str]]:
    """Return the images with at most so many of each class to train on, which a seed draws; the others stay."""
    chance, kept = random.Random(seed), set[int]()
    places = [(place, label) for place, (_, label, part) in enumerate(items) if part == "train"]
    for label in sorted({label for _, label in places}):
        mine = [place for place, of in places if of == label]
        chance.shuffle(mine)
        kept |= set(mine[:count])
    return [item for place, item in enumerate(items) if item[2] != "train" or place in kept]


def in_table(table: Path, suffixes: Sequence[str]) -> Found:
    """Return the images of a table, relative to it: which column names files, classes and parts, its cells tell.

    Raises ValueError where a row has no class.
    """
    text, notes = text_of(table)
    columns, column = columns_of(text, table.parent, suffixes)
    if not columns:
        return Found([], [], notes)
    files, first = Files(table.parent, suffixes), columns[column][0]
    is_head = not is_image(first, suffixes) and not files.located(first).is_file()
    names = [cells[0] if is_head else f"column {place}" for place, cells in enumerate(columns, start=1)]
    columns = [cells[1:] for cells in columns] if is_head else columns
    others = [place for place in range(len(names)) if place != column]
    part, parts = next(((n, found) for n in others if (found := parts_in(names[n], columns[n]))), (None, {}))
    label = label_column([place for place in others if place != part], names, columns)
    if columns[column] and (label is None or not all(columns[label])):
        row = 1 if label is None else columns[label].index("") + 1
        raise ValueError(f"Row {row + is_head} of {table.name} has no label.")
    if label is None:
        return Found([], [], notes)
    own = ("" if part is None else parts[value.lower()] for value in columns[part or 0])
    items = list(zip(map(files.located, columns[column]), columns[label], own, strict=True))
    used = {"images": column, "classes": label, "parts": part}
    read = ", ".join(f"{what} from {names[place]}" for what, place in used.items() if place is not None)
    unused = [names[place] or "a column without a name" for place in others if place not in (label, part)]
    read += "".join(f", {value or 'empty'} is {of}" for value, of in parts.items() if value != of)
    notes.append(f"{table.name}: {read}{f'; not used: {some(unused)}' if unused else ''}.")
    return Found(items, [], notes)


def text_of(table: Path) -> tuple[str, list[str]]:
    """Return the text of a table in UTF-8, UTF-16 with its mark, or else Windows' Western European, which is said.

    Lines of nothing but blanks and commas, semicolons or bars are left out.
    """
    if table.exists() and not table.is_file():
        raise OSError(errno.EINVAL, "it is not a file")
    with table.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {MOST_BYTES >> 20} MB")
    notes = []
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
        notes.append(f"{table.name} is not in UTF-8: it is read as Windows-1252.")
    return re.sub(r"\n[\s,;|]*\n", "\n", text), notes


def columns_of(text: str, base: Path, suffixes: Sequence[str]) -> tuple[list[list[str]], int]:
    """Return the columns of a table, and which one names files: the one with the most of them."""
    best: tuple[tuple[int, int, int], str, int] = ((-1, -1, -1), ",", 0)
    files = Files(base, suffixes)
    for delimiter in ",;\t|":
        some = next(rows_of(text[:SAMPLE_TEXT], delimiter), [])
        wide = max(map(len, some), default=0)
        for place in range(min(wide, SAMPLE)):
            cells = [row[place].strip() for row in some if place < len(row)]
            there = sum(os.path.isfile(files.located(cell)) for cell in cells)
            score = (there, sum(is_image(cell, suffixes) for cell in cells), wide)
            best = max(best, (score, delimiter, place), key=lambda candidate: candidate[0])
    columns, count = list[list[str]](), 0
    for rows in rows_of(text, best[1]):
        wide = max(map(len, rows))
        if wide > MOST_COLUMNS:
            raise ValueError(f"The table has more than {MOST_COLUMNS:,} columns.")
        columns += [[""] * count for _ in range(wide - len(columns))]
        count += len(rows)
        if len(columns) * count > MOST_CELLS:
            raise ValueError(f"The table has more than {MOST_CELLS:,} cells.")
        found = list(itertools.zip_longest(*rows, fillvalue=""))
        for column, more in zip(columns, found + [("",) * len(rows)] * (len(columns) - wide), strict=True):
            column += map(str.strip, more)
    return columns, best[2]


def rows_of(text: str, delimiter: str) -> Iterator[list[list[str]]]:
    """Yield the rows of a table that are not empty, a few at a time; raises ValueError where they hold too many cells.

    Empty ones count too, since they take as long to read.
    """
    lines, cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 0
    while some := list(itertools.islice(lines, SAMPLE)):
        cells += sum(map(len, some))
        if cells > MOST_CELLS:
            raise ValueError(f"The table has more than {MOST_CELLS:,} cells.")
        if rows := [row for row in some if "".join(row).strip()]:
            yield rows


def is_image(cell: str, suffixes: Sequence[str]) -> bool:
    """Return whether a cell ends as files of images do."""
    return os.path.splitext(cell)[1].lower() in suffixes


class Files:
    """The files that the cells of a table name, from its folder; each folder is listed once."""

    def __init__(self, base: Path, suffixes: Sequence[str]) -> None:
        self._base, self._suffixes = str(base), suffixes
        self._names: dict[str, frozenset[str] | None] = {}
        self._known: dict[str, Path] = {}

    def located(self, cell: str) -> Path:
        """Return the file that a cell names, with slashes of either kind, its ending left out or not.

        A file whose name its folder does not list, in any case, is not looked for. What was found lately is kept.
        """
        if cell not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[cell] = self._looked_for(cell)
        return self._known[cell]

    def _looked_for(self, cell: str) -> Path:
        ends = ("",) if is_image(cell, self._suffixes) or not cell else ("", *self._suffixes)
        path = ""
        for written in (cell, cell.replace("\\", "/"))[: 1 + ("\\" in cell)]:
            path = os.path.join(self._base, written)
            folder, name = os.path.split(path)
            names, plain = self._names_in(folder), folded(name)
            for end in ends:
                if (names is None or plain + end in names) and os.path.isfile(path + end):
                    return Path(path + end)
        return Path(path)

    def _names_in(self, folder: str) -> frozenset[str] | None:
        """Return the names in a folder, folded; None where they may not be listed."""
        if folder not in self._names:
            if len(self._names) >= MOST_FOLDERS:
                self._names.clear()
            try:
                self._names[folder] = frozenset(map(folded, os.listdir(folder)))
            except (OSError, ValueError) as error:
                self._names[folder] = None if isinstance(error, PermissionError) else frozenset()
        return self._names[folder]


def folded(name: str) -> str:
    """Return the name of a file as systems compare it that make no difference between cases and ways to write é."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def parts_in(name: str, cells: Iterable[str]) -> dict[str, str]:
    """Return what the values of a column mean as parts; nothing where they mean none.

    A value names its part. Where the column is called after one, 1 is that part and 0 the other; in a column called
    split or the like 0 is to train, 1 to test, or 0 to train, 1 to validate and 2 to test.
    """
    values = sorted({cell.lower() for cell in set(cells)})
    parts = {value: part_of(value) or "train" * (not value) for value in values}
    if all(parts.values()) and any(values):
        return parts
    plain, truth = name.lower(), {"0": 0, "1": 1, "2": 2, "false": 0, "true": 1, "no": 0, "yes": 1, "0.0": 0, "1.0": 1}
    own = part_of(re.sub("^(is|in|for)[ _-]?", "", plain))
    called = own or re.fullmatch("(data)?[ _-]?(split|subset|partition|part|set|phase|usage)", plain)
    numbers = [truth.get(value, 3) for value in values if value]
    if not called or not numbers or max(numbers) > (1 if own else 2):
        return {}
    order = ["test" if own == "train" else "train", own] if own else ["train", "test"]
    order = ["train", "val", "test"] if max(numbers) == 2 else order
    return {value: order[truth[value]] if value else "train" for value in values}


def label_column(places: Sequence[int], names: Sequence[str], columns: Sequence[Sequence[str]]) -> int | None:
    """Return the column of the classes: by its name, else the first with equal values, which a count has not."""
    called = [place for place in places if re.fullmatch(LABELS, names[place].lower())]
    repeated = [place for place in places if len(set(columns[place])) < len(columns[place])]
    return next(iter((*called, *repeated, *places)), None)
