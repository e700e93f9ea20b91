"""From tensors to layers: a weight with its bias, a norm with its statistics; by their names, or by their shapes."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from resnet_explorer.network.kinds import Shape
from resnet_explorer.network.kinds.norms import NORMS
from resnet_explorer.spec import Norm, ResNetSpec

Tensor = tuple[str, Shape]
"""A tensor's name in the file, and its shape."""

NORM_TENSORS: Mapping[Norm, frozenset[str]] = {
    norm: frozenset(tensor.name for tensor in make(ResNetSpec(""), 1).tensors()) for norm, make in NORMS.items()
}
"""The tensors of each norm that a spec can choose."""
_ROLES: Mapping[str, str] = {
    **dict.fromkeys(("weight", "kernel", "gamma", "scale", "w", "g"), "weight"),
    **dict.fromkeys(("bias", "beta", "offset", "b", "shift"), "bias"),
    **dict.fromkeys(("running_mean", "moving_mean", "mean"), "running_mean"),
    **dict.fromkeys(("running_var", "moving_variance", "moving_var", "variance", "var"), "running_var"),
    **{name: name for names in NORM_TENSORS.values() for name in names},
    "gain": "gain",
}
"""What libraries call the tensors of a layer, and what PyTorch calls them."""
_ORDERS: Mapping[int, tuple[str, ...]] = {
    1: ("weight",),
    2: ("weight", "bias"),
    3: ("weight", "bias", "tau"),
    4: ("weight", "bias", "running_mean", "running_var"),
}
"""The tensors of a norm in the order in which PyTorch keeps them, where names do not tell."""
_NORM_SIZES = (4, 2, 3, 1)


class Kind(Enum):
    """What a layer of a file is, as far as its tensors tell."""

    CONV = auto()
    LINEAR = auto()
    CONV1D = auto()
    NORM = auto()
    GAIN = auto()
    """Learnt factors, of three dimensions of which two are 1."""
    SHIFT = auto()
    """A single learnt number."""
    SLOPE = auto()
    """The slopes of a PReLU: one vector, beside norms of more."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class FileLayer:
    """A layer of a file: its tensors by PyTorch's names for them, and the shape of its weight.

    ``path`` is what its tensors' names share; of a norm ``shape`` is the number of channels.
    """

    kind: Kind
    path: str
    shape: Shape
    tensors: Mapping[str, str]

    @property
    def out(self) -> int:
        """Return the channels that it puts out."""
        return self.shape[0]

    @property
    def inputs(self) -> int:
        """Return the channels that enter it, of one group where it has several."""
        return self.shape[1]

    @property
    def side(self) -> int:
        """Return the side of its window: 1 for a matrix."""
        return self.shape[2] if len(self.shape) > 2 else 1

    @property
    def biased(self) -> bool:
        """Return whether it has a bias."""
        return "bias" in self.tensors


Layers = tuple[FileLayer, ...]


@lru_cache(maxsize=16_384)
def parted(name: str) -> tuple[str, str]:
    """Return a tensor's name as the path of its layer and what it is in there."""
    at = max(name.rfind("."), name.rfind("/"))
    return (name[:at], name[at + 1 :]) if at >= 0 else ("", name)


def readings(shapes: Mapping[str, Shape]) -> Iterator[Layers]:
    """Yield the ways to read a file's tensors as layers, each once, the likeliest first."""
    seen: list[Layers] = []
    for layers in _readings(shapes):
        if layers not in seen:
            seen.append(layers)
            yield _with_slopes(layers)


def _with_slopes(layers: Layers) -> Layers:
    """Return layers of which those with a scale alone are slopes, where the norms have more or a name says so."""
    alone = [layer for layer in layers if layer.kind is Kind.NORM and set(layer.tensors) == {"weight"}]
    others = any(layer.kind is Kind.NORM and len(layer.tensors) > 1 for layer in layers)
    slopes = {id(layer) for layer in alone if others or re.search(r"relu|act", layer.path, re.IGNORECASE)}
    return tuple(replace(layer, kind=Kind.SLOPE) if id(layer) in slopes else layer for layer in layers)


