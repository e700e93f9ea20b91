"""Gradients block by block: the hooks change nothing, the norms are derivatives, and the folklore is as published."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from math import prod, sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_explorer.errors import ExplorerError, InputError
from resnet_explorer.gradients.lab import measure
from resnet_explorer.gradients.presets import PRESETS
from resnet_explorer.gradients.values import GradientRequest, GradientResult, NetworkGradients
from resnet_explorer.images.choice import DIGITS
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import blocks_of, build_from_seed
from resnet_explorer.probes.record import recording
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.readings.quantities import TERMS, Loss, Mode, Precision, Quantity
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign
from tests.batches import batch
from tests.narrow import of_kind, present

IMAGE = InputShape(32, 16, 16)
SEEDS = (0, 1, 2)
KINDS = {
    "v1": "",
    "v1, projections": "shortcut=B",
    "plain": "residual=false",
    "v2": "order=v2 shortcut=B",
    "v2, no norm": "order=v2 norm=none",
    "norm after addition": "order=bn-after-add",
    "relu only": "order=relu-only shortcut=B",
    "attention": "attention=se gain=skipinit",
    "dropout": "stochastic_depth=0.5 block_dropout=0.3",
}


def net(name: str = "resnet20", settings: str = "") -> ResNetSpec:
    return assign(find(name), "in_channels=1", *settings.split())


def small(settings: str = "") -> ResNetSpec:
    return net("resnet20", f"blocks=2,2,2 width=8 {settings}")


def measured(*specs: ResNetSpec, **how: Any) -> GradientResult:
    request = GradientRequest(specs, how.pop("image", IMAGE), seeds=how.pop("seeds", SEEDS), **how)
    *_, last = measure(request)
    assert isinstance(last, GradientResult)
    return last


def pair(spec: ResNetSpec, **how: Any) -> tuple[NetworkGradients, NetworkGradients]:
    """The residual network and its plain twin."""
    one, other = measured(spec, twin(spec), **how).networks
    return one, other


def ratios(one: NetworkGradients, quantity: Quantity = Quantity.INPUT) -> list[float]:
    """First block over last, one for each seed."""
    return [float(values[0] or 0) / float(values[-1] or 0) for values in one.series(quantity)]


def gradients(model: nn.Module, x: Tensor, y: Tensor, *, hooked: bool) -> dict[str, Tensor]:
    model.zero_grad()
    torch.manual_seed(5)
    with recording(model) if hooked else nullcontext():
        functional.cross_entropy(model(x), y).backward()
    return {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}


class TestHooks:
    @pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)
    def test_parameters_get_the_gradients_of_an_unhooked_run_bit_for_bit(self, settings: str) -> None:
        torch.manual_seed(0)
        spec = small(settings)
        model, (x, y, _) = build(spec), batch(DIGITS, spec, InputShape(8, 16, 16), 0)
        bare, hooked = (gradients(model, x, y, hooked=hooked) for hooked in (False, True))
        assert bare.keys() == hooked.keys()
        assert all(torch.equal(bare[name], hooked[name]) for name in bare)

    def test_everything_lent_is_returned_even_after_an_error(self) -> None:
        model = build(small())
        with pytest.raises(RuntimeError), recording(model):
            model(torch.zeros(2, 7, 16, 16))
        for module in model.modules():
            assert not module._forward_hooks and not module._forward_pre_hooks and not module._backward_hooks
            assert "forward" not in vars(module)

    @pytest.mark.parametrize("settings", ["", "order=v2 shortcut=B", "residual=false", "activation=silu"])
    def test_the_norm_is_the_slope_along_the_gradient(self, settings: str) -> None:
        """A step of length e along dL/dx changes L by e |dL/dx|: central differences in float64."""
        spec = small(settings)
        x, y, _ = batch(DIGITS, spec, InputShape(4, 16, 16), 0)
        torch.manual_seed(0)
        model, x = build(spec).double(), x.double()
        model.eval()
        for index in (0, 3, 5):
            found, direction = norm_and_direction(model, x, y, index)
            e = 1e-6
            losses = [shifted(model, x, y, index, sign * e * direction) for sign in (1, -1)]
            assert (losses[0] - losses[1]) / (2 * e) == pytest.approx(found, rel=1e-5)


def norm_and_direction(model: ResNet, x: Tensor, y: Tensor, index: int) -> tuple[float, Tensor]:
    """The norm that the record tells at a block's input, and the direction of the gradient there."""
    kept: list[Tensor] = []
    handle = blocks_of(model)[index].register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    with recording(model) as record:
        loss = functional.cross_entropy(model(x), y)
        (gradient,) = torch.autograd.grad(loss, kept, retain_graph=True)
        loss.backward()
    handle.remove()
    norm = record.values(0.1)[Quantity.INPUT][index]
    assert norm is not None
    return norm, gradient / gradient.norm()


