"""The tree: a network is a stem, stages of blocks, and a head; a block is a form at an address.

A *form* is what a block does, without saying where: y = after(branch(x) + shortcut(x)). Equal blocks share one
form, so that a reading can be worked out once for a stage of 400 blocks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from math import prod
from typing import TypeVar

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import Layer, Role, Shape
from resnet_explorer.network.kinds.base import Where
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.spec import Init, ResNetSpec

Signal = TypeVar("Signal")
ADAPTER = "adapter"
"""The path of the 1x1 convolution before the network."""
ALTERING = (Role.FACTOR, Role.DROP)
"""The roles of what alters a shortcut, and does not bring x to the shape of F(x)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A layer under its name inside a form, such as ``conv1`` or ``downsample.0``."""

    name: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate on the way: y = x · gate(x), or x + gate(x). ``parts`` lead to the gate, ``scale`` multiplies or adds.

    Their names begin with the gate's own, as in ``se.fc1``.
    """

    name: str
    parts: "Chain"
    scale: Part


@dataclass(frozen=True, slots=True)
class Fork:
    """Parallel paths from one map, and the layer that makes one map of their ends: y = join(F1(x), F2(x), ...).

    A layer of the role ``MERGE`` in a path takes the end of the path before as well. ``gate`` leads from the ends of
    all paths, the first of its layers taking them all, to weights that ``join`` takes after them. Names of layers begin
    with the fork's own, as in ``conv2.paths.0.conv``.
    """

    name: str
    paths: tuple["Chain", ...]
    join: Part
    gate: "Chain" = ()


Step = Part | Gated | Fork
Chain = tuple[Step, ...]


def flat(chain: Chain) -> tuple[Part, ...]:
    """Return the layers of a chain in the order in which they run, those of its gates and forks included."""
    parts: list[Part] = []
    for step in chain:
        if isinstance(step, Part):
            parts.append(step)
        elif isinstance(step, Gated):
            parts += (*flat(step.parts), step.scale)
        else:
            for path in (*step.paths, step.gate):
                parts += flat(path)
            parts.append(step.join)
    return tuple(parts)


def follow(
    chain: Chain,
    x: Signal,
    step: Callable[[Part, tuple[Signal, ...]], Signal],
    aside: Callable[[Signal], Signal] = lambda x: x,
) -> Signal:
    """Return what a chain makes of x, ``step`` being asked layer by layer in the order in which they run.

    It gets all that a layer takes: of a gate's product the map and the gate. ``aside`` is what enters a gate.
    """
    for each in chain:
        if isinstance(each, Part):
            x = step(each, (x,))
        elif isinstance(each, Gated):
            x = step(each.scale, (x, follow(each.parts, aside(x), step, aside)))
        else:
            x = _parted(each, x, step, aside)
    return x


def _parted(
    fork: Fork, x: Signal, step: Callable[[Part, tuple[Signal, ...]], Signal], aside: Callable[[Signal], Signal]
) -> Signal:
    """Return what a fork makes of x: each path begins with x, and the gate with the ends of all paths."""
    ends: list[Signal] = []
    for path in fork.paths:
        end = x
        for each in path:
            if isinstance(each, Part) and each.layer.role is Role.MERGE:
                end = step(each, (end, ends[-1]))
            else:
                end = follow((each,), end, step, aside)
        ends.append(end)
    if not fork.gate:
        return step(fork.join, tuple(ends))
    first, *rest = fork.gate
    assert isinstance(first, Part), "what takes the ends of all paths is a layer"
    return step(fork.join, (*ends, follow(tuple(rest), step(first, tuple(ends)), step, aside)))


