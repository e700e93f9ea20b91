"""Fine-tuning on a module: heads, channels, freezing, batch norms and groups, against the reading without PyTorch."""

from copy import deepcopy
from dataclasses import replace
from math import cos, pi
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from resnet_explorer.errors import CheckpointError, ExplorerError, ExportError
from resnet_explorer.finetuning.choices import BnMode, GreyWay, Strategy, WeightsChoice, WeightsKind
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.jobs import save
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.schedule import ParameterSchedule, freeze, keep_in_eval, verify
from resnet_explorer.finetuning.weights import HEAD, drawn, give, measure_grey, port, start
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet, add_adapter, folded
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights import checkpoint
from tests.cases import each

TEN = tuple("0123456789")
NONE = WeightsChoice(WeightsKind.NONE, "")
SMALL = assign(find("resnet20"), "blocks=1,1,1", "widths=4,8,8", "stem_channels=4", "shortcut=B", "in_channels=3")


STAGES = {
    "resnet18": {"stem": 9_536, "layer1": 147_968, "layer2": 525_568, "layer3": 2_099_712, "layer4": 8_393_728,
                 "head": 5_130},
    "resnet50": {"stem": 9_536, "layer1": 215_808, "layer2": 1_219_584, "layer3": 7_098_368, "layer4": 14_964_736,
                 "head": 20_490},
}  # fmt: skip
"""Parameters of torchvision's networks with a head of ten classes."""
OPENS = {Strategy.A: (2, 2, 2, 2, 2, 0), Strategy.B: (0,) * 6, Strategy.C: (9, 9, 3, 2, 1, 0)}
"""From which epoch each of these trains."""


def plan(spec: ResNetSpec = SMALL, **changes: Any) -> TunePlan:
    first = TunePlan(spec, weights=NONE, classes=TEN, image=InputShape(1, 16, 16), epochs=12)
    return replace(first, **changes)


def on_meta(one: TunePlan) -> ResNet:
    model = build(one.network_spec, device="meta")
    return add_adapter(model, *one.adapter) if one.adapter else model


class TestGroups:
    @each("strategy", Strategy)
    @each("net", ["resnet18", "resnet50"])
    def test_the_module_has_the_groups_that_were_read(self, net: str, strategy: Strategy) -> None:
        """Of each group the tensors, parameters, decay and rate; and at each epoch what trains: counted in torch."""
        one = plan(find(net), strategy=strategy)
        found, model = grouping(one, 64), on_meta(one)
        tuner = ParameterSchedule(model, found)
        optimiser = torch.optim.SGD(tuner.groups(), 0.01)
        names = {id(tensor): name for name, tensor in model.named_parameters()}
        for group, read in zip(optimiser.param_groups, found.groups, strict=True):
            assert tuple(names[id(tensor)] for tensor in group["params"]) == read.tensors
            assert sum(tensor.numel() for tensor in group["params"]) == read.parameters
            assert (group["weight_decay"], group["name"]) == (read.decay, read.name)
        for epoch in range(one.epochs):
            report = tuner.before(epoch * found.steps, optimiser)
            assert (report is not None) == (epoch in found.changes)
            trains = [tensor.numel() for tensor in model.parameters() if tensor.requires_grad]
            counts = found.counts(epoch)
            assert (len(trains), sum(trains)) == (counts.tensors, counts.parameters)
            rates = [group["lr"] for group in optimiser.param_groups]
            assert rates == list(found.rates(epoch * found.steps))

    @each("net", STAGES)
    @each("strategy", OPENS)
    def test_counts_and_rates_of_each_step(self, net: str, strategy: Strategy) -> None:
        """Four epochs of two steps on a falling rate: what opens when is written out, and so is each unit's share."""
        unfreeze = {Strategy.A: (2,), Strategy.C: (1, 2, 3)}.get(strategy, ())
        recipe = Recipe(batch=32, learning_rate=0.01, schedule=Schedule.COSINE, no_decay_on_norms=True)
        one = plan(find(net), strategy=strategy, unfreeze=unfreeze, epochs=4, recipe=recipe)
        tuner = ParameterSchedule(model := on_meta(one), grouping(one, 64))
        optimiser = torch.optim.SGD(tuner.groups(), 0.01)
        for step in range(8):
            tuner.before(step, optimiser)
            falling, epoch = 0.01 * (1 + cos(pi * step / 8)) / 2, step // 2
            opened = [unit for unit, since in zip(STAGES[net], OPENS[strategy], strict=True) if since <= epoch]
            trains = sum(tensor.numel() for tensor in model.parameters() if tensor.requires_grad)
            assert trains == sum(STAGES[net][unit] for unit in opened)
            for group in optimiser.param_groups:
                unit = group["name"].partition(",")[0]
                far = list(reversed(STAGES[net])).index(unit)
                share = (0.1 if epoch >= 2 else 1.0) if strategy is Strategy.A else 0.5**far
                assert group["lr"] == pytest.approx(falling * share if unit in opened else 0.0)

    def test_norms_are_spared_as_their_dimensions_say(self) -> None:
        model = on_meta(one := plan(find("resnet50"), strategy=Strategy.FULL))
        light = [group for group in ParameterSchedule(model, grouping(one, 64)).groups() if group["weight_decay"] == 0]
        flat = {id(tensor) for tensor in model.parameters() if tensor.ndim <= 1}
        assert {id(tensor) for group in light for tensor in group["params"]} == flat

    def test_a_plan_of_another_network_is_refused(self) -> None:
        with pytest.raises(ExplorerError, match="in the network or in the groups"):
            ParameterSchedule(on_meta(plan(find("resnet18"))), grouping(plan(find("resnet34")), 64)).groups()


