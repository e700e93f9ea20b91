"""A network's tensors beside those of a file: what is missing, what is too many, what has another shape."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter

from resnet_explorer.errors import SpecError
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Shape
from resnet_explorer.network.tree import Network, tensors
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, entry_of, named
from resnet_explorer.spec.change import differences

OPTIONAL = re.compile(r".*\.num_batches_tracked")
"""Counters that older files lack, and that nothing needs."""

ENOUGH, DAMAGED = 0.8, 0.95
"""The shares of a network's tensors that must be there for it to be the one that was meant, and for it to be sure."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How a file's tensors fit a network: our name for each of the file's, and sentences on what does not fit.

    ``misshapen_names`` are our names of the tensors of another shape. ``spec`` is None where there is no network to
    compare with. ``right`` counts the tensors that fit.
    """

    spec: ResNetSpec | None
    names: Mapping[str, str]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[str, ...] = ()
    misshapen_names: tuple[str, ...] = ()
    right: int = 0

    @property
    def fits(self) -> bool:
        """Return whether there is a network, and all tensors are its."""
        return self.spec is not None and not (self.missing or self.unexpected or self.misshapen)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return everything that does not fit."""
        return self.missing + self.unexpected + self.misshapen

    @property
    def share(self) -> float:
        """Return the share of the network's tensors that are there, in their shapes."""
        return self.right / max(1, self.right + len(self.missing) + len(self.misshapen))

    @property
    def likely(self) -> bool:
        """Return whether enough is there for this to be the network that was meant."""
        return self.spec is not None and self.share > ENOUGH

    @property
    def nearly(self) -> bool:
        """Return whether all is there, or all but a few tensors of a damaged file."""
        return self.fits or (self.spec is not None and self.share > DAMAGED and not self.unexpected)


def compared(
    spec: ResNetSpec, names: Mapping[str, str], shapes: Mapping[str, Shape], strangers: Iterable[str] = ()
) -> Compared:
    """Return how the tensors of ``shapes``, by our ``names``, fit a network; lengths of 1 do not count.

    ``strangers`` are names of tensors that stand inside the network, but are not its.
    """
    expected = tensors(compile_spec(spec))
    found = {ours: theirs for theirs, ours in names.items()}
    missing = [name for name in expected if name not in found and not OPTIONAL.fullmatch(name)]
    unexpected = [theirs for ours, theirs in found.items() if ours not in expected]
    misshapen = [
        name
        for name, shape in expected.items()
        if name in found and shapes[found[name]] != shape and _squeezed(shapes[found[name]]) != _squeezed(shape)
    ]
    return Compared(
        spec,
        names,
        tuple(f"{name} is missing." for name in missing),
        tuple(f"{name} has no place in this network." for name in (*unexpected, *strangers)),
        tuple(
            f"{found[name]} is {_words(shapes[found[name]])} where {_words(expected[name])} is needed."
            for name in misshapen
        ),
        tuple(misshapen),
        len(found) - len(unexpected) - len(misshapen),
    )


def _squeezed(shape: Shape) -> Shape:
    """Return a shape without its lengths of 1: timm classifies by a 1×1 convolution, with the numbers of a matrix."""
    return tuple(length for length in shape if length != 1)


def _words(shape: Shape) -> str:
    return "×".join(str(length) for length in shape) or "a single number"


HEAD_AND_INPUT = ("classes", "in_channels", "dropout")
"""Axes that are edited in every second file: they make no other network."""
MOST_EDITS = 6
_TELLING = ("blocks", "block", "outputs", "attention", "stem", "cardinality", "base_width", "reduce_first")
"""What must be equal for tensors to be: cheap to compare."""


def in_catalogue(spec: ResNetSpec) -> bool:
    """Return whether a network is one of the catalogue, apart from its classes and input channels."""
    return any(entry_of(replace(_usual(spec), classes=classes)) for classes in (1000, 10))


def _usual(spec: ResNetSpec) -> ResNetSpec:
    return replace(spec, name="guess", classes=1000, in_channels=3)


