"""Some of a plan's images: as the network sees them, and grey, to measure the ways into it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from resnet_explorer.analysis.progress import Progress
from resnet_explorer.analysis.tuning.checks import BadFile, Part, SamplePage
from resnet_explorer.analysis.tuning.choices import GreyWay
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import GreyReport
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.tuning.channels import measure_grey
from resnet_explorer.lab.tuning.data import TuneImages, complete, prepared
from resnet_explorer.lab.tuning.listing import Item, listing
from resnet_explorer.lab.tuning.pictures import UnreadableError
from resnet_explorer.lab.tuning.start import start

PIXELS = 8 * 224 * 224
"""So many pixels are measured of grey images in all, so that it takes seconds."""
LEAST, MOST = 4, 64
"""The bounds of how many images that may be."""


def samples(plan: TunePlan, count: int, seed: int) -> Iterator[Progress | SamplePage]:
    """Yield progress, and last some training images that a seed picks; raises ExplorerError where there are none."""
    if count < 1:
        raise ExplorerError("count", f"{count} images cannot be shown.", "Choose 1 or more.")
    yield Progress(0, count, "reading the images")
    found = listing(plan.data, plan.seed, plan.classes)
    plan = replace(plan, classes=found.classes)
    read = _read(plan, found.items, count, seed)
    images = TuneImages(plan, [item for item, _ in read], torch.stack([one for _, one in read]), ())
    yield images.page(torch.arange(len(read)))


def _read(plan: TunePlan, items: Sequence[Item], count: int, seed: int) -> list[tuple[Item, Tensor]]:
    """Return the first images that can be read of those to train on, in an order that a seed draws."""
    train = [one for one in items if one.part is Part.TRAIN]
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).tolist()
    found: list[tuple[Item, Tensor]] = []
    bad: list[BadFile] = []
    for index in order:
        if len(found) == count:
            break
        try:
            found.append((train[index], prepared(plan, train[index])))
        except UnreadableError as error:
            bad.append(BadFile(train[index].name, str(error)))
    if not found:
        why = f": {bad[0].path}: {bad[0].reason}." if bad else "."
        raise ExplorerError(plan.data.text, f"There is no image to train on that can be read{why}", "Add some.")
    return found


def compare_grey(plan: TunePlan) -> Iterator[Progress | GreyReport]:
    """Yield progress, and last what each way of grey images changes in a plan's network with its first weights."""
    yield Progress(0, 3, "fetching the first weights")
    colour = replace(plan, channels=plan.spec.in_channels, grey=GreyWay.REPEAT, dropout=0.0)
    colour = colour if colour.classes else complete(colour)
    model, _ = start(colour)
    yield Progress(1, 3, "reading the images")
    count = max(LEAST, min(MOST, PIXELS // (plan.image.height * plan.image.width)))
    grey = replace(colour, channels=1)
    read = _read(grey, listing(plan.data, plan.seed, colour.classes).items, count, plan.seed)
    yield Progress(2, 3, f"measuring {len(read)} images")
    pixels = torch.stack([one for _, one in read])[:, :1].float() / 255
    yield measure_grey(model, colour.network_spec, pixels, colour.preprocess, plan.seed)
