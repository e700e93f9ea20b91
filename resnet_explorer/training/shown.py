"""What the training lab shows of recorded runs in a scene, as charts that are taken home."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from resnet_explorer import assets
from resnet_explorer.picture.chart import Chart
from resnet_explorer.runs.folder import list_runs, read
from resnet_explorer.runs.plan import Run
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.share.article import Drawing, Text
from resnet_explorer.training.chart_data import Options, Traced, traced
from resnet_explorer.training.charts import TrainingCharts
from resnet_explorer.training.part import SEEDS, Across, CurvesPart, Measure, TrainingPart
from resnet_explorer.training.presets import PRESETS


def shown(scene: Scene) -> tuple[Chart | Drawing | Text, ...]:
    """Return the two plots of the scene's experiment at its moment; none where it is not recorded."""
    part = scene.part("training")
    assert isinstance(part, TrainingPart)
    runs = _recorded(part.preset) if part.preset and not part.saved else ()
    charts = recorded_curves(runs, part, part.seed)
    if not charts:
        return ()
    preset = PRESETS[part.preset]
    sources = "; ".join(source.text for source in preset.references)
    return (*charts, Text(preset.look_for), Text(sources, quiet=True))


def recorded_curves(runs: Sequence[Run], part: CurvesPart, seed: int) -> tuple[Chart, ...]:
    """Return the two plots of recorded runs of a seed at a moment; none where that seed was not recorded."""
    of_seed = [run for run in runs if run.plan.seed == seed]
    if not of_seed:
        return ()
    whole = (0.0, float(max(len(run.metrics) for run in of_seed)))
    within = whole if part.replay < 1 and part.across is Across.STEPS else None
    options = Options(part.across, part.log, part.smoothing, replayed=True, within=within)
    curves = dict.fromkeys((part.curve, part.second or part.usual_second))
    charts = (_chart(curve, runs if curve == SEEDS else of_seed, part, options) for curve in curves)
    return tuple(made for made in charts if made)


def _chart(curve: str, runs: Sequence[Run], part: CurvesPart, options: Options) -> Chart | None:
    """Return a plot of runs; None for those of single blocks, which recorded runs do not have at every step."""
    charts, traces = TrainingCharts(), _traced(runs, part)
    if curve == SEEDS:
        return charts.seeds(traces, Measure.TRAIN_LOSS, options)
    return charts.curves(traces, Measure(curve), options) if curve in list(Measure) else None


def _traced(runs: Sequence[Run], part: CurvesPart) -> list[Traced]:
    """Return the runs that are shown, up to the moment; each is drawn as among all of them."""
    until = [replace(run, metrics=run.metrics[: max(1, round(part.replay * len(run.metrics)))]) for run in runs]
    return [trace for trace in traced(until) if not part.show or trace.run.plan.name in part.show]


@lru_cache(maxsize=8)
def _recorded(preset: str) -> tuple[Run, ...]:
    """Return the recorded runs of an experiment, by seed and in the order of its networks."""
    try:
        folder = assets.path("runs", preset)
    except FileNotFoundError:
        return ()
    order = [name for name, _ in PRESETS[preset].networks]
    runs = [read(run.path) for run in list_runs(folder)]
    return tuple(sorted(runs, key=lambda run: (run.plan.seed, order.index(run.plan.name))))