def alternatives(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """Return the networks of the catalogue with the same tensors, up to classes and input channels."""
    telling = attrgetter(*_TELLING)
    near = [entry.spec for entry in CATALOGUE.values() if telling(entry.spec) == telling(spec)]
    if not near:
        return ()
    wanted = _signature(_usual(spec))
    return tuple(one for one in near if _signature(_usual(one)) == wanted)


@lru_cache(maxsize=64)
def _signature(spec: ResNetSpec) -> Mapping[Shape, int]:
    return Counter(tensors(compile_spec(spec)).values())


def base_name(spec: ResNetSpec) -> str:
    """Return the name of the network of the catalogue that a spec is an edit of; ``custom-resnet`` for none."""
    found, edits = "custom-resnet", MOST_EDITS + 1
    for entry in CATALOGUE.values():
        if entry.spec.blocks == spec.blocks and entry.spec.block == spec.block:
            count = len(set(differences(entry.spec, spec)) - set(HEAD_AND_INPUT))
            if count < edits:
                found, edits = entry.name, count
    return found


def same_network(one: ResNetSpec, other: ResNetSpec) -> bool:
    """Return whether two networks have tensors of the same shapes, whatever their heads."""
    try:
        pair = [_signature(replace(spec, name="", classes=None)) for spec in (one, other)]
    except SpecError:
        return False
    return pair[0] == pair[1]


_RULES: tuple[tuple[str, str], ...] = (
    (r"^stem\.conv\.", "conv1."),
    (r"^stem\.conv1\.", "conv1.0."),
    (r"^stem\.norm1\.", "conv1.1."),
    (r"^stem\.conv2\.", "conv1.3."),
    (r"^stem\.norm2\.", "conv1.4."),
    (r"^stem\.conv3\.", "conv1.6."),
    (r"^norm\.", "bn."),
    (r"^head\.fc\.", "fc."),
    (r"\.norm(\d)\.", r".bn\1."),
    (r"\.downsample\.conv\.", ".downsample.0."),
    (r"\.downsample\.norm\.", ".downsample.1."),
    (r"\.se\.channel\.", ".cbam_channel."),
    (r"\.se\.spatial\.conv\.conv\.", ".cbam_spatial.conv."),
    (r"\.se\.spatial\.conv\.bn\.", ".cbam_spatial.bn."),
    (r"\.se\.conv\.", ".eca.conv."),
)


def ours(name: str) -> str:
    """Return what we call a tensor that torchvision or timm names, apart from the layers of projections."""
    stage = re.match(r"stages\.(\d+)\.blocks\.(\d+)\.", name)
    if stage:
        name = f"layer{int(stage[1]) + 1}.{stage[2]}.{name[stage.end() :]}"
    for pattern, replacement in _RULES:
        name = re.sub(pattern, replacement, name)
    return name


def renamed(names: Iterable[str], network: Network) -> Mapping[str, str]:
    """Return our name for each of another library's names of a network.

    The layers of a projection are numbered anew in their order: timm counts an empty one where nothing is pooled.
    """
    found = {name: ours(name) for name in names}
    counted: dict[str, list[int]] = {}
    for name in found.values():
        if match := re.fullmatch(r"(.+\.downsample)\.(\d+)\.\w+", name):
            counted.setdefault(match[1], []).append(int(match[2]))
    places = {
        f"{path}.{old}": f"{path}.{new}"
        for path, old_numbers in counted.items()
        for old, new in zip(sorted(set(old_numbers)), _numbers(network, path), strict=False)
    }
    split = {name: target.rpartition(".") for name, target in found.items()}
    return {name: f"{places.get(layer, layer)}{dot}{tensor}" for name, (layer, dot, tensor) in split.items()}


def _numbers(network: Network, path: str) -> list[int]:
    """Return the numbers of the layers with parameters in a projection of ours."""
    block = network.block_at(path.rpartition(".")[0])
    parts = block.form.parts if block else ()
    return [int(part.name[11:]) for part in parts if part.name.startswith("downsample.") and part.layer.params]


_KNOWN = re.compile(r"(.*?)(?:conv1|bn1|layer\d+\.\d+|stages\.\d+\.blocks\.\d+|stem)\.")


def by_name(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Compared:
    """Return how some tensors fit a network by torchvision's, timm's and our names: ``known``, or the nearest one.

    The result has no spec where the names are not known, or too few of them fit.
    """
    prefix = _prefix(shapes)
    short = {name: name.removeprefix(prefix) for name in shapes}
    own = {ours(name): shapes[full] for full, name in short.items()}
    spec = known or max(_near(own), key=lambda one: _right(one, own), default=None)
    if spec is None:
        return Compared(None, {})
    names = renamed(short.values(), compile_spec(spec))
    found = compared(spec, {full: names[name] for full, name in short.items()}, shapes)
    return found if known or found.likely else Compared(None, {})


def _right(spec: ResNetSpec, own: Mapping[str, Shape]) -> int:
    expected = _tensors(spec)
    return sum(expected.get(name) == shape for name, shape in own.items())


@lru_cache(maxsize=64)
def _tensors(spec: ResNetSpec) -> Mapping[str, Shape]:
    return tensors(compile_spec(spec))


def _prefix(shapes: Mapping[str, Shape]) -> str:
    """Return what stands before the names of a network: the commonest that there is."""
    counts = Counter(match[1] for name in shapes if (match := _KNOWN.match(name)))
    return counts.most_common(1)[0][0] if counts else ""


def _near(own: Mapping[str, Shape]) -> tuple[ResNetSpec, ...]:
    """Return the networks of the catalogue with as many blocks, and the file's classes and input channels."""
    last: dict[int, int] = {}
    for name in own:
        if match := re.match(r"layer(\d+)\.(\d+)\.", name):
            last[int(match[1])] = max(last.get(int(match[1]), 0), int(match[2]) + 1)
    blocks = tuple(count for _, count in sorted(last.items()))
    changes: dict[str, int | None] = {"classes": next(iter(own.get("fc.weight") or own.get("fc.bias") or ()), None)}
    first = own.get("conv1.weight") or own.get("conv1.0.weight") or ()
    if len(first) == 4 and 0 < first[1] <= 64:
        changes["in_channels"] = first[1]
    rows = [entry.spec for entry in CATALOGUE.values() if entry.spec.blocks == blocks]
    return tuple(named(replace(spec, **changes)) for spec in rows)  # type: ignore[arg-type]  # two axes that are whole
