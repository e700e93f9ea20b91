"""A look at every image before training: what cannot be read, what is there twice, and how it is spread."""

import hashlib
from collections import Counter
from collections.abc import Iterator

from torch import Tensor

from resnet_explorer.analysis.tuning.checks import BadFile, ClassCount, DataReport, pairs, sizes
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.progress import Progress
from resnet_explorer.lab.tuning.data import EVERY, complete
from resnet_explorer.lab.tuning.listing import listing
from resnet_explorer.lab.tuning.pictures import UnreadableError, held, opened, with_channels


def check(plan: TunePlan) -> Iterator[Progress | DataReport]:
    """Yield progress while every image is opened, and last what was found.

    Raises ExplorerError where there is no image at all, or no class of that name.
    """
    found = listing(plan.data, plan.seed, plan.classes)
    bad: list[BadFile] = []
    digests: dict[str, tuple[str, str, bool]] = {}
    shapes: Counter[tuple[int, int]] = Counter()
    modes: Counter[int] = Counter()
    counts: Counter[tuple[str, bool]] = Counter()
    for number, item in enumerate(found.items):
        if number % EVERY == 0:
            yield Progress(number, len(found.items), f"looking at the images: {number:,} of {len(found.items):,}")
        try:
            image = opened(plan, item)
            with_channels(image[:, :1, :1], held(plan))
        except UnreadableError as error:
            bad.append(BadFile(item.name, str(error)))
            continue
        digests[item.name] = (_digest(image), item.label, item.test)
        shapes[(image.shape[1], image.shape[2])] += 1
        modes[image.shape[0]] += 1
        counts[(item.label, item.test)] += 1
    classes = tuple(ClassCount(name, counts[(name, False)], counts[(name, True)]) for name in found.classes)
    whole = _completed(plan)
    yield DataReport(found.words, classes, tuple(bad), found.empty, *pairs(digests), sizes(shapes), dict(modes), whole)


def _completed(plan: TunePlan) -> TunePlan | None:
    try:
        return complete(plan)
    except ExplorerError:  # what is wrong with the images is in the report, and with the weights is said by themselves
        return None


def _digest(image: Tensor) -> str:
    """Return the digest of an image's pixels and shape: the same picture saved twice, in whatever lossless way."""
    return hashlib.sha256(repr(tuple(image.shape)).encode() + image.numpy().tobytes()).hexdigest()
