"""The weights of signal and video networks, read as those of the network for images that has the same structure.

Kernels of one axis become square, and those of a video lose their time axis; a convolution in space with the one in
time after it (Tran et al. 2018) is one convolution, without the norm between them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from resnet_explorer.network.kinds import Shape
from resnet_explorer.network.lift import in_row
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import named
from resnet_explorer.spec.change import change_all
from resnet_explorer.spec.choices import ConvTime
from resnet_explorer.weights.compare import alternatives, base_name, compared, in_catalogue
from resnet_explorer.weights.layers import parted
from resnet_explorer.weights.traits import open_questions
from resnet_explorer.weights.values import Identified

_LEAST = 3
"""So many kernels of one axis make a signal network: an image network has a few in its attention alone."""
_MIDDLE = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
"""The tensors of a batch norm in their order, where their names do not tell."""


@dataclass(frozen=True, slots=True)
class Flattened:
    """A file's shapes as an image network has them, and what was left out of them.

    ``pairs`` holds for the weight of a convolution in space that of the one in time, and what lies between them.
    """

    shapes: Mapping[str, Shape]
    given: Mapping[str, Shape]
    dims: int
    pairs: Mapping[str, tuple[str, tuple[str, ...]]]

    def lifted(self, found: Identified, known: ResNetSpec | None) -> Identified:
        """Return what was found for images as it is in the file's own dimensions."""
        spec = known or self._spec(found)
        names = dict(self._names(found.names))
        made = compared(spec, names, self.given)
        if not known:
            spec = _in_catalogue(spec)
            made = compared(spec, names, self.given)
        left = tuple(leftover for leftover in found.leftovers if names.keys().isdisjoint(leftover.names))
        others = tuple(other.name for other in alternatives(spec) if other.name != spec.name.removesuffix("-edited"))
        return replace(made, assumed=() if known else open_questions(spec), leftovers=left, alternatives=others)

    def _spec(self, found: Identified) -> ResNetSpec:
        flat = found.spec
        files = {ours: name for name, ours in found.names.items()}
        times = tuple(self._time(files, number) for number in range(1, len(flat.blocks) + 1))
        changes: dict[str, object] = {"dims": self.dims}
        if self.dims == 3:
            changes["conv_time"] = times if len(set(times)) > 1 else times[0]
        return named(replace(change_all(flat, changes), name=flat.name))

    def _time(self, files: Mapping[str, str], number: int) -> ConvTime:
        """Return how a stage treats time: by the 3×3 that both kinds of blocks have second."""
        weight = files.get(f"layer{number}.0.conv2.weight", "")
        if weight in self.pairs:
            return ConvTime.SPLIT
        shape = self.given.get(weight, ())
        return ConvTime.FRAMES if len(shape) == 5 and shape[2] < shape[3] else ConvTime.FULL

    def _names(self, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        is_deep = any(_in_deep_stem(names.get(name, "")) for name in self.pairs)
        for name, ours in names.items():
            path, role = parted(ours)
            if name not in self.pairs:
                yield name, f"{in_row(path, 3)}.{role}" if is_deep and _in_deep_stem(ours) else ours
                continue
            time, between = self.pairs[name]
            space, norm, after = _pair_names(path)
            yield name, f"{space}.weight"
            yield time, f"{after}.weight"
            for tensor, usual in zip(between, _MIDDLE, strict=False):
                role = parted(tensor)[1]
                yield tensor, f"{norm}.{role if role in _MIDDLE else usual}"


def _in_deep_stem(name: str) -> bool:
    return bool(re.match(r"conv1\.\d+\.", name))


def _pair_names(path: str) -> tuple[str, str, str]:
    """Return our names for a convolution in space, the norm after it, and the convolution in time."""
    if _in_deep_stem(f"{path}."):
        return in_row(path, 0), in_row(path, 1), in_row(path, 3)
    head, dot, last = path.rpartition(".")
    return f"{path}_space", f"{head}{dot}{last.replace('conv', 'bn')}_space", f"{path}_time"


def flat_spec(spec: ResNetSpec) -> ResNetSpec:
    """Return the network for images of the same structure."""
    others = tuple(row for row in spec.by_stage if row[0] != "conv_time")
    return named(replace(spec, dims=2, conv_time=ConvTime.FULL, by_stage=others))


def _in_catalogue(spec: ResNetSpec) -> ResNetSpec:
    """Return a network under its name, or the first of the catalogue with the same tensors."""
    likeliest = spec if in_catalogue(spec) else next(iter(alternatives(spec)), spec)
    kept = replace(likeliest, classes=spec.classes, in_channels=spec.in_channels)
    return named(replace(kept, name=base_name(kept)))


def flattened(shapes: Mapping[str, Shape]) -> Flattened | None:
    """Return the shapes of a signal or video network as those of one for images; None for one that is that already."""
    ranks = [len(shape) for shape in shapes.values()]
    if 5 in ranks:
        return _video(shapes)
    wide = [shape for shape in shapes.values() if len(shape) == 3 and shape[2] > 1 and shape[:2] != (1, 1)]
    return _signal(shapes) if 4 not in ranks and len(wide) >= _LEAST else None


def _signal(shapes: Mapping[str, Shape]) -> Flattened:
    def square(shape: Shape) -> Shape:
        if len(shape) == 3 and shape[:2] != (1, 1):
            return (*shape, shape[2])
        return (*shape, 1) if len(shape) == 2 and shape[1] == 1 else shape

    return Flattened({name: square(shape) for name, shape in shapes.items()}, shapes, 1, {})


def _video(shapes: Mapping[str, Shape]) -> Flattened:
    pairs = dict(_pairs(shapes))
    gone = {name for time, between in pairs.values() for name in (time, *between)}
    flat: dict[str, Shape] = {}
    for name, shape in shapes.items():
        if name in gone:
            continue
        if len(shape) == 5:
            out = shapes[pairs[name][0]][0] if name in pairs else shape[0]
            shape = (out, shape[1], *shape[3:])
        flat[name] = shape[:3] if len(shape) == 4 and shape[1:] == (1, 1, 1) and len(shapes[name]) == 4 else shape
    return Flattened(flat, shapes, 3, pairs)


def _pairs(shapes: Mapping[str, Shape]) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield the convolutions in space that are followed by one in time, with what lies between the two."""
    space, between = "", list[str]()
    for name, shape in shapes.items():
        if len(shape) == 5:
            first = shapes.get(space, ())
            in_time = shape[2] > 1 and shape[3:] == (1, 1)
            if in_time and first and first[2] == 1 and first[3] > 1 and shape[1] == first[0]:
                yield space, (name, tuple(between))
            space, between = name, []
        elif len(shape) < 2:
            between.append(name)
        else:
            space, between = "", []
