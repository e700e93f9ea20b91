"""The commands ``finetune`` and ``predict``, and how their options become plans."""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.engine.requests import ReadWeights
from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.finetuning import choices, text, values
from resnet_explorer.finetuning.data_report import DataReport
from resnet_explorer.finetuning.features import features_budget
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.plan import TUNING, TunePlan, read_plan, run_plan
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.folder import BEST, RUN, TUNE, file_name
from resnet_explorer.runs.recipe import set_recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.choices import Stem
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.terminal.ask import Asker
from resnet_explorer.terminal.output import NAME, complain, notes_text, say, say_json
from resnet_explorer.training import tasks as run_tasks
from resnet_explorer.training.command import FAILED, INTERRUPTED, check_workers, report_problems
from resnet_explorer.training.tasks import Task, seeds_of
from resnet_explorer.training.workers import LocalWorkers, Outcome, displayed
from resnet_explorer.weights.compare import refusal, with_head
from resnet_explorer.weights.values import Weights

FIRST = "first.safetensors"
"""In this file a run's folder keeps the weights of another run that it starts from."""
_SIDES = {choices.TuneKind.DIGITS: 8, choices.TuneKind.MNIST: 28}


@dataclass(frozen=True, slots=True)
class Source:
    """The network that is asked for, its initial weights, and where they come from: a run's folder, or a file."""

    spec: ResNetSpec
    weights: choices.WeightsChoice
    run: Path | None = None
    read: Weights | None = None


def source_of(options: argparse.Namespace, root: Path, asker: Asker) -> Source:
    """Return network and weights; raises ExplorerError where nothing tells which network it is."""
    weights = choices.parse_weights(options.weights or "DEFAULT")
    if weights.file is not None:
        file = weights.file.absolute()
        if (file / RUN).is_file():
            return _of_run(file, root)
        if weights.kind is choices.WeightsKind.FILE:
            weights = choices.WeightsChoice(choices.WeightsKind.FILE, str(file), options.key or "")
        read: Weights = asker.ask(ReadWeights(str(file), key=options.key))
        spec = find_network(options.net, options.settings) if options.net else with_head(read.found.spec)
        if why := refusal(file.name, read.found, spec, read.strange, read.values):
            raise CheckpointError(str(file), why, "Leave --net out, or choose another file.")
        return Source(spec, weights, read=read)
    if options.key:
        raise ExplorerError("key", "--key applies to a file of weights only.", "Name the file with --weights.")
    if not options.net:
        raise ExplorerError("net", "The network to fine-tune is not given.", "Name it, as in --net resnet18.")
    return Source(find_network(options.net, options.settings), weights)


def _of_run(folder: Path, root: Path) -> Source:
    """Return the network of a run; the weights of a plain training are written beside the new run first."""
    spec = runs_folder.summarize_run(folder).plan.spec
    if (folder / BEST).is_file():
        return Source(spec, choices.WeightsChoice(choices.WeightsKind.FILE, str(folder / BEST)))
    return Source(spec, choices.WeightsChoice(choices.WeightsKind.FILE, str(root.absolute() / FIRST)), folder)


def root_of(options: argparse.Namespace) -> Path:
    """Return the folder of all runs: the one that is asked for, or a new one named after the moment."""
    if options.output is not None:
        return Path(options.output)
    title = f"{options.net or 'tuned'} on {Path(options.data).name}"
    return Path("runs") / f"{datetime.now():%Y-%m-%d %H.%M.%S} {file_name(title)[:80]}"


def plan_of(options: argparse.Namespace, source: Source) -> TunePlan:
    """Return the plan of the first strategy and seed, without classes; raises ExplorerError where it cannot be."""
    settings = [f"{key}={getattr(options, key)}" for key in ("rate", "batch") if getattr(options, key) is not None]
    data = data_of(options)
    recipe = set_recipe(TUNING, (*settings, *options.recipe))
    if options.views and not (recipe.pad or recipe.flip):
        text = "--views keeps augmented views, and nothing augments the images."
        raise ExplorerError("views", text, "Add --recipe flip=true or pad=4, or leave --views out.")
    single = len(_strategies(options)) * len(seeds_of(options)) == 1
    channels = options.channels or (1 if options.gray else source.spec.in_channels)
    return TunePlan(
        source.spec,
        source.weights,
        data,
        classes=tuple(part.strip() for part in options.classes.split(",")) if options.classes else (),
        image=_image(options.input, data, source),
        channels=channels,
        grey=choices.GreyWay(options.gray or (choices.GreyWay.REPEAT if channels in (1, 3) else choices.GreyWay.SUM)),
        dropout=options.dropout,
        strategy=_strategies(options)[0],
        unfreeze=_epochs(options.unfreeze) if single else (),
        recipe=recipe,
        frozen=frozenset(options.freeze),
        bn=choices.BnMode(options.bn),
        epochs=options.epochs,
        patience=options.patience,
        seed=seeds_of(options)[0],
        device=options.device,
        threads=options.threads if options.threads is not None else 0 if single else 1,
        views=options.views,
    )