def shifted(model: ResNet, x: Tensor, y: Tensor, index: int, by: Tensor) -> float:
    handle = blocks_of(model)[index].register_forward_pre_hook(lambda _, given: (given[0] + by,))
    with torch.no_grad():
        loss = functional.cross_entropy(model(x), y).item()
    handle.remove()
    return loss


class TestMeasure:
    def test_results_come_seed_by_seed(self) -> None:
        spec = small()
        steps = list(measure(GradientRequest((spec, twin(spec)), InputShape(4, 8, 8), seeds=(0, 3))))
        so_far = [step.value for step in steps if isinstance(step, Partial)]
        assert [one.done for one in so_far] == [1] and not so_far[0].complete
        assert isinstance(steps[0], Progress) and isinstance(steps[-1], GradientResult) and steps[-1].complete
        assert [sample.seed for sample in steps[-1].networks[1].samples] == [0, 3]

    def test_a_block_puts_out_what_the_next_takes(self) -> None:
        for one in measured(small(), twin(small()), seeds=(0,)).networks:
            (inputs,), (outputs,) = one.series(Quantity.INPUT), one.series(Quantity.OUTPUT)
            assert inputs[1:] == outputs[:-1]

    def test_quantities_are_what_they_say(self) -> None:
        spec = small()
        one = measured(spec, seeds=(0,), rate=0.5).networks[0]
        (model,), (x, y, _) = build_from_seed((spec,), 0), batch(DIGITS, spec, IMAGE, 0)
        kept: list[Tensor] = []
        for block in blocks_of(model):
            block.register_forward_hook(lambda _, __, y: kept.append(y))
        scores = model(x)
        for output in kept:
            output.retain_grad()
        functional.cross_entropy(scores, y).backward()
        outputs = [output.detach().double() for output in kept]
        backs = [output.grad.double().norm().item() for output in kept if output.grad is not None]
        assert one.series(Quantity.OUTPUT)[0] == pytest.approx(backs, rel=1e-6)
        for index, block in enumerate(blocks_of(model)):
            flat = torch.cat([p.grad.flatten() for p in block.parameters() if p.grad is not None]).double()
            size = torch.cat([p.detach().flatten() for p in block.parameters()]).double().norm()
            told = {quantity: values[0][index] for quantity in Quantity if (values := one.series(quantity))}
            assert told[Quantity.WEIGHTS] == pytest.approx(flat.norm().item(), rel=1e-6)
            assert told[Quantity.WEIGHTS_RMS] == pytest.approx(flat.square().mean().sqrt().item(), rel=1e-6)
            assert told[Quantity.ESTIMATE] == pytest.approx((0.5 * flat.norm() / size).item(), rel=1e-6)
            assert told[Quantity.ACTIVATION] == pytest.approx(outputs[index].std(correction=0).item(), rel=1e-6)

    def test_the_twin_has_the_same_branches_tensor_by_tensor(self) -> None:
        spec = small("shortcut=C")
        residual, plain = (dict(model.named_parameters()) for model in build_from_seed((spec, twin(spec)), 4))
        assert residual.keys() - plain.keys() and all("downsample" in name for name in residual.keys() - plain.keys())
        assert plain.keys() <= residual.keys()
        assert all(torch.equal(one, residual[name]) for name, one in plain.items())
        second = build_from_seed((twin(spec), spec), 4)[1].get_parameter("layer2.1.conv2.weight")
        assert torch.equal(second, build_from_seed((twin(spec),), 4)[0].get_parameter("layer2.1.conv2.weight"))

    def test_another_start_is_not_overwritten(self) -> None:
        usual, silent = (
            dict(model.named_parameters()) for model in build_from_seed((small(), small("zero_init=true")), 0)
        )
        assert torch.equal(usual["layer1.0.conv1.weight"], silent["layer1.0.conv1.weight"])
        assert usual["layer1.0.bn2.weight"].norm() > 0 == silent["layer1.0.bn2.weight"].norm()

    def test_plain_networks_have_no_terms(self) -> None:
        one, other = measured(small(), twin(small()), seeds=(0,)).networks
        assert all(one.has(quantity) and not other.has(quantity) for quantity in TERMS)

    def test_the_process_keeps_its_own_random_state(self) -> None:
        torch.manual_seed(1)
        expected = torch.rand(3)
        torch.manual_seed(1)
        measured(small("dropout=0.5"), seeds=(7,))
        assert torch.equal(torch.rand(3), expected)

    @pytest.mark.parametrize("loss", Loss)
    def test_every_loss_has_gradients(self, loss: Loss) -> None:
        one = measured(small(), seeds=(0,), loss=loss).networks[0]
        assert all(value and value > 0 for value in one.median(Quantity.INPUT))

    def test_a_backbone_is_measured_by_its_map(self) -> None:
        spec = small("classes=none")
        one = measured(spec, seeds=(0,), loss=Loss.MEAN_SQUARE).networks[0]
        assert one.samples[0].accuracy is None and one.ratio(Quantity.INPUT)
        with pytest.raises(ExplorerError, match="backbone"):
            GradientRequest((spec,))

    def test_an_input_that_cannot_be_trained_on_is_refused_in_words(self) -> None:
        spec = find("resnet18")
        with pytest.raises(InputError, match="one value per channel"):
            measured(spec, image=InputShape(1, 32, 32), seeds=(0,))
        assert measured(spec, image=InputShape(1, 32, 32), seeds=(0,), mode=Mode.EVAL).done == 1

    def test_float64_agrees_with_float32(self) -> None:
        one, other = (measured(small(), seeds=(0,), precision=precision).networks[0] for precision in Precision)
        for low, high in zip(one.median(Quantity.INPUT), other.median(Quantity.INPUT), strict=True):
            assert low == pytest.approx(high, rel=1e-3)


