"""One network in training: weights, optimiser, moving average, single steps, and the learning rate range test."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from math import inf, isfinite
from pkgutil import resolve_name
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.module.build import ResNet
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import KINDS, Role
from resnet_explorer.probes.models import LOSSES, build_from_seed, restored, seeded
from resnet_explorer.probes.record import Moves, recording
from resnet_explorer.readings.memory_format import memory_format
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.readings.quantities import Loss, Quantity, Series
from resnet_explorer.runs.plan import Metric, RunPlan
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.training.feed import Feed, check, step_seed
from resnet_explorer.training.values import LIMIT, FindRate, RateTest


@contextmanager
def conditions(plan: RunPlan) -> Iterator[None]:
    """Context manager that sets a run's number of threads and deterministic mode, and restores both on exit."""
    threads, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    try:
        if plan.threads:
            torch.set_num_threads(plan.threads)
        if plan.recipe.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to repeat itself
            # The same as use_deterministic_algorithms, which imports a compiler for a second.
            torch.set_deterministic_debug_mode("warn")
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a debugging aid
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(mode)
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


@contextmanager
def listening(heard: list[str]) -> Iterator[None]:
    """Context manager that adds the names of nondeterministic operations, as PyTorch warns of them, to ``heard``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        text = str(warning.message)
        if "deterministic" in text:
            heard.append(text.split()[0])
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def autocast(plan: RunPlan) -> Any:
    """Return the context of a forward pass: bfloat16 where the recipe asks for it and the device supports it."""
    if plan.recipe.mixed and has_bfloat16(plan.device):
        return torch.autocast(torch.device(plan.device).type, torch.bfloat16)
    return nullcontext()


def has_bfloat16(device: str) -> bool:
    """Return whether a device supports bfloat16 in hardware."""
    where = torch.device(device).type
    if where == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if where == "cpu":
        return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return where == "xpu" or (where == "mps" and bool(torch.backends.mps.is_macos_or_newer(14, 0)))


def notes(plan: RunPlan) -> tuple[str, ...]:
    """Return sentences on what a recipe asks for and the device does not support."""
    if plan.recipe.mixed and not has_bfloat16(plan.device):
        return ("Mixed precision was requested, but the device does not support bfloat16: training in float32.",)
    return ()


def layout(plan: RunPlan) -> torch.memory_format:
    """Return PyTorch's memory format for a run."""
    name = memory_format(compile_spec(plan.spec), plan.device, mixed=plan.recipe.mixed)
    return getattr(torch, name)  # type: ignore[no-any-return]


NORMS = (
    *(nn.modules.batchnorm._BatchNorm, nn.LayerNorm),
    *(resolve_name(kind.module) for kind in KINDS if kind.role is Role.NORM),
)
"""Normalisation modules by type: a name such as ``downsample.1`` does not tell."""
SECOND_BETA = 0.999


def groups(model: nn.Module, weight_decay: float, no_decay_on_norms: bool) -> list[dict[str, Any]]:
    """Return the parameters in groups for an optimiser: with weight decay, and without it if norms are excluded."""
    decayed, spared = split_parameters(model) if no_decay_on_norms else (list(model.parameters()), [])
    parts: list[dict[str, Any]] = [{"params": decayed, "weight_decay": weight_decay}]
    return [*parts, {"params": spared, "weight_decay": 0.0}] if spared else parts


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters of convolutions and linear layers, and those of norms with all biases."""
    decayed: list[nn.Parameter] = []
    spared: list[nn.Parameter] = []
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            (spared if isinstance(module, NORMS) or name == "bias" else decayed).append(parameter)
    return decayed, spared


def optimiser(model: nn.Module, recipe: Recipe, parts: list[dict[str, Any]] | None = None) -> Optimizer:
    """Return a recipe's optimiser, fused where the device supports that; ``parts`` are its groups, if not the usual."""
    parts, rate = parts or groups(model, recipe.weight_decay, recipe.no_decay_on_norms), recipe.learning_rate
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    if recipe.optimiser in (Optimiser.SGD, Optimiser.NESTEROV):
        nesterov = recipe.optimiser is Optimiser.NESTEROV
        return SGD(parts, rate, recipe.momentum, nesterov=nesterov, fused=fused)
    kind = Adam if recipe.optimiser is Optimiser.ADAM else AdamW
    return kind(parts, rate, betas=(recipe.momentum, SECOND_BETA), fused=fused)


