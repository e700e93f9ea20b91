"""The command ``finetune``: images looked at, groups told, strategies tuned, judged and taken away."""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.choices import WeightsKind
from resnet_explorer.finetuning.codec import loads
from resnet_explorer.finetuning.command_text import (
    checks_words,
    groups_words,
    result_words,
    results_values,
    table,
    weights_words,
)
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.plans import Source, plan_of, plans_of, root_of, source_of, tasks_of
from resnet_explorer.finetuning.requests import (
    CheckData,
    FetchWeights,
    FindWeights,
    JudgeTune,
    Predict,
    SaveTuned,
    TuneRun,
)
from resnet_explorer.finetuning.results import BeforeAfter, DataReport, Prediction, Published
from resnet_explorer.finetuning.strategies import grouping
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.folder import BEST, TUNE
from resnet_explorer.spec.catalogue import title
from resnet_explorer.terminal.ask import Asker
from resnet_explorer.terminal.output import NAME, complain, notes_text, say, say_json
from resnet_explorer.training import tasks as run_tasks
from resnet_explorer.training.command import FAILED, INTERRUPTED, report_problems
from resnet_explorer.training.tasks import Task
from resnet_explorer.training.workers import LocalWorkers, Outcome, displayed

CARD, SCRIPT = "card.md", "finetune.py"


def finetune(options: argparse.Namespace) -> int:
    """Tune what the options ask, and return the exit status."""
    if options.workers is not None and options.workers < 1:
        raise ExplorerError("workers", f"{options.workers} workers tune nothing.", "Choose 1 or more.")
    if options.dynamic and "onnx" not in options.save:
        raise ExplorerError("dynamic", "--dynamic is a choice for ONNX alone.", "Add --save onnx, or leave it out.")
    root = root_of(options)
    with Asker() as asker:
        source = source_of(options, root, asker)
        plan = plan_of(options, source)
        if source.read and not options.json:
            say(notes_text(source.read.notes, source.read.keys))
        _have_weights(plan, options, asker)
        report: DataReport = asker.ask(CheckData(plan))
        whole = _checked(report, plan)
        plans = plans_of(options, whole)
        if options.json:
            for words in {words: None for one in plans for words in grouping(one, report.train).warnings}:
                complain(words)
        else:
            say(
                weights_words(source.weights.name, source.read.found if source.read else None, whole)
                + checks_words(report, whole)
            )
            say("".join(groups_words(one, report.train) for one in _one_seed(plans)))
        if options.dry_run:
            return 0
        tasks = tasks_of(plans, report.train, root)
        run_tasks.check_folder(root, tasks)
        _write_first(source, plan, asker)
        outcome = _tuned(tasks, plans, options)
        return _ended(tasks, outcome, options, asker)


def _one_seed(plans: Sequence[TunePlan]) -> tuple[TunePlan, ...]:
    return tuple(one for one in plans if one.seed == plans[0].seed)


def _have_weights(plan: TunePlan, options: argparse.Namespace, asker: Asker) -> None:
    """Fetch published weights where that is asked for; raises ExplorerError where they are not here otherwise."""
    if plan.weights.kind is not WeightsKind.PUBLISHED:
        return
    found: tuple[Published, ...] = asker.ask(FindWeights(plan.spec))
    wanted = next((one for one in found if plan.weights.name in (one.name, "DEFAULT" if one.is_default else "")), None)
    if wanted is None:
        known = ", ".join(one.name for one in found)
        words = f"{title(plan.spec)} has no weights called {plan.weights.name}." if found else (
            f"torchvision publishes no weights of {title(plan.spec)}."
        )  # fmt: skip
        raise ExplorerError("weights", words, f"Choose {known}." if found else "Write --weights FILE, or none.")
    if wanted.cached or options.dry_run:
        return
    if not options.download:
        raise ExplorerError("weights", f"{wanted.words} They are not on this machine.", "Add --download to fetch them.")
    say(f"{wanted.words}\n")
    say(f"{asker.ask(FetchWeights(wanted))}\n")


def _checked(report: DataReport, plan: TunePlan) -> TunePlan:
    """Return the plan that the images complete; raises ExplorerError where they teach nothing."""
    if report.problems:
        bad = f" {report.unreadable[0].path}: {report.unreadable[0].reason}." if report.unreadable else ""
        raise ExplorerError("data", f"{' '.join(report.problems)}{bad}")
    if report.plan is None:
        raise ExplorerError("weights", f"There are no weights {plan.weights.text} of {title(plan.spec)}.")
    return report.plan