def _readings(shapes: Mapping[str, Shape]) -> Iterator[Layers]:
    """Yield the ways to read a file's tensors as layers.

    Where names group tensors, a group is a layer; otherwise a weight begins one, and a run of vectors of one length is
    split into norms. The order is the file's, and next that of the names with their numbers counted; where the numbers
    are not in their order in the file, it is no network's, and the names' comes first.
    """
    groups: dict[str, list[Tensor]] = {}
    for name, shape in shapes.items():
        groups.setdefault(_home(name), []).append((name, shape))
    grouped = tuple(layer for path, group in groups.items() for layer in _group(path, group))
    if _counts_up(grouped):
        yield grouped
    by_name = tuple(sorted(grouped, key=lambda layer: natural(layer.path or next(iter(layer.tensors.values()), ""))))
    if by_name != grouped:
        yield by_name
    yield _stem_first(by_name)
    if not _counts_up(grouped):
        yield grouped
    for size in (0, *_NORM_SIZES):
        yield tuple(_runs(tuple(shapes.items()), size))


@lru_cache(maxsize=16_384)
def _home(name: str) -> str:
    """Return the path of the layer that a tensor is in: ``pool.q`` for ``pool.q_weight``, as attention has them."""
    path, tensor = parted(name)
    match = re.fullmatch(r"([qkv])_(?:weight|bias)", tensor)
    return f"{path}.{match[1]}" if match else path


def shared(paths: Sequence[str]) -> str:
    """Return the leading names that dotted paths share."""
    first, last = min(paths).split("."), max(paths).split(".")
    count = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return ".".join(first[:count])


def _counts_up(layers: Layers) -> bool:
    """Return whether the numbers in names count up; sorted as text, ``layer1.10`` comes before ``layer1.2``."""
    last: dict[str, int] = {}
    for layer in layers:
        for match in re.finditer(r"\d{1,9}", layer.path):
            before, number = layer.path[: match.start()], int(match[0])
            if number < last.get(before, 0):
                return False
            last[before] = number
    return True


