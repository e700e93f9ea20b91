"""The images that were read last, held for whatever looks at the same ones next."""

from collections.abc import Generator, Hashable

from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.lab.tuning.data import TuneImages
from resnet_explorer.lab.tuning.run import fetched

_held: dict[Hashable, TuneImages] = {}


def held_images(plan: TunePlan) -> Generator[Progress, None, TuneImages]:
    """Yield progress while a plan's images are read, unless they were read last, and return them."""
    prepared = (plan.image, plan.channels, plan.grey, plan.preprocess, plan.white)
    key = (plan.spec, plan.data, plan.classes, plan.seed, *prepared)
    if key not in _held:
        images = yield from fetched(plan)
        _held.clear()
        _held[key] = images
    return _held[key]


def images_of(plan: TunePlan) -> TuneImages:
    """Return a plan's images, those that were read last or read now."""
    steps = held_images(plan)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            images: TuneImages = done.value
            return images
