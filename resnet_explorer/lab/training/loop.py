"""The training loop: one network, step by step, told and kept as it goes."""

from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from resnet_explorer.analysis.gradients import Place
from resnet_explorer.analysis.progress import Partial, Progress
from resnet_explorer.analysis.quantities import Mode
from resnet_explorer.analysis.training import Chunk, Ending, Metric, Run, RunPlan, Setting
from resnet_explorer.lab.probe import places
from resnet_explorer.lab.training.checkpoint import Mark
from resnet_explorer.lab.training.conditions import conditions
from resnet_explorer.lab.training.course import Told, TrainingRun
from resnet_explorer.lab.training.events import events
from resnet_explorer.lab.training.feed import Feed, check
from resnet_explorer.lab.training.folder import Folder
from resnet_explorer.lab.training.trainer import Trainer


def train(
    plan: RunPlan, folder: Path | None = None, until: int | None = None, *, tensorboard: bool = False
) -> Generator[Told | Run, None, None]:
    """Yield progress and the steps as they are made, and last the whole run.

    With a ``folder`` the run is kept there, and goes on where it stopped; ``until`` stops it after so many steps in
    all. To pause it, close the generator: its state is saved. Raises ExplorerError where the images are not there, the
    network cannot take them, or the folder holds another run; a loss that is no number or a full disk end the run with
    its ``problem``.
    """
    setting: Setting | None = None
    found: dict[int, Metric] = {}
    with closing(follow(plan, folder, until, have=0, tensorboard=tensorboard)) as told:
        for one in told:
            if isinstance(one, Ending):
                yield Run(plan, setting, tuple(found[step] for step in sorted(found)), one.folder, one.problem)
                return
            if isinstance(one, Partial):
                setting = one.value.setting or setting
                found.update((metric.step, metric) for metric in one.value.metrics)
            yield one


def follow(
    plan: RunPlan,
    folder: Path | None = None,
    until: int | None = None,
    *,
    have: int | None = None,
    tensorboard: bool = False,
) -> Generator[Told | Ending, None, None]:
    """Yield what ``train`` yields, but hold no steps in memory: the last is how it ended.

    ``have`` is how many steps the caller knows of a run that goes on: what is kept since comes in the first chunk;
    None asks for new steps alone.
    """
    check(plan)
    blocks = places(plan.spec, replace(plan.image, batch=plan.recipe.batch), Mode.TRAIN)
    yield Progress(0, plan.recipe.steps, "fetching the images")
    with ExitStack() as lent:
        lent.enter_context(conditions(plan))
        kept = Folder(folder, plan) if folder is not None else None
        if kept is not None:
            yield from kept.claim()
            lent.enter_context(kept)
        yield from _follow(plan, kept, blocks, until, have, tensorboard)


def _follow(
    plan: RunPlan,
    kept: Folder | None,
    blocks: tuple[Place, ...],
    until: int | None,
    have: int | None,
    tensorboard: bool,
) -> Generator[Told | Ending, None, None]:
    setting = kept.kept() if kept else None
    trainer = Trainer(plan)
    mark = kept.restore(trainer) if kept and setting else Mark()
    training_run = TrainingRun(trainer, Feed(plan, trainer.layout), blocks, kept, mark)
    yield from go_on(training_run, setting, until, have, tensorboard)


def go_on(
    training_run: TrainingRun, setting: Setting | None, until: int | None, have: int | None, tensorboard: bool
) -> Generator[Told | Ending, None, None]:
    """Yield what is kept of a run that the caller does not have, then what comes of it, and last how it ended."""
    kept, mark = training_run.kept, training_run.mark
    problem = kept.divergence if kept else ""
    if kept and setting:
        known = kept.metrics() if have is not None else ()
        counts = (one for one in known if one.step >= (have or 0) and (problem or one.step < mark.steps))
        yield Partial(Chunk(tuple(counts), setting))
    steps = training_run.plan.recipe.steps
    last = steps if until is None else min(until, steps)
    training_run.problem = problem
    if not problem and not training_run.is_over and (mark.steps < last or mark.pending):
        yield from training_run.feed.fit()
        with ExitStack() as lent:
            written = lent.enter_context(events(kept.path, mark.steps)) if kept and tensorboard else None
            yield from training_run.run(last, setting, written)
    yield training_run.ending
