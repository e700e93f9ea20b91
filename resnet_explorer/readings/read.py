"""One walk over the tree gives every row: shapes, parameters, MACs, memory, receptive field.

Receptive field: r_out = r_in + (k - 1) j_in and j_out = j_in s, where j is the distance in input pixels between
neighbouring positions (Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks",
equations 2 and 3); after an addition it is the larger of both paths. Along a video's frames it is counted on its own.
"""

from collections.abc import Callable, Iterable
from itertools import repeat
from math import prod
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.network import Block, Form, Network, Part, flat
from resnet_explorer.network.kinds import BYTES_PER_VALUE, Layer, Role, Shape
from resnet_explorer.network.tree import Chain, Fork, follow
from resnet_explorer.readings.results import Analysis, Extent, Reading, Row, Sums, add_up
from resnet_explorer.readings.text import compact, size
from resnet_explorer.spec import InputShape

_NEW_ROW: Callable[[type[Row], Iterable[object]], Row] = tuple.__new__


class _FormReading(NamedTuple):
    """A form read at one input shape: its readings, and by how much each layer widens the receptive field."""

    parts: tuple[Part, ...]
    readings: tuple[Reading, ...]
    growth: tuple[Extent | None, ...]
    output: Shape
    stride: Extent | None
    params: int
    macs: int
    activation_bytes: int


def analyse(network: Network, image: InputShape) -> Analysis:
    """Return all rows and sums of a network at an input.

    Raises InputError, with the layer's path, where a layer cannot take its input.
    """
    walk = _Walk(network, image)
    walk.enter(network.stem)
    for stage in network.stages:
        before, first = walk.shape, len(walk.rows)
        for block in stage.blocks:
            walk.enter(block)
        parts = [walk.sums[block.path] for block in stage.blocks]
        walk.sums[stage.path] = add_up(parts, before, len(walk.rows) - first, walk.field)
    field = walk.field
    if network.head:
        walk.enter(network.head)
    tops = [walk.sums[part.path] for part in (network.stem, *network.stages, network.head) if part]
    walk.sums[""] = add_up(tops, walk.start, len(walk.rows), field)
    return Analysis(network, image, tuple(walk.rows), walk.sums, walk.starts)


class _Walk:
    """The state of one walk: where it is, and what it has read so far."""

    def __init__(self, network: Network, image: InputShape) -> None:
        self.start: Shape = image.shape(network.spec.in_channels, network.spec.dims)
        self.shape: Shape = self.start
        self.stride: Extent | None = 1
        self.field: Extent | None = 1
        self.rows: list[Row] = []
        self.sums: dict[str, Sums] = {}
        self.starts: dict[str, int] = {}
        self._forms: dict[tuple[Form, Shape, Extent | None], _FormReading] = {}
        self._is_video = network.spec.dims == 3

    def enter(self, block: Block) -> None:
        key = (block.form, self.shape, self.stride)
        read = self._forms.get(key)
        if read is None:
            walk = _VideoWalk(block) if self._is_video else _FormWalk(block)
            read = self._forms[key] = _read(block, walk, self.shape, self.stride)
        self.starts[block.path] = len(self.rows)
        before, field = self.shape, self.field
        fields = _widened(field, read.growth)
        # The fields of a Row side by side: ``tuple.__new__`` in C takes a third of the time of Row(...).
        rows = zip(block.layer_paths, read.parts, read.readings, fields, strict=True)
        self.rows.extend(map(_NEW_ROW, repeat(Row), rows))
        self.shape, self.stride, self.field = read.output, read.stride, fields[-1]
        self.sums[block.path] = Sums(
            before, read.output, read.params, read.macs, read.activation_bytes, len(fields), fields[-1]
        )


def _widened(field: Extent | None, growth: tuple[Extent | None, ...]) -> list[Extent | None]:
    """Return the receptive field after each layer."""
    if isinstance(field, int) and not any(isinstance(more, tuple) for more in growth):
        return [field + more if isinstance(more, int) else None for more in growth]
    return [_joined(sum, field, more) for more in growth]


