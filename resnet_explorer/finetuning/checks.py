"""Checks of every image before training: unreadable files, duplicates, counts and sizes."""

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import data
from resnet_explorer.finetuning.choices import GreyWay
from resnet_explorer.finetuning.data_report import BadFile, DataReport, Part, SamplePage, pairs, sizes
from resnet_explorer.finetuning.listing import Item, listing
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import CheckData, CompareGrey, GreyReport, ShowSamples
from resnet_explorer.finetuning.weights import measure_grey, start
from resnet_explorer.images.read import bytes_in, is_animated, white_of
from resnet_explorer.probes.decoding import decoders, in_order
from resnet_explorer.readings.progress import Progress


def check(request: CheckData) -> Iterator[Progress | DataReport]:
    """Yield progress while every image is opened, and last the report.

    Raises ExplorerError where there is no image at all, or no class of that name.
    """
    plan = request.plan
    found = listing(plan.data, plan.seed, plan.classes)
    deep: list[float] = []
    for number, item in enumerate(found.items):
        if number % data.EVERY == 0:
            yield Progress(number, len(found.items), "finding the brightest pixels")
        deep += data.tops([item])
    plan = replace(plan, white=white_of(deep))
    seen, problems = yield from _opened(plan, found.items)
    data.remember(plan, found.items, problems)
    yield DataReport(
        found.text,
        data.counted(seen.counts, found.classes),
        tuple(BadFile(error.name, str(error)) for error in problems),
        found.empty,
        *pairs(seen.digests),
        sizes(seen.shapes),
        dict(seen.modes),
        _completed(plan),
        plan.white,
        (*found.notes, *_deep_notes(deep, plan.white), *_pixel_notes(seen.clear, seen.framed)),
    )


def _opened(
    plan: TunePlan, items: Sequence[Item]
) -> Generator[Progress, None, tuple["_Readable", list[data.UnreadableError]]]:
    """Yield progress while every image is opened, and return what the readable ones are, and why others are not."""
    seen, problems, threads = _Readable(), list[data.UnreadableError](), data.threads_for(plan)
    with decoders(threads) as pool:
        whole = in_order(lambda index: data.opened(plan, items[index], bytes_in), len(items), pool, threads + 1)
        for number, (item, image) in enumerate(zip(items, whole, strict=True)):
            if number % data.EVERY == 0:
                yield Progress(number, len(items), f"checking the images: {number:,} of {len(items):,}")
            try:
                pixels = image()
                data.with_channels(pixels[:, :1, :1], data.held(plan))
            except data.UnreadableError as error:
                error.name = item.name
                problems.append(error)
                continue
            seen.add(item, pixels, data.held(plan))
    return seen, problems


class _Readable:
    """Counts of the readable images, and digests of their pixels and shapes."""

    def __init__(self) -> None:
        self.digests: dict[str, tuple[str, str, Part]] = {}
        self.shapes: Counter[tuple[int, int]] = Counter()
        self.modes: Counter[int] = Counter()
        self.counts: Counter[tuple[str, Part]] = Counter()
        self.clear = self.framed = 0

    def add(self, item: Item, image: Tensor, channels: int) -> None:
        digest = hashlib.sha256(repr(tuple(image.shape)).encode() + image.numpy().tobytes()).hexdigest()
        self.digests[item.name] = (digest, item.label, item.part)
        self.shapes[(image.shape[1], image.shape[2])] += 1
        self.modes[image.shape[0]] += 1
        self.counts[(item.label, item.part)] += 1
        loses_alpha = image.shape[0] in (2, 4) and channels in (1, 3)
        self.clear += loses_alpha and bool((image[-1] < 255).any())
        self.framed += isinstance(item.where, Path) and is_animated(item.where)


def _deep_notes(deep: Sequence[float], white: Sequence[float]) -> Iterator[str]:
    if not white:
        return
    values = " or ".join(f"{level:,g}" for level in white)
    yield f"Images of more than 8 bits ({len(deep):,}): {values} is taken as white, by their largest values."
    dark = [top for top in deep if top * 16 <= next(level for level in white if top <= level * (1 + 1e-6))]
    if dark:
        yield f"{len(dark):,} of these are nearly black: their largest value is {max(dark):,g}."


def _pixel_notes(clear: int, framed: int) -> Iterator[str]:
    if clear:
        yield f"Transparent pixels are shown on white, in {clear:,} image{'s' * (clear != 1)}."
    if framed:
        yield f"Of {framed:,} file{'s' * (framed != 1)} with several images the first one is used."


def _completed(plan: TunePlan) -> TunePlan | None:
    try:
        return data.complete(plan, plan.white)
    except ExplorerError:  # what is wrong with the images is in the report, and with the weights is said by themselves
        return None


PIXELS = 8 * 224 * 224
"""Pixels of all grey images that are measured, so that it takes seconds."""
LEAST, MOST = 4, 64
"""Bounds of their number."""


def samples(request: ShowSamples) -> Iterator[Progress | SamplePage]:
    """Yield progress, and last some training images that a seed picks; raises ExplorerError where there are none."""
    plan, count = request.plan, request.count
    if count < 1:
        raise ExplorerError("count", f"{count} images cannot be shown.", "Choose 1 or more.")
    yield Progress(0, count, "reading the images")
    found = listing(plan.data, plan.seed, plan.classes)
    plan = replace(plan, classes=found.classes)
    read = _read(plan, found.items, count, request.seed)
    items = [item for item, _ in read]
    decoded = data.decoded_of(plan, items)
    for place, (_, pixels) in enumerate(read):
        decoded.keep(place, pixels)
    yield data.TuneImages(plan, items, decoded=decoded).page(torch.arange(len(read)))


def _read(plan: TunePlan, items: Sequence[Item], count: int, seed: int) -> list[tuple[Item, Tensor]]:
    """Return the first images that can be read of those to train on, in an order that a seed draws."""
    train = [item for item in items if item.part is Part.TRAIN]
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).tolist()
    readable: list[tuple[Item, Tensor]] = []
    bad: list[BadFile] = []
    for index in order:
        if len(readable) == count:
            break
        try:
            readable.append((train[index], data.prepared(plan, train[index])))
        except data.UnreadableError as error:
            bad.append(BadFile(train[index].name, str(error)))
    if not readable:
        why = f": {bad[0].path}: {bad[0].reason}." if bad else "."
        raise ExplorerError(plan.data.text, f"There is no readable training image{why}", "Add some.")
    return readable


def compare_grey(request: CompareGrey) -> Iterator[Progress | GreyReport]:
    """Yield progress, and last what each way of grey images changes in a plan's network with its initial weights."""
    plan = request.plan
    yield Progress(0, 3, "loading the initial weights")
    colour = replace(plan, channels=plan.spec.in_channels, grey=GreyWay.REPEAT, dropout=0.0)
    colour = colour if colour.classes else data.complete(colour)
    model, _ = start(colour)
    yield Progress(1, 3, "reading the images")
    count = max(LEAST, min(MOST, PIXELS // (plan.image.height * plan.image.width)))
    grey = replace(colour, channels=1)
    read = _read(grey, listing(plan.data, plan.seed, colour.classes).items, count, plan.seed)
    yield Progress(2, 3, f"measuring {len(read)} images")
    pixels = torch.stack([image for _, image in read])[:, :1].float() / 255
    yield measure_grey(model, colour.network_spec, pixels, colour.preprocess, plan.seed)