class TestFreezing:
    def test_frozen_tensors_and_statistics_stay_bit_for_bit(self) -> None:
        one = plan(strategy=Strategy.PROBE, bn=BnMode.FROZEN, frozen=frozenset({"fc.bias"}))
        model, _ = start(one)
        tuner = ParameterSchedule(model, grouping(one, 64))
        optimiser = torch.optim.SGD(tuner.groups(), 0.1, momentum=0.9, weight_decay=0.1)
        before = deepcopy(model.state_dict())
        for step in range(3):
            report = tuner.before(step, optimiser)
            assert (report is None) == (step > 0)
            model.train()
            model(torch.randn(8, 3, 16, 16)).square().mean().backward()
            optimiser.step()
        moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
        assert moved == {"fc.weight"}

    def test_statistics_move_where_batch_norm_trains(self) -> None:
        one = plan(strategy=Strategy.PROBE, bn=BnMode.TRAIN)
        model, _ = start(one)
        freeze(model, grouping(one, 64).trainable(0))
        before = model.get_buffer("bn1.running_mean").clone()
        model.train()(torch.randn(8, 3, 16, 16))
        assert not torch.equal(model.get_buffer("bn1.running_mean"), before)

    def test_a_still_norm_outlasts_train_and_can_be_let_go(self) -> None:
        model = build(SMALL)
        keep_in_eval(model, {"bn1"})
        model.eval()
        model.train()
        norms = {name: one.training for name, one in model.named_modules() if isinstance(one, nn.BatchNorm2d)}
        assert not norms.pop("bn1") and all(norms.values())
        assert verify(model).still == ("bn1",)
        keep_in_eval(model, ())
        assert model.get_submodule("bn1").training and type(model.get_submodule("bn1")) is nn.BatchNorm2d
        with pytest.raises(ExplorerError, match="no batch norm at conv1"):
            keep_in_eval(model, {"conv1"})

    def test_misspelt_attributes_freeze_nothing_and_are_named(self) -> None:
        model = build(SMALL)
        for tensor in model.parameters():
            tensor.requiers_grad = False  # type: ignore[attr-defined]
        model.get_submodule("layer1").requires_grad = False  # type: ignore[assignment]
        report = verify(model)
        assert not report.frozen and report.parameters == sum(one.numel() for one in model.parameters())
        assert "conv1.weight.requiers_grad" in report.silent and "layer1.requires_grad" in report.silent
        assert not verify(build(SMALL)).silent

    def test_unknown_names_are_refused(self) -> None:
        with pytest.raises(ExplorerError, match=r"no tensor conv9\.weight"):
            freeze(build(SMALL), {"conv9.weight"})


def shaken(spec: ResNetSpec) -> ResNet:
    torch.manual_seed(0)
    model = build(spec)
    for value in model.state_dict().values():
        if value.is_floating_point() and value.ndim == 1:
            value.uniform_(0.3, 0.9)
    return model.eval()


