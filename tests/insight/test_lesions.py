"""Lesions of kept runs: what a residual one can miss and a plain one cannot; and afterwards everything is as it was."""

from pathlib import Path

import pytest
import torch
from torch import nn

from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.insight.lab import confusion, lesions
from resnet_explorer.insight.values import Confusion, ConfusionRequest, RunLesionsRequest, RunReference
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import blocks_of
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs import lesions as lab
from resnet_explorer.runs.lesions import Subject, one_by_one
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.inside_subject import IMAGE, images_of, kept_in, trained
from tests.narrow import close


def run(*settings: str, name: str = "residual", folder: str = "") -> RunReference:
    return RunReference(folder, RunPlan(name, assign(find("resnet20"), "in_channels=1", "width=8", *settings), IMAGE))


def well_trained(folder: str, asked: RunPlan) -> ResNet:
    return trained(120, asked)


@pytest.fixture(scope="module")
def steps() -> list[object]:
    pair = RunLesionsRequest((run(), run("residual=false", name="plain")))
    return list(lesions(pair, well_trained))


@pytest.fixture(scope="module")
def found(steps: list[object]) -> LesionStudy:
    last = steps[-1]
    assert isinstance(last, LesionStudy) and last.complete
    return last


def test_a_residual_run_can_miss_a_block_and_a_plain_one_cannot(found: LesionStudy) -> None:
    """Veit et al. 2016, section 4.1 and figure 3."""
    residual, plain = found.networks
    assert residual.typical is not None and plain.typical is not None
    assert residual.whole < 0.1 and residual.typical < residual.whole + 0.15
    assert plain.typical > plain.whole + 0.3 and plain.typical > 2 * residual.typical


def test_a_residual_run_can_swap_two_blocks_and_a_plain_one_cannot(found: LesionStudy) -> None:
    """Veit et al. 2016, section 4.3: only blocks of one shape are swapped."""
    residual, plain = ([error for error in one.swapped if error is not None] for one in found.networks)
    pairs = [index for index, error in enumerate(found.networks[0].swapped) if error is not None]
    assert pairs == [0, 1, 4, 7], "the first stage has two pairs of one shape, the others one each"
    assert len(residual) == len(plain) == 4 and max(residual) < min(plain)


def test_the_whole_error_is_the_one_of_the_confusion(found: LesionStudy) -> None:
    assert isinstance(found.request, RunLesionsRequest)
    for one, asked in zip(found.networks, found.request.runs, strict=True):
        *_, named = confusion(ConfusionRequest(asked.folder, asked.plan), well_trained)
        assert isinstance(named, Confusion)
        assert one.whole == pytest.approx(1 - named.accuracy) and one.tested == named.tested == 297
        assert one.data == named.data


def test_they_come_block_by_block_with_progress(steps: list[object]) -> None:
    known = [step.value for step in steps if isinstance(step, Partial)]
    counts = [sum(error is not None for one in study.networks for error in one.dropped) for study in known]
    assert counts == sorted(counts) and counts[-1] == 18 and len(known) == 2 * (1 + 9 + 4)
    assert known[0].networks[0].typical is None and not known[-2].complete
    told = [step for step in steps if isinstance(step, Progress)]
    assert all(step.of == 28 for step in told) and [step.done for step in told] == sorted(step.done for step in told)
    text = {step.text for step in told}
    assert {"plain unmodified", "plain without layer2.0", "plain with layer1.0 and layer1.1 swapped"} <= text


def is_as_before(model: nn.Module, before: dict[str, torch.Tensor], modes: list[bool]) -> bool:
    tensors = all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    whole = not any("forward" in vars(block) or block._forward_hooks for block in blocks_of(model))
    return tensors and whole and [module.training for module in model.modules()] == modes


@pytest.mark.parametrize("settings", ["", "residual=false", "order=v2 shortcut=B", "block=bottleneck"])
@pytest.mark.parametrize("given_up_after", [None, 1, 3, 6, 9])
def test_weights_statistics_and_mode_come_back_bit_for_bit(settings: str, given_up_after: int | None) -> None:
    look = run("blocks=2,1,1", *settings.split())
    model, images = trained(0, look.plan).train(), images_of(look.plan)
    before, modes = (
        {name: one.clone() for name, one in model.state_dict().items()},
        [m.training for m in model.modules()],
    )
    course = one_by_one(Subject(look.plan, model, images), by_batch=True)
    for _ in range(given_up_after) if given_up_after else course:
        if given_up_after:
            next(course)
    close(course)
    assert is_as_before(model, before, modes)


def test_images_that_find_no_room_are_prepared_anew_and_give_the_same(
    found: LesionStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "ROOM", 0)
    *_, again = lesions(RunLesionsRequest((run(),)), well_trained)
    assert isinstance(again, LesionStudy) and again.networks == found.networks[:1]


def test_it_is_measured_from_a_runs_folder(tmp_path: Path, found: LesionStudy) -> None:
    look = run(folder=str(tmp_path))
    kept_in(tmp_path, look.plan, trained(120, look.plan))
    *_, last = lesions(RunLesionsRequest((look,)))
    assert isinstance(last, LesionStudy) and last.networks[0].dropped == found.networks[0].dropped
    with pytest.raises(CheckpointError, match="another network"):
        list(lesions(RunLesionsRequest((run("width=4", folder=str(tmp_path)),))))


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ExplorerError, match="no trained network"):
        RunLesionsRequest(())
    with pytest.raises(ExplorerError, match="backbone"):
        RunLesionsRequest((run(), run("classes=none")))
