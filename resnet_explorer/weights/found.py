"""A block as it was found among the layers of a file."""

from dataclasses import dataclass

from resnet_explorer.spec import Attention, Block
from resnet_explorer.weights.layers import FileLayer, Layers


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A block of a file: the convolutions of its branch, and what else it has.

    ``end`` are the layers of what ends its stage, ``biased`` tells whether its convolutions have biases.
    Where there are parallel paths, the first stands among ``convs``; ``inside`` are the convolutions of the others,
    and ``weights`` the two layers of the attention over them. ``scales`` counts the slices of Res2Net, ``radix`` the
    splits of ResNeSt; ``selects`` tells SK, ``shakes`` a second branch. ``other_half`` is the second convolution of a
    shifted projection, and ``entering`` the channels that enter, where the first convolution sees a part of them.
    """

    kind: Block
    convs: Layers
    projection: FileLayer | None = None
    projects_first: bool = False
    attention: Attention = Attention.NONE
    gate: Layers = ()
    gated_inside: bool = False
    end: Layers = ()
    highway: FileLayer | None = None
    biased: bool = False
    inside: Layers = ()
    weights: Layers = ()
    scales: int = 1
    radix: int = 0
    selects: bool = False
    shakes: bool = False
    other_half: FileLayer | None = None
    entering: int = 0

    @property
    def channels(self) -> int:
        """Return the channels that enter the block."""
        return self.entering or self.convs[0].inputs

    @property
    def out(self) -> int:
        """Return the channels that it puts out."""
        return self.convs[-1].out

    @property
    def halves(self) -> bool:
        """Return whether each of two selective kernels sees half of the channels; two groups have the same shapes."""
        seen, path = (
            (self.convs[0].out, self.convs[1]) if self.kind is Block.BOTTLENECK else (self.channels, self.convs[0])
        )
        return self.selects and seen == 2 * path.inputs

    @property
    def has_paths(self) -> bool:
        """Return whether parallel paths or splits take the place of its 3x3."""
        return self.scales > 1 or self.radix > 0 or self.selects

    @property
    def seen(self) -> int:
        """Return what the attention over the paths reduces: the channels of all splits, or of one selective path."""
        return self.convs[0].out if self.kind is Block.BASIC else self.convs[1].out

    @property
    def inner(self) -> int:
        """Return the channels of a bottleneck's 3x3, of one slice or split."""
        return self.convs[1].out // max(1, self.radix)

    @property
    def groups(self) -> int:
        """Return the groups of a bottleneck's 3x3."""
        seen = self.convs[0].out // self.scales // max(1, self.radix)
        return 1 if self.halves else max(1, seen // self.convs[1].inputs)

    @property
    def branch(self) -> Layers:
        """Return the convolutions of the branch in the order in which they run."""
        if self.shakes:
            return (*self.convs, *self.inside)
        return (*self.convs[:-1], *self.inside, self.convs[-1])

    @property
    def layers(self) -> Layers:
        """Return everything with weights in it."""
        extra = tuple(layer for layer in (self.projection, self.other_half, self.highway) if layer)
        return (*self.branch, *self.weights, *extra, *self.gate, *self.end)