def stride_of(chain: Chain) -> int:
    """Return by how much a chain shrinks the map; of parallel paths, which all do so alike, the first counts."""
    strides = (
        step.layer.window[1] if isinstance(step, Part) else stride_of(step.paths[0]) if isinstance(step, Fork) else 1
        for step in chain
    )
    return prod(strides)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a block does: u = before(x), then y = after(branch(u) + shortcut(u)).

    ``shortcut`` is None in a plain block and empty for the identity. ``after`` begins with the addition where there
    is one; ``gate`` leads to the weights of a gated addition. Two forms are equal only if they are the same object: a
    network's blocks share theirs.
    """

    branch: Chain
    shortcut: Chain | None = None
    after: Chain = ()
    before: Chain = ()
    gate: Chain = ()
    parts: tuple[Part, ...] = field(init=False, repr=False)
    """All layers in the order in which they run."""

    def __post_init__(self) -> None:
        chains = self.before + self.branch + (self.shortcut or ()) + self.gate + self.after
        object.__setattr__(self, "parts", flat(chains))

    @property
    def projects(self) -> bool:
        """Return whether the shortcut changes shapes or has weights: a projection, or zero-padding."""
        return any(part.layer.role in (Role.CONVOLUTION, Role.PAD) for part in flat(self.shortcut or ()))

    @property
    def alters(self) -> bool:
        """Return whether the shortcut does more than bring x to the shape of F(x): gated, scaled or dropped."""
        roles = {part.layer.role for part in flat(self.shortcut or ())}
        return bool(self.gate) or not roles.isdisjoint(ALTERING)

    @property
    def gates(self) -> tuple[Gated, ...]:
        """Return the gates of the branch, its attention, and the one that ends a stage."""
        return tuple(step for step in (*self.branch, *self.after) if isinstance(step, Gated))

    @property
    def forks(self) -> tuple[Fork, ...]:
        """Return the forks of the branch: its parallel paths."""
        return tuple(step for step in self.branch if isinstance(step, Fork))


@dataclass(frozen=True, slots=True)
class Block:
    """A form at its address: the stem, a residual or plain block, or the head.

    ``path`` is the block's address; ``layer_paths`` are those of its layers, in the order of ``form.parts``.
    ``number`` counts the blocks of a stage from 1; it is 0 for stem and head. ``skip`` is the chance that stochastic
    depth skips the branch in training.
    """

    path: str
    number: int
    form: Form
    layer_paths: tuple[str, ...]
    skip: float = 0.0

    @property
    def shortcut_path(self) -> str:
        """Return the address of the shortcut as a whole, whether identity or projection."""
        return f"{self.path}.downsample" if self.form.projects else f"{self.path}.shortcut"

    @property
    def gate_paths(self) -> tuple[str, ...]:
        """Return the addresses of the attention's gates as wholes."""
        return tuple(f"{self.path}.{gate.name}" for gate in self.form.gates)

    @property
    def fork_paths(self) -> tuple[str, ...]:
        """Return the addresses of the branch's forks as wholes."""
        return tuple(f"{self.path}.{fork.name}" for fork in self.form.forks)


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks that work at one resolution: ``layer1`` to ``layer16`` in code, conv2_x to conv17_x in the paper."""

    path: str
    number: int
    blocks: tuple[Block, ...]

    @property
    def title(self) -> str:
        """Return the paper's name of the stage (He et al. 2015, table 1): the stem is conv1."""
        return f"conv{self.number + 1}_x"


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The whole tree of one spec; ``head`` is None for a backbone."""

    spec: ResNetSpec
    stem: Block
    stages: tuple[Stage, ...]
    head: Block | None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Return stem, all blocks and head in the order in which they run."""
        inner = tuple(block for stage in self.stages for block in stage.blocks)
        return (self.stem, *inner, *((self.head,) if self.head else ()))

    def ancestors(self, path: str) -> tuple[str, ...]:
        """Return what a path lies in, from the nearest to the network (the empty path): layer1.0, layer1."""
        for block in (self.stem, self.head):
            if block and path in block.layer_paths:
                return (block.path, "")
        names = path.split(".")
        return tuple(".".join(names[:count]) for count in range(len(names) - 1, -1, -1))

    def block_at(self, path: str) -> Block | None:
        """Return the block that a path names or lies in; None for a stage, the network or a path of another one."""
        blocks = _blocks_by_path(self)
        return next((blocks[name] for name in (path, *self.ancestors(path)) if name in blocks), None)

    def stage_at(self, path: str) -> Stage | None:
        """Return the stage that a path names or lies in."""
        return next((stage for stage in self.stages if path.split(".")[0] == stage.path), None)

    def spec_of(self, block: Block) -> ResNetSpec:
        """Return what a block is made of: the stem as the first stage, the head as the last."""
        stage = self.stage_at(block.path)
        return self.spec.at(stage.number if stage else 1 if block is self.stem else len(self.stages))

    def has(self, path: str) -> bool:
        """Return whether anything in this network has that path; the empty path is the network itself."""
        block = self.block_at(path)
        if block is None:
            return path == "" or any(stage.path == path for stage in self.stages)
        shortcut = (block.shortcut_path,) if block.form.shortcut is not None else ()
        return path in (block.path, *block.layer_paths, *shortcut, *block.gate_paths, *block.fork_paths)


