"""What a scene holds of the fine-tuning lab: the plan, the view and the epoch shown, and the replay."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import WeightsKind
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.recorded import first_plan
from resnet_explorer.training.part import CurvesPart


class TuningView(StrEnum):
    """The views of the page."""

    NETWORK = "Network"
    GROUPS = "Groups"
    IMAGES = "Images"
    CHANNELS = "Channels"
    CURVES = "Curves"
    RESULTS = "Before and after"
    INSPECT = "Inspect"
    EXPORT = "Export"


@dataclass(frozen=True, slots=True)
class TuningPart(CurvesPart):
    """What is fine-tuned and how, the epoch whose frozen parts are shown, from 1, and what is open of that diagram.

    The plan is held without what the images and the machine say: its classes, its white, its device and its threads.
    """

    view: TuningView = TuningView.CURVES
    epoch: int = 1
    plan: TunePlan = field(default_factory=first_plan)
    diagram: View = field(default_factory=View)

    def __post_init__(self) -> None:
        CurvesPart.__post_init__(self)  # a dataclass with slots is another class than super() knows
        if not 1 <= self.epoch <= self.plan.epochs:
            raise ExplorerError("epoch", f"There is no epoch {self.epoch}.", f"Choose 1 to {self.plan.epochs:,}.")
        object.__setattr__(self, "plan", replace(self.plan, classes=(), white=(), device="cpu", threads=1))

    @property
    def files(self) -> tuple[str, ...]:
        """Return the images and the weights, where they are the user's own."""
        weights = self.plan.weights
        return tuple(filter(None, (self.plan.data.where, weights.name if weights.kind is WeightsKind.FILE else "")))
