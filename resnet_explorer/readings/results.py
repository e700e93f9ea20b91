"""The frozen results of every reading."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Block, Network, Part
from resnet_explorer.network.kinds import Shape
from resnet_explorer.spec import InputShape


@dataclass(frozen=True, slots=True)
class TimingConditions:
    """Where and how something was measured; ``device`` is torch's name, ``title`` the one for people."""

    device: str
    title: str
    torch: str
    threads: int
    warmup: int
    repeats: int


class Reference(NamedTuple):
    """A paper and the place in it; ``arxiv`` is its number there."""

    text: str
    arxiv: str

    @property
    def address(self) -> str:
        """Return where it can be read."""
        return f"https://arxiv.org/abs/{self.arxiv}"


Extent = int | tuple[int, ...]
"""A length in input pixels: one number where it is the same along all axes, else one each for time, height, width."""


def in_space(extent: Extent) -> int:
    """Return the length along height and width, which for a video may differ from that in time."""
    return extent if isinstance(extent, int) else extent[-1]


class Reading(NamedTuple):
    """What a layer costs at one input shape; equal blocks share their readings.

    ``macs`` counts multiply-accumulates of convolutions and linear layers for the whole batch;
    ``activation_bytes`` what its output newly allocates in float32 (0 in place, or for a view);
    ``stride`` how many input pixels apart its output positions lie, None once the map is pooled away.
    """

    input: Shape
    output: Shape
    params: int
    macs: int
    activation_bytes: int
    stride: Extent | None


class Row(NamedTuple):
    """A layer at its address with its reading.

    ``receptive_field`` is the side in pixels of the input square that one output value depends on, along the
    longest path (it may exceed the image: the rest is padding); None after global pooling: the whole image. Of a video
    network it has a side for each axis, where they differ.
    """

    path: str
    part: Part
    reading: Reading
    receptive_field: Extent | None


class Sums(NamedTuple):
    """What a block, a stage or the network adds up to, and the shapes at its ends."""

    input: Shape
    output: Shape
    params: int
    macs: int
    activation_bytes: int
    layers: int
    receptive_field: Extent | None


def add_up(parts: Sequence[Reading | Sums], start: Shape, layers: int, receptive_field: Extent | None) -> Sums:
    """Return the sums of parts that follow each other, from the shape at their start."""
    return Sums(
        start,
        parts[-1].output,
        sum(part.params for part in parts),
        sum(part.macs for part in parts),
        sum(part.activation_bytes for part in parts),
        layers,
        receptive_field,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """All that is known of a network at one input, without running it.

    ``rows`` are the layers in the order in which they run; ``sums`` the blocks and stages by path, with the
    network itself under the empty path; ``starts`` the index of each block's first row.
    """

    network: Network
    input: InputShape
    rows: tuple[Row, ...]
    sums: dict[str, Sums]
    starts: dict[str, int]

    @property
    def by_path(self) -> Mapping[str, Row]:
        return _by_path(self)

    def rows_of(self, block: Block) -> tuple[Row, ...]:
        start = self.starts[block.path]
        return self.rows[start : start + len(block.layer_paths)]

    @property
    def total(self) -> Sums:
        """Return the sums of the network; its receptive field is that of the last map, before global pooling."""
        return self.sums[""]


@lru_cache(maxsize=8)
def _by_path(analysis: Analysis) -> Mapping[str, Row]:
    return {row.path: row for row in analysis.rows}
