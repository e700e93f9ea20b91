"""Whatever only measures a model leaves it as it was: parameters, statistics, gradients, modes and hooks."""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from resnet_explorer.autograd import lab as autograd_lab
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.finetuning.choices import Preprocess, TuneData, TuneKind, WeightsChoice, WeightsKind
from resnet_explorer.finetuning.jobs import predict
from resnet_explorer.finetuning.lab import evaluate_model, images_of
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.schedule import FrozenBatchNorm2d, keep_in_eval
from resnet_explorer.finetuning.weights import measure_grey
from resnet_explorer.gradients import lab as gradients_lab
from resnet_explorer.gradients import paths as gradients_paths
from resnet_explorer.gradients.descent import RECIPE, LesionRequest, PathsRequest
from resnet_explorer.gradients.values import GradientRequest, ShatterRequest
from resnet_explorer.insight.lab import cam, confusion, features, filters, lesions, surface
from resnet_explorer.insight.values import (
    CamRequest,
    ConfusionRequest,
    FeaturesRequest,
    FiltersRequest,
    RunLesionsRequest,
    RunReference,
    SurfaceRequest,
)
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.models import restored
from resnet_explorer.readings import analyse
from resnet_explorer.readings.lesions import Lesions
from resnet_explorer.readings.quantities import Mode
from resnet_explorer.runs import lesions as runs_lesions
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.timing.lab import measure_model
from resnet_explorer.training import trainer
from resnet_explorer.training.feed import Feed
from resnet_explorer.training.trainer import Trainer
from resnet_explorer.verify import against_pytorch
from tests.inside_subject import IMAGE, net, plan, trained
from tests.inside_subject import images_of as images_of_run
from tests.narrow import close

Patch = pytest.MonkeyPatch
Case = Callable[[ResNet, Patch, Path], Iterable[object]]
SPEC, FEW = net(), IMAGE
TUNED = TunePlan(
    SPEC, WeightsChoice(WeightsKind.NONE, ""), TuneData(TuneKind.DIGITS), tuple("0123456789"),
    FEW, channels=1, preprocess=Preprocess(8, 8, (0.3,), (0.37,)),
)  # fmt: skip
NO_STEPS = replace(RECIPE, steps=0)


def given_to(patch: Patch, where: object, model: ResNet) -> None:
    """Let an experiment that draws its networks measure this one."""
    patch.setattr(where, "build_from_seed", lambda specs, seed: [model])


def gradients(model: ResNet, patch: Patch, mode: Mode) -> Iterable[object]:
    given_to(patch, gradients_lab, model)
    return gradients_lab.measure(GradientRequest((SPEC,), FEW, seeds=(0,), mode=mode))


def paths(model: ResNet, patch: Patch, mode: Mode) -> Iterable[object]:
    given_to(patch, trainer, model)
    return gradients_paths.follow(PathsRequest(SPEC, FEW, recipe=NO_STEPS, walks=1, mode=mode))


def shattering(model: ResNet, patch: Patch, mode: Mode) -> Iterable[object]:
    given_to(patch, gradients_lab, model)
    return gradients_lab.shatter(ShatterRequest((SPEC,), FEW, seeds=(0,), depths=(), mode=mode))


def lesions_of_the_test(model: ResNet, patch: Patch, folder: Path) -> Iterable[object]:
    given_to(patch, trainer, model)
    return gradients_lab.lesions(LesionRequest((SPEC,), FEW, recipe=NO_STEPS))


def graph(model: ResNet, patch: Patch, *, torchviz: bool = False) -> Iterator[object]:
    patch.setattr(autograd_lab, "prepare", lambda _: (model, torch.rand(2, 1, 8, 8, requires_grad=True)))
    if torchviz:
        yield autograd_lab.torchviz_dot(RecordGraph(SPEC, FEW))
    else:
        yield from autograd_lab.record(RecordGraph(SPEC, FEW, saved=True))


def memory(model: ResNet, patch: Patch, *, training: bool) -> Iterable[object]:
    patch.setattr(against_pytorch, "build", lambda *_, **__: model)
    return against_pytorch.measure_kept(SPEC, FEW, training=training)