def _write_first(source: Source, plan: TunePlan, asker: Asker) -> None:
    """Write the weights of the run that the tuning starts from, once, and beside them whose they are.

    Raises ExplorerError where the folder has those of another run.
    """
    if source.run is None:
        return
    file, run = Path(plan.weights.name), str(source.run)
    told = file.with_suffix(".txt")
    if not file.is_file():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            words = f"{file.parent} cannot be made: {error.strerror}."
            raise ExplorerError(str(file.parent), words, "Choose another folder.") from error
        asker.ask(SaveTuned(run, str(file)))
        files.write(told, f"{run}\n")
    elif told.is_file() and (theirs := told.read_text(encoding="utf-8").strip()) != run:
        words = f"What is in {file.parent} starts from the weights of {theirs}, not of {run}."
        raise ExplorerError(str(file.parent), words, "Choose another folder with -o.")


def _tuned(tasks: Sequence[Task], plans: Sequence[TunePlan], options: argparse.Namespace) -> Outcome:
    """Make the steps that are missing of all runs."""
    jobs = {
        place: TuneRun(plan, str(task.folder), None, 0, options.tensorboard)
        for place, (task, plan) in enumerate(zip(tasks, plans, strict=True))
        if not _is_done(task, plan)
    }
    with displayed(tasks) as display:
        display.say(f"Kept in {tasks[0].folder if len(tasks) == 1 else tasks[0].folder.parent}")
        return LocalWorkers(jobs, display, options.workers).run() if jobs else Outcome()


def _is_done(task: Task, plan: TunePlan) -> bool:
    """Return whether this very plan has nothing left to do."""
    file = task.folder / TUNE
    if not file.is_file() or not run_tasks.is_finished(task):
        return False
    return loads(file.read_text(encoding="utf-8"), str(file)) == plan


def _ended(tasks: Sequence[Task], outcome: Outcome, options: argparse.Namespace, asker: Asker) -> int:
    """Say how it ended, judge what is there, write card and script, and return the exit status."""
    report_problems(outcome, tasks)
    root = tasks[0].folder if len(tasks) == 1 else tasks[0].folder.parent
    if outcome.stopped:
        complain(f"Paused. The same command with -o '{root}' goes on.")
        return INTERRUPTED
    judged: list[BeforeAfter] = [
        asker.ask(JudgeTune(str(task.folder))) for place, task in enumerate(tasks) if place not in outcome.problems
    ]
    if not judged:
        if options.output is None and not runs_folder.list_runs(root):
            shutil.rmtree(root, ignore_errors=True)
        return FAILED
    if options.json:
        say_json(results_values(judged))
    else:
        say(result_words(judged))
    _take_away(judged, options, asker)
    return FAILED if outcome.problems else 0


def _take_away(judged: Sequence[BeforeAfter], options: argparse.Namespace, asker: Asker) -> None:
    """Write card, script, and the model in the forms that are asked for, into each run's folder."""
    names = [CARD, SCRIPT, *(f"model.{suffix}" for suffix in dict.fromkeys(options.save))]
    for one in judged:
        for name in names:
            asker.ask(SaveTuned(one.folder, str(Path(one.folder) / name), options.dynamic))
    if not options.json:
        say(f"\nIn {judged[0].folder if len(judged) == 1 else 'each folder'}: {', '.join((BEST, *names))}\n")
        say(f"To name other images: {NAME} predict '{judged[0].folder}' IMAGE\n")


def predict(options: argparse.Namespace) -> int:
    """Name some images; return 1 where one cannot be read."""
    with Asker() as asker:
        found: tuple[Prediction, ...] = asker.ask(Predict(str(options.run), tuple(options.images)))
    if options.json:
        say_json(_values(found))
    else:
        say(_text(found))
    bad = [one for one in found if one.problem]
    for one in bad:
        complain(f"{one.file} cannot be named: {one.problem}.")
    return 1 if bad else 0


def _text(found: Sequence[Prediction]) -> str:
    rows = [(one.file, one.classes[0][0], f"{one.classes[0][1]:.1%}") for one in found if one.classes]
    return table(rows) if rows else ""


def _values(found: Sequence[Prediction]) -> list[dict[str, object]]:
    return [
        {
            "file": one.file,
            "classes": [{"name": name, "probability": chance} for name, chance in one.classes],
            "problem": one.problem or None,
        }
        for one in found
    ]