def _joined(join: Callable[[Iterable[int]], int], *extents: Extent | None) -> Extent | None:
    """Return lengths joined axis by axis; None where one is unknown."""
    if None in extents:
        return None
    rows = [(extent,) * 3 if isinstance(extent, int) else extent for extent in extents if extent is not None]
    joined = tuple(join(lengths) for lengths in zip(*rows, strict=True))
    return joined[0] if len(set(joined)) == 1 else joined


_Place = tuple[Shape, Extent | None, Extent | None]
"""Where a signal is: its shape, its stride to the input, and how far its receptive field has grown."""


class _FormWalk:
    """One reading of a form: every layer in the order in which it runs, each from where its input is."""

    def __init__(self, block: Block) -> None:
        self.paths = iter(block.layer_paths)
        self.readings: list[Reading] = []
        self.growth: list[Extent | None] = []

    def run(self, chain: Chain, place: _Place) -> _Place:
        """Return where a chain leads from a place.

        What a gate sees is not counted: it weights the map, which keeps its own receptive field.
        """
        return follow(chain, place, self.step, lambda place: (place[0], None, None))

    def step(self, part: Part, places: tuple[_Place, ...]) -> _Place:
        shape, stride, grown = places[0]
        if part.layer.role is Role.GATE and len(places) == 2:
            gate = places[1][0]
            fits = all(weights in (1, length) for weights, length in zip(gate, shape, strict=True))
            assert fits, f"the gate of {part.name} is {gate}, which weights no map of {shape}"
        elif grown is not None:  # of several paths the one that sees the most; weights, pooled away, do not count
            grown = max(place[2] for place in places if place[2] is not None)
        layer, path = part.layer, next(self.paths)
        try:
            output = layer.output(shape)
        except InputError as error:
            raise InputError(path, f"{path} fails: {error.what}", error.remedy) from error
        stride, grown = (None, None) if layer.sees_all else self.sees(layer, stride, grown)
        held = prod(output) * BYTES_PER_VALUE if layer.allocates else 0
        self.readings.append(Reading(shape, output, layer.params, layer.work(shape, output), held, stride))
        self.growth.append(grown)
        return output, stride, grown

    def sees(self, layer: Layer, stride: Extent | None, grown: Extent | None) -> tuple[Extent | None, Extent | None]:
        """Return stride and growth after a layer; None where nothing is known before it."""
        if not isinstance(stride, int) or not isinstance(grown, int):
            return None, None
        kernel, step = layer.window
        return stride * step, grown + (kernel - 1) * stride


class _VideoWalk(_FormWalk):
    """A walk that counts time on its own: a video's layers see fewer frames than pixels."""

    def sees(self, layer: Layer, stride: Extent | None, grown: Extent | None) -> tuple[Extent | None, Extent | None]:
        if stride is None or grown is None:
            return None, None
        windows = (layer.time_window, layer.window, layer.window)
        strides, grew = ((value,) * 3 if isinstance(value, int) else value for value in (stride, grown))
        rows = zip(windows, strides, grew, strict=True)
        more = [before + (kernel - 1) * far for (kernel, _), far, before in rows]
        steps = [far * step for (_, step), far in zip(windows, strides, strict=True)]
        return _joined(sum, tuple(steps)), _joined(sum, tuple(more))


def _read(block: Block, walk: _FormWalk, shape: Shape, stride: Extent | None) -> _FormReading:
    """Read a form: branch, shortcut and gate start from the same map; what follows starts from their sum."""
    form = block.form
    start = walk.run(form.before, (shape, stride, 0))
    end = walk.run(form.branch, start)
    if form.shortcut is not None:
        other = walk.run(form.shortcut, start)
        walk.run(form.gate, start)
        if other[0] != end[0]:
            raise InputError(
                block.path,
                f"{block.path} fails: F(x) is {size(end[0])} but the shortcut is {size(other[0])}.",
                "Choose another input size, or another way to shrink the map.",
            )
        end = (end[0], end[1], _joined(max, end[2], other[2]))
    end = walk.run(form.after, end)
    readings = tuple(walk.readings)
    params = sum(reading.params for reading in readings)
    macs = sum(reading.macs for reading in readings)
    held = sum(reading.activation_bytes for reading in readings)
    return _FormReading(form.parts, readings, tuple(walk.growth), end[0], end[1], params, macs, held)


