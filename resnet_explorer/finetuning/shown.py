"""What the fine-tuning lab shows of its plan and of its recording in a scene, as pictures that are taken home."""

from dataclasses import replace

from resnet_explorer.diagram.diagram import ROOM, diagram
from resnet_explorer.finetuning.charts import frozen_at, group_rates
from resnet_explorer.finetuning.groups import Grouping, grouping
from resnet_explorer.finetuning.lesson_readings import CLASSES, IMAGES
from resnet_explorer.finetuning.part import TuningPart, TuningView
from resnet_explorer.finetuning.recorded import describe_transfer, recorded_runs
from resnet_explorer.picture.chart import Chart
from resnet_explorer.readings import analyse
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.share.article import Drawing, Text
from resnet_explorer.training.shown import recorded_curves


def shown(scene: Scene) -> tuple[Chart | Drawing | Text, ...]:
    """Return the learning rates of the groups, what is frozen in the network, or the recorded curves, as the view is.

    None for curves of a plan that was not recorded, and for views of the user's own images.
    """
    part = scene.part("tuning")
    assert isinstance(part, TuningPart)
    if part.view is TuningView.GROUPS:
        groups = _groups(part)
        return group_rates(groups), Text(str(groups.counts(part.epoch - 1)))
    if part.view is TuningView.NETWORK:
        return (_network(part),)
    runs = recorded_runs() if part.plan == TuningPart().plan else ()
    charts = recorded_curves(runs, part, part.plan.seed)
    return (*charts, Text(describe_transfer(runs))) if charts else ()


def _groups(part: TuningPart) -> Grouping:
    """Return the groups of a plan, for as many classes and images as lessons count with."""
    return grouping(replace(part.plan, classes=tuple(map(str, range(CLASSES)))), IMAGES)


def _network(part: TuningPart) -> Drawing:
    """Return the network's diagram with what stands still at the epoch."""
    groups = _groups(part)
    analysis = analyse(groups.plan.network, groups.plan.image)
    return Drawing(diagram(analysis, part.diagram, ROOM, [frozen_at(groups, part.epoch - 1)]))
