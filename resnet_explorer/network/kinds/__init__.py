"""The kinds of layers: shape rule, parameters and costs of each."""

from dataclasses import is_dataclass

from resnet_explorer.network.kinds import (
    activations,
    blocks,
    convolutions,
    forks,
    gates,
    heads,
    norms,
    pads,
    pools,
    scaled,
    shortcuts,
)
from resnet_explorer.network.kinds.base import BYTES_PER_VALUE, Layer, Role, Shape, Tensor

KINDS: tuple[type[Layer], ...] = tuple(
    kind
    for home in (convolutions, norms, activations, pads, pools, blocks, shortcuts, gates, scaled, heads, forks)
    for kind in vars(home).values()
    if isinstance(kind, type) and issubclass(kind, Layer) and is_dataclass(kind)
    if kind.__module__ == home.__name__ and kind.__name__ not in ("Norm", "DimsNorm")
)
"""All kinds."""