@lru_cache(maxsize=8)
def _blocks_by_path(network: Network) -> Mapping[str, Block]:
    return {block.path: block for block in network.blocks}


def tensors(network: Network) -> dict[str, Shape]:
    """Return the shape of every tensor that the module's state_dict has, by name, in no particular order."""
    return {
        f"{path}.{tensor.name}": tensor.shape
        for block in network.blocks
        for path, part in zip(block.layer_paths, block.form.parts, strict=True)
        for tensor in part.layer.tensors()
    }


def spread(weights: Sequence[float], channels: int) -> tuple[tuple[float, ...], ...]:
    """Return how the weight of each of a network's channels (rows) is spread over an image's channels (columns).

    Equal channels come out as the repeated channel does, and more channels than the network's take its kernels in
    turn, each kernel shared by those that take it.
    """
    into = len(weights)
    if channels < into:
        return tuple((weight / channels,) * channels for weight in weights)
    takers = [range(row, channels, into) for row in range(into)]
    return tuple(
        tuple(weight / len(mine) if column in mine else 0.0 for column in range(channels))
        for weight, mine in zip(weights, takers, strict=True)
    )


def first_convolution(network: Network) -> tuple[str, Conv2d]:
    """Return the path of the convolution that sees the image, and the layer."""
    stem = network.stem
    return next(
        (path, part.layer)
        for path, part in zip(stem.layer_paths, stem.form.parts, strict=True)
        if isinstance(part.layer, Conv2d)
    )


def starts_at_0(spec: ResNetSpec, form: Form) -> Part | None:
    """Return the layer of a block whose weights start at 0: the last of a branch with zero-init, or with Fixup.

    Goyal et al. 2017, section 5.1; Zhang et al. 2019, section 3.
    """
    fixup = spec.init is Init.FIXUP and not spec.zero_init
    roles = (Role.CONVOLUTION,) if fixup else (Role.CONVOLUTION, Role.NORM) if spec.zero_init else ()
    return next((step for step in reversed(form.branch) if isinstance(step, Part) and step.layer.role in roles), None)


def _gate_of(part: Part, form: Form) -> str:
    """Return the name of the gate that a layer is in; of a fork's gate the fork's name."""
    forks = (fork.name for fork in form.forks if part in flat(fork.gate))
    return next(forks, next((gate.name for gate in form.gates if part.name.startswith(f"{gate.name}.")), ""))


def where(part: Part, block: Block, spec: ResNetSpec) -> Where:
    """Return where a layer of a block stands in a network."""
    form = block.form
    shortcut, after = flat(form.shortcut or ()), flat(form.after)
    chains = (flat(form.before), flat(form.branch), shortcut, flat(form.gate), after)
    chain = next(chain for chain in chains if part in chain)
    rest = chain[chain.index(part) + 1 :]
    own = [step for step in form.after if isinstance(step, Part)]
    followers = rest[:1] or tuple(other for other in own if other.layer.role is Role.NORM)
    return Where(
        spec,
        part.name,
        block.number,
        block.skip,
        has_shortcut=form.shortcut is not None,
        on_shortcut=part in shortcut,
        ends_chain=not rest,
        next=followers[0].layer if followers else None,
        gate=_gate_of(part, form),
        shares_input=form.shortcut is not None and not form.before and part == chain[0],
        follows_sum=form.shortcut is not None and part in after,
        starts_at_0=block.number > 0 and starts_at_0(spec, form) == part,
    )