class TestChannels:
    def test_what_each_way_keeps_of_resnet18(self) -> None:
        """Random weights with running statistics of 0 and 1: then the mean answers a third, apart from the bias."""
        torch.manual_seed(0)
        spec, x = find("resnet18"), torch.rand(8, 1, 64, 64)
        model = build(spec)
        before = deepcopy(model.state_dict())
        report = measure_grey(model, spec, x)
        ways = {one.way: one for one in report.measures}
        assert ways[GreyWay.REPEAT].inference == 0
        assert max(ways[way].inference for way in (GreyWay.SUM, GreyWay.ADAPTER)) < 1e-5
        assert max(ways[way].training for way in (GreyWay.SUM, GreyWay.ADAPTER)) < 1e-4
        assert ways[GreyWay.MEAN].inference == pytest.approx(0.67, abs=0.02)
        assert ways[GreyWay.LUMINANCE].inference == pytest.approx(0.62, abs=0.1)
        assert ways[GreyWay.MEAN].training < 0.01, "batch norm hides it"
        assert ways[GreyWay.LUMINANCE].training > 0.1, "and does not hide this"
        assert report.statistics > 0.01, "the colours' own statistics are not those of grey"
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())

    @each("channels", [1, 2, 4, 5, 6])
    @each("name", ["", "stem=deep"])
    def test_the_sum_is_exact_on_equal_channels(self, name: str, channels: int) -> None:
        spec = assign(SMALL, *([name] if name else []))
        model, x = shaken(spec), torch.randn(4, 1, 16, 16)
        with torch.no_grad():
            wanted = model(x.expand(-1, 3, -1, -1))
            got = port(deepcopy(model), spec, GreyWay.SUM, channels)(x.expand(-1, channels, -1, -1))
        assert torch.allclose(got, wanted, atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize("channels", [1, 5])
    def test_an_adapter_folds_into_the_first_convolution(self, channels: int) -> None:
        model = add_adapter(shaken(SMALL), channels, 3)
        with torch.no_grad():
            model.get_parameter("adapter.weight").normal_()
        plain, spec = folded(model, SMALL)
        x = torch.randn(4, channels, 16, 16)
        assert spec.in_channels == channels and plain.state_dict().keys() == build(spec).state_dict().keys()
        with torch.no_grad():
            assert torch.allclose(plain(x), model(x), atol=1e-5, rtol=1e-4)
        assert folded(plain, spec)[0] is plain


class TestHead:
    def test_a_new_head_and_all_else_as_it_was(self) -> None:
        model = build(SMALL)
        spec = replace(SMALL, classes=7, dropout=0.5)
        made = drawn(spec, 3)
        give(made, model.state_dict(), HEAD)
        assert made.get_submodule("fc").out_features == 7
        assert [type(made.get_submodule(name)) for name in made.head[-2:]] == [nn.Dropout, nn.Linear]
        state = model.state_dict()
        assert all(torch.equal(value, state[name]) for name, value in made.state_dict().items() if "fc." not in name)
        again = drawn(replace(SMALL, classes=7), 3)
        assert torch.equal(again.get_parameter("fc.weight"), made.get_parameter("fc.weight"))


class TestStart:
    def file(self, tmp_path: Path, spec: ResNetSpec, name: str = "net.pth") -> tuple[WeightsChoice, ResNet]:
        model = shaken(spec)
        checkpoint.save(model, spec, tmp_path / name)
        return WeightsChoice(WeightsKind.FILE, str(tmp_path / name)), model

    def test_other_classes_leave_the_head_new_and_say_so(self, tmp_path: Path) -> None:
        weights, source = self.file(tmp_path, assign(SMALL, "classes=4"))
        model, started = start(plan(weights=weights))
        assert not started.head_loaded and "head of 4 classes was not loaded" in started.sentences[1]
        assert torch.equal(model.get_parameter("conv1.weight"), source.get_parameter("conv1.weight"))
        assert torch.equal(model.get_buffer("bn1.running_var"), source.get_buffer("bn1.running_var"))
        assert torch.equal(model.get_parameter("fc.weight"), start(plan())[0].get_parameter("fc.weight")), "of the seed"

    def test_as_many_classes_bring_the_head(self, tmp_path: Path) -> None:
        weights, source = self.file(tmp_path, SMALL, "net.safetensors")
        model, started = start(plan(weights=weights))
        assert started.head_loaded and torch.equal(model.get_parameter("fc.weight"), source.get_parameter("fc.weight"))

    @pytest.mark.parametrize("way", [GreyWay.SUM, GreyWay.ADAPTER])
    def test_grey_images_enter_a_network_of_colours(self, tmp_path: Path, way: GreyWay) -> None:
        weights, source = self.file(tmp_path, SMALL)
        model, _ = start(plan(weights=weights, channels=1, grey=way))
        x = torch.randn(2, 1, 16, 16)
        with torch.no_grad():
            assert torch.allclose(model.eval()(x), source(x.expand(-1, 3, -1, -1)), atol=1e-5, rtol=1e-5)

    def test_torchvisions_names_load(self, tmp_path: Path) -> None:
        theirs = torchvision.models.resnet18()
        save_file(theirs.state_dict(), tmp_path / "their.safetensors")
        choice = WeightsChoice(WeightsKind.FILE, str(tmp_path / "their.safetensors"))
        model, started = start(plan(find("resnet18"), weights=choice))
        assert started.loaded == len(theirs.state_dict()) - 2
        assert torch.equal(model.get_parameter("layer4.1.conv2.weight"), theirs.get_parameter("layer4.1.conv2.weight"))

    def test_a_backbone_alone_or_with_another_head_starts_a_tuning(self, tmp_path: Path) -> None:
        """The names are other ones too: of a wrapper, and of the head that was trained with it."""
        state = {f"encoder.net.{name}": value for name, value in torchvision.models.resnet18().state_dict().items()}
        state = {name: value for name, value in state.items() if ".fc." not in name}
        heads = {"projector.0.weight": torch.zeros(64, 512), "projector.1.weight": torch.zeros(8, 64)}
        for extra, text in (({}, "has no head"), (heads, "projector of 2 layers, 8 outputs: not loaded")):
            save_file({**state, **extra}, tmp_path / "their.safetensors")
            choice = WeightsChoice(WeightsKind.FILE, str(tmp_path / "their.safetensors"))
            model, started = start(plan(find("resnet18"), weights=choice))
            assert not started.head_loaded and any(text in one for one in started.sentences)
            assert torch.equal(model.get_parameter("layer4.1.conv2.weight"), state["encoder.net.layer4.1.conv2.weight"])

    def test_weights_that_are_not_finite_are_refused(self, tmp_path: Path) -> None:
        state = torchvision.models.resnet18().state_dict()
        state["conv1.weight"].fill_(float("inf"))
        save_file(state, tmp_path / "inf.safetensors")
        choice = WeightsChoice(WeightsKind.FILE, str(tmp_path / "inf.safetensors"))
        with pytest.raises(CheckpointError, match=r"9,408 of [\d,]+ values are not finite"):
            start(plan(find("resnet18"), weights=choice))

    def test_another_network_is_refused(self, tmp_path: Path) -> None:
        weights, _ = self.file(tmp_path, SMALL)
        with pytest.raises(CheckpointError, match=r"net\.pth holds .*, not ResNet-18"):
            start(plan(find("resnet18"), weights=weights))
        other, _ = self.file(tmp_path, assign(SMALL, "activation=silu"))
        with pytest.raises(CheckpointError, match="of other activation"):
            start(plan(weights=other))

    def test_what_was_not_downloaded_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        with pytest.raises(ExplorerError, match="not on this machine"):
            start(plan(find("resnet18"), weights=WeightsChoice()))


class TestSaving:
    def test_a_program_runs_without_our_code(self, tmp_path: Path) -> None:
        model = add_adapter(shaken(SMALL), 1, 3)
        keep_in_eval(model, {"bn1"})
        save(model, SMALL, tmp_path / "net.pt2", InputShape(1, 16, 16))
        assert [file.name for file in tmp_path.iterdir()] == ["net.pt2"]
        x = torch.randn(5, 1, 16, 16)
        with torch.no_grad():
            got = torch.export.load(tmp_path / "net.pt2").module()(x)
            assert torch.allclose(got, model.eval()(x), atol=1e-5, rtol=1e-4)

    def test_weights_come_back_with_the_adapter_folded(self, tmp_path: Path) -> None:
        model = add_adapter(shaken(SMALL), 5, 3)
        save(model, SMALL, tmp_path / "net.safetensors", InputShape(1, 16, 16))
        loaded, found = checkpoint.load(tmp_path / "net.safetensors")
        x = torch.randn(2, 5, 16, 16)
        with torch.no_grad():
            assert found.spec.in_channels == 5 and torch.allclose(loaded(x), model(x), atol=1e-5, rtol=1e-4)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ExportError, match="its folder does not exist"):
            save(build(SMALL), SMALL, tmp_path / "no" / "net.pt2", InputShape(1, 16, 16))
