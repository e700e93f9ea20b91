"""What a file holds beside the network: heads, second encoders, queues, counters; by their layers and names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resnet_explorer.analysis.structure.backbone import Backbone
from resnet_explorer.analysis.structure.layers import FileLayer, Kind, Layers, natural, shared

_SECOND = re.compile(r"encoder_k|teacher|target|momentum|ema|key|averaged", re.IGNORECASE)
"""Names of the encoder that follows another one: the copy that is averaged over time."""
_NAMED: tuple[tuple[str, str], ...] = (
    (r"queue", "queue of negative samples"),
    (r"(^|[._])fpn|neck|lateral", "feature pyramid (neck)"),
    (r"rpn|roi|bbox|mask|anchor", "detection head"),
    (r"decoder|decode|aspp|(^|[._])up", "decoder"),
    (r"proj", "projector"),
    (r"predict", "predictor"),
    (r"confmat|(^|[._])(acc|metric|auroc|f1|precision|recall|train_acc|val_acc)", "state of a metric"),
    (r"criterion|loss|class_weight", "weights of a loss"),
    (r"n_averaged|epoch|step|iter|count|ptr", "counter"),
    (r"optim|exp_avg|momentum_buffer", "state of an optimiser"),
    (r"center|centre|prototypes", "prototypes"),
)
"""What names tell of layers that are not a network's; the first that fits counts."""
_CLASSIFIER = re.compile(r"(^|[._])(fc|classifier|linear|head|cls|logits|last_linear)\b")


@dataclass(frozen=True, slots=True)
class Leftover:
    """Tensors of a file that are no part of the network: what their names share, and what they are likely to be."""

    path: str
    what: str
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return this in words: ``projector: head of 2 layers, 128 outputs: not loaded``."""
        return f"{self.path}: {self.what}: not loaded" if self.path else f"{self.what}: not loaded"


def preferred(found: Sequence[tuple[Backbone, ...]]) -> list[tuple[Backbone, ...]]:
    """Return the networks of a file, the one to take first: the largest, and of equal ones that which is trained."""
    return sorted(found, key=lambda ways: (-len(ways[0].layers), bool(_SECOND.search(_first(ways[0])))))


def _first(backbone: Backbone) -> str:
    return next(iter(backbone.stem[0].tensors.values()))


def classifier(backbone: Backbone, free: Layers, root: str) -> FileLayer | None:
    """Return the layer that classifies the backbone's features: linear, with a bias, and alone in its module."""
    heads: dict[str, list[FileLayer]] = {}
    for layer in free:
        if _is_linear(layer) or layer.kind is Kind.NORM:
            heads.setdefault(_group(layer.path, root, {}) if "." in layer.path else "", []).append(layer)
    alone = [layers[0] for layers in heads.values() if len(layers) == 1]
    ends = [one for one in alone if _is_linear(one) and one.inputs == backbone.out and one.biased]
    ends = [one for one in ends if not _purpose(one.path)]
    return next((layer for layer in ends if _CLASSIFIER.search(layer.path)), ends[0] if len(ends) == 1 else None)


def _is_linear(layer: FileLayer) -> bool:
    matrix = layer.kind is Kind.LINEAR or (layer.kind is Kind.CONV and layer.shape[2:] == (1, 1))
    return matrix and layer.inputs > 1


def leftovers(
    free: Layers, others: Iterable[Backbone], taken: Backbone, root: str, *, names_tell: bool
) -> tuple[Leftover, ...]:
    """Return groups of what is left: by the first part of their names under the network's, or all in one.

    ``root`` is what the names of the network share.
    """
    encoders = {_shared_root(other): other for other in others}
    groups: dict[str, list[FileLayer]] = {}
    for layer in free:
        groups.setdefault(_group(layer.path, root, encoders) if names_tell else "", []).append(layer)
    return tuple(_leftover(path, layers, encoders.get(path), taken) for path, layers in groups.items())


def _shared_root(backbone: Backbone) -> str:
    return shared([layer.path for layer in backbone.layers])


def _group(path: str, root: str, encoders: Mapping[str, Backbone]) -> str:
    for encoder in encoders:
        if encoder and (path == encoder or path.startswith(f"{encoder}.")):
            return encoder
    parts, own = path.split("."), root.split(".") if root else []
    depth = next((n for n, (a, b) in enumerate(zip(parts, own, strict=False)) if a != b), min(len(parts), len(own)))
    return ".".join(parts[: depth + 1])


def _leftover(path: str, layers: list[FileLayer], encoder: Backbone | None, taken: Backbone) -> Leftover:
    names = tuple(name for layer in layers for name in layer.tensors.values())
    if encoder is not None:
        same = [layer.shape for layer in encoder.layers] == [layer.shape for layer in taken.layers]
        what = "second encoder of the same shapes" if same else "another residual network"
    else:
        what = _likely(path, layers, len(names))
    return Leftover(path, what, names)


def _purpose(path: str) -> str:
    return next((what for pattern, what in _NAMED if re.search(pattern, path, re.IGNORECASE)), "")


def _likely(path: str, layers: list[FileLayer], tensors: int) -> str:
    """Return what some layers are likely to be."""
    linear = sorted((one for one in layers if _is_linear(one)), key=lambda one: natural(one.path))
    convs = [one for one in layers if one.kind is Kind.CONV and one.side > 1]
    purpose = _purpose(path)
    if purpose in ("queue of negative samples", "counter", "state of a metric", "weights of a loss"):
        return f"{purpose}, {_count(tensors, 'tensor')}"
    if linear and not convs:
        return f"{purpose or 'head'} of {_count(len(linear), 'layer')}, {linear[-1].out:,} outputs"
    if convs:
        return f"{purpose or 'other layers'} of {_count(len(convs) + len(linear), 'convolution')}"
    return f"{purpose or 'unknown'}, {_count(tensors, 'tensor')}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
