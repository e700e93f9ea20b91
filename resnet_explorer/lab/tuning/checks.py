"""A look at every image before training: what cannot be read, what is there twice, and how it is spread."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.tuning.checks import BadFile, DataReport, Part, pairs, sizes
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.read import is_animated, white_of
from resnet_explorer.lab.tuning.data import EVERY, complete, counted, tops
from resnet_explorer.lab.tuning.listing import Item, listing
from resnet_explorer.lab.tuning.pictures import UnreadableError, held, opened, shows_white, with_channels


def check(plan: TunePlan) -> Iterator[Progress | DataReport]:
    """Yield progress while every image is opened, and last what was found.

    Raises ExplorerError where there is no image at all, or no class of that name.
    """
    found = listing(plan.data, plan.seed, plan.classes)
    deep: list[float] = []
    for number, item in enumerate(found.items):
        if number % EVERY == 0:
            yield Progress(number, len(found.items), "looking for the brightest pixels")
        deep += tops([item])
    plan = replace(plan, white=white_of(deep))
    bad: list[BadFile] = []
    seen = _Seen()
    for number, item in enumerate(found.items):
        if number % EVERY == 0:
            yield Progress(number, len(found.items), f"looking at the images: {number:,} of {len(found.items):,}")
        try:
            image = opened(plan, item)
            with_channels(image[:, :1, :1], held(plan))
        except UnreadableError as error:
            bad.append(BadFile(item.name, str(error)))
            continue
        seen.add(item, image, held(plan))
    yield DataReport(
        found.words,
        counted(seen.counts, found.classes),
        tuple(bad),
        found.empty,
        *pairs(seen.digests),
        sizes(seen.shapes),
        dict(seen.modes),
        _completed(plan),
        plan.white,
        (*found.notes, *_deep_words(deep, plan.white), *_other_words(seen.clear, seen.framed)),
    )


class _Seen:
    """What is known of the images that could be read."""

    def __init__(self) -> None:
        self.digests: dict[str, tuple[str, str, Part]] = {}
        self.shapes: Counter[tuple[int, int]] = Counter()
        self.modes: Counter[int] = Counter()
        self.counts: Counter[tuple[str, Part]] = Counter()
        self.clear = self.framed = 0

    def add(self, item: Item, image: Tensor, channels: int) -> None:
        self.digests[item.name] = (_digest(image), item.label, item.part)
        self.shapes[(image.shape[1], image.shape[2])] += 1
        self.modes[image.shape[0]] += 1
        self.counts[(item.label, item.part)] += 1
        self.clear += shows_white(image, channels)
        self.framed += isinstance(item.where, Path) and is_animated(item.where)


def _deep_words(deep: Sequence[float], white: Sequence[float]) -> Iterator[str]:
    """Say what is white in images of more than 8 bits, and which stay darker than another value would make them."""
    if not white:
        return
    values = " or ".join(f"{one:,g}" for one in white)
    yield f"Images of more than 8 bits ({len(deep):,}): {values} is white, by the greatest values in them."
    dark = [top for top in deep if top * 16 <= next(one for one in white if top <= one * (1 + 1e-6))]
    if dark:
        yield f"{len(dark):,} of these are nearly black: their values reach {max(dark):,g} at most."


def _other_words(clear: int, framed: int) -> Iterator[str]:
    """Say how many images show white where they are transparent, and of how many the first alone is seen."""
    if clear:
        yield f"Transparent pixels are put on white, in {clear:,} image{'s' * (clear != 1)}."
    if framed:
        yield f"Of {framed:,} file{'s' * (framed != 1)} with several images the first one is used."


def _completed(plan: TunePlan) -> TunePlan | None:
    try:
        return complete(plan, plan.white)
    except ExplorerError:  # what is wrong with the images is in the report, and with the weights is said by themselves
        return None


def _digest(image: Tensor) -> str:
    """Return the digest of an image's pixels and shape: the same picture saved twice, in whatever lossless way."""
    return hashlib.sha256(repr(tuple(image.shape)).encode() + image.numpy().tobytes()).hexdigest()
