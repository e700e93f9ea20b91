"""Which images there are, of which class, and in which part: read off folders and tables, without opening one."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from resnet_explorer.analysis.tuning.choices import EMBEDDED, TuneData, TuneKind
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.sources import SUFFIXES as PICTURES
from resnet_explorer.lab.sources import source
from resnet_explorer.spec.data_choice import DataChoice

SUFFIXES = (*PICTURES, ".npy")
"""Pictures, and arrays (height, width, channels) of bytes, for more channels than pictures have."""
TESTS = ("test", "val", "valid", "validation")
"""Names of the folder of test images beside ``train``; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class Item:
    """An image: the path of its file, or its number in an embedded set; its class; and whether it is for the test."""

    where: Path | int
    label: str
    test: bool

    @property
    def name(self) -> str:
        """Return what stands for it in reports."""
        return str(self.where)


@dataclass(frozen=True, slots=True)
class Listing:
    """The images in a fixed order, the classes in that of the outputs, and the folders that hold no image."""

    items: tuple[Item, ...]
    classes: tuple[str, ...]
    empty: tuple[str, ...]
    words: str


def listing(data: TuneData, seed: int, classes: Sequence[str] = ()) -> Listing:
    """Return the images of a choice; ``classes`` keeps those alone, in that order.

    Where they come in no parts, a seed keeps a share of each class for the test. Raises ExplorerError where there is
    nothing, or a class of ``classes`` is not there.
    """
    if data.kind in EMBEDDED:
        found = _embedded(data)
    elif data.kind is TuneKind.CSV:
        found = _table(Path(data.where), data.share, seed)
    else:
        found = _folder(Path(data.where), data.share, seed)
    if not found.items:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise ExplorerError(data.text, f"{found.words} holds no images.", f"Images end in {kinds}.")
    return _chosen(found, tuple(classes)) if classes else found


def _chosen(found: Listing, classes: tuple[str, ...]) -> Listing:
    unknown = [name for name in classes if name not in found.classes]
    if unknown:
        known = ", ".join(found.classes[:5])
        raise ExplorerError("classes", f"There are no images of {unknown[0]!r}.", f"There are those of {known}.")
    return replace(found, classes=classes, items=tuple(one for one in found.items if one.label in classes))


def _embedded(data: TuneData) -> Listing:
    images = source(DataChoice(EMBEDDED[data.kind]))
    labels = images.labels.tolist()
    items = tuple(Item(number, str(label), number >= images.train) for number, label in enumerate(labels))
    return Listing(items, tuple(map(str, sorted(set(labels)))), (), images.words)


def _folder(root: Path, share: float, seed: int) -> Listing:
    """Return the images of folders: a class for each folder, in ``train`` and a folder for the test, or in one."""
    if not root.is_dir():
        raise ExplorerError(str(root), f"{root} is no folder.", "Choose a folder with a folder for each class.")
    try:
        test = next((root / name for name in TESTS if (root / name).is_dir()), None)
        if (root / "train").is_dir():
            items, empty = _classes(root / "train", test=False)
            if test:
                tested, none = _classes(test, test=True)
                items, empty = items + tested, empty + none
            else:
                items = _split(items, share, seed)
        else:
            items, empty = _classes(root, test=False)
            items = _split(items, share, seed)
    except OSError as error:
        raise ExplorerError(str(root), f"{root} cannot be read: {error.strerror}.", "Choose another folder.") from error
    if not items and any(_images(root)):
        raise ExplorerError(str(root), f"The images of {root} have no classes.", "Put those of a class in a folder.")
    return Listing(tuple(items), tuple(sorted({one.label for one in items})), tuple(empty), str(root))


def _classes(root: Path, *, test: bool) -> tuple[list[Item], list[str]]:
    items: list[Item] = []
    empty: list[str] = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        files = list(_images(folder))
        items += [Item(file, folder.name, test) for file in files]
        empty += [] if files else [str(folder)]
    return items, empty


def _images(folder: Path) -> Iterator[Path]:
    files = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return iter(sorted(files, key=lambda path: path.relative_to(folder).as_posix()))


def _split(items: list[Item], share: float, seed: int) -> list[Item]:
    """Return the items with a share of each class for the test: at least one, of those that have two."""
    chance = Random(seed)
    tested: set[Path | int] = set()
    for label in sorted({one.label for one in items}):
        mine = [one.where for one in items if one.label == label]
        chance.shuffle(mine)
        tested |= set(mine[: max(1, round(share * len(mine)))] if len(mine) > 1 else [])
    return [replace(one, test=one.where in tested) for one in items]


def _table(file: Path, share: float, seed: int) -> Listing:
    """Return the images of a table: a row is a path, relative to the table, a label and, if given, the part."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = [row for row in csv.reader(lines, delimiter="\t" if file.suffix == ".tsv" else ",") if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no table in UTF-8"
        raise ExplorerError(str(file), f"{file} cannot be read: {reason}.", "Check the path.") from error
    if rows and rows[0][0].strip().lower() in ("path", "file", "filename", "image"):
        rows = rows[1:]
    short = next((number for number, row in enumerate(rows, start=1) if len(row) < 2 or not row[1].strip()), None)
    if short:
        raise ExplorerError(str(file), f"Row {short} of {file.name} has no label.", "Write path,label in each row.")
    items = [Item(file.parent / row[0].strip(), row[1].strip(), _is_test(row)) for row in rows]
    if not any(one.test for one in items):
        items = _split(items, share, seed)
    return Listing(tuple(items), tuple(sorted({one.label for one in items})), (), str(file))


def _is_test(row: list[str]) -> bool:
    return len(row) > 2 and row[2].strip().lower() in TESTS
