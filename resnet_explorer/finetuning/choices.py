"""The choices of a fine-tuning: initial weights, images, channels, what trains when, and how images are prepared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from math import isfinite
from pathlib import Path

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DataKind
from resnet_explorer.images.find import TABLES
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import first_convolution, spread
from resnet_explorer.readings.read import analyse
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find, named
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.readers import MAX_IN_CHANNELS


class WeightsKind(StrEnum):
    """Where the initial weights come from."""

    PUBLISHED = "published"
    BUILT_IN = "built-in"
    FILE = "file"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """The initial weights: ``name`` is that of published ones or of the app's own, or a file's path; empty for none.

    ``key`` chooses where a file holds several networks; empty for the likeliest.
    """

    kind: WeightsKind = WeightsKind.PUBLISHED
    name: str = "DEFAULT"
    key: str = ""

    def __post_init__(self) -> None:
        if (self.kind is WeightsKind.NONE) == bool(self.name):
            raise ExplorerError("weights", f"Weights cannot be {self.kind} {self.name}.", "Name them, or choose none.")

    @property
    def text(self) -> str:
        """Return the words that ``parse_weights`` reads."""
        return self.name or "none"

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.name,) if self.kind is WeightsKind.FILE else ()

    @property
    def file(self) -> Path | None:
        """Return the file that the weights lie in; None for published ones, and for none."""
        if self.kind is WeightsKind.BUILT_IN:
            return assets.path("weights", f"{self.name}.safetensors")
        return Path(self.name) if self.kind is WeightsKind.FILE else None


NO_WEIGHTS = WeightsChoice(WeightsKind.NONE, "")
MNIST_WEIGHTS = WeightsChoice(WeightsKind.BUILT_IN, "mnist-resnet20")
"""The app's own weights of ``mnist_spec``, learnt from its MNIST images; made by ``packaging/record_runs.py``."""


@cache
def mnist_spec() -> ResNetSpec:
    """Return the network of the app's own weights: ResNet-20, 8 channels wide, for grey images."""
    return named(assign(find("resnet20"), "width=8", "in_channels=1"))


def parse_weights(text: str) -> WeightsChoice:
    """Return the choice that a text names: ``DEFAULT``, ``IMAGENET1K_V1``, ``mnist-resnet20``, ``none``, or a file."""
    text = text.strip()
    if text.lower() == MNIST_WEIGHTS.name:
        return MNIST_WEIGHTS
    if text.lower() in ("none", ""):
        return NO_WEIGHTS
    published = text.lower() == "default" or re.fullmatch(r"[A-Z][A-Z0-9_]*", text)
    return WeightsChoice(WeightsKind.PUBLISHED, text.upper()) if published else WeightsChoice(WeightsKind.FILE, text)


class TuneKind(StrEnum):
    """How images lie: a class for each folder, a table of paths and labels, or a set that the app carries."""

    FOLDER = "folder"
    CSV = "csv"
    DIGITS = "digits"
    MNIST = "mnist"


EMBEDDED: Mapping[TuneKind, DataKind] = {TuneKind.DIGITS: DataKind.DIGITS, TuneKind.MNIST: DataKind.MNIST}