def clip(model: nn.Module, bound: float) -> Tensor | None:
    """Clip the norm of the whole gradient to ``bound``; 0 leaves it."""
    return torch.nn.utils.clip_grad_norm_(model.parameters(), bound) if bound else None


TESTED = 512
"""Test images in a batch."""
_Blocks = Mapping[Quantity, Series]


class Director(Protocol):
    """Decides which parameters train at which learning rates, where one rate for all does not do."""

    def groups(self) -> list[dict[str, Any]]:
        """Return the groups for the optimiser."""

    def before(self, step: int, optimiser: Optimizer) -> object:
        """Prepare a step: freeze parameters, and set learning rates."""


class Trainer:
    """One network in training on the plan's device: ``step`` updates it, ``evaluate`` tests it.

    ``first`` is the network with its initial weights, on the CPU; by default the plan's. ``direct`` makes its director.
    ``loss`` is differentiated; the cross-entropy has the recipe's label smoothing.
    ``nondeterministic_ops`` names operations that have no deterministic version.
    """

    def __init__(
        self,
        plan: RunPlan,
        first: ResNet | None = None,
        direct: Callable[[ResNet], Director] | None = None,
        loss: Loss = Loss.CROSS_ENTROPY,
    ) -> None:
        self.plan = plan
        first = first_weights(plan) if first is None else first
        self.layout = layout(plan)
        self.model: ResNet = first.to(device=plan.device, memory_format=self.layout)  # type: ignore[call-overload]
        self._director = direct(self.model) if direct else None
        self.optimiser = optimiser(self.model, plan.recipe, self._director.groups() if self._director else None)
        self.average: AveragedModel | None = None
        if decay := plan.recipe.ema:  # it begins with the weights after the first step, and averages statistics too
            average = get_ema_multi_avg_fn(decay)
            self.average = AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        self.nondeterministic_ops: list[str] = []
        layers = (part.layer for block in compile_spec(plan.spec).blocks for part in block.form.parts)
        self._is_random = any(layer.is_random for layer in layers)
        smoothed = partial(functional.cross_entropy, label_smoothing=plan.recipe.smoothing)
        self._loss = smoothed if loss is Loss.CROSS_ENTROPY else LOSSES[loss]

    def step(self, feed: Feed, number: int, rate: float, measured: bool, listens: bool) -> tuple[Metric, bool]:
        """Make a step; return its metric, with 0 as time, and whether the loss is finite; if not, no update is made.

        With ``measured`` every block is measured, with ``listens`` nondeterministic operations are noted.
        """
        if self._director is not None:
            self._director.before(number, self.optimiser)
        x, y = feed.batch(number)
        self.model.zero_grad(set_to_none=True)
        chance = seeded(step_seed(self.plan.seed, number)) if self._is_random else nullcontext()
        with chance, listening(self.nondeterministic_ops) if listens else nullcontext():
            loss, accuracy, blocks = self._back(feed, x, y, rate, measured)
        if isfinite(loss):
            moves = Moves(self.model) if blocks is not None else None
            clip(self.model, self.plan.recipe.clip)
            if self._director is None:
                for group in self.optimiser.param_groups:
                    group["lr"] = rate
            self.optimiser.step()
            if blocks is not None and moves is not None:
                blocks = {**blocks, Quantity.UPDATE: moves.ratios()}
            if self.average is not None:
                self.average.update_parameters(self.model)
        return Metric(number, loss, accuracy, rate, 0.0, blocks=blocks), isfinite(loss)

    def _back(
        self, feed: Feed, x: Tensor, y: Tensor, rate: float, measured: bool
    ) -> tuple[float, float | None, _Blocks | None]:
        lent: AbstractContextManager[Any] = recording(self.model) if measured else nullcontext()
        with lent as record:
            with autocast(self.plan):
                output = feed.outputs(self.model, x)
            output = output.float()
            loss = self._loss(output, y)
            torch.autograd.backward(loss)
            classifies = output.ndim == 2  # a backbone returns maps
            right = (output.detach().argmax(dim=1) == y).sum() if classifies else torch.zeros_like(loss)
            both = torch.stack((loss.detach(), right.to(loss.dtype))).tolist()  # one transfer from the device
            blocks = record.values(rate) if record is not None else None
        return both[0], both[1] / len(y) if classifies else None, blocks

    def evaluate(self, feed: Feed) -> Iterator[tuple[float, float] | None]:
        """Yield None after each batch of test images, and last the mean loss and the accuracy.

        The moving average is tested if there is one; the loss is without label smoothing.
        """
        model = self.tested
        sums, count = torch.zeros(2, dtype=torch.float64), 0
        with restored(model, training=False):
            for x, y in feed.tests(TESTED):
                with torch.no_grad(), autocast(self.plan):
                    output = feed.outputs(model, x).float()
                    loss = functional.cross_entropy(output, y, reduction="sum")
                    right = (output.argmax(dim=1) == y).sum()
                sums += torch.stack((loss, right.to(loss.dtype))).double().cpu()
                count += len(y)
                yield None
        if count:
            yield float(sums[0]) / count, float(sums[1]) / count

    @property
    def tested(self) -> ResNet:
        """Return the network that is tested: the moving average if there is one."""
        return self.model if self.average is None else cast("ResNet", self.average.module)