@lru_cache(maxsize=16_384)
def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts names with their numbers counted: ``layer1.9`` before ``layer1.10``."""
    parts = re.findall(r"\d+|[^\d./]+", name)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if len(part) < 19)


def _group(path: str, group: list[Tensor]) -> Iterator[FileLayer]:
    heavy = [(name, shape) for name, shape in group if len(shape) > 1]
    light = [(name, shape) for name, shape in group if len(shape) == 1]
    if len(heavy) == 2 and path and (gain := _gain(heavy)):
        weight = next(tensor for tensor in heavy if tensor is not gain)
        made = _weighty(path, weight, light)
        yield replace(made, tensors={**made.tensors, "gain": gain[0]})
        return
    if len(heavy) > 1 or (heavy and (len(light) > 1 or (light and light[0][1][0] != heavy[0][1][0]))) or path == "":
        yield from _runs(tuple(group), 0)
    elif heavy:
        yield _weighty(path, heavy[0], light)
    elif light and len({shape for _, shape in light}) == 1:
        yield _vectors(path, group)
    else:
        yield FileLayer(Kind.OTHER, path, group[0][1], {parted(name)[1]: name for name, _ in group})


def _gain(heavy: Sequence[Tensor]) -> Tensor | None:
    """Return the factors of the filters of a convolution that is the other tensor."""
    (_, first), (_, second) = heavy
    factors = [tensor for tensor in heavy if tensor[1][1:] == (1, 1, 1)]
    named = [tensor for tensor in factors if parted(tensor[0])[1] == "gain"]
    fits = len(first) == len(second) == 4 and first[0] == second[0]
    return next(iter(named or factors[-1:]), None) if fits else None


def _weighty(path: str, weight: Tensor, bias: Sequence[Tensor]) -> FileLayer:
    name, shape = weight
    tensors = {"weight": name}
    if bias:
        tensors["bias"] = bias[0][0]
    if len(shape) == 3 and shape[1:] == (1, 1):
        kind = Kind.GAIN
    else:
        kind = {2: Kind.LINEAR, 3: Kind.CONV1D, 4: Kind.CONV}.get(len(shape), Kind.OTHER)
    return FileLayer(kind, path, shape, tensors)


def _vectors(path: str, group: list[Tensor]) -> FileLayer:
    """Return the norm that some vectors of one length make, or the single number, or what cannot be told."""
    length = next(shape for _, shape in group if shape)
    if length == (1,) and len(group) == 1:
        return FileLayer(Kind.SHIFT, path, length, {"bias": group[0][0]})
    roles = {_ROLES.get(parted(name)[1], name): name for name, _ in group}
    vectors = [name for name, shape in group if shape]
    if not set(roles) <= set(_ROLES.values()) or len(roles) < len(group):
        roles = dict(zip(_ORDERS.get(len(vectors), ()), vectors, strict=False))
        roles |= dict.fromkeys(("num_batches_tracked",) * (len(vectors) < len(group)), group[-1][0])
    is_norm = {"weight", "bias"} <= set(roles) or "running_mean" in roles or set(roles) in NORM_TENSORS.values()
    kind = Kind.NORM if is_norm else Kind.OTHER
    return FileLayer(kind, path, length, roles)


def _runs(tensors: tuple[Tensor, ...], size: int) -> Iterator[FileLayer]:
    """Yield layers by shapes alone: a weight takes the odd vector after it, other vectors are norms of ``size`` each.

    A size of 0 is the commonest one.
    """
    chunks = tuple(_chunks(tensors))
    size = size or _usual(chunks)
    for chunk in chunks:
        rest = list(chunk)
        if len(rest[0][1]) > 1:
            weight = rest.pop(0)
            vectors = [shape for _, shape in rest if shape]
            odd = vectors and vectors[0][0] == weight[1][0] and len(vectors) % size == 1
            yield _weighty(_path(weight[0]), weight, [rest.pop(0)] if odd else [])
        yield from _norms(rest, size)


def _norms(rest: list[Tensor], size: int) -> Iterator[FileLayer]:
    while rest:
        first = rest[0][1]
        same = next((place for place, (_, shape) in enumerate(rest) if shape != first), len(rest))
        count = size if same >= size and first else 1 if first == (1,) else same
        taken, rest = rest[:count], rest[count:]
        if len(taken) == size and rest and rest[0][1] == ():
            taken.append(rest.pop(0))
        if first:
            yield _vectors(_path(taken[0][0]), taken)
        else:
            yield FileLayer(Kind.OTHER, _path(taken[0][0]), (), {name: name for name, _ in taken})


def _chunks(tensors: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """Yield each weight with all vectors up to the next one."""
    chunk: list[Tensor] = []
    for name, shape in tensors:
        if chunk and len(shape) > 1:
            yield chunk
            chunk = []
        chunk.append((name, shape))
    if chunk:
        yield chunk


def _usual(chunks: tuple[list[Tensor], ...]) -> int:
    """Return how many vectors a norm has: 4 where counters tell of batch norms, or else the commonest number."""
    if any(shape == () for chunk in chunks for _, shape in chunk):
        return 4
    runs = Counter(sum(1 for _, shape in chunk if len(shape) == 1 and shape != (1,)) for chunk in chunks)
    return next((size for size, _ in runs.most_common() if size in _NORM_SIZES), 4)


def _path(name: str) -> str:
    path, role = parted(name)
    return path if path and role in _ROLES else name


def _stem_first(layers: Layers) -> Layers:
    """Return the layers with the stem's before all others: sorted by name, ``stages`` come before ``stem``."""
    convs = [layer for layer in layers if layer.kind is Kind.CONV and layer.side > 1]
    if not convs:
        return layers
    stem = parted(min(convs, key=lambda layer: layer.inputs).path)[0]
    return tuple(sorted(layers, key=lambda layer: not layer.path.startswith(f"{stem}.")))
