"""A fine-tuning as the lists and charts of trainings see it."""

from dataclasses import replace

from resnet_explorer.analysis.training import RunPlan
from resnet_explorer.analysis.tuning.choices import EMBEDDED
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.spec.data_choice import DataChoice, DataKind


def run_plan(plan: TunePlan, images: int) -> RunPlan:
    """Return the training that a fine-tuning on so many training images is: its network as saved, its steps."""
    embedded = plan.data.kind in EMBEDDED
    data = DataChoice(EMBEDDED[plan.data.kind]) if embedded else DataChoice(DataKind.FOLDER, plan.data.where)
    return RunPlan(
        f"{plan.spec.name} {plan.strategy}",
        plan.saved_spec,
        replace(plan.image, batch=1),
        data,
        plan.recipe_for(images),
        plan.seed,
        plan.device,
        threads=plan.threads,
    )
