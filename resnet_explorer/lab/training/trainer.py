"""A network on its way: its weights, its optimiser, its moving average, and one step of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from math import isfinite
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer

from resnet_explorer.analysis.gradients import Series
from resnet_explorer.analysis.quantities import Loss, Quantity
from resnet_explorer.analysis.training import Metric, RunPlan
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.blueprint.kinds import Role
from resnet_explorer.lab.alike import LOSSES, alike, seeded
from resnet_explorer.lab.record import Moves, recording, restored
from resnet_explorer.lab.training.conditions import autocast, layout, listening
from resnet_explorer.lab.training.feed import Feed, step_seed
from resnet_explorer.lab.training.optimise import average, clip, optimiser, set_rate
from resnet_explorer.model.build import ResNet
from resnet_explorer.spec import ResNetSpec

TESTED = 512
"""So many test images are judged at once."""
_Blocks = Mapping[Quantity, Series]


class Director(Protocol):
    """What says which parameters train, and at which rates, where a recipe's one rate does not."""

    def groups(self) -> list[dict[str, Any]]:
        """Return the groups for the optimiser."""

    def before(self, step: int, optimiser: Optimizer) -> object:
        """Prepare a step, first of all: what trains in it, and at which rates."""


class Trainer:
    """One network in training on the plan's device: ``step`` moves it, ``judge`` tests it.

    ``first`` is the network with its first weights, on the CPU; the plan's own where there is none. ``direct`` makes
    what directs it. ``loss`` is differentiated; the cross-entropy has the recipe's smoothing. ``strange`` names
    operations that have no deterministic version.
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
        self.average = average(self.model, plan.recipe.ema)
        self.strange: list[str] = []
        self._is_random = draws(plan.spec)
        smoothed = partial(functional.cross_entropy, label_smoothing=plan.recipe.smoothing)
        self._loss = smoothed if loss is Loss.CROSS_ENTROPY else LOSSES[loss]

    def step(self, feed: Feed, number: int, rate: float, measured: bool, listens: bool) -> tuple[Metric, bool]:
        """Make a step; return what it gave, its time left at 0, and whether the loss was a number.

        Where it was none the weights are left as they were.
        """
        if self._director is not None:
            self._director.before(number, self.optimiser)
        x, y = feed.batch(number)
        self.model.zero_grad(set_to_none=True)
        chance = seeded(step_seed(self.plan.seed, number)) if self._is_random else nullcontext()
        with chance, listening(self.strange) if listens else nullcontext():
            loss, accuracy, blocks = self._back(x, y, rate, measured)
        if isfinite(loss):
            moves = Moves(self.model) if blocks is not None else None
            clip(self.model, self.plan.recipe.clip)
            if self._director is None:
                set_rate(self.optimiser, rate)
            self.optimiser.step()
            if blocks is not None and moves is not None:
                blocks = {**blocks, Quantity.UPDATE: moves.ratios()}
            if self.average is not None:
                self.average.update_parameters(self.model)
        return Metric(number, loss, accuracy, rate, 0.0, blocks=blocks), isfinite(loss)

    def _back(self, x: Tensor, y: Tensor, rate: float, measured: bool) -> tuple[float, float | None, _Blocks | None]:
        lent: AbstractContextManager[Any] = recording(self.model) if measured else nullcontext()
        with lent as record:
            with autocast(self.plan):
                output: Tensor = self.model(x)
            output = output.float()
            loss = self._loss(output, y)
            torch.autograd.backward(loss)
            names = output.ndim == 2  # a backbone puts out maps
            right = (output.detach().argmax(dim=1) == y).sum() if names else torch.zeros_like(loss)
            both = torch.stack((loss.detach(), right.to(loss.dtype))).tolist()  # one look at the device
            blocks = record.values(rate) if record is not None else None
        return both[0], both[1] / len(y) if names else None, blocks

    def judge(self, feed: Feed) -> Iterator[tuple[float, float] | None]:
        """Yield None after each part of the test images, and last the mean loss and the share named right.

        The moving average is tested where there is one; the loss is without label smoothing.
        """
        model = self.tested
        sums, count = torch.zeros(2, dtype=torch.float64), 0
        with restored(model, training=False):
            for x, y in feed.tests(TESTED):
                with torch.no_grad(), autocast(self.plan):
                    output = model(x).float()
                    loss = functional.cross_entropy(output, y, reduction="sum")
                    right = (output.argmax(dim=1) == y).sum()
                sums += torch.stack((loss, right.to(loss.dtype))).double().cpu()
                count += len(y)
                yield None
        if count:
            yield float(sums[0]) / count, float(sums[1]) / count

    @property
    def tested(self) -> ResNet:
        """Return the network that is tested: the average where there is one."""
        if self.average is None:
            return self.model
        return cast("ResNet", self.average.module)


def first_weights(plan: RunPlan) -> ResNet:
    """Return the network with the weights of its seed, and those of ``like`` where they fit, on the CPU."""
    return alike((plan.like, plan.spec) if plan.like else (plan.spec,), plan.seed)[-1]


def draws(spec: ResNetSpec) -> bool:
    """Return whether a network draws anything at random in training."""
    layers = (part.layer for block in compile_spec(spec).blocks for part in block.form.parts)
    return any(layer.role is Role.DROP for layer in layers)
