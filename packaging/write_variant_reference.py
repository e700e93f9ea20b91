"""Write tests/reference/variants.json anew: what timm and torchvision say of the networks that the catalogue has.

python packaging/write_variant_reference.py

Each network is built and run on the meta device: parameters, MACs of convolutions and linear layers for one image,
and the maps that its convolutions put out at two odd sizes, each with how often it occurs. Maps of a single position
(those of channel attention) are left out. ``other_macs`` are those of blur filters and of products of two activations.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import timm
import torch
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.regnet import BlockParams

FILE = Path(__file__).parents[1] / "tests" / "reference" / "variants.json"
TIMM = (
    *("resnest*", "res2net*", "res2next*", "skresnet*", "skresnext*", "regnetx_*", "regnety_*", "nf_resnet*"),
    *("gcresnet*", "gcresnext*", "*resnet3[23]ts", "*resnext26ts", "resnet51q", "resnet61q", "resnet50_mlp"),
    *("resnet*_clip", "resnet*_clip_gap"),
    *(
        "resnet10t",
        "resnet26d",
        "seresnet50",
        "ecaresnet26t",
        "resnetrs50",
        "resnetblur18",
        "resnetaa34d",
        "resnetv2_50",
    ),
    *("resnetv2_50d_gn", "senet154", "seresnext26t_32x4d", "resnet50_gn", "resnetv2_50x1_bit", "test_resnet"),
)
LEFT_OUT = ("bat_*", "regnety_040_sgn", "regnety_1280", "regnety_2560")
"""Another attention, a twin in structure, and two of more than 600 M parameters."""
TORCHVISION = ("resnet*", "resnext*", "wide_resnet*", "regnet_[xy]_*")
VIDEO = ("r3d_18", "mc3_18", "r2plus1d_18")
IMAGE, CLIP = (3, 224, 224), (3, 16, 112, 112)
ODD = {3: ((3, 193, 225), (3, 97, 161)), 4: ((3, 7, 65, 81), (3, 10, 49, 33))}


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


Network = tuple[str, str, Callable[[], nn.Module], tuple[int, ...]]


def networks() -> Iterator[Network]:
    """Yield library, name, what builds it, and its input."""
    for name in timm.list_models():
        if _any(name, TIMM) and not _any(name, LEFT_OUT):
            is_fixed = name.endswith("_clip")  # the position embedding belongs to one size
            published = timm.get_pretrained_cfg(name) if is_fixed else None
            size = tuple(published.input_size) if published else IMAGE
            yield "timm", name, partial(timm.create_model, name), size
    for name in torchvision.models.list_models(torchvision.models):
        if _any(name, TORCHVISION) and name != "regnet_y_128gf":
            yield "torchvision", name, partial(torchvision.models.get_model, name), IMAGE
    for name in VIDEO:
        yield "torchvision", name, partial(torchvision.models.get_model, name), CLIP


def _watched(model: nn.Module, shape: tuple[int, ...]) -> tuple[int, list[tuple[int, ...]], int]:
    """Return the MACs of convolutions and linear layers, the maps of convolutions, and all MACs of one pass."""
    seen: list[tuple[nn.Module, tuple[int, ...]]] = []
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    hooks = [
        module.register_forward_hook(lambda layer, _, output: seen.append((layer, tuple(output.shape))))
        for module in model.modules()
        if isinstance(module, kinds)
    ]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.empty(1, *shape, device="meta"))
    for hook in hooks:
        hook.remove()
    macs = sum(torch.Size(output).numel() * _fan(layer) for layer, output in seen)
    maps = [output[1:] for layer, output in seen if not isinstance(layer, nn.Linear) and len(output) == len(shape) + 1]
    return macs, [each for each in maps if max(each[1:]) > 1], counter.get_total_flops() // 2


def _fan(layer: nn.Module) -> int:
    assert isinstance(layer.weight, Tensor)
    return layer.weight[0].numel()


def _maps(model: nn.Module, shape: tuple[int, ...]) -> str:
    counts = Counter("x".join(map(str, each)) for each in _watched(model, shape)[1])
    return " ".join(f"{each}*{count}" if count > 1 else each for each, count in counts.items())


def _on_cpu(make: Callable[..., BlockParams]) -> Callable[..., BlockParams]:
    """Return what works out the widths of torchvision's RegNets with tensors that hold numbers."""

    def made(**arguments: Any) -> BlockParams:
        with torch.device("cpu"):
            return make(**arguments)

    return made


def facts(library: str, name: str, build: Callable[[], nn.Module], shape: tuple[int, ...]) -> dict[str, Any]:
    """Return a network's row."""
    with torch.device("meta"), patch.object(BlockParams, "from_init_params", _on_cpu(BlockParams.from_init_params)):
        model = build().eval()
    macs, _, all_macs = _watched(model, shape)
    row: dict[str, Any] = {"name": name, "library": library, "input": "x".join(map(str, shape))}
    row |= {"params": sum(each.numel() for each in model.parameters()), "macs": macs}
    if all_macs != macs:
        row["other_macs"] = all_macs - macs
    if not name.endswith("_clip"):
        row["maps"] = {"x".join(map(str, odd)): _maps(model, odd) for odd in ODD[len(shape)]}
    return row


if __name__ == "__main__":
    rows = [facts(*network) for network in networks()]
    versions = {"timm": timm.__version__, "torchvision": torchvision.__version__.split("+")[0]}
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    FILE.write_text(f'{{\n "versions": {json.dumps(versions)},\n "networks": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    print(f"{FILE}: {len(rows)} networks")