def counts(model: ResNet, patch: Patch, *, fvcore: bool) -> Iterable[object]:
    inner = model if fvcore else model.to("meta")
    patch.setattr(
        against_pytorch,
        "build",
        lambda spec, device="", **_: deepcopy(inner).to("meta") if fvcore and device else inner,
    )
    return against_pytorch.verify(analyse(compile_spec(SPEC), FEW), fvcore=fvcore)


def evaluation(model: ResNet, ema: float) -> Iterable[object]:
    judge = Trainer(RunPlan("small", SPEC, FEW, recipe=Recipe(ema=ema)), model)
    if judge.average is not None:
        model.add_module("watched", judge.average.module)
    return judge.evaluate(Feed(judge.plan, judge.layout))


def tuned(model: ResNet, folder: Path, *, files: bool) -> Iterable[object]:
    if not files:
        return evaluate_model(model, TUNED, images_of(TUNED), "")
    Image.new("L", (8, 8), 90).save(folder / "one.png")
    return predict(model, TUNED, [folder / "one.png", folder / "one.png"])


def seen(model: ResNet) -> Callable[[str, RunPlan], ResNet]:
    return lambda folder, asked: model


LOOK = RunReference("", plan())
CASES: dict[str, Case] = {
    "gradients and terms": lambda model, patch, _: gradients(model, patch, Mode.TRAIN),
    "gradients in evaluation": lambda model, patch, _: gradients(model, patch, Mode.EVAL),
    "paths": lambda model, patch, _: paths(model, patch, Mode.TRAIN),
    "paths in evaluation": lambda model, patch, _: paths(model, patch, Mode.EVAL),
    "shattering": lambda model, patch, _: shattering(model, patch, Mode.TRAIN),
    "lesions": lesions_of_the_test,
    "lesions of a run": lambda model, *_: lesions(RunLesionsRequest((LOOK,)), seen(model)),
    "confusion and mistakes": lambda model, *_: confusion(ConfusionRequest("", LOOK.plan), seen(model)),
    "Grad-CAM": lambda model, *_: cam(CamRequest("", LOOK.plan, 0, "layer2.0"), seen(model)),
    "filters": lambda model, *_: filters(FiltersRequest("", LOOK.plan), seen(model)),
    "feature maps": lambda model, *_: features(FeaturesRequest("", LOOK.plan, 0, "layer1"), seen(model)),
    "loss surface": lambda model, *_: surface(SurfaceRequest((LOOK,), 3, images=32), seen(model)),
    "loss surface, batch statistics": lambda model, *_: surface(
        SurfaceRequest((LOOK,), 3, images=32, batch_statistics=True), seen(model)
    ),
    "timing": lambda model, *_: measure_model(model, analyse(compile_spec(SPEC), FEW), warmup=0, repeats=1),
    "timing of inference": lambda model, *_: measure_model(
        model, analyse(compile_spec(SPEC), FEW), warmup=0, repeats=1, backward=False
    ),
    "verification": lambda model, patch, _: counts(model, patch, fvcore=False),
    "verification by fvcore": lambda model, patch, _: counts(model, patch, fvcore=True),
    "kept for backward": lambda model, patch, _: memory(model, patch, training=True),
    "kept in evaluation": lambda model, patch, _: memory(model, patch, training=False),
    "autograd graph": lambda model, patch, _: graph(model, patch),
    "torchviz": lambda model, patch, _: graph(model, patch, torchviz=True),
    "evaluation of a training": lambda model, *_: evaluation(model, 0.0),
    "evaluation of an average": lambda model, *_: evaluation(model, 0.9),
    "evaluation of a fine-tuning": lambda model, patch, folder: tuned(model, folder, files=False),
    "prediction": lambda model, patch, folder: tuned(model, folder, files=True),
}


