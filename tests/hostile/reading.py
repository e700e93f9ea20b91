"""What the app does with a file of each kind, as its commands and its window do it."""

import json
import os
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import torch

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.features import resolve
from resnet_explorer.finetuning import checked, data
from resnet_explorer.finetuning.choices import TuneData, TuneKind
from resnet_explorer.finetuning.data_report import Part
from resnet_explorer.finetuning.features import FeatureFile, features_budget
from resnet_explorer.finetuning.listing import listing
from resnet_explorer.finetuning.plan import TunePlan, read_plan
from resnet_explorer.finetuning.schedule import TuneFolder
from resnet_explorer.finetuning.values import FreezeReport
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.images.read import is_animated, top_of
from resnet_explorer.lessons import check, course
from resnet_explorer.network import compile_spec
from resnet_explorer.probes.data import Images
from resnet_explorer.readings import analyse
from resnet_explorer.runs import folder as runs
from resnet_explorer.runs import kept_results, recorded
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import describe_conditions, describe_machine
from resnet_explorer.runs.unfinished import noted
from resnet_explorer.scenes import session as sessions
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec import codec as specs
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.search import default_input
from resnet_explorer.timing.charts import roofline
from resnet_explorer.timing.values import Measured, MeasureTime
from resnet_explorer.training import command
from resnet_explorer.training import sweep as sweeps
from resnet_explorer.training.folder import restore
from resnet_explorer.training.tasks import read_list
from resnet_explorer.training.text import blocks_to_csv, to_csv
from resnet_explorer.training.trainer import Trainer
from resnet_explorer.ui import last_session as last
from resnet_explorer.ui import preferences as settings
from resnet_explorer.ui.recent import recent_files
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.reader import Checkpoint
from resnet_explorer.weights.reader import read as read_weights
from tests import training_runs, tuning_runs
from tests.hostile import seeds

TIMES, RATES = "resnet_explorer.timing.values:Measured", "resnet_explorer.training.values:RateTest"


def spec(path: Path) -> object:
    net = specs.read(path)
    return analyse(compile_spec(net), default_input(net)).total


def session(path: Path) -> object:
    opened = sessions.read(path).session
    again = sessions.decode(sessions.encode(opened), "again.rnx").session
    assert sessions.decode(sessions.encode(again), "again.rnx").session == again
    for result in (result.content for result in opened.results if result.page == "timing"):
        try:
            measured = recorded.from_values(result, {MeasureTime: Measured}, "The session's times").result
            roofline(analyse(compile_spec(measured.job.spec), measured.job.image), measured.timing, measured.peaks)
        except (ExplorerError, ValueError, LookupError, ArithmeticError):  # as the page does
            continue
    return opened


def last_session(path: Path) -> object:
    start = last.start()
    if start.slot:
        start.slot.release()
    return start.opened()


def lesson(path: Path) -> object:
    """Read it as the list of lessons, the checks of its file and the player do."""
    (listed,) = (row for row in course.lessons(path.parent) if row.path == path) if path.is_file() else (None,)
    problems = check.problems(course.read_text(path), str(path))
    if listed and listed.lesson and not problems:
        net = find("resnet18")
        return course.scenes(listed.lesson, Scene(State(net, default_input(net))))
    assert problems or listed is None or listed.problem == ""
    return problems or course.load(path)


def own_lesson() -> bytes:
    return (assets.path("lessons") / "11-grey-images.md").read_bytes()


def sweep(path: Path) -> object:
    return sweeps.loads(command._text(path), path.name).plans()


def run(path: Path) -> object:
    """List the runs of a folder, open this one, save its steps, and go on with it."""
    folder = path.parent
    for row in runs.list_runs(folder.parent):
        assert row.steps >= 0 and isinstance(row.is_finished, bool)
    opened = runs.read(folder)
    texts = describe_conditions([opened]), describe_machine([opened]), to_csv([opened]), blocks_to_csv([opened])
    if opened.plan.spec == training_runs.plan().spec and opened.plan.device == "cpu":  # the engine looks for others
        load_trained(folder)
        restore(Trainer(opened.plan), folder / runs.CHECKPOINT)
    return texts