class Feature(NamedTuple):
    """The map at the end of a stage: the stage's path, its shape, and its stride to the input in pixels."""

    path: str
    shape: Shape
    stride: Extent

    @property
    def text(self) -> str:
        """Return the shape without its batch."""
        return compact(self.shape)


def features(analysis: Analysis) -> tuple[Feature, ...]:
    """Return the map of every stage, in the order in which they run."""
    maps = []
    for stage in analysis.network.stages:
        reading = analysis.rows_of(stage.blocks[-1])[-1].reading
        assert reading.stride is not None, "stages come before any global pool"
        maps.append(Feature(stage.path, reading.output, reading.stride))
    return tuple(maps)


@dataclass(frozen=True, slots=True)
class Depth:
    """The weight layers of a network: convolutions of stem and branches, and the fully connected layer.

    Of parallel paths one counts. Projections on shortcuts are not counted (He et al. 2015, figure 3 and table 1), nor
    are the small layers of gates: those of attention, and those that weight a shortcut. ``projections`` and ``gates``
    say how many there are.
    """

    stem: int
    stages: tuple[int, ...]
    head: int
    projections: int
    gates: int = 0

    @property
    def weight_layers(self) -> int:
        """Return the number that names the network."""
        return self.stem + sum(self.stages) + self.head

    @property
    def text(self) -> str:
        """Return the sum as a sentence, such as ``1 stem + (4 + 4 + 4 + 4) in the stages + 1 fc = 18``."""
        inner = " + ".join(str(count) for count in self.stages)
        inner = f"({inner})" if len(self.stages) > 1 else inner
        parts = [f"{self.stem} in the stem", f"{inner} in the branches", *([f"{self.head} fc"] if self.head else [])]
        return f"{' + '.join(parts)} = {self.weight_layers}{self._uncounted}."

    @property
    def _uncounted(self) -> str:
        kinds = ((self.projections, "projection"), (self.gates, "gate layer"))
        counts = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in kinds if count]
        verb = "is" if self.projections + self.gates == 1 else "are"
        return f"; {' and '.join(counts)} {verb} not counted" if counts else ""


def weight_layers(chain: Chain) -> tuple[Part, ...]:
    """Return the weight layers of a chain: of parallel paths those of the longest alone, and none of a gate's.

    A convolution in space and the one in time after it are one layer (Tran et al. 2018 call the network R(2+1)D-18).
    """
    parts: list[Part] = []
    for step in chain:
        if isinstance(step, Fork):
            longest: tuple[Part, ...] = max((weight_layers(path) for path in step.paths), key=len)
            parts += longest
        elif isinstance(step, Part) and step.layer.role in (Role.CONVOLUTION, Role.LINEAR):
            parts += [] if _only_in_time(step.layer) else [step]
    return tuple(parts)


def _only_in_time(layer: Layer) -> bool:
    return layer.window == (1, 1) and layer.time_window[0] > 1


def _weights(chain: Chain) -> int:
    return len(weight_layers(chain))


def _gates(form: Form) -> int:
    """Count the weight layers of a block's gates."""
    inner = [part for gate in form.gates for part in flat(gate.parts)]
    inner += [part for fork in form.forks for part in flat(fork.gate)]
    return sum(part.layer.role is Role.CONVOLUTION for part in (*inner, *flat(form.gate)))


def depth(network: Network) -> Depth:
    """Return how many weight layers each part of the network has."""
    blocks = [block for stage in network.stages for block in stage.blocks]
    return Depth(
        _weights(network.stem.form.branch),
        tuple(sum(_weights(block.form.branch) for block in stage.blocks) for stage in network.stages),
        _weights(network.head.form.branch) if network.head else 0,
        sum(_weights(block.form.shortcut or ()) for block in blocks),
        sum(_gates(block.form) for block in blocks),
    )
