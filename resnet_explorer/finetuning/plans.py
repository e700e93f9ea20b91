"""From the words of the command ``finetune`` to its plans, which the images complete later."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from resnet_explorer.engine.requests import ReadWeights
from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.finetuning.choices import (
    EMBEDDED,
    BnMode,
    GreyWay,
    Strategy,
    TuneData,
    TuneKind,
    WeightsChoice,
    WeightsKind,
    parse_tune_data,
    parse_weights,
)
from resnet_explorer.finetuning.plan import TUNING, TunePlan, run_plan
from resnet_explorer.runs import folder as runs_folder
from resnet_explorer.runs.folder import BEST, RUN, file_name
from resnet_explorer.runs.recipe import set_recipe
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.choices import Stem
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.terminal.ask import Asker
from resnet_explorer.training.tasks import MOST_SEED, MOST_SEEDS, Task
from resnet_explorer.weights.from_file import refusal, with_head
from resnet_explorer.weights.identify import Weights

FIRST = "first.safetensors"
"""In this file a run's folder keeps the weights of another run that it starts from."""
_SIDES = {TuneKind.DIGITS: 8, TuneKind.MNIST: 28}


@dataclass(frozen=True, slots=True)
class Source:
    """The network that is asked for, its first weights, and where they come from: a run's folder, or a file."""

    spec: ResNetSpec
    weights: WeightsChoice
    run: Path | None = None
    read: Weights | None = None


def source_of(options: argparse.Namespace, root: Path, asker: Asker) -> Source:
    """Return network and weights; raises ExplorerError where nothing tells which network it is."""
    weights = parse_weights(options.weights or "DEFAULT")
    if weights.kind is WeightsKind.FILE:
        file = Path(weights.name).absolute()
        if (file / RUN).is_file():
            return _of_run(file, root)
        weights = WeightsChoice(WeightsKind.FILE, str(file), options.key or "")
        read: Weights = asker.ask(ReadWeights(str(file), key=options.key))
        spec = find_network(options.net, options.settings) if options.net else with_head(read.found.spec)
        if why := refusal(file.name, read.found, spec, read.strange, read.values):
            raise CheckpointError(str(file), why, "Leave --net out, or choose another file.")
        return Source(spec, weights, read=read)
    if options.key:
        raise ExplorerError("key", "--key chooses a network in a file of weights.", "Name the file with --weights.")
    if not options.net:
        raise ExplorerError("net", "Nothing tells which network to tune.", "Name it, as in --net resnet18.")
    return Source(find_network(options.net, options.settings), weights)


def _of_run(folder: Path, root: Path) -> Source:
    """Return the network of a run; the weights of a plain training are written beside the new run first."""
    spec = runs_folder.summarize_run(folder).plan.spec
    if (folder / BEST).is_file():
        return Source(spec, WeightsChoice(WeightsKind.FILE, str(folder / BEST)))
    return Source(spec, WeightsChoice(WeightsKind.FILE, str(root.absolute() / FIRST)), folder)


def root_of(options: argparse.Namespace) -> Path:
    """Return the folder of all runs: the one that is asked for, or a new one named after the moment."""
    if options.output is not None:
        return Path(options.output)
    title = f"{options.net or 'tuned'} on {Path(options.data).name}"
    return Path("runs") / f"{datetime.now():%Y-%m-%d %H.%M.%S} {file_name(title)[:80]}"


def plan_of(options: argparse.Namespace, source: Source) -> TunePlan:
    """Return the plan of the first strategy and seed, without classes; raises ExplorerError where it cannot be."""
    words = [f"{key}={value}" for key, value in (("rate", options.rate), ("batch", options.batch)) if value is not None]
    data = data_of(options)
    single = len(_strategies(options)) * len(seeds_of(options)) == 1
    channels = options.channels or (1 if options.gray else source.spec.in_channels)
    return TunePlan(
        source.spec,
        source.weights,
        data,
        classes=tuple(part.strip() for part in options.classes.split(",")) if options.classes else (),
        image=_image(options.input, data, source.spec),
        channels=channels,
        grey=GreyWay(options.gray or (GreyWay.REPEAT if channels in (1, 3) else GreyWay.SUM)),
        dropout=options.dropout,
        strategy=_strategies(options)[0],
        unfreeze=_epochs(options.unfreeze) if single else (),
        recipe=set_recipe(TUNING, (*words, *options.recipe)),
        frozen=frozenset(options.freeze),
        bn=BnMode(options.bn),
        epochs=options.epochs,
        patience=options.patience,
        seed=seeds_of(options)[0],
        device=options.device,
        threads=options.threads if options.threads is not None else 0 if single else 1,
    )


def data_of(options: argparse.Namespace) -> TuneData:
    """Return the images that are asked for, by a path that holds everywhere."""
    data = parse_tune_data(options.data)
    where = "" if data.kind in EMBEDDED else str(Path(data.where).absolute())
    return replace(data, where=where, share=options.share)


def _image(text: str | None, data: TuneData, spec: ResNetSpec) -> InputShape:
    if text:
        return replace(parse_input(text, spec.in_channels), batch=1)
    side = _SIDES.get(data.kind)
    return InputShape(1, side, side) if side and spec.stem is Stem.CIFAR else default_input(spec)


def _strategies(options: argparse.Namespace) -> tuple[Strategy, ...]:
    return tuple(map(Strategy, dict.fromkeys(options.compare or [options.strategy])))


def seeds_of(options: argparse.Namespace) -> tuple[int, ...]:
    """Return the seeds that are asked for."""
    if options.seeds is None:
        if not 0 <= options.seed < MOST_SEED:
            raise ExplorerError("seed", f"The seed cannot be {options.seed:,}.", f"Choose 0 to {MOST_SEED - 1:,}.")
        return (options.seed,)
    if not 1 <= options.seeds <= MOST_SEEDS:
        raise ExplorerError("seeds", f"{options.seeds} seeds cannot be tried.", f"Choose 1 to {MOST_SEEDS:,}.")
    return tuple(range(options.seeds))


def _epochs(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise ExplorerError("unfreeze", f"{text!r} are no epochs.", "Write whole numbers, as in 2,4,6.") from error


def plans_of(options: argparse.Namespace, whole: TunePlan) -> tuple[TunePlan, ...]:
    """Return a plan for each strategy and seed, all else alike."""
    pairs = [(strategy, seed) for strategy in _strategies(options) for seed in seeds_of(options)]
    if len(pairs) > 1 and options.unfreeze:
        raise ExplorerError("unfreeze", "Strategies that are compared open by themselves.", "Leave --unfreeze out.")
    return tuple(replace(whole, strategy=strategy, seed=seed) for strategy, seed in pairs)


def tasks_of(plans: Sequence[TunePlan], images: int, root: Path) -> tuple[Task, ...]:
    """Return each plan as a run on so many training images, with its folder: the root itself for a single one."""
    if len(plans) == 1:
        return (Task(run_plan(plans[0], images), root),)
    many = len({one.seed for one in plans}) > 1
    names = [f"{one.strategy}, seed {one.seed}" if many else str(one.strategy) for one in plans]
    return tuple(Task(run_plan(one, images), root / name) for one, name in zip(plans, names, strict=True))