class TestFolklore:
    """Claims of the literature, on depths and sizes that a test can afford; the margins hold on every seed."""

    @pytest.mark.parametrize("depth", [20, 32])
    def test_with_batch_norm_the_plain_gradient_grows_towards_the_input(self, depth: int) -> None:
        """Yang et al. 2019: pi / (pi - 1) = 1.467 for two layers of a wide net; it does not vanish (He et al. 2015)."""
        residual, plain = pair(net(f"resnet{depth}", "init=he-fan-in"))
        assert min(ratios(plain)) > 10
        assert 1.35 < (plain.growth(Quantity.INPUT) or 0) < 1.65
        assert all(ours < 0.75 * theirs for ours, theirs in zip(ratios(residual), ratios(plain), strict=True))
        if depth == 32:
            assert all(3 * ours < theirs for ours, theirs in zip(ratios(residual), ratios(plain), strict=True))

    def test_without_a_norm_and_by_pytorchs_start_it_vanishes(self) -> None:
        """Two layers keep 1/6: the weights' variance is a sixth of He's (He et al. 2015, Delving, section 2.2)."""
        residual, plain = pair(net("resnet20", "norm=none init=pytorch-default"))
        assert max(ratios(plain)) < 1e-5 and min(ratios(residual)) > 0.1
        assert plain.growth(Quantity.INPUT) == pytest.approx(1 / 6, rel=0.2)

    def test_hes_start_keeps_the_plain_gradient_and_the_residual_one_grows(self) -> None:
        """Without a norm every block doubles the variance: sqrt 2 (Zhang et al. 2019, section 2)."""
        residual, plain = pair(net("resnet32", "norm=none init=he-fan-in"))
        assert all(0.05 < ratio < 5 for ratio in ratios(plain))
        assert residual.growth(Quantity.INPUT) == pytest.approx(sqrt(2), rel=0.12)

    @pytest.mark.parametrize("settings", ["branch_scale=0.7071 shortcut_scale=0.7071", "gain=skipinit"])
    def test_scaling_keeps_it_without_a_norm(self, settings: str) -> None:
        one = measured(net("resnet32", f"norm=none init=he-fan-in {settings}")).networks[0]
        assert all(0.1 < ratio < 5 for ratio in ratios(one))

    def test_zero_init_leaves_the_shortcut_alone(self) -> None:
        """Goyal et al. 2017: each block starts as the identity; its convolutions have no gradient at first."""
        one = measured(small("zero_init=true")).networks[0]
        for seed in range(len(SEEDS)):
            assert set(one.series(Quantity.BRANCH)[seed]) == {0.0} and set(one.series(Quantity.SHARE)[seed]) == {1.0}
        assert all(ratio == pytest.approx(1, rel=1e-3) for ratio in ratios(one))
        assert not any(one.underflows(Quantity.BRANCH)), "it is 0, not too small"
        (model,), (x, y, _) = build_from_seed((small("zero_init=true"),), 0), batch(DIGITS, small(), IMAGE, 0)
        functional.cross_entropy(model(x), y).backward()
        for name, parameter in model.named_parameters():
            if "layer" in name:
                moves = name.endswith(("bn2.weight", "bn2.bias"))
                assert parameter.grad is not None and bool(parameter.grad.any()) == moves, name

    def test_before_training_the_evaluation_mode_is_a_net_without_norm(self) -> None:
        """Running statistics start at 0 and 1, so that batch norm divides by 1."""
        trained, fresh = (pair(net("resnet20"), mode=mode)[1] for mode in Mode)
        bare = pair(net("resnet20", "norm=none"), mode=Mode.EVAL)[1]
        assert min(ratios(trained)) > 10 > 3 > max(ratios(fresh))
        for one, other in zip(ratios(fresh), ratios(bare), strict=True):
            assert one == pytest.approx(other, rel=0.01)

    def test_a_mean_loss_shrinks_with_the_batch(self) -> None:
        """A quarter of the batch, twice the norm: the gradient of a mean scales as 1 / sqrt(batch)."""
        norms = [
            measured(net("resnet20", "norm=none"), image=InputShape(size, 16, 16))
            .networks[0]
            .median(Quantity.INPUT)[-1]
            for size in (8, 32, 128)
        ]
        for few, many in pairwise(norms):
            assert few is not None and many is not None and 1.6 < few / many < 2.5

    def test_batch_norm_makes_a_convolution_scale_free(self) -> None:
        """Weights x 10 give gradients / 10, and the gradient is at right angles to the weights."""
        spec = small()
        (model,), (x, y, _) = build_from_seed((spec,), 0), batch(DIGITS, spec, IMAGE, 0)
        model, x, name = model.double(), x.double(), "layer2.0.conv1.weight"
        weight = dict(model.named_parameters())[name]
        before = gradients(model, x, y, hooked=True)[name]
        assert abs((before * weight).sum()) < 1e-3 * before.norm() * weight.norm()
        with torch.no_grad():
            weight.mul_(10)
        after = gradients(model, x, y, hooked=True)[name]
        assert (10 * after - before).norm() < 1e-3 * before.norm()

    def test_underflow_is_told_from_zero(self) -> None:
        """Float32 ends at 1e-45: the signal of a deep plain net falls below it, and every gradient is 0."""
        deep = "residual=false norm=none init=pytorch-default width=4 blocks=20,20,20"
        spec = net("resnet20", deep)
        low = measured(spec, seeds=(0,), image=InputShape(4, 8, 8))
        assert set(low.networks[0].median(Quantity.INPUT)) == {0.0} and all(low.networks[0].underflows(Quantity.INPUT))
        assert "60 of 60 blocks are 0 in float32 and are not in float64: underflow" in low.notes[0]
        high = measured(spec, seeds=(0,), image=InputShape(4, 8, 8), precision=Precision.FLOAT64)
        assert all(value and value < 1e-30 for value in high.networks[0].median(Quantity.INPUT)[:30]) and not high.notes

    def test_overflow_is_told(self) -> None:
        spec = net("resnet20", "norm=none blocks=60,60,60 width=4 branch_scale=10")
        result = measured(spec, seeds=(0,), image=InputShape(4, 8, 8))
        assert any(note.endswith("not finite: overflow.") for note in result.notes)

    def test_every_condition_is_measured(self) -> None:
        """Norms, starts, activations and scalings: finite numbers for each."""
        for settings in (
            "norm=group",
            "norm=none",
            "init=orthogonal",
            "init=xavier",
            "activation=gelu",
            "gain=skipinit",
        ):
            one = measured(small(settings), seeds=(0,)).networks[0]
            assert all(value is not None and value >= 0 for value in one.median(Quantity.INPUT)), settings


