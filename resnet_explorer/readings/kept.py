"""The bytes that autograd keeps for backward, exactly, without running anything.

A walk over the tree follows each signal's memory (its *storage*): a layer makes a new one or works in the old one,
and saves some. What is saved twice is one storage: a batch norm's output under an in-place ReLU and the next
convolution. In float32 on the CPU the sums are those of ``torch.autograd.graph.saved_tensors_hooks``, byte for byte.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Form, Network, Part
from resnet_explorer.network.kinds import BYTES_PER_VALUE, Shape
from resnet_explorer.network.kinds.blocks import GatedAdd
from resnet_explorer.network.tree import Chain, Step, follow
from resnet_explorer.readings.results import Analysis, Reading, Row

IMAGE = "input"
"""Under this name the input image is counted: the first convolution saves it."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The bytes that autograd keeps from a forward pass for the backward pass, each storage once.

    ``by_path`` holds them by the layer that made the storage (not by the one that saved it), the image's under
    ``input``; ``sums`` by block and stage, with the network itself, image included, under the empty path. Parameters
    and buffers are not counted, though autograd refers to them: they are there anyway.
    """

    training: bool
    by_path: Mapping[str, int]
    sums: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return the bytes of the network, image included."""
        return self.sums[""]


def kept(analysis: Analysis, *, training: bool = True) -> Kept | None:
    """Return what autograd keeps of an analysis' network at its input, in training or in eval mode.

    None where there is no such number: a batch norm refuses to train on a single value a channel.
    """
    if training and any(row.part.layer.starves(row.reading.input) for row in analysis.rows):
        return None
    held = {IMAGE: 0}
    path, size, is_saved = IMAGE, prod(analysis.total.input) * BYTES_PER_VALUE, False  # of the signal between blocks
    forms: dict[tuple[Form, Shape], _FormKept] = {}
    for block in analysis.network.blocks:
        rows = analysis.rows_of(block)
        key = (block.form, rows[0].reading.input)
        if (form := forms.get(key)) is None:
            form = forms[key] = _FormWalk(rows, training).read(block.form)
        held.update(zip(block.layer_paths, form.bytes, strict=True))
        if form.saves_input and not is_saved:
            held[path] += size
            is_saved = True
        path, size, is_saved = block.layer_paths[form.end], form.end_bytes, form.end_saved
    return collected(analysis.network, held, training)


def collected(network: Network, by_path: Mapping[str, int], training: bool) -> Kept:
    """Return the bytes of layers with their sums by block and stage."""
    sums = {block.path: sum(by_path[path] for path in block.layer_paths) for block in network.blocks}
    for stage in network.stages:
        sums[stage.path] = sum(sums[block.path] for block in stage.blocks)
    sums[""] = sum(by_path.values())
    return Kept(training, by_path, sums)


class _FormKept(NamedTuple):
    """What a form keeps: the bytes of each layer, and whether it saves the storage that it was given.

    ``end`` is the layer that made the output's storage, which is never the one given; ``end_bytes`` is its size, and
    ``end_saved`` whether the form itself saves it.
    """

    bytes: tuple[int, ...]
    saves_input: bool
    end: int
    end_bytes: int
    end_saved: bool


class _FormWalk:
    """One reading of a form. A storage is known by the number of the layer that made it, -1 the one given."""

    def __init__(self, rows: Iterable[Row], training: bool) -> None:
        self.training = training
        self.readings: tuple[Reading, ...] = tuple(row.reading for row in rows)
        self.numbers: Iterator[int] = iter(range(len(self.readings)))
        self.extra = [0] * len(self.readings)
        self.saved: set[int] = set()

    def read(self, form: Form) -> _FormKept:
        """Follow branch, shortcut and gate from the same storage, and what comes after from their sum."""
        start = self.run(form.before, -1)
        end, after = self.run(form.branch, start), form.after
        if form.shortcut is not None:
            other = self.run(form.shortcut, start)
            gate = self.run(form.gate, start)
            if form.gate:
                end, after = self.weighted(form.after[0], end, other, gate), form.after[1:]
        end = self.run(after, end)
        held = list(self.extra)
        for number in self.saved - {-1}:
            held[number] += self.size(number)
        return _FormKept(tuple(held), -1 in self.saved, end, self.size(end), end in self.saved)

    def size(self, number: int) -> int:
        return prod(self.readings[number].output) * BYTES_PER_VALUE

    def run(self, chain: Chain, storage: int) -> int:
        """Return the storage that a chain leads to."""
        return follow(chain, storage, self.step)

    def step(self, part: Part, storages: tuple[int, ...]) -> int:
        """Return the storage of a layer's output; where it saves its input, it saves all that it takes."""
        number = next(self.numbers)
        reading = self.readings[number]
        saves = part.layer.saves(reading.input, reading.output, self.training)
        self.extra[number] = saves.extra
        output = storages[0] if saves.passes else number
        self.saved |= (set(storages) if saves.input else set()) | ({output} if saves.output else set())
        return output

    def weighted(self, join: Step, branch: int, shortcut: int, gate: int) -> int:
        """Save both factors of (1 - g) x, 1 - g being new, and those of g F(x) where the gate is exclusive."""
        number = next(self.numbers)
        assert isinstance(join, Part) and isinstance(join.layer, GatedAdd), "a gate weights an addition"
        self.extra[number] = self.size(number)
        self.saved |= {shortcut, gate, branch} if join.layer.exclusive else {shortcut}
        return number


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate of memory: its parts, each in words with its bytes."""

    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.parts)


def training_bytes(analysis: Analysis, kept: Kept, *, states: int = 0) -> Estimate:
    """Estimate what a training step needs in float32; ``states`` is what the optimiser holds of each parameter.

    That is 0 for plain SGD, 1 with momentum, 2 for Adam. Not counted: what a convolution's algorithm works with,
    buffers, the program itself.
    """
    weights = analysis.total.params * BYTES_PER_VALUE
    optimiser = (("the optimiser's state", weights * states),) if states else ()
    gradients = max(_ends(row.reading) for row in analysis.rows)
    return Estimate(
        (
            ("parameters", weights),
            ("their gradients", weights),
            *optimiser,
            ("kept for backward", kept.total),
            ("gradients of the largest layer's input and output", gradients),
        )
    )


def inference_bytes(analysis: Analysis) -> Estimate:
    """Estimate what a forward pass needs in float32: parameters, image, and the maps that are alive at the worst.

    Those are a layer's input and output, and inside a residual block the map that its shortcut holds. Not counted:
    what a convolution's algorithm works with (oneDNN's copies in its own layout can be as large again as the maps),
    buffers, the program itself.
    """
    alive = 0
    for block in analysis.network.blocks:
        rows = analysis.rows_of(block)
        held = 0 if block.form.shortcut is None else prod(rows[0].reading.input) * BYTES_PER_VALUE
        alive = max(alive, max(_ends(row.reading) for row in rows) + held)
    weights, image = analysis.total.params * BYTES_PER_VALUE, prod(analysis.total.input) * BYTES_PER_VALUE
    return Estimate(
        (("parameters", weights), ("the image", image), ("input, output and shortcut of the largest layer", alive))
    )


def _ends(reading: Reading) -> int:
    return (prod(reading.input) + prod(reading.output)) * BYTES_PER_VALUE