def budget_of(options: argparse.Namespace) -> int:
    """Return the bytes that features of frozen layers may take on disk."""
    chosen: float | None = options.features_budget
    if chosen is None:
        return features_budget()
    if not 0 <= chosen < 1e6:
        raise ExplorerError("features-budget", f"{chosen:g} GB for features cannot be.", "Choose 0 or more.")
    return round(chosen * 1e9)


def data_of(options: argparse.Namespace) -> choices.TuneData:
    """Return the images that are asked for, by a path that holds everywhere."""
    data = choices.parse_tune_data(options.data)
    where = "" if data.kind in choices.EMBEDDED else str(Path(data.where).absolute())
    return replace(data, where=where, share=options.share, per_class=options.per_class)


def _image(text: str | None, data: choices.TuneData, source: Source) -> InputShape:
    spec = source.spec
    if text:
        return replace(parse_input(text, spec.in_channels, spec.dims), batch=1)
    is_built_in = source.weights.kind is choices.WeightsKind.BUILT_IN
    side = _SIDES[choices.TuneKind.MNIST] if is_built_in else _SIDES.get(data.kind)
    return InputShape(1, side, side) if side and spec.stem is Stem.CIFAR else default_input(spec)


def _strategies(options: argparse.Namespace) -> tuple[choices.Strategy, ...]:
    """Return the strategies that are asked for; without weights a frozen backbone would stay random."""
    usual = choices.Strategy.FULL if _is_random(options) else choices.Strategy.A
    return tuple(map(choices.Strategy, dict.fromkeys(options.compare or [options.strategy or usual])))


def _is_random(options: argparse.Namespace) -> bool:
    return choices.parse_weights(options.weights or "DEFAULT") == choices.NO_WEIGHTS


