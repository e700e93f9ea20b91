"""How other libraries name the tensors of a residual network, and what we call them.

Our names are torchvision's. timm's ``resnet.py`` differs in the attention (all of it is ``se``) and in projections
that pool first (an empty layer 0 where nothing is pooled); its ``resnetv2.py`` has stages, norms and a head of
its own.
"""

import re
from collections.abc import Iterable, Mapping

from resnet_explorer.blueprint.tree import Network

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
    return {name: _replaced(target, places) for name, target in found.items()}


def _replaced(name: str, places: Mapping[str, str]) -> str:
    layer, _, tensor = name.rpartition(".")
    return f"{places.get(layer, layer)}.{tensor}" if layer else name


def _numbers(network: Network, path: str) -> list[int]:
    """Return the numbers of the layers with parameters in a projection of ours."""
    block = network.block_at(path.rpartition(".")[0])
    parts = block.form.parts if block else ()
    return [int(part.name[11:]) for part in parts if part.name.startswith("downsample.") and part.layer.params]