def tuning(path: Path) -> object:
    folder = path.parent
    opened, plan = runs.read(folder), read_plan(folder)
    runs.run_files(str(folder))
    if plan == tuning_runs.PLAN:
        load_trained(folder)
        own = TuneFolder(folder, opened.plan, plan)
        own.opened(1, FreezeReport((), (), 0))
        own.flush()
    return opened


def run_list(path: Path) -> object:
    return read_list(path.parent)


def unfinished(path: Path) -> object:
    return noted(path.parent, "training")


def tensors(path: Path) -> Checkpoint:
    checkpoint = read_weights(path)
    for tensor in checkpoint.tensors.values():
        tensor.float().sum()
    return checkpoint


def weights(path: Path) -> object:
    checkpoint = tensors(path)
    identify({name: tuple(tensor.shape) for name, tensor in checkpoint.tensors.items()}, checkpoint.spec)
    return checkpoint.notes


def images(path: Path) -> object:
    """Tune on its folder."""
    plan = replace(tuning_runs.PLAN, data=TuneData(where=str(path.parents[1])), classes=("a", "b"), channels=3)
    found = next(step for step in data.load(plan, 0) if isinstance(step, data.TuneImages))
    for bad in found.skipped:
        assert bad.reason.isprintable() and len(bad.reason) < 200, bad.reason
    return is_animated(path), top_of(path), found.text


def folder(path: Path) -> object:
    """Train on its folder."""
    return Images(DataChoice(DataKind.FOLDER, str(path.parents[1])), find("resnet20"), InputShape(1, 8, 8)).text


def mnist(path: Path) -> object:
    root = str(path.parents[2])
    return Images(DataChoice(DataKind.MNIST, root), find("resnet20"), InputShape(1, 28, 28)).take(torch.arange(2))


def table(path: Path) -> object:
    plan = replace(tuning_runs.PLAN, data=TuneData(TuneKind.CSV, str(path)), classes=(), channels=3)
    return listing(plan.data, 0), data.complete(plan)


def preferences(path: Path) -> object:
    kept = settings.load()
    assert type(kept.export_scale) is int
    return kept


def recent(path: Path) -> object:
    return [str(file.absolute()) for file in recent_files()]


def budget(path: Path) -> object:
    return features_budget()


def _known(path: Path, plan: TunePlan, question: str, *, sampled: bool) -> None:
    """Put the file where what is known of the images of a folder is remembered."""
    available = listing(plan.data, plan.seed).items
    files = data.files_of([item for item in available if item.part is Part.TRAIN] if sampled else available)
    place = checked._place(files, question)
    place.parent.mkdir(parents=True, exist_ok=True)
    os.rename(path, place)


def _images_beside(path: Path) -> TunePlan:
    root = path.parent / "pictures"
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.png").write_bytes(seeds.PNG())
    return replace(tuning_runs.PLAN, data=TuneData(where=str(root)), classes=(), channels=3)


def known_moments(path: Path) -> object:
    plan = _images_beside(path)
    if os.path.lexists(path):
        _known(path, plan, f"mean and deviation of {data.held(plan)} channels at {plan.image}, white ()", sampled=True)
    return data.complete(plan).preprocess


def known_unreadable(path: Path) -> object:
    plan = replace(_images_beside(path), classes=("a", "b"))
    if os.path.lexists(path):
        _known(path, plan, data._question(plan), sampled=False)
    for step in data.load(plan, 0):
        found = step
    assert isinstance(found, data.TuneImages)
    return found.notes, found.take(found.train[:1])


def _kept(path: Path, request: object, kind: str) -> object:
    place = recorded.path_of(request, path.parent)
    if os.path.lexists(path):
        os.rename(path, place)
    found = kept_results.load(request, kind, path.parent)
    assert found is None or isinstance(found.result, resolve(kind))
    return found and kept_results.describe_kept(found.made)


def kept_times(path: Path) -> object:
    return _kept(path, seeds.TIMES, TIMES)


def kept_rates(path: Path) -> object:
    return _kept(path, seeds.RATES, RATES)


def sums() -> bytes:
    own = {"pieces": [3, 1], "sums": [crc32(bytes(48)), crc32(bytes(16))]}
    return json.dumps({"version": 1, "dtype": "float32", "shape": [2, 2], **own}).encode()


def features(path: Path) -> object:
    file = FeatureFile(path.with_suffix(".features"), (2, 2), "float32", (3, 1))
    return [file.is_there(piece) for piece in (0, 1)] and file.rows().sum()
