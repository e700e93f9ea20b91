"""What the gradient lab shows of recorded results in a scene, as charts that are taken home."""

from resnet_explorer.gradients.charts import gradient_plot, heat_maps, lab_chart, loss_chart, step_plot
from resnet_explorer.gradients.descent import Descent, DescentStep
from resnet_explorer.gradients.part import NEWEST, Conditions, DescentView, GradientPart
from resnet_explorer.gradients.presets import PRESETS, Preset
from resnet_explorer.gradients.recorded import DEFAULT, find_recorded
from resnet_explorer.gradients.values import GradientResult
from resnet_explorer.picture.chart import Chart, heatmap
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.share.article import Drawing, Text

HEAT = (860.0, 420.0)
"""The size in px of a heat map."""


def shown(scene: Scene) -> tuple[Chart | Drawing | Text, ...]:
    """Return the charts of the scene's experiment; none where its conditions were not recorded."""
    part = scene.part("gradients")
    assert isinstance(part, GradientPart)
    preset = PRESETS.get(part.experiment)
    if preset is None and part.conditions != Conditions():
        return ()
    result = find_recorded(preset.request if preset else DEFAULT)
    if result is None:
        return ()
    texts = () if preset is None else (Text(preset.look_for), Text("; ".join(_sources(preset)), quiet=True))
    return (*_charts(result, part), *texts)


def _sources(preset: Preset) -> list[str]:
    return [source.text for source in preset.references]


def _charts(result: object, part: GradientPart) -> tuple[Chart | Drawing, ...]:
    if isinstance(result, GradientResult):
        return (gradient_plot(result, part.shows),)
    if not isinstance(result, Descent):
        return (lab_chart(result),)
    step = _step(result, part.step)
    if part.view is DescentView.LOSS or step is None:
        return (loss_chart(result, step),)
    if part.view is DescentView.HEAT:
        maps = (Drawing(heatmap(shown, *HEAT)) for shown in heat_maps(result, part.shows))
        return (*maps, loss_chart(result, step))
    return (step_plot(result, part.shows, step), loss_chart(result, step))


def _step(result: Descent, number: int) -> DescentStep | None:
    """Return the last measured step up to a number."""
    measured = [step for step in result.measured if number == NEWEST or step.number <= number]
    return measured[-1] if measured else None
