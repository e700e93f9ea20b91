"""Signal and video networks in the labs: gradients are measured on noise, and what needs images says so."""

import pytest

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.gradients.descent import DescentRequest, LesionRequest
from resnet_explorer.gradients.lab import measure
from resnet_explorer.gradients.values import GradientRequest, GradientResult
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign


@pytest.mark.parametrize(
    ("name", "image"), [("resnet18_1d", InputShape(4, 40, 40)), ("mc3_18", InputShape(2, 16, 16, 3))]
)
def test_signals_and_videos_are_measured_on_noise(name: str, image: InputShape) -> None:
    spec = assign(find(name), "width=4", "blocks=1,1")
    with pytest.raises(ExplorerError, match="Choose noise"):
        GradientRequest((spec,), image)
    *_, result = measure(GradientRequest((spec, twin(spec)), image, DataChoice(DataKind.NOISE), (0,)))
    assert isinstance(result, GradientResult)
    for network in result.networks:
        assert all(value and value > 0 for value in network.median(Quantity.OUTPUT))


@pytest.mark.parametrize("request_of", [DescentRequest, LesionRequest])
def test_trainings_need_images(request_of: type) -> None:
    with pytest.raises(ExplorerError, match="takes videos"):
        request_of((find("r3d_18"),))
    with pytest.raises(ExplorerError, match="takes signals"):
        RunPlan("signals", find("resnet18_1d"))
    with pytest.raises(ExplorerError, match="Fine-tuning needs images"):
        TunePlan(find("r3d_18"))