def first_weights(plan: RunPlan) -> ResNet:
    """Return the network with initial weights of its seed, and those of ``like`` where they fit, on the CPU."""
    return build_from_seed((plan.like, plan.spec) if plan.like else (plan.spec,), plan.seed)[-1]


SMOOTH = 0.9
"""The weight of the past in the smoothed loss."""


def find_rate(job: FindRate) -> Iterator[Progress | Partial[RateTest] | RateTest]:
    """Yield progress and partial results, and last the losses of a training whose learning rate grows at each step.

    The rate grows by the same factor from ``lowest`` to ``highest``; the test stops where the smoothed loss is
    ``LIMIT`` times its best, or not finite. Raises ExplorerError where the rates do not grow.
    """
    plan, lowest, highest, steps = job.plan, job.lowest, job.highest, job.steps
    if not (0 < lowest < highest and isfinite(highest) and steps > 1):
        text = "The learning rates of a range test have to grow."
        raise ExplorerError("rate", text, "Choose a higher end, and 2 steps or more.")
    check(plan)
    rates = [lowest * (highest / lowest) ** (step / (steps - 1)) for step in range(steps)]
    yield Progress(0, steps, "loading the images")
    with conditions(plan):
        trainer, result, mean = Trainer(plan), RateTest((), ()), 0.0
        feed = Feed(plan, trainer.layout)
        yield from feed.fit()
        for number, rate in enumerate(rates):
            metric, is_sound = trainer.step(feed, number, rate, measured=False, listens=False)
            mean = SMOOTH * mean + (1 - SMOOTH) * metric.loss
            smoothed = mean / (1 - SMOOTH ** (number + 1))
            if not is_sound or smoothed > LIMIT * min(result.losses, default=inf):
                break
            result = RateTest((*result.rates, rate), (*result.losses, smoothed))
            yield Progress(number + 1, steps, f"rate {rate:.2g}, loss {smoothed:.3g}")
            yield Partial(result)
    yield result
