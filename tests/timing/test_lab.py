"""Times of layers, blocks and networks: all of them there, charged to the right one, and nothing left behind."""

from collections.abc import Iterator
from dataclasses import replace
from time import sleep
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from resnet_explorer.errors import InputError
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.clock import Clock
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.timing import lab as lab_peaks
from resnet_explorer.timing.bench import Stopwatch
from resnet_explorer.timing.lab import measure_model, measure_peaks
from resnet_explorer.timing.values import Peaks, Timed, Timing
from tests.narrow import close

IMAGE = InputShape(2, 32, 32)
NAMES = (
    "resnet18",
    "resnet20",
    "plain20",
    "resnet110_exclusive_gate",
    "resnet110_conv_shortcut",
    "resnetv2_50",
    "resnet110_sd",
    "seresnet50",
    "ecaresnet26t",
    "cbam_resnet50",
    "resnetblur18",
    "resnetv2_50d_evos",
)


def narrow(name: str) -> ResNetSpec:
    """Return a network with at most two blocks a stage."""
    spec = find(name)
    return replace(spec, blocks=tuple(min(2, count) for count in spec.blocks))


def timing(found: Iterator[Progress | Timing]) -> Timing:
    *steps, last = found
    assert isinstance(last, Timing)
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(steps[-1], Progress) and steps[-1].done == steps[-1].of
    return last


def measure(spec: ResNetSpec, image: InputShape, **options: Any) -> Iterator[Progress | Timing]:
    return measure_model(build(spec), analyse(compile_spec(spec), image), **options)


def hooks(model: nn.Module) -> int:
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.modules())


@pytest.fixture
def small() -> tuple[nn.Module, Analysis]:
    spec = narrow("resnet20")
    return build(spec), analyse(compile_spec(spec), IMAGE)


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_and_block_is_timed_both_ways(name: str) -> None:
    spec = narrow(name)
    found = timing(measure(spec, IMAGE, warmup=0, repeats=1))
    analysis = analyse(compile_spec(spec), IMAGE)
    assert [row.path for row in found.rows] == [row.path for row in analysis.rows]
    assert set(found.sums) == set(analysis.sums)
    silent = ("Flatten", "Add", "ZeroPad")
    for row, timed in zip(analysis.rows, found.rows, strict=True):
        assert timed.forward.median > 0, row.path
        assert timed.backward is not None
        assert timed.backward.median > 0 or row.part.layer.kind in silent, row.path
    assert all(timed.forward.low > 0 and timed.backward and timed.backward.low > 0 for timed in found.sums.values())


def test_forward_alone_is_inference() -> None:
    found = timing(measure(narrow("resnet18"), InputShape(1, 32, 32), warmup=0, repeats=2, backward=False))
    assert not found.training
    assert found.whole.backward is None
    assert all(row.backward is None and row.both == row.forward.median for row in found.rows)


def test_the_record_says_how_it_was_measured() -> None:
    found = timing(measure(narrow("resnet20"), IMAGE, warmup=1, repeats=3))
    assert (found.setting.device, found.setting.warmup, found.setting.repeats) == ("cpu", 1, 3)
    assert found.setting.torch == torch.__version__
    assert found.setting.threads == torch.get_num_threads()
    assert found.setting.title.startswith("CPU")
    assert (found.training, found.image) == (True, IMAGE)
    assert found.overhead > -1
    first = found.rows[0]
    assert first.forward.low <= first.forward.median <= first.forward.high
    assert found.whole.work.macs == sum(row.work.macs for row in found.rows)


def test_a_convolution_takes_longer_than_the_relu_after_it() -> None:
    rows = {row.path: row for row in timing(measure(find("resnet18"), InputShape(1, 96, 96), warmup=1, repeats=3)).rows}
    conv, relu = rows["layer1.0.conv1"], rows["layer1.0.relu1"]
    assert conv.forward.low > relu.forward.low
    assert conv.work.intensity and relu.work.intensity and conv.work.intensity > 100 * relu.work.intensity


