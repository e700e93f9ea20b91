"""What the names and shapes of tensors tell of a residual network, trait by trait."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.blueprint.attention import hidden
from resnet_explorer.blueprint.layers import Shape
from resnet_explorer.blueprint.names import ours
from resnet_explorer.errors import CheckpointError
from resnet_explorer.spec import (
    Attention,
    Block,
    Downsample,
    Gain,
    Gating,
    Init,
    Norm,
    Order,
    ResNetSpec,
    Shortcut,
    Stem,
    StemPool,
)
from resnet_explorer.spec.change import change_all
from resnet_explorer.spec.limits import USUAL_BASE_WIDTH

RATIOS = ((16, 8), (4, 8), (16, 1), (8, 8), (4, 1), (8, 1), (2, 1), (32, 1))
"""Reduction and rounding of attention that published networks use, the most usual first."""


@dataclass(frozen=True, slots=True)
class Traits:
    """The axes that tensors tell, as changes of a plain ResNet, and the tensors by our names."""

    changes: dict[str, object]
    shapes: Mapping[str, Shape]

    def spec(self) -> ResNetSpec:
        """Return the spec; raises SpecError where it describes no network."""
        return change_all(ResNetSpec("checkpoint"), self.changes)

    def assumed(self, spec: ResNetSpec) -> tuple[str, ...]:
        """Return what neither names nor shapes tell, and what was taken for it."""
        words = ["The sizes of images it was trained on, and how they were normalised."]
        if spec.has_bottlenecks:
            words.append(f"The stride sits {'in the 3×3' if spec.stride == '3x3' else 'in the first 1×1'}.")
        words.append(f"The activation is {spec.activation}; anti-aliasing is {spec.anti_alias}.")
        words.append(f"Stages shrink the map by {', '.join(map(str, spec.strides))}; nothing is dilated.")
        if spec.order is Order.V1:
            words.append("The order is the original one: orders with the norm or ReLU elsewhere have the same tensors.")
        if spec.norm is Norm.GROUP:
            words.append(f"The norm has {spec.norm_groups} groups; layer and instance norm have the same tensors.")
        if not any(".downsample." in name for name in self.shapes):
            words.append("There are shortcuts: without projections a plain network has the same tensors.")
        if spec.gating is not Gating.NONE:
            words.append("The gate is exclusive: one of the shortcut alone has the same tensors.")
        words.append(f"After the stem's convolutions comes {_POOLS[spec.stem_pool]}.")
        return tuple(words)


_POOLS = {
    StemPool.MAX: "a max-pool",
    StemPool.PADDED: "a max-pool on a map padded with zeros",
    StemPool.CONV: "a convolution in the pool's place",
    StemPool.NONE: "no pool",
}


def read_traits(raw: Mapping[str, Shape]) -> Traits:
    """Return what tensors tell; raises CheckpointError where they are not those of a residual network."""
    shapes = {ours(name): shape for name, shape in raw.items()}
    counts = _counts(shapes)
    if not counts or ("conv1.weight" not in shapes and "conv1.0.weight" not in shapes):
        raise CheckpointError(
            "file",
            "Its tensors are not those of a residual network: there is no conv1, or no layer1.0.",
            "Choose a checkpoint of a ResNet of torchvision, timm or this app.",
        )
    changes: dict[str, object] = {"blocks": counts, "strides": (1, *(2 for _ in counts[1:]))}
    kinds = tuple(_kind(shapes, stage) for stage in range(1, len(counts) + 1))
    changes["block"] = kinds
    try:
        changes |= _widths(shapes, kinds) | _stem(shapes)
        changes |= _order_and_norm(shapes) | _shortcut(raw, shapes, counts) | _extras(shapes)
        changes["classes"] = shapes["fc.weight"][0] if "fc.weight" in shapes else None
        changes |= _attention(shapes, changes)
    except KeyError as error:
        words = f"The tensor {error.args[0]} is missing, without which the network cannot be told."
        raise CheckpointError("file", words, "Fetch the file again.") from error
    except (ValueError, IndexError, ZeroDivisionError) as error:
        words = "A tensor that tells the network's size has no such shape as a ResNet's."
        raise CheckpointError("file", words, "Fetch the file again.") from error
    return Traits(changes, shapes)


def _counts(shapes: Mapping[str, Shape]) -> tuple[int, ...]:
    """Return the number of blocks of each stage, up to the first stage that has none."""
    found: dict[int, int] = {}
    for name in shapes:
        if match := re.match(r"layer(\d)\.(\d+)\.conv1\.weight$", name):
            found[int(match[1])] = max(found.get(int(match[1]), 0), int(match[2]) + 1)
    counts: list[int] = []
    while len(counts) + 1 in found:
        counts.append(found[len(counts) + 1])
    return tuple(counts)


def _kind(shapes: Mapping[str, Shape], stage: int) -> Block:
    third = re.compile(rf"layer{stage}\.\d+\.conv3\.weight$")
    return Block.BOTTLENECK if any(third.match(name) for name in shapes) else Block.BASIC


def _conv(shapes: Mapping[str, Shape], stage: int, number: int) -> Shape:
    """Return the shape of a convolution in the first block of a stage that has it."""
    pattern = re.compile(rf"layer{stage}\.\d+\.conv{number}\.weight$")
    found = next((shape for name, shape in shapes.items() if pattern.match(name) and len(shape) == 4), None)
    if found is None:
        raise KeyError(f"layer{stage}.0.conv{number}.weight")
    return found


def _widths(shapes: Mapping[str, Shape], kinds: tuple[Block, ...]) -> dict[str, object]:
    """Return widths, expansion, groups and reduction: a bottleneck's output is taken for four times its width."""
    changes: dict[str, object] = {}
    widths: list[int] = []
    for stage, kind in enumerate(kinds, start=1):
        one, two = _conv(shapes, stage, 1), _conv(shapes, stage, 2)
        if kind is Block.BASIC:
            widths.append(two[0])
            changes["reduce_first"] = max(1, two[0] // one[0])
            continue
        out, inner, groups = _conv(shapes, stage, 3)[0], two[0], max(1, one[0] // two[1])
        changes |= {"reduce_first": max(1, inner // one[0]), "cardinality": groups}
        base, rest = divmod(USUAL_BASE_WIDTH * inner * 4, groups * out)
        if out % 4 or rest or (out // 4) * base // USUAL_BASE_WIDTH * groups != inner:
            changes |= {"expansion": max(1, out // inner), "base_width": USUAL_BASE_WIDTH, "cardinality": 1}
            widths.append(inner)
        else:
            changes["base_width"] = base
            widths.append(out // 4)
    return {**changes, "widths": tuple(widths)}


def _stem(shapes: Mapping[str, Shape]) -> dict[str, object]:
    pool = StemPool.CONV if "maxpool.0.weight" in shapes else StemPool.MAX
    if "conv1.weight" in shapes:
        out, channels, kernel, _ = shapes["conv1.weight"]
        small = kernel == 3
        return {
            "stem": Stem.CIFAR if small else Stem.IMAGENET,
            "stem_channels": out,
            "in_channels": channels,
            "stem_pool": StemPool.NONE if small and pool is StemPool.MAX else pool,
        }
    first, second, third = (shapes[f"conv1.{number}.weight"] for number in (0, 3, 6))
    tiered = first[0] != second[0]
    return {
        "stem": Stem.TIERED if tiered else Stem.DEEP,
        "stem_width": second[0],
        "stem_channels": third[0],
        "in_channels": first[1],
        "stem_pool": pool,
    }


def _order_and_norm(shapes: Mapping[str, Shape]) -> dict[str, object]:
    norms = {name.rpartition(".")[2] for name in shapes if re.search(r"\.bn\d\.", name)}
    norm = Norm.BATCH
    if not norms:
        norm = Norm.NONE
    elif "tau" in norms:
        norm = Norm.FRN
    elif "v" in norms:
        norm = Norm.EVONORM
    elif "running_mean" not in norms:
        norm = Norm.GROUP
    return {"norm": norm, "order": Order.V2 if "bn.weight" in shapes else Order.V1}


def _shortcut(raw: Mapping[str, Shape], shapes: Mapping[str, Shape], counts: tuple[int, ...]) -> dict[str, object]:
    """Return the kind of shortcut: a projection's convolution in place 1 has a pool, or an empty layer, before it."""
    convs = {name: shape for name, shape in shapes.items() if ".downsample." in name and len(shape) == 4}
    if not convs:
        return {"shortcut": Shortcut.PADDING}
    blocks = {name.partition(".downsample.")[0] for name in convs}
    everywhere = len(blocks) == sum(counts) > len(counts)
    kernel = max(shape[2] for shape in convs.values())
    numbered = any(re.search(r"\.downsample\.1\.weight$", name) and len(shape) == 4 for name, shape in raw.items())
    how = Downsample.AVERAGE if numbered else Downsample.CONV3X3 if kernel == 3 else Downsample.CONV1X1
    return {"shortcut": Shortcut.PROJECTION_EVERYWHERE if everywhere else Shortcut.PROJECTION, "downsample": how}


def _extras(shapes: Mapping[str, Shape]) -> dict[str, object]:
    changes: dict[str, object] = {}
    gain = shapes.get("layer1.0.gain.weight")
    if gain:
        changes["gain"] = Gain.SKIPINIT if gain[0] == 1 else Gain.LAYERSCALE
    if "layer1.0.gate.conv.weight" in shapes:
        changes["gating"] = Gating.EXCLUSIVE
    if "layer1.0.bias1a.bias" in shapes:
        changes["init"] = Init.FIXUP
    return changes


def _attention(shapes: Mapping[str, Shape], changes: dict[str, object]) -> dict[str, object]:
    if "layer1.0.eca.conv.weight" in shapes:
        return {"attention": Attention.ECA}
    for name, kind in (("se", Attention.SE), ("cbam_channel", Attention.CBAM)):
        layers = [shape for path, shape in shapes.items() if path.endswith(f".{name}.fc1.weight")]
        if layers:
            base = change_all(ResNetSpec(""), {"attention": kind})
            for ratio, multiple in RATIOS:
                tried = change_all(base, {"reduction": ratio, "reduction_multiple": multiple})
                if all(hidden(tried, shape[1]) == shape[0] for shape in layers):
                    return {"attention": kind, "reduction": ratio, "reduction_multiple": multiple}
            return {"attention": kind, "reduction": max(1, layers[-1][1] // layers[-1][0]), "reduction_multiple": 1}
    return {}
