"""What the classes of a set of images are called."""

from collections.abc import Mapping
from pathlib import Path

from resnet_explorer.images import find
from resnet_explorer.lab.sources import classes_of
from resnet_explorer.spec.data_choice import DataChoice, DataKind

_NAMES: Mapping[DataKind, tuple[str, ...]] = {
    DataKind.DIGITS: tuple("0123456789"),
    DataKind.MNIST: tuple("0123456789"),
    DataKind.CIFAR10: (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
    DataKind.FASHION: (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
}


def class_names(choice: DataChoice, count: int) -> tuple[str, ...]:
    """Return the names of ``count`` classes; those that nobody named have their number."""
    known = _folders(Path(choice.root)) if choice.kind is DataKind.FOLDER else _NAMES.get(choice.kind, ())
    if choice.kind is DataKind.CIFAR100:
        from torchvision import datasets  # a second, for those who have such a set alone

        known = tuple(datasets.CIFAR100(choice.root, train=False).classes)
    return tuple(known[index] if index < len(known) else str(index) for index in range(count))


def _folders(root: Path) -> tuple[str, ...]:
    """Return the classes of a folder in the order in which their labels are counted."""
    return classes_of(find.in_folder(root, find.SUFFIXES).items)