def drawn(seed: int, spec: Any = SPEC) -> ResNet:
    """A network as fine-tuning may leave it: any statistics, modes, gradients, some of it frozen, somebody's hook."""
    generator = torch.Generator().manual_seed(seed)
    model = build(spec)

    def chance() -> bool:
        return bool(torch.rand((), generator=generator) < 0.5)

    with torch.no_grad():
        for buffer in model.buffers():
            buffer.copy_((torch.rand(buffer.shape, generator=generator) * 9).to(buffer.dtype))
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name == "conv1.weight" or chance())
        parameter.grad = torch.rand(parameter.shape, generator=generator) if chance() else None
    norms = [name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)]
    keep_in_eval(model, [name for name in norms if chance()])
    for module in model.modules():
        module.training = chance() and not isinstance(module, FrozenBatchNorm2d)
    model.get_submodule("layer1").register_forward_hook(lambda *_: None)
    return model


def bits(tensor: Tensor | None) -> object:
    """What a tensor holds, to be compared; on the meta device that is nothing."""
    if tensor is None or tensor.is_meta:
        return None
    return tensor.dtype, tensor.shape, tensor.detach().contiguous().numpy().tobytes()


def state(model: nn.Module) -> dict[str, object]:
    """Everything of a model that a measurement could leave behind."""
    found: dict[str, object] = {f"{name}, value": bits(one) for name, one in model.state_dict(keep_vars=True).items()}
    for name, parameter in model.named_parameters():
        found |= {f"{name}, gradient": bits(parameter.grad), f"{name}, trains": parameter.requires_grad}
        found[f"{name}, hooks"] = len(parameter._backward_hooks or ())
    for name, module in model.named_modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
        found |= {f"{name}, mode": module.training, f"{name}, hooks": [len(one) for one in hooks]}
        found[f"{name}, kind"] = (type(module), "forward" in vars(module))
    return found


@pytest.mark.parametrize("case", CASES)
@given(seed=st.integers(0, 2**16), after=st.none() | st.integers(1, 12))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_measurement_leaves_the_model_as_it_was(case: str, seed: int, after: int | None, tmp_path: Path) -> None:
    """Bit for bit; ``after`` gives it up after so many values."""
    model = drawn(seed)
    with pytest.MonkeyPatch.context() as patch:
        gradients_lab = iter(CASES[case](model, patch, tmp_path))
        before = state(model)
        list(islice(gradients_lab, after))
        close(gradients_lab)
    after_it = state(model)
    assert [key for key in before.keys() | after_it.keys() if before.get(key) != after_it.get(key)] == []


def test_the_ways_of_grey_images_leave_it_as_it_was() -> None:
    spec = net("in_channels=3")
    model = drawn(3, spec)
    before = state(model)
    measure_grey(model, spec, torch.rand(4, 1, 8, 8))
    assert state(model) == before


def test_a_pass_in_training_mode_does_move_a_model() -> None:
    """What the tests above would find: statistics and gradients, unless they are given back."""
    model = drawn(0).train()
    before, x = state(model), torch.rand(8, 1, 8, 8)
    with restored(model, training=True):
        assert all(parameter.grad is None for parameter in model.parameters())
        model(x).sum().backward()
        assert state(model) != before
    assert state(model) == before
    with pytest.raises(RuntimeError, match="given up"), restored(model, training=True):
        _fail_after(model(x))
    assert state(model) == before
    model(x)
    moved = {key for key, value in state(model).items() if value != before[key]}
    assert moved and all("running_" in key or "num_batches" in key for key in moved)


def _fail_after(output: Tensor) -> None:
    raise RuntimeError("given up")


def test_lesions_are_judged_with_the_statistics_of_the_training() -> None:
    """The test error does not depend on what was judged before, in training mode or not."""
    model = trained(20)
    before = state(model)
    *_, alone = runs_lesions.one_by_one(runs_lesions.Subject(LOOK.plan, model, images_of_run(LOOK.plan)))
    *_, found = runs_lesions.one_by_one(runs_lesions.Subject(LOOK.plan, model, images_of_run(LOOK.plan)), by_batch=True)
    assert isinstance(alone, Lesions) and isinstance(found, Lesions) and state(model) == before
    assert found.batch is not None and found.batch != found.whole and replace(found, batch=None) == alone
