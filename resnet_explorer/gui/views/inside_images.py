"""Results from inside a network as rows of images with their words."""

from collections.abc import Sequence
from typing import Any

from resnet_explorer.analysis.inside import Confusion, Features, Filters, Gallery, Mistake
from resnet_explorer.drawing.chart.numbers import number
from resnet_explorer.drawing.inside.confusion import class_name
from resnet_explorer.drawing.theme import Theme
from resnet_explorer.gui.views.image_grid import Shown, coloured, seen


def gallery_images(shown: Gallery, named: Confusion | None, names: Sequence[str]) -> list[Shown]:
    """Return test images under their places and classes; wrongly named ones say as what, where that is known."""
    found = []
    for index, (pixels, truth) in enumerate(zip(shown.pixels, shown.truth, strict=True)):
        place, true = shown.request.first + index, class_name(names, truth)
        words, tip = f"{place}: {true}", f"Test image {place}, true class {true}"
        if named is not None and named.predicted[place] != truth:
            given = class_name(names, named.predicted[place])
            words, tip = f"{words} → {given}", f"{tip}, named {given}"
        found.append(Shown(seen(pixels), words, tip))
    return found


def mistakes_of(shown: Confusion, pair: tuple[int, int] | None) -> list[tuple[Mistake, Any]]:
    """Return the mistakes whose pixels are there, with them; those of one cell of the matrix where one is chosen."""
    known = zip(shown.mistakes, shown.pixels, strict=False)
    return [(one, pixels) for one, pixels in known if pair is None or pair == (one.truth, one.predicted)]


def mistake_images(found: Sequence[tuple[Mistake, Any]], names: Sequence[str]) -> list[Shown]:
    """Return wrongly named images with what they are, what they were named, and how surely."""
    images = []
    for one, pixels in found:
        true, given = class_name(names, one.truth), class_name(names, one.predicted)
        tip = f"Test image {one.image}: true class {true}, named {given} with a probability of {one.probability:.3f}"
        images.append(Shown(seen(pixels), f"{true} → {given}\n{100 * one.probability:.0f} %", tip))
    return images


def map_images(shown: Features, theme: Theme, together: bool) -> list[Shown]:
    """Return maps in the colours of the scale: from the least to the greatest value of all maps, or of each."""
    low, high = float(shown.maps.min()), float(shown.maps.max())
    images = []
    for channel, values in enumerate(shown.maps):
        least, most = float(values.min()), float(values.max())
        bounds = (low, high) if together else (least, most)
        tip = f"Channel {channel}: from {number(least)} to {number(most)}"
        images.append(Shown(coloured(_levels(values, *bounds), theme), str(channel), tip))
    return images


def filter_images(shown: Filters) -> list[Shown]:
    """Return filters over three channels as coloured images: grey is 0, each by its own largest weight."""
    images = []
    for index, weights in enumerate(shown.weights):
        largest = float(abs(weights).max()) or 1.0
        pixels = _levels(weights, -largest, largest).transpose(1, 2, 0).copy()
        images.append(Shown(seen(pixels), str(index), f"Filter {index}: largest weight {number(largest)}"))
    return images


def _levels(values: Any, low: float, high: float) -> Any:
    """Return values between two bounds as numbers from 0 to 255; 0 for what is not a number."""
    import numpy as np  # which the start does not need

    with np.errstate(over="ignore", invalid="ignore"):
        parts = (values - low) / ((high - low) or 1.0) * 255
    return np.nan_to_num(parts).clip(0, 255).round().astype(np.uint8)


def side_of(count: int, pixels: int) -> int:
    """Return the side in px at which so many images of so many pixels are well seen."""
    wanted = 112 if count <= 16 else 80 if count <= 64 else 56
    return max(wanted, min(pixels, 160))
