"""First weights: from which distribution they are drawn, and which start at 0."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from resnet_explorer.module.blocks import Block, Gate
from resnet_explorer.module.layers import Gain
from resnet_explorer.spec import Init, ResNetSpec

_DRAWS: Mapping[Init, Callable[[Tensor], object]] = {
    Init.FAN_OUT: lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    Init.FAN_IN: lambda weight: nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu"),
    Init.XAVIER: nn.init.xavier_normal_,
    Init.ORTHOGONAL: nn.init.orthogonal_,
    Init.DEFAULT: lambda weight: None,
    Init.FIXUP: lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
}


def initialise(model: nn.Module, spec: ResNetSpec) -> None:
    """Draw the first weights of a model that PyTorch has just initialised by its own rules, in place.

    He et al. 2015, "Delving Deep into Rectifiers", section 2.2; Glorot and Bengio 2010; Saxe et al. 2013; Fixup:
    Zhang et al. 2019, section 3.
    """
    draw = _DRAWS[spec.init]
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            draw(module.weight)
    blocks = [module for module in model.modules() if isinstance(module, Block)]
    for block in blocks:
        if spec.init is Init.FIXUP:
            _shrink(block, len(blocks))
        if spec.zero_init:
            nn.init.zeros_(_last_weight(block))
        if block.chains.gate:
            conv = block.get_submodule("gate.conv")
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None
            nn.init.constant_(conv.bias, spec.gate_bias)
    if spec.init is Init.FIXUP and isinstance(fc := getattr(model, "fc", None), nn.Linear):
        nn.init.zeros_(fc.weight)
        nn.init.zeros_(fc.bias)


def _convs(block: Block) -> list[nn.Conv2d]:
    return [child for name, child in block.named_children() if isinstance(child, nn.Conv2d)]


def _shrink(block: Block, blocks: int) -> None:
    """Scale a branch of m convolutions by L^(-1 / (2 m - 2)), and start its last one at 0 (Zhang et al. 2019)."""
    *first, last = _convs(block)
    for conv in first:
        conv.weight.data.mul_(blocks ** (-0.5 / len(first)))
    nn.init.zeros_(last.weight)


def _last_weight(block: Block) -> Tensor:
    """Return the weight of the branch's last norm or convolution, whichever comes last (Goyal et al. 2017).

    A norm that comes after the addition is left alone: at 0 it would silence the shortcut too.
    """
    children = [block.get_submodule(name) for name in block.chains.branch]
    weighted = [child for child in children if hasattr(child, "weight") and not isinstance(child, Gate | Gain)]
    weight = weighted[-1].weight
    assert isinstance(weight, Tensor)
    return weight
