"""The recorded results of the gradient lab: of the page's own requests, marked as recorded, and still true."""

import re
from collections.abc import Iterator
from dataclasses import replace

from pytestqt.qtbot import QtBot

from resnet_explorer.assets import path
from resnet_explorer.gradients.charts import gradient_plot, lab_chart
from resnet_explorer.gradients.descent import Descent, Paths
from resnet_explorer.gradients.lab import measure
from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.gradients.recorded import DEFAULT, find_recorded
from resnet_explorer.gradients.tables import LabResult
from resnet_explorer.gradients.values import GradientRequest, GradientResult, Shattering
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document
from tests.cases import each
from tests.jobs_here import JobsHere
from tests.narrow import of_kind, present

MARK = r"recorded \d{4}-\d\d-\d\d on CPU \([^)]+\), 1 thread, \w+ \w+, PyTorch \d+\.\d+\S*, seeds? [\d, ]+ · "
PATIENCE = 20_000


def recorded(key: str) -> LabResult:
    result = find_recorded(PRESETS[key].request)
    assert result is not None
    return result


def ratios(result: GradientResult) -> tuple[float, ...]:
    return tuple(present(network.ratio(Quantity.INPUT)) for network in result.networks)


@each("key", PRESETS)
def test_every_experiment_is_recorded_and_its_subtitle_says_so(key: str) -> None:
    result = recorded(key)
    chart = gradient_plot(result, Quantity.INPUT) if isinstance(result, GradientResult) else lab_chart(result)
    assert result.request == PRESETS[key].request
    assert re.search(MARK, chart.subtitle), chart.subtitle


def test_all_recordings_together_are_small() -> None:
    assert sum(file.stat().st_size for file in path("recorded").iterdir()) < 500_000


def test_a_request_that_differs_has_no_recording_and_the_device_makes_no_difference() -> None:
    assert find_recorded(replace(DEFAULT, seeds=(0,))) is None
    assert find_recorded(replace(DEFAULT, device="cuda:0")) is not None


def test_recorded_figures_agree_with_the_texts() -> None:
    """What each experiment tells to look for is what its recording shows."""
    residual, plain = ratios(of_kind(GradientResult, recorded("batch-norm")))
    assert plain > 10 * residual > 10, "it grows towards the input, and far more in the plain net"
    residual, plain = ratios(of_kind(GradientResult, recorded("no-norm")))
    assert plain < 1e-12 and residual > 0.1
    residual, plain = ratios(of_kind(GradientResult, recorded("he-start")))
    assert residual > 100 and 1e-3 < plain < 1
    result = of_kind(GradientResult, recorded("underflow"))
    assert any("underflow" in note for note in result.notes)
    descent = of_kind(Descent, recorded("degradation"))
    ends = [sum(descent.losses(index)[-20:]) / 20 for index in range(4)]
    assert descent.complete and ends[1] > 1 > ends[0], "resnet56, plain56, resnet20, plain20"
    paths = of_kind(Paths, recorded("paths"))
    assert paths.exact and abs(sum(paths.shares) - 1) < 1e-3 and paths.carriers[1] < paths.blocks / 2 + 5
    shattering = of_kind(Shattering, recorded("shattered"))
    assert shattering.networks[0].mean[0] > shattering.networks[1].mean[0]
    lesions = of_kind(LesionStudy, recorded("lesions"))
    assert lesions.complete and present(lesions.networks[0].typical) < 0.2 < 0.7 < present(lesions.networks[1].typical)


def test_a_fresh_measurement_agrees_with_the_recording() -> None:
    """Of the first seed alone: the same order, and each ratio within a factor of two."""
    kept = of_kind(GradientResult, recorded("no-norm"))
    fresh = [step for step in measure(replace(kept.request, seeds=(0,))) if isinstance(step, GradientResult)][-1]
    first = replace(
        kept,
        request=fresh.request,
        networks=tuple(replace(network, samples=network.samples[:1]) for network in kept.networks),
    )
    for ours, theirs in zip(ratios(first), ratios(fresh), strict=True):
        assert 0.5 < ours / theirs < 2
    assert ratios(fresh)[0] > ratios(fresh)[1]


def parts(request: GradientRequest) -> Iterator[object]:
    own = replace(of_kind(GradientResult, present(find_recorded(request))), data="my own digits")
    yield Partial(replace(own, networks=tuple(replace(one, samples=one.samples[:1]) for one in own.networks)))
    yield own


def test_the_recorded_result_is_shown_until_the_own_one_is_complete(qtbot: QtBot) -> None:
    jobs = JobsHere({GradientRequest: parts})
    jobs._clock.stop()
    page = GradientPage(Document(State(find("resnet18"), InputShape(1, 224, 224))), jobs)  # type: ignore[arg-type]
    qtbot.addWidget(page)
    page.show()
    assert jobs.asked == [DEFAULT], "what is recorded is what the page measures when it is first opened"
    assert page.is_recorded and "recorded" in present(page.pictures.chart.chart).subtitle
    assert "recorded" in page.text.conditions.text() and page.state.text().startswith("Recorded")
    jobs._step()
    assert page.is_recorded and "2 to come" in page.state.text(), "a part does not replace it"
    jobs._step()
    assert not page.is_recorded and "my own digits" in present(page.pictures.chart.chart).subtitle
    page.measure.click()
    assert not page.is_recorded, "an own result is not replaced by the recorded one"
    jobs.close()
