"""What a tuned network says of images that are in no listing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import nn

from resnet_explorer.analysis.tuning.checks import Part
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import Prediction
from resnet_explorer.lab.record import restored
from resnet_explorer.lab.tuning.data import normed, prepared
from resnet_explorer.lab.tuning.listing import Item
from resnet_explorer.lab.tuning.pictures import UnreadableError

SHOWN = 5
"""So many classes are told of an image."""


def predict(model: nn.Module, plan: TunePlan, files: Sequence[Path]) -> Iterator[Prediction]:
    """Yield what a plan's network, in evaluation mode, says of each file, prepared as the plan's images were.

    Its adapter may be folded in or not. A file that cannot be read has a problem, and the others go on.
    """
    device = next(model.parameters()).device
    for file in files:
        try:
            image = prepared(plan, Item(file, "", Part.TEST))
        except UnreadableError as error:
            yield Prediction(str(file), (), str(error))
            continue
        with torch.no_grad(), restored(model, training=False):
            chances = model(normed(plan, image[None]).to(device)).float().softmax(dim=1)[0]
        found = chances.topk(min(SHOWN, len(plan.classes)))
        pairs = zip(found.indices.tolist(), found.values.tolist(), strict=True)
        yield Prediction(str(file), tuple((plan.classes[index], chance) for index, chance in pairs))
