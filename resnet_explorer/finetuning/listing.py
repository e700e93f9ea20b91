"""Which images a fine-tuning has: those of a folder, of a table or of an embedded set, with their classes and parts."""

import csv
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import choices
from resnet_explorer.finetuning.data_report import Part
from resnet_explorer.images import find
from resnet_explorer.images.choice import DataChoice
from resnet_explorer.probes.data import source

SUFFIXES = (*find.SUFFIXES, ".npy")
"""Pictures, and arrays (height, width, channels), for more channels than pictures have."""


class Item(NamedTuple):
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
    text: str
    notes: tuple[str, ...] = ()


def listing(data: choices.TuneData, seed: int, classes: Sequence[str] = ()) -> Listing:
    """Return the images of a choice; ``classes`` keeps those alone, in that order.

    Where there are none but to train on, a seed keeps a share of each class for the test. Raises ExplorerError where
    there is nothing, or a class of ``classes`` is not there.
    """
    with _no_collection():
        images = _embedded(data) if data.kind in choices.EMBEDDED else _files(data, seed)
    if data.per_class:
        rows = find.few([(item, item.label, item.part) for item in images.items], data.per_class, seed)
        images = replace(images, items=tuple(item for item, _, _ in rows))
    if not images.items:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise ExplorerError(data.text, f"{images.text} holds no images.", f"Images end in {kinds}.")
    return _chosen(images, tuple(classes)) if classes else images


@contextmanager
def _no_collection() -> Iterator[None]:
    """Make values without looking for those in cycles, which takes as long again for a million images."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chosen(listing: Listing, classes: tuple[str, ...]) -> Listing:
    unknown = [name for name in classes if name not in listing.classes]
    if unknown:
        present = ", ".join(listing.classes[:5])
        raise ExplorerError("classes", f"There are no images of {unknown[0]!r}.", f"There are those of {present}.")
    return replace(listing, classes=classes, items=tuple(item for item in listing.items if item.label in classes))


def _embedded(data: choices.TuneData) -> Listing:
    images = source(DataChoice(choices.EMBEDDED[data.kind]))
    labels = images.labels.tolist()
    items = (
        Item(number, str(label), Part.TRAIN if number < images.train else Part.TEST)
        for number, label in enumerate(labels)
    )
    return Listing(tuple(items), tuple(map(str, sorted(set(labels)))), (), images.text)


def _files(data: choices.TuneData, seed: int) -> Listing:
    images = _table(Path(data.where)) if data.kind is choices.TuneKind.CSV else _folder(Path(data.where))
    rows = find.with_parts(images.items, data.share, seed)
    parts = {part.value: part for part in Part}
    items = tuple(Item(file, label, parts[part]) for file, label, part in rows)
    classes = tuple(sorted({item.label for item in items}))
    return Listing(items, classes, tuple(map(str, images.empty)), data.where, tuple(images.notes))


def _folder(root: Path) -> find.Found:
    if not root.is_dir():
        raise ExplorerError(str(root), f"{root} is no folder.", "Choose a folder with a folder for each class.")
    try:
        images = find.in_folder(root, SUFFIXES)
        if not images.items and find.walk(root, SUFFIXES)[0]:
            text = f"The images of {root} have no classes."
            raise ExplorerError(str(root), text, "Put those of a class in a folder.")
    except OSError as error:
        raise ExplorerError(str(root), f"{root} cannot be read: {error.strerror}.", "Choose another folder.") from error
    return images


def _table(file: Path) -> find.Found:
    try:
        return find.in_table(file, SUFFIXES)
    except OSError as error:
        raise ExplorerError(str(file), f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
    except csv.Error as error:
        raise ExplorerError(str(file), f"{file} is no table: {error}.", "Save it as CSV.") from error
    except ValueError as error:
        raise ExplorerError(str(file), str(error), "Write a path and a label in each row.") from error
