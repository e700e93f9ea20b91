"""Kinds of runs that keep more than a plan: which file tells them, and who knows what to do with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resnet_explorer.features import resolve
from resnet_explorer.runs.codec import TUNE


@dataclass(frozen=True, slots=True)
class RunKind:
    """A kind by the file that its folders hold; ``train`` and ``images`` are ``module:function``."""

    file: str
    train: str
    images: str

    def go_on(self, folder: Path, until: int | None, known_steps: int | None, tensorboard: bool) -> Iterator[object]:
        """Yield what the training of a run yields that goes on from where it stopped."""
        steps: Iterator[object] = resolve(self.train)(folder, until, known_steps, tensorboard)
        return steps

    def images_of(self, folder: Path) -> Any:
        """Return the images of a run, which are what ``probes.data.Images`` is."""
        read: Callable[[Path], Any] = resolve(self.images)
        return read(folder)


KINDS = (RunKind(TUNE, "resnet_explorer.finetuning.jobs:go_on", "resnet_explorer.finetuning.jobs:images_of_run"),)


def kind_of(folder: Path) -> RunKind | None:
    """Return the kind of a run by its folder; None for a plain training."""
    return next((kind for kind in KINDS if (folder / kind.file).is_file()), None)