class _Slow(torch.autograd.Function):
    """The identity, and it takes its time going either way."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        sleep(0.05)
        return x.clone()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        sleep(0.05)
        return gradient


def slowest(rows: tuple[Timed, ...]) -> tuple[str, str]:
    back = {row.path: row.backward.low for row in rows if row.backward}
    return max(rows, key=lambda row: row.forward.low).path, max(back, key=lambda path: back[path])


@pytest.mark.parametrize("path", ["conv1", "layer2.0.bn1", "layer2.0.relu2", "fc"])
def test_time_is_charged_to_the_layer_that_takes_it(path: str, small: tuple[nn.Module, Analysis]) -> None:
    model, analysis = small
    layer = model.get_submodule(path)
    inner = layer.forward
    layer.forward = lambda x: _Slow.apply(inner(x))
    found = timing(measure_model(model, analysis, warmup=1, repeats=2))
    assert slowest(found.rows) == (path, path)
    block = path.rpartition(".")[0] or {"conv1": "stem", "fc": "head"}[path]
    single = [timed for key, timed in found.sums.items() if key.count(".") == 1 or key in ("stem", "head")]
    assert slowest(tuple(single)) == (block, block)


def test_a_sum_is_charged_with_its_own_time_alone(small: tuple[nn.Module, Analysis]) -> None:
    """The layers before and after it are slow; it is not."""
    model, analysis = small
    for path in ("layer2.0.bn2", "layer2.0.relu2", "layer2.0.downsample.0"):
        layer = model.get_submodule(path)
        layer.forward = lambda x, inner=layer.forward: _Slow.apply(inner(x))
    rows = {row.path: row for row in timing(measure_model(model, analysis, warmup=1, repeats=3)).rows}
    added, others = rows["layer2.0.add"], [rows["layer2.0.bn2"], rows["layer2.0.relu2"]]
    assert added.backward is not None
    assert 0 < added.forward.low < 0.05 <= min(row.forward.low for row in others)
    assert added.backward.low < 0.05


def test_a_model_is_left_as_it_was(small: tuple[nn.Module, Analysis]) -> None:
    model, analysis = small
    model.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    timing(measure_model(model, analysis, warmup=0, repeats=1))
    assert hooks(model) == 0
    assert not any(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("steps", [1, 3, 12, 30])
def test_measuring_that_is_stopped_leaves_nothing_behind(steps: int, small: tuple[nn.Module, Analysis]) -> None:
    model, analysis = small
    before = {name: value.clone() for name, value in model.named_buffers()}
    running = measure_model(model, analysis, warmup=0, repeats=1)
    for _ in range(steps):
        next(running)
        assert torch.is_grad_enabled()
    close(running)
    assert hooks(model) == 0 and model.training
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


@pytest.mark.parametrize("name", ["resnet20", "resnet110_exclusive_gate", "seresnet50", "resnetv2_50"])
def test_a_stopwatch_changes_no_value(name: str) -> None:
    spec = narrow(name)
    model, image = build(spec), torch.rand(2, 3, 32, 32)
    network = compile_spec(spec)

    def step() -> tuple[Tensor, ...]:
        y = model(image)
        return (y, *torch.autograd.grad(y.square().sum(), list(model.parameters())))

    plain = step()
    stopwatch = Stopwatch(network, Clock("cpu"))
    with stopwatch.attached(model):
        watched = step()
    assert all(torch.equal(one, other) for one, other in zip(plain, watched, strict=True))
    paths = {row.path for row in analyse(network, IMAGE).rows}
    assert set(stopwatch.forward()) == paths
    assert set(stopwatch.backward()) <= paths
    stopwatch.clear()
    assert not stopwatch.forward() and not stopwatch.backward()


def test_training_that_cannot_be_is_refused() -> None:
    spec = find("resnet18")
    with pytest.raises(InputError, match=r"layer4\.0\.bn1 would see one value per channel"):
        list(measure(spec, InputShape(1, 32, 32)))


def test_peaks_are_measured_and_say_of_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_peaks, "_CPU", lab_peaks._Sizes(64, 1, 2**18))
    *steps, found = measure_peaks(warmup=1, repeats=3)
    assert isinstance(found, Peaks) and len(steps) == 4
    assert [peak.text for peak in (*found.arithmetic, *found.memory)] == [
        "product of 64×64 matrices",
        "3×3 convolution of 1×256×56×56, 256 filters",
        "copy of 1 MiB",
        "sum of two arrays of 1 MiB",
    ]
    assert min(peak.rate for peak in (*found.arithmetic, *found.memory)) > 0
    assert found.flops in found.arithmetic and found.bandwidth in found.memory


class _Event:
    """An event of a GPU, as the clock uses it."""

    passed: ClassVar[list["_Event"]] = []

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing

    def record(self, stream: str) -> None:
        assert stream == "stream of cuda:1"
        self.passed.append(self)

    def elapsed_time(self, end: "_Event") -> float:
        return 1000.0 * (self.passed.index(end) - self.passed.index(self))


def test_a_gpu_is_timed_by_events_in_its_own_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    stub = SimpleNamespace(Event=_Event, current_stream=lambda device: f"stream of {device}", synchronize=waited.append)
    monkeypatch.setattr(torch, "cuda", stub)
    clock = Clock("cuda:1")
    start, _, end = (clock.mark() for _ in range(3))
    clock.wait()
    assert waited == [torch.device("cuda:1")]
    assert clock.seconds(start, end) == 2.0
