"""What the fine-tuning lab shows of its recording in a scene, as charts that are taken home."""

from resnet_explorer.finetuning.part import TuningPart
from resnet_explorer.finetuning.recorded import describe_transfer, recorded_runs
from resnet_explorer.picture.chart import Chart
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.share.article import Drawing, Text
from resnet_explorer.training.shown import recorded_curves


def shown(scene: Scene) -> tuple[Chart | Drawing | Text, ...]:
    """Return the two plots of the recorded fine-tuning; none where the scene has a plan of its own."""
    part = scene.part("tuning")
    assert isinstance(part, TuningPart)
    if part.plan != TuningPart().plan:
        return ()
    runs = recorded_runs()
    charts = recorded_curves(runs, part, part.plan.seed)
    return (*charts, Text(describe_transfer(runs))) if charts else ()