def _epochs(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        what = f"{text!r} is not a list of epochs."
        raise ExplorerError("unfreeze", what, "Write whole numbers, as in 2,4,6.") from error


def plans_of(options: argparse.Namespace, whole: TunePlan) -> tuple[TunePlan, ...]:
    """Return a plan for each strategy and seed, all else alike."""
    pairs = [(strategy, seed) for strategy in _strategies(options) for seed in seeds_of(options)]
    if len(pairs) > 1 and options.unfreeze:
        raise ExplorerError("unfreeze", "--unfreeze applies to a single strategy.", "Leave --unfreeze out.")
    return tuple(replace(whole, strategy=strategy, seed=seed) for strategy, seed in pairs)


def tasks_of(plans: Sequence[TunePlan], images: int, root: Path) -> tuple[Task, ...]:
    """Return each plan as a run on so many training images, with its folder: the root itself for a single one."""
    if len(plans) == 1:
        return (Task(run_plan(plans[0], images), root),)
    many = len({plan.seed for plan in plans}) > 1
    names = [f"{plan.strategy}, seed {plan.seed}" if many else str(plan.strategy) for plan in plans]
    return tuple(Task(run_plan(plan, images), root / name) for plan, name in zip(plans, names, strict=True))


CARD, SCRIPT = "card.md", "finetune.py"


def finetune(options: argparse.Namespace) -> int:
    """Fine-tune as the options say, and return the exit status."""
    check_workers(options)
    if options.dynamic and "onnx" not in options.save:
        raise ExplorerError("dynamic", "--dynamic applies to ONNX only.", "Add --save onnx, or leave it out.")
    root, budget = root_of(options), budget_of(options)
    with Asker() as asker:
        source = source_of(options, root, asker)
        plan = plan_of(options, source)
        if source.read and not options.json:
            say(notes_text(source.read.notes, source.read.keys))
        _ensure_weights(plan, options, asker)
        report: DataReport = asker.ask(values.CheckData(plan))
        whole = _checked(report, plan)
        plans = plans_of(options, whole)
        if options.json:
            for warning in {warning: None for chosen in plans for warning in grouping(chosen, report.train).warnings}:
                complain(warning)
        else:
            identified = source.read.found if source.read else None
            say(text.describe_weights(source.weights.name, identified, whole) + text.describe_data(report, whole))
            if _is_random(options) and not options.strategy and not options.compare:
                say(f"\n{text.ALL_RANDOM}\n")
            first = [chosen for chosen in plans if chosen.seed == plans[0].seed]
            sizes = report.train, report.val or report.test, budget
            say("".join(text.describe_groups(chosen, *sizes) for chosen in first))
        if options.dry_run:
            return 0
        tasks = tasks_of(plans, report.train, root)
        run_tasks.check_folder(root, tasks)
        _write_initial(source, plan, asker)
        outcome = _tuned(tasks, plans, options)
        return _ended(tasks, outcome, options, asker)


def _ensure_weights(plan: TunePlan, options: argparse.Namespace, asker: Asker) -> None:
    if plan.weights.kind is not choices.WeightsKind.PUBLISHED:
        return
    wanted = values.choose_published(asker.ask(values.FindWeights(plan.spec)), plan.spec, plan.weights.name)
    if wanted.cached or options.dry_run:
        return
    if not options.download:
        raise ExplorerError("weights", f"{wanted.text} They are not on this machine.", "Add --download to fetch them.")
    say(f"{wanted.text}\n")
    say(f"{asker.ask(values.FetchWeights(wanted))}\n")


def _checked(report: DataReport, plan: TunePlan) -> TunePlan:
    """Return the plan completed from the images; raises ExplorerError where they cannot be trained on."""
    if report.problems:
        bad = f" {report.unreadable[0].path}: {report.unreadable[0].reason}." if report.unreadable else ""
        raise ExplorerError("data", f"{' '.join(report.problems)}{bad}")
    if report.plan is None:
        raise ExplorerError("weights", f"{title(plan.spec)} has no weights called {plan.weights.text}.")
    return report.plan


def _write_initial(source: Source, plan: TunePlan, asker: Asker) -> None:
    """Write the weights of the run that the tuning starts from, once, and beside them whose they are.

    Raises ExplorerError where the folder has those of another run.
    """
    if source.run is None:
        return
    file, run = Path(plan.weights.name), str(source.run)
    source_file = file.with_suffix(".txt")
    if not file.is_file():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"{file.parent} cannot be made: {error.strerror}."
            raise ExplorerError(str(file.parent), what, "Choose another folder.") from error
        asker.ask(values.SaveTuned(run, str(file)))
        files.write(source_file, f"{run}\n")
    elif source_file.is_file() and (theirs := source_file.read_text(encoding="utf-8").strip()) != run:
        what = f"{file.parent} starts from the weights of {theirs}, not of {run}."
        raise ExplorerError(str(file.parent), what, "Choose another folder with -o.")


def _tuned(tasks: Sequence[Task], plans: Sequence[TunePlan], options: argparse.Namespace) -> Outcome:
    jobs = {
        place: values.TuneRun(
            plan, str(task.folder), None, 0, options.tensorboard, budget_of(options), options.decoders
        )
        for place, (task, plan) in enumerate(zip(tasks, plans, strict=True))
        if not _is_done(task, plan)
    }
    with displayed(tasks) as display:
        display.say(f"Kept in {tasks[0].folder if len(tasks) == 1 else tasks[0].folder.parent}")
        return LocalWorkers(jobs, display, options.workers).run() if jobs else Outcome()


def _is_done(task: Task, plan: TunePlan) -> bool:
    return run_tasks.is_finished(task) and (task.folder / TUNE).is_file() and read_plan(task.folder) == plan


def _ended(tasks: Sequence[Task], outcome: Outcome, options: argparse.Namespace, asker: Asker) -> int:
    report_problems(outcome, tasks)
    root = tasks[0].folder if len(tasks) == 1 else tasks[0].folder.parent
    if outcome.stopped:
        complain(f"Paused. The same command with -o '{root}' goes on.")
        return INTERRUPTED
    judged: list[values.BeforeAfter] = [
        asker.ask(values.EvaluateTuned(str(task.folder), options.decoders))
        for place, task in enumerate(tasks)
        if place not in outcome.problems
    ]
    if not judged:
        if options.output is None and not runs_folder.list_runs(root):
            shutil.rmtree(root, ignore_errors=True)
        return FAILED
    if options.json:
        say_json(text.results_values(judged))
    else:
        say(text.describe_results(judged))
    _export(judged, options, asker)
    return FAILED if outcome.problems else 0


def _export(judged: Sequence[values.BeforeAfter], options: argparse.Namespace, asker: Asker) -> None:
    names = [CARD, SCRIPT, *(f"model.{suffix}" for suffix in dict.fromkeys(options.save))]
    for result in judged:
        for name in names:
            asker.ask(values.SaveTuned(result.folder, str(Path(result.folder) / name), options.dynamic))
    if not options.json:
        say(f"\nIn {judged[0].folder if len(judged) == 1 else 'each folder'}: {', '.join((BEST, *names))}\n")
        say(f"To classify other images: {NAME} predict '{judged[0].folder}' IMAGE\n")


def predict(options: argparse.Namespace) -> int:
    """Classify some images; return 1 if one cannot be read."""
    with Asker() as asker:
        predictions: tuple[values.Prediction, ...] = asker.ask(values.Predict(str(options.run), tuple(options.images)))
    best = [(prediction.file, *prediction.classes[0]) for prediction in predictions if prediction.classes]
    rows = [(file, name, f"{chance:.1%}") for file, name, chance in best]
    if options.json:
        say_json([_values(prediction) for prediction in predictions])
    elif rows:
        say(text.table(rows))
    unreadable = [prediction for prediction in predictions if prediction.problem]
    for prediction in unreadable:
        complain(f"{prediction.file} could not be classified: {prediction.problem}.")
    return 1 if unreadable else 0


def _values(prediction: values.Prediction) -> dict[str, object]:
    classes = [{"name": name, "probability": probability} for name, probability in prediction.classes]
    return {"file": prediction.file, "classes": classes, "problem": prediction.problem or None}
