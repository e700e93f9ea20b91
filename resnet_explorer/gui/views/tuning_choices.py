"""Choices of a fine-tuning before they are a plan: usual values, how images are prepared, what is frozen in short."""

from typing import Any

from resnet_explorer.analysis.tuning.choices import GreyWay, Preprocess, TuneKind, WeightsChoice, WeightsKind
from resnet_explorer.analysis.tuning.plan import TunePlan

EMBEDDED_SIDE, EMBEDDED_COUNT = 32, {TuneKind.DIGITS: 1437, TuneKind.MNIST: 2000}
"""The side to which small images are brought, and how many there are to train on until they are looked at."""
FOLDER_SIDE = 128
"""The side of a folder's images where no weights ask for another one."""
FEW = 320
"""So many training images are taken for granted until a folder is looked at."""
NONE = WeightsChoice(WeightsKind.NONE, "")
EPOCHS = 6
WAYS = (GreyWay.REPEAT, GreyWay.SUM, GreyWay.ADAPTER)
"""Ways into the network, the first that can be first."""


def replace_all(plan: TunePlan, changes: dict[str, Any]) -> dict[str, Any]:
    """Return all choices of a plan with some changed, not checked yet."""
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__} | changes


def prepared(made: dict[str, Any]) -> dict[str, Any]:
    """Return choices whose images are not cut, where no published weights say how they want them."""
    if made["weights"].kind is WeightsKind.PUBLISHED:
        return made
    side = max(made["image"].height, made["image"].width)
    return made | {"preprocess": Preprocess(side, side)}


def shortened(plan: TunePlan, names: set[str]) -> frozenset[str]:
    """Return the fewest addresses that freeze exactly some tensors: whole units, else blocks, layers, tensors."""
    network = plan.network
    held: dict[str, set[str]] = {}
    for one in plan.tensors:
        layer = one.name.rpartition(".")[0]
        for path in dict.fromkeys((one.unit, *reversed(network.ancestors(layer)), layer)):
            held.setdefault(path, set()).add(one.name)
    left, found = set(names), set()
    for path, inside in sorted(held.items(), key=lambda pair: -len(pair[1])):
        if path and inside <= names and inside & left:
            found.add(path)
            left -= inside
    return frozenset(found | left)
