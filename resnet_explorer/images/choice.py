"""Which images an experiment runs on: two sets that the app carries, noise, or what the user has on disk."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from resnet_explorer.errors import ExplorerError


class DataKind(StrEnum):
    """Where images come from, with the title and the number of images to train on, None for a folder.

    MNIST is the app's own 5,000 digits, or the whole set where a folder holds it.
    """

    DIGITS = "digits", "digits", 1_500
    MNIST = "mnist", "MNIST", 60_000
    NOISE = "noise", "Gaussian noise", 60_000
    FOLDER = "folder", "images", None
    CIFAR10 = "cifar10", "CIFAR-10", 50_000
    CIFAR100 = "cifar100", "CIFAR-100", 50_000
    FASHION = "fashion-mnist", "Fashion-MNIST", 60_000

    set_title: str
    training_images: int | None

    def __new__(cls, name: str, title: str = "", training_images: int | None = None) -> "DataKind":
        kind = str.__new__(cls, name)
        kind._value_, kind.set_title, kind.training_images = name, title, training_images
        return kind


EMBEDDED = (DataKind.DIGITS, DataKind.MNIST, DataKind.NOISE)
"""What needs no folder."""


@dataclass(frozen=True, slots=True)
class DataChoice:
    """Images to run on; ``root`` is the folder that holds them, empty for what the app carries.

    Raises ExplorerError where a kind needs a folder and has none, or has one and needs none.
    """

    kind: DataKind = DataKind.DIGITS
    root: str = ""

    def __post_init__(self) -> None:
        if not self.root and self.kind not in EMBEDDED:
            example = "a path such as ./images" if self.kind is DataKind.FOLDER else f"{self.kind}:FOLDER"
            raise ExplorerError("data", f"{self.title} needs the folder that holds it.", f"Write {example}.")
        if self.root and self.kind in (DataKind.DIGITS, DataKind.NOISE):
            raise ExplorerError("data", f"{self.kind} needs no folder.", f"Write {self.kind} alone.")

    @property
    def title(self) -> str:
        return self.kind.set_title

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.root,) if self.root else ()

    @property
    def training_images(self) -> int | None:
        """Return how many images there are to train on; None for a folder, which has to be looked at."""
        if self.kind is DataKind.MNIST and not self.root:
            return 4_000
        return self.kind.training_images

    @property
    def text(self) -> str:
        """Return the words that ``parse_data`` reads."""
        if self.kind is DataKind.FOLDER:
            return self.root if Path(self.root).is_absolute() else f"./{Path(self.root).as_posix()}"
        return f"{self.kind}:{self.root}" if self.root else str(self.kind)


DIGITS = DataChoice()
"""The images that are used where nothing is asked for."""


def parse_data(text: str) -> DataChoice:
    """Return the choice that a text names: ``digits``, ``mnist``, ``noise``, ``cifar10:FOLDER``, or a folder.

    Raises ExplorerError where it is none of these.
    """
    name, _, root = text.strip().partition(":")
    kind = next((kind for kind in DataKind if kind == name.strip().lower()), None)
    if kind is not None and kind is not DataKind.FOLDER:
        return DataChoice(kind, root)
    if os.path.isdir(text) or any(mark in text for mark in "/\\."):
        return DataChoice(DataKind.FOLDER, text)
    remedy = f"Choose {', '.join(EMBEDDED)}, cifar10:FOLDER, or a folder of images."
    raise ExplorerError("data", f"There are no images called {text[:80]!r}.", remedy)