def test_the_request_counts_all_blocks() -> None:
    for one in measured(small(), twin(small()), seeds=(0,)).networks:
        assert [place.path for place in one.places] == [f"layer{s}.{b}" for s in (1, 2, 3) for b in (0, 1)]
        assert prod(one.places[-1].shape) == 32 * 32 * 4 * 4
        assert replace(one, samples=()).ratio(Quantity.INPUT) is None


def test_zero_init_lets_the_last_norms_alone_move() -> None:
    """As the preset tells: of each branch the last norm's factor and shift, and at first the shift more."""
    torch.manual_seed(0)
    model = build(of_kind(GradientRequest, PRESETS["zero-init"].request).specs[0])
    x, y = torch.randn(16, 3, 16, 16), torch.arange(16) % 10
    functional.cross_entropy(model(x), y).backward()
    blocks = {name: one for name, one in model.named_parameters() if name.startswith("layer")}
    norms = {name: float(present(one.grad).norm()) for name, one in blocks.items()}
    last = {name: norm for name, norm in norms.items() if ".bn2." in name}
    assert all(norm > 0 for norm in last.values())
    assert not any(norm for name, norm in norms.items() if name not in last)
    factor, shift = (sum(norm for name, norm in last.items() if name.endswith(end)) for end in ("weight", "bias"))
    assert shift > factor
