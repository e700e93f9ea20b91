"""Which images there are, of which class, and in which part: read off folders and tables, without opening one."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from resnet_explorer.analysis.tuning.checks import Part
from resnet_explorer.analysis.tuning.choices import EMBEDDED, TuneData, TuneKind
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images import find
from resnet_explorer.lab.sources import source
from resnet_explorer.spec.data_choice import DataChoice

SUFFIXES = (*find.SUFFIXES, ".npy")
"""Pictures, and arrays (height, width, channels), for more channels than pictures have."""


@dataclass(frozen=True, slots=True)
class Item:
    """An image: the path of its file, or its number in an embedded set; its class; and its part."""

    where: Path | int
    label: str
    part: Part

    @property
    def name(self) -> str:
        """Return what stands for it in reports."""
        return str(self.where)


@dataclass(frozen=True, slots=True)
class Listing:
    """The images in a fixed order, the classes in that of the outputs, and the folders that hold no image.

    ``notes`` are sentences on how they were read, and on what is not used.
    """

    items: tuple[Item, ...]
    classes: tuple[str, ...]
    empty: tuple[str, ...]
    words: str
    notes: tuple[str, ...] = ()


def listing(data: TuneData, seed: int, classes: Sequence[str] = ()) -> Listing:
    """Return the images of a choice; ``classes`` keeps those alone, in that order.

    Where there are none but to train on, a seed keeps a share of each class for the test. Raises ExplorerError where
    there is nothing, or a class of ``classes`` is not there.
    """
    found = _embedded(data) if data.kind in EMBEDDED else _files(data, seed)
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
    items = (
        Item(number, str(label), Part.TRAIN if number < images.train else Part.TEST)
        for number, label in enumerate(labels)
    )
    return Listing(tuple(items), tuple(map(str, sorted(set(labels)))), (), images.words)


def _files(data: TuneData, seed: int) -> Listing:
    found = _table(Path(data.where)) if data.kind is TuneKind.CSV else _folder(Path(data.where))
    items = tuple(Item(file, label, Part(part)) for file, label, part in find.with_parts(found.items, data.share, seed))
    classes = tuple(sorted({one.label for one in items}))
    return Listing(items, classes, tuple(map(str, found.empty)), data.where, tuple(found.notes))


def _folder(root: Path) -> find.Found:
    if not root.is_dir():
        raise ExplorerError(str(root), f"{root} is no folder.", "Choose a folder with a folder for each class.")
    try:
        found = find.in_folder(root, SUFFIXES)
        if not found.items and find.walk(root, SUFFIXES)[0]:
            words = f"The images of {root} have no classes."
            raise ExplorerError(str(root), words, "Put those of a class in a folder.")
    except OSError as error:
        raise ExplorerError(str(root), f"{root} cannot be read: {error.strerror}.", "Choose another folder.") from error
    return found


def _table(file: Path) -> find.Found:
    try:
        return find.in_table(file, SUFFIXES)
    except OSError as error:
        raise ExplorerError(str(file), f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
    except csv.Error as error:
        raise ExplorerError(str(file), f"{file} is no table: {error}.", "Save it as CSV.") from error
    except ValueError as error:
        raise ExplorerError(str(file), str(error), "Write a path and a label in each row.") from error
