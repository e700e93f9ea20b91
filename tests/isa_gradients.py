"""Prints how far all gradients in channels_last are from those in the contiguous format: JSON, network by network.

It runs in a process of its own, since the instruction set is chosen when oneDNN is loaded.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.errors import SpecError
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.clock import instruction_set
from resnet_explorer.probes.models import build_from_seed
from resnet_explorer.readings.memory_format import is_safe
from resnet_explorer.spec import Block, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign

WIDTHS = (1, 3, 4, 8, 32)
SETTINGS = (
    (),
    ("stride=1x1",),
    ("cardinality=2", "base_width=64"),
    ("order=v2",),
    ("downsample=avgpool",),
    ("anti_alias=blur",),
    ("attention=eca",),
    ("norm=group", "norm_groups=1"),
)
"""Settings of which each block kind takes those that it can have."""


def specs() -> Iterator[ResNetSpec]:
    """Yield shallow networks, narrow and wide, of every block kind.

    Deep networks, and kinks such as ReLU's, would amplify rounding.
    """
    for block in Block:
        for width in WIDTHS:
            for settings in SETTINGS:
                own = (
                    "activation=silu",
                    f"block={block}",
                    "blocks=1,1",
                    f"widths={width},{2 * width}",
                    "strides=1,2",
                    "shortcut=B",
                )
                with suppress(SpecError):
                    yield assign(find("resnet20"), *own, f"stem_channels={width}", *settings)


def gradients(model: nn.Module, x: Tensor, layout: torch.memory_format) -> list[Tensor]:
    """Return the output and the gradients of the input and of all parameters."""
    model = model.to(memory_format=layout)
    model.zero_grad()
    x = x.clone(memory_format=layout).requires_grad_()
    output = model(x)
    functional.cross_entropy(output, torch.arange(len(x)) % 10).backward()
    found = [output.detach(), x.grad, *(one.grad for one in model.parameters())]
    return [one.clone(memory_format=torch.contiguous_format) for one in found if one is not None]


def difference(spec: ResNetSpec, threads: int) -> float:
    """Return the largest difference, as a part of the largest value of its tensor."""
    torch.set_num_threads(threads)
    x = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    pairs = [
        gradients(build_from_seed((spec,), 0)[0], x, one) for one in (torch.channels_last, torch.contiguous_format)
    ]
    largest = max(float(one.abs().max()) for one in pairs[1])
    return max(
        float((a - b).abs().max()) / max(float(b.abs().max()), 1e-3 * largest) for a, b in zip(*pairs, strict=True)
    )


if __name__ == "__main__":
    safe = [spec for spec in specs() if is_safe(compile_spec(spec))]
    found = {
        f"{number} {spec.block[0]} {spec.widths}": [difference(spec, threads) for threads in (1, 2)]
        for number, spec in enumerate(safe)
    }
    print(json.dumps({"instructions": instruction_set(), "networks": found}))
