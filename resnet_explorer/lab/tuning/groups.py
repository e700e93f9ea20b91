"""What a training loop asks of a fine-tuning: the optimiser's groups, and what to do before a step."""

from typing import Any

from torch import nn
from torch.optim import Optimizer

from resnet_explorer.analysis.tuning.results import FreezeReport
from resnet_explorer.analysis.tuning.strategies import Grouping
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.tuning.freeze import freeze, hold_still


def optimiser_groups(model: nn.Module, grouping: Grouping) -> list[dict[str, Any]]:
    """Return all groups of a plan for an optimiser, those that open later too, each under its name.

    They are made up front: to add one later breaks schedules. A frozen tensor has no gradient, and optimisers leave
    it alone. Raises ExplorerError where the network lacks a tensor, or the groups do.
    """
    known = dict(model.named_parameters())
    held = {name for group in grouping.groups for name in group.tensors} | set(grouping.frozen)
    if held != set(known):
        strange = sorted(held ^ set(known))[0]
        raise ExplorerError("groups", f"{strange} is in the network or in the groups, not in both.", "Check the plan.")
    return [
        {"params": [known[name] for name in group.tensors], "weight_decay": group.decay, "lr": rate, "name": group.name}
        for group, rate in zip(grouping.groups, grouping.rates(0), strict=True)
    ]


class ParameterSchedule:
    """The hooks of a plan on a network: call ``before`` at every step, first of all.

    At the first step of an epoch that changes what trains it freezes, verifies and returns the report, and puts batch
    norms into their mode; at every step it sets the rate of each group. To go on at any step is to call it there.
    """

    def __init__(self, model: nn.Module, grouping: Grouping) -> None:
        self.model, self.grouping = model, grouping
        self._since: int | None = None

    @property
    def since(self) -> int | None:
        """Return the epoch from which on trains what trains now, counted from 0."""
        return self._since

    def groups(self) -> list[dict[str, Any]]:
        """Return the groups for an optimiser."""
        return optimiser_groups(self.model, self.grouping)

    def before(self, step: int, optimiser: Optimizer) -> FreezeReport | None:
        """Prepare a step, which counts from 0; return what trains from here on where that has changed."""
        epoch = self.grouping.epoch_of(step)
        since = max(start for start in self.grouping.changes if start <= epoch)
        report = self._open(since) if since != self._since else None
        for group, rate in zip(optimiser.param_groups, self.grouping.rates(step), strict=True):
            group["lr"] = rate
        return report

    def _open(self, epoch: int) -> FreezeReport:
        hold_still(self.model, self.grouping.still(epoch))
        report = freeze(self.model, self.grouping.trainable(epoch))
        self._since = epoch
        return report