@dataclass(frozen=True, slots=True)
class TuneData:
    """The images to tune on; ``where`` is the folder or the table, empty for what the app carries.

    ``share`` is the part of each class that is kept for the test where all images are there to train on.
    ``per_class`` is the most images of each class to train on, drawn by the plan's seed; 0 for all.
    """

    kind: TuneKind = TuneKind.FOLDER
    where: str = ""
    share: float = 0.2
    per_class: int = 0

    def __post_init__(self) -> None:
        if (self.kind in EMBEDDED) == bool(self.where):
            raise ExplorerError("data", f"{self.kind} at {self.where!r} are no images.", "Give a folder or a table.")
        if not 0 < self.share < 1:
            raise ExplorerError("share", f"A test share of {self.share} cannot be.", "Choose one between 0 and 1.")
        if self.per_class < 0:
            text = f"{self.per_class} training images of each class cannot be."
            raise ExplorerError("per_class", text, "Choose 1 or more, or 0 for all.")

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the folder of the images, which for a table is the one that it lies in."""
        return () if not self.where else (str(Path(self.where).parent),) if self.kind is TuneKind.CSV else (self.where,)

    @property
    def text(self) -> str:
        """Return the words that ``parse_tune_data`` reads."""
        return self.where or str(self.kind)


def parse_tune_data(text: str) -> TuneData:
    """Return the images that a text names: ``digits``, ``mnist``, a table such as a .csv file, or a folder."""
    embedded = next((kind for kind in EMBEDDED if kind == text.strip().lower()), None)
    if embedded:
        return TuneData(embedded)
    return TuneData(TuneKind.CSV if text.lower().endswith(TABLES) else TuneKind.FOLDER, text)


class GreyWay(StrEnum):
    """How images of other channels reach a network: repeated, by other first kernels, or through a 1x1 before it."""

    REPEAT = "repeat"
    SUM = "sum"
    MEAN = "mean"
    LUMINANCE = "luminance"
    ADAPTER = "adapter"


class Strategy(StrEnum):
    """What trains when.

    A: the backbone is frozen, then all trains at smaller rates. B: all trains, each stage at a rate of its own
    (discriminative fine-tuning: Howard and Ruder 2018, section 3.2). C: stage by stage from the last (gradual
    unfreezing: ibid., section 3.3). A linear probe trains the head alone; full trains all at one rate.
    """

    A = "A"
    B = "B"
    C = "C"
    PROBE = "probe"
    FULL = "full"


class BnMode(StrEnum):
    """Which batch norms use their running statistics in training, and leave them as they are."""

    TRAIN = "train"
    FROZEN = "eval-frozen"
    EVAL = "eval"


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of the recipe's rate: the head's, the factor from a stage to the one before it, strategy A's later one."""

    head: float = 1.0
    factor: float = 0.5
    later: float = 0.1

    def __post_init__(self) -> None:
        for name in ("head", "factor", "later"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise ExplorerError(name, f"A share of {value} of the learning rate cannot be.", "Choose one above 0.")


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How images are prepared: resized to ``resize``, centre-cropped to ``crop``, normalised per channel.

    At another size of the input both scale alike. Values are of images from 0 to 1.
    """

    resize: int = 256
    crop: int = 224
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if not 1 <= self.crop <= self.resize:
            text = f"A crop of {self.crop} pixels does not fit in {self.resize}."
            raise ExplorerError("resize", text, "Resize to more.")
        if len(self.mean) != len(self.std) or not self.mean:
            text = "Means and standard deviations differ in number."
            raise ExplorerError("mean", text, "Give one of each for a channel.")
        if not all(isfinite(value) and value > 0 for value in self.std) or not all(map(isfinite, self.mean)):
            raise ExplorerError("std", "A standard deviation must be above 0.", "Choose values above 0.")

    def describe(self, image: InputShape) -> str:
        """Return what is done to images for this input, in a phrase: ``resized to 256×256, centre-cropped to …``."""
        size = f"{image.height}×{image.width}"
        if self.resize == self.crop:
            return f"resized to {size}, centre-cropped"
        height, width = (round(side * self.resize / self.crop) for side in (image.height, image.width))
        return f"resized to {height}×{width}, centre-cropped to {size}"

    def fitted(self, size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int]:
        """Return the (height, width) to resize to before centre-cropping to ``target``."""
        ratio = self.resize / self.crop
        scale = max(ratio * wanted / side for wanted, side in zip(target, size, strict=True))
        height, width = (
            max(wanted, int(side * scale + 1e-6)) for wanted, side in zip(target, size, strict=True)
        )  # whole pixels as torchvision cuts them off
        return height, width


IMAGENET = Preprocess()
"""What most of torchvision's weights were tested with."""
LUMINANCE = (0.299, 0.587, 0.114)
"""ITU-R BT.601: how eyes, and ``convert("L")`` of Pillow, weigh red, green and blue."""
PORTS = (GreyWay.SUM, GreyWay.MEAN, GreyWay.LUMINANCE)
"""The ways that give the network another first convolution."""


def adapts(spec: ResNetSpec, channels: int) -> bool:
    """Return whether images of so many channels need a way into the network at all."""
    return channels != spec.in_channels


def check_way(spec: ResNetSpec, channels: int, way: GreyWay) -> None:
    """Raise ExplorerError where images of so many channels cannot take this way into the network."""
    if not 1 <= channels <= MAX_IN_CHANNELS:
        raise ExplorerError("channels", f"{channels} channels cannot be.", f"Choose 1 to {MAX_IN_CHANNELS:,}.")
    if not adapts(spec, channels):
        return
    grey = channels == 1 or (channels, spec.in_channels) == (3, 1)
    if way is GreyWay.REPEAT and not grey:
        text = f"{channels} channels cannot be repeated into {spec.in_channels}."
        raise ExplorerError("gray", text, "Choose sum, or an adapter.")
    if way is GreyWay.LUMINANCE and spec.in_channels != len(LUMINANCE):
        raise ExplorerError("gray", "Luminance weighs red, green and blue alone.", "Choose sum.")


def is_possible(spec: ResNetSpec, channels: int, way: GreyWay) -> bool:
    """Return whether images of so many channels can take this way into the network."""
    try:
        check_way(spec, channels, way)
    except ExplorerError:
        return False
    return True


def mixing(way: GreyWay, channels: int, into: int) -> tuple[tuple[float, ...], ...]:
    """Return how much of each image's channel (columns) each of the network's ``into`` channels (rows) gets.

    The mean and the luminance weight the rows by 1 / ``into`` and by the colours' luminance.
    """
    return spread({GreyWay.MEAN: (1 / into,) * into, GreyWay.LUMINANCE: LUMINANCE}.get(way, (1.0,) * into), channels)


def normalisation(
    preprocess: Preprocess, spec: ResNetSpec, channels: int, way: GreyWay
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel: the network's where one is repeated, else the image's.

    One grey channel takes the luminance-weighted mean of the colours' values; more channels take them in turn.
    """
    wide = spec.in_channels if way is GreyWay.REPEAT else channels
    return _spread(preprocess.mean, wide), _spread(preprocess.std, wide)


def _spread(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(values) == channels:
        return values
    if channels == 1 and len(values) == len(LUMINANCE):
        return (sum(value * weight for value, weight in zip(values, LUMINANCE, strict=True)),)
    return tuple(values[channel % len(values)] for channel in range(channels))


def ported(spec: ResNetSpec, channels: int, way: GreyWay) -> ResNetSpec:
    """Return the network that takes images of so many channels this way, its adapter left out."""
    return replace(spec, in_channels=channels) if way in PORTS and adapts(spec, channels) else spec


@dataclass(frozen=True, slots=True)
class ChannelCost:
    """What a way costs for one image; ``first_params`` are those of the first convolution and of the adapter."""

    way: GreyWay
    first_params: int
    params: int
    macs: int
    image_bytes: int
    possible: bool


@lru_cache(maxsize=8)
def channel_costs(spec: ResNetSpec, image: InputShape, channels: int) -> tuple[ChannelCost, ...]:
    """Return the costs of every way for one image; what is not possible has those of the network as it is."""
    return tuple(_cost(spec, replace(image, batch=1), channels, way) for way in GreyWay)


def _cost(spec: ResNetSpec, image: InputShape, channels: int, way: GreyWay) -> ChannelCost:
    possible = is_possible(spec, channels, way)
    taken = way if possible else GreyWay.REPEAT
    network = compile_spec(ported(spec, channels, taken))
    total, first = analyse(network, image).total, first_convolution(network)[1].params
    extra = channels * spec.in_channels if taken is GreyWay.ADAPTER and adapts(spec, channels) else 0
    wide, pixels = spec.in_channels if taken is GreyWay.REPEAT else channels, image.height * image.width
    return ChannelCost(
        way, first + extra, total.params + extra, total.macs + extra * pixels, 4 * wide * pixels, possible
    )


@dataclass(frozen=True, slots=True)
class WayText:
    """A way in words: what it does, what it keeps of the network, and when to choose it."""

    title: str
    does: str
    keeps: str
    choose: str


WAYS: Mapping[GreyWay, WayText] = {
    GreyWay.REPEAT: WayText(
        "Repeat the channel",
        "The grey image is copied into every input channel of the network.",
        "The network is unchanged, and its own means and standard deviations apply per channel.",
        "First choice for grey images: no weight changes, and standard files of weights still fit.",
    ),
    GreyWay.SUM: WayText(
        "First convolution: sum",
        "The kernels of the colour channels are summed.",
        "Equal to the network on the repeated channel, in training and inference, if all channels are normalised alike:"
        " a convolution is linear.",
        "For a true one-channel network: a third of the first convolution's work, and the same outputs.",
    ),
    GreyWay.MEAN: WayText(
        "First convolution: mean",
        "The kernels of the colour channels are averaged.",
        "A third of the response. Batch statistics compensate for that in training; with running statistics (inference,"
        " frozen batch norm) the outputs differ.",
        "Rarely: only where batch norm trains, and then it is no better than the sum.",
    ),
    GreyWay.LUMINANCE: WayText(
        "First convolution: luminance",
        "The kernels are summed, weighted by the luminance of red, green and blue.",
        "About a third of the response. Green counts most, unlike in the learnt kernels; batch norm does not compensate"
        " for that.",
        "Rarely, like the mean: luminance weights are unrelated to those that the kernels have learnt.",
    ),
    GreyWay.ADAPTER: WayText(
        "A 1x1 adapter before the network",
        "A trainable 1x1 convolution maps the channels of the image to those of the network. It is initialised to 1,"
        " the repeated channel (1/3 would be the mean).",
        "Initially equal to the network on the repeated channel; folded into the first convolution when saved.",
        "Where the backbone stays frozen but the channels mean something else, as in multispectral images or X-rays.",
    ),
}
