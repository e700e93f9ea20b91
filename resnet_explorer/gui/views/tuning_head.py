"""Step 4: the head: made anew for the classes of the images, with or without drop-out."""

from resnet_explorer.analysis.tuning.groups import head_cost
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.gui.views.fields import FractionField
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Step, Words, show_number

SHOWN = 12


class HeadStep(Step):
    """What the head costs before and after."""

    def __init__(self, state: TuningState) -> None:
        super().__init__("head", "4 Head", "The classifier at the network's end", state, False)
        self.classes, self.cost, self.dropout = Words(quiet=False), Words(), FractionField()
        self.wide(self.classes)
        self.add(
            "Drop-out",
            self.dropout,
            "The share of the features that are left out at random in each training step (Srivastava et al. 2014)",
        )
        self.wide(self.cost)
        self.watch(self.dropout, lambda value: state.propose("head", dropout=value))
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        names = plan.classes
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        words = f"{len(names):,} classes: {', '.join(names[:SHOWN])}{more}"
        self.classes.show_words(words if names else "The classes are named when the images are looked at.")
        cost = head_cost(compile_spec(plan.spec), len(names) or plan.spec.classes or 1)
        self.cost.show_words(
            f"{cost.features:,} features to {len(names) or plan.spec.classes:,} outputs: {cost.after:,} parameters"
            f" with biases, instead of {cost.before:,}."
        )
        show_number(self.dropout, plan.dropout)
        self.summarise(f"{len(names):,} classes" + (f", drop-out {plan.dropout:g}" if plan.dropout else ""))
