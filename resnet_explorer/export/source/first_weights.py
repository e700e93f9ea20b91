"""How a network's ``__init__`` draws the first weights, and what it sets in each block."""

from collections.abc import Mapping, Sequence

from resnet_explorer.blueprint import Form, Network, Part, flat
from resnet_explorer.blueprint.kinds import Role
from resnet_explorer.blueprint.place import starts_at_0
from resnet_explorer.export.source.blocks import BlockClass
from resnet_explorer.export.source.text import commented, indented
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec import Init

_DRAWS: Mapping[Init, str] = {
    Init.FAN_OUT: 'nn.init.kaiming_normal_(module.weight, mode="fan_out")',
    Init.FAN_IN: "nn.init.kaiming_normal_(module.weight)",
    Init.XAVIER: "nn.init.xavier_normal_(module.weight)",
    Init.ORTHOGONAL: "nn.init.orthogonal_(module.weight)",
    Init.FIXUP: 'nn.init.kaiming_normal_(module.weight, mode="fan_out")',
}
"""What draws a convolution's weights. Kaiming's gain for its default, leaky ReLU with slope 0, is that for ReLU."""

_FIXUP = (
    "# Fixup: of m convolutions in each of L blocks all but the last shrink by",
    "# L^(-1 / (2 m - 2)), and the last starts at 0.",
)


def first_weights(network: Network, blocks: Sequence[BlockClass]) -> list[str]:
    """Return the lines at the end of ``__init__``; none where PyTorch's own first weights are kept."""
    spec, lines = network.spec, []
    if spec.init in _DRAWS:
        lines += [
            "for module in self.modules():",
            "    if isinstance(module, nn.Conv2d):",
            f"        {_DRAWS[spec.init]}",
        ]
    lines += _blocks(network, blocks)
    last = flat(network.head.form.branch)[-1].layer if network.head else None
    if spec.init is Init.FIXUP and last and last.role is Role.LINEAR:
        lines += ["nn.init.zeros_(self.fc.weight)", "nn.init.zeros_(self.fc.bias)"]
    return lines


def _blocks(network: Network, blocks: Sequence[BlockClass]) -> list[str]:
    """Return the loop over the blocks: the chance of skipping each, and the weights that start small or at 0."""
    spec, count = network.spec, sum(network.spec.blocks)
    each = {block.kind: _weights(network, block.kind, count) for block in blocks}
    chance = f"block.skip.chance = {spec.stochastic_depth!r} * number / {count}"
    skips = commented([chance], "rises with the depth", 12) if _skips(network) else []
    if not skips and not any(each.values()):
        return []
    kinds = " | ".join(block.name for block in blocks)
    lines = [*_FIXUP] if spec.init is Init.FIXUP else []
    lines.append(f"blocks = [m for m in self.modules() if isinstance(m, {kinds})]")
    lines.append("for number, block in enumerate(blocks, start=1):" if skips else "for block in blocks:")
    return [*lines, *indented([*skips, *_each(blocks, each)])]


def _each(blocks: Sequence[BlockClass], lines: Mapping[Kind, list[str]]) -> list[str]:
    """Return what is done in each block, apart by its kind where there are two."""
    if len(blocks) == 1 or not any(lines.values()):
        return lines[blocks[0].kind]
    first, second = blocks
    test = f"if isinstance(block, {first.name}):"
    return [test, *indented(lines[first.kind]), "else:", *indented(lines[second.kind])]


def _form(network: Network, kind: Kind) -> Form:
    stages = zip(network.stages, network.spec.block, strict=True)
    return next(stage.blocks[0].form for stage, found in stages if found is kind)


def _skips(network: Network) -> bool:
    form = network.stages[0].blocks[0].form
    return any(part.layer.role is Role.DROP and part.name == "skip" for part in flat(form.branch))


def _weights(network: Network, kind: Kind, count: int) -> list[str]:
    form, lines = _form(network, kind), []
    own = [step for step in (*form.before, *form.branch, *form.after) if isinstance(step, Part)]
    convs = [part.name for part in own if part.layer.role is Role.CONVOLUTION]
    if network.spec.init is Init.FIXUP:
        power = -0.5 / (len(convs) - 1)
        lines += [f"block.{name}.weight.data.mul_({count}**{power})" for name in convs[:-1]]
        lines.append(f"nn.init.zeros_(block.{convs[-1]}.weight)")
    elif network.spec.zero_init:
        first = starts_at_0(network.spec, form)
        lines += [f"nn.init.zeros_(block.{first.name}.weight)  # the branch starts at 0"] if first else []
    return lines
