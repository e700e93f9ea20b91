"""The exported training script: one file for exactly one plan, which needs PyTorch and torchvision alone.

Its functions are the template ``finetune.py``. What finds and reads images is the app's own code, so that the script
sees the same images with the same pixels.
"""

import ast
import inspect
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import wrap

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import choices
from resnet_explorer.finetuning.frozen import is_augmented
from resnet_explorer.finetuning.groups import grouping
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.images import find, read
from resnet_explorer.network.kinds import KINDS, Role
from resnet_explorer.network.tree import first_convolution
from resnet_explorer.readings.memory_format import memory_format
from resnet_explorer.readings.read import analyse
from resnet_explorer.runs.recipe import ONE_CYCLE_END, ONE_CYCLE_START, ONE_CYCLE_UP, Optimiser, Schedule
from resnet_explorer.source import to_source
from resnet_explorer.source.network import class_name
from resnet_explorer.spec.catalogue import entry_of, title

NORMS = ("SyncBatchNorm", *(kind.__name__ for kind in KINDS if kind.role is Role.NORM), "Gain")
"""Class names in the script of modules whose weights get no weight decay."""
LINE = 110
"""Characters in a line of the script."""


def to_script(plan: TunePlan) -> str:
    """Return the text of the script; raises ExplorerError where the plan names no classes yet.

    From the same seed it sees the same images in the same order as the app, and makes the same steps.
    """
    if not plan.classes:
        raise ExplorerError("classes", "The plan names no classes yet.", "Look at the images first.")
    maths, classes = _network_source(plan)
    body = assets.template("finetune.py", **_values(plan), NETWORK_CLASSES=classes)
    constants = _constants(plan)
    return "\n\n".join([_heading(plan), _imports(maths, constants + body), constants]) + f"\n\n\n{body}\n"


def _network_source(plan: TunePlan) -> tuple[list[str], str]:
    text = to_source(analyse(plan.network, plan.image))
    tree, lines = ast.parse(text), text.splitlines()
    first = next(node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    last = next(node for node in tree.body if isinstance(node, ast.If))
    maths = [line for line in lines[: first.lineno - 1] if line.startswith("from math ")]
    return maths, "\n".join(lines[first.lineno - 1 : last.lineno - 1]).rstrip()


def _values(plan: TunePlan) -> dict[str, str | bool]:
    """Return what the template's names stand for, and which of its branches hold."""
    kind, weights, into = plan.data.kind, plan.weights.kind, plan.spec.in_channels
    is_table = kind is choices.TuneKind.CSV
    adapted = choices.adapts(plan.spec, plan.channels)
    is_ported = plan.grey in choices.PORTS and adapted
    top, train = {choices.TuneKind.DIGITS: (16, 1500), choices.TuneKind.MNIST: (255, 4000)}.get(kind, (0, 0))
    return {
        "PUBLISHED": weights is choices.WeightsKind.PUBLISHED,
        "WEIGHTS_FILE": plan.weights.file is not None,
        "STARTS": weights is not choices.WeightsKind.NONE,
        "MODEL": class_name(analyse(plan.network, plan.image)),
        "PORTED": str(plan.grey) if is_ported else False,
        "CONV": f'"{first_convolution(plan.network)[0]}.weight"',
        "KERNELS_MIX": _mix(plan.grey, plan.channels, into),
        "ADAPTED": plan.adapter is not None,
        "ADAPTER_MIX": _mix(choices.GreyWay.ADAPTER, plan.channels, into),
        "FROM": str(plan.channels),
        "INTO": str(into),
        "EMBEDDED": kind in choices.EMBEDDED,
        "SET": str(kind),
        "TOP": str(top),
        "TRAIN_IMAGES": str(train),
        "FIND": "in_table" if is_table else "in_folder",
        "SHARE": repr(plan.data.share),
        "FEW": repr(plan.data.per_class) if plan.data.per_class else False,
        "FINDERS": _sources(*_finders(plan.data)),
        "CHANNELS": str(1 if plan.grey is choices.GreyWay.REPEAT and adapted else plan.channels),
        "READERS": _sources(*(() if kind in choices.EMBEDDED else _READ), *_CONVERT),
        **_recipe_values(plan),
    }


def _recipe_values(plan: TunePlan) -> dict[str, str | bool]:
    recipe = plan.recipe
    return {
        "AUGMENTED": bool(recipe.pad or recipe.flip),
        "AT_RANDOM": "at random, and mirrored by chance" if recipe.flip else "at random",
        "FLIP_CHANCE": "0.5" if recipe.flip else "0.0",
        "WARM": bool(recipe.warmup) and recipe.schedule is not Schedule.ONE_CYCLE,
        "WARM_STEPS": str(recipe.warmup),
        "WARM_FROM": repr(recipe.warmup_from),
        "WARM_RISE": repr(1 - recipe.warmup_from),
        **{schedule.name: recipe.schedule is schedule for schedule in Schedule},
        "GAMMA": repr(recipe.gamma),
        "MILESTONES": literal(recipe.milestones),
        "CYCLE_UP": repr(ONE_CYCLE_UP),
        "CYCLE_START": repr(ONE_CYCLE_START),
        "CYCLE_END": repr(ONE_CYCLE_END),
        "BN_TRAIN": plan.bn is choices.BnMode.TRAIN,
        "BN_FROZEN": plan.bn is choices.BnMode.FROZEN,
        "MIXED": recipe.mixed,
        "SMOOTHING": repr(recipe.smoothing) if recipe.smoothing else False,
        "CLIP": repr(recipe.clip) if recipe.clip else False,
        "DETERMINISTIC": recipe.deterministic,
        **{kind.name: recipe.optimiser is kind for kind in Optimiser},
        "MOMENTUM": repr(recipe.momentum),
        "EMA": repr(recipe.ema) if recipe.ema else False,
        "TESTED": "follower.module" if recipe.ema else "net",
        "STOPS_EARLY": plan.patience > 0,
    }


def _mix(way: choices.GreyWay, channels: int, into: int) -> str:
    return str([list(row) for row in choices.mixing(way, channels, into)])


_SHARED = (find.part_of, find.some, find.with_parts)
_FOLDER = (find.inside, find.is_shown, find.walk, find.in_folder, find.in_classes, find.loose, find.one_case)
_TABLE = (
    find.in_table, find.text_of, find.columns_of, find.rows_of, find.is_image, find.Files, find.folded,
    find.parts_in, find.label_column,
)  # fmt: skip
_READ = (
    read.read_image, read.bytes_in, read.numbers_in, read.decoded, read.order_of, read.exchanged, read.upright,
    read.plain, read.is_deep, read.picture_in, read.file_at, read.most_pixels, read.check_pixels, read.shrunk,
    read.numbers_of, read.as_bytes, read.top_in,
)  # fmt: skip
_CONVERT = (read.with_channels, read.on_white, read.pieces)


def _finders(data: choices.TuneData) -> tuple[Callable[..., object], ...]:
    few = (find.few,) if data.per_class else ()
    if data.kind in choices.EMBEDDED:
        return few
    return (find.Found, *(_TABLE if data.kind is choices.TuneKind.CSV else _FOLDER), *_SHARED, *few)


def _sources(*parts: Callable[..., object]) -> str:
    return "\n\n\n".join(inspect.getsource(part).rstrip() for part in parts)


def literal(value: object) -> str:
    """Return a text, a number or a tuple of them in Python, with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return repr(value)


def listed(name: str, values: tuple[str, ...]) -> list[str]:
    """Return the lines that give a name to some texts: one, or one for each text."""
    line = f"{name} = {literal(values)}"
    return [line] if len(line) <= LINE else [f"{name} = (", *(f"    {literal(value)}," for value in values), ")"]


def companions(plan: TunePlan) -> tuple[Path, ...]:
    """Return the files that have to lie beside the script: images and weights of the app, where the plan has those."""
    is_built_in = plan.weights.kind is choices.WeightsKind.BUILT_IN
    weights = (plan.weights.file,) if plan.weights.file and is_built_in else ()
    if plan.data.kind not in choices.EMBEDDED:
        return weights
    name = plan.data.kind
    return (*(assets.path("data", f"{name}-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1")), *weights)


def _weights(weights: choices.WeightsChoice) -> str:
    """Return the code of published weights' name, or of a file's path: the app's own lies beside the script."""
    if weights.file is not None and weights.kind is choices.WeightsKind.BUILT_IN:
        return f"str(Path(__file__).parent / {literal(weights.file.name)})"
    return literal(weights.name)


_HEADING = """
On one processor or GPU:  python finetune.py --data DATA --out run
On several GPUs:          torchrun --nproc-per-node 4 finetune.py --data DATA --out run

Needs PyTorch and torchvision. Several processes share each batch; batch norms see it whole on GPUs, and
each process' own part on CPUs.
"""


def _heading(plan: TunePlan) -> str:
    what = f"{title(plan.spec)}, strategy {plan.strategy}, {len(plan.classes):,} classes, {plan.epochs:,} epochs"
    plain = what.replace("\\", "/").replace('"', "'")
    return f'"""Fine-tune {plain}.\n{_HEADING}"""'


_IMPORTS = (
    "argparse", "csv", "errno", "gzip", "io", "itertools", "json", "math", "os", "random", "re", "struct", "sys",
    "unicodedata", "warnings",
)  # fmt: skip


def _imports(maths: list[str], code: str) -> str:
    own = [f"import {name}" for name in _IMPORTS if re.search(rf"\b{name}\.", code)]
    froms = [_named(module, names, code) for module, names in _NAMED]
    theirs = [
        "import numpy",
        "import torch",
        _named("PIL", ("Image", "ImageOps"), code),
        "from torch import Tensor, distributed as dist, nn",
        "from torch.nn import functional",
        "from torch.nn.parallel import DistributedDataParallel",
        *(["from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn"] * ("AveragedModel(" in code)),
        "from torch.utils.data import DataLoader, Dataset",
        *(["from torchvision.models import get_model_weights"] * ("get_model_weights(" in code)),
        "from torchvision.transforms import InterpolationMode, functional as pictures",
    ]
    return "\n".join([*own, *maths, *filter(None, froms), "", *theirs])


_NAMED = (
    ("collections.abc", ("Iterable", "Iterator", "Sequence")),
    ("pathlib", ("Path",)),
    ("typing", ("Any", "NamedTuple")),
)


def _named(module: str, names: Sequence[str], code: str) -> str:
    used = [name for name in names if re.search(rf"\b{name}\b", code)]
    return f"from {module} import {', '.join(used)}" if used else ""


def _constants(plan: TunePlan) -> str:
    """Return the constants: everything that was chosen, in one place."""
    mean, std = choices.normalisation(plan.preprocess, plan.spec, plan.channels, plan.grey)
    entry, recipe, weights = entry_of(plan.spec), plan.recipe, plan.weights
    data = "str(Path(__file__).parent)" if plan.data.kind in choices.EMBEDDED else literal(plan.data.where)
    formats = {device: memory_format(plan.network, device, mixed=recipe.mixed) for device in ("cpu", "cuda")}
    channels_last = tuple(device for device in formats if formats[device] == "channels_last")
    lines = [
        f"DATA = {data}",
        *([f"WEIGHTS = {_weights(weights)}"] if weights.name else []),
        *([f"NETWORK = {literal(entry.name)}"] if entry and weights.kind is choices.WeightsKind.PUBLISHED else []),
        *listed("CLASSES", plan.classes),
        f"SIZE = ({plan.image.height}, {plan.image.width})",
        f"RESIZE, CROP = {plan.preprocess.resize}, {plan.preprocess.crop}",
        f"MEAN = {mean!r}",
        f"STD = {std!r}",
        *_image_constants(plan),
        "",
        f"SEED, EPOCHS, BATCH = {plan.seed}, {plan.epochs}, {recipe.batch}",
        "# Devices on which channels_last is faster for this network, and gives the same gradients.",
        f"CHANNELS_LAST = {literal(channels_last)}",
        f"RATE, DECAY, SPARES = {recipe.learning_rate!r}, {recipe.weight_decay!r}, {recipe.no_decay_on_norms!r}",
        *([f"PATIENCE = {plan.patience}"] if plan.patience else []),
        *([f"PAD = {recipe.pad}"] if recipe.pad or recipe.flip else []),
        *_views(plan),
        "",
        *_units(plan),
        *listed("FROZEN", _frozen(plan)),
        *listed("NORMS", NORMS),
    ]
    return "\n".join(lines)


def _views(plan: TunePlan) -> list[str]:
    """Return a comment where the app keeps views of the images, which the script does not."""
    text = f"# The app took {plan.views} views of each image in turn while layers were frozen. Here all are drawn anew."
    return [text] if plan.views and is_augmented(plan) else []


def _units(plan: TunePlan) -> list[str]:
    """Return the tables of what opens when: modules of each unit, its epoch, and its shares of the rate."""
    modules: dict[str, dict[str, None]] = {}
    for tensor in plan.tensors:
        modules.setdefault(tensor.unit, {})[tensor.name.partition(".")[0]] = None
    grouped = grouping(plan, plan.recipe.batch)
    groups = {group.unit: group for group in grouped.groups}
    rows = [f"    {literal(unit)}: {literal(tuple(names))}," for unit, names in modules.items()]
    opens = [f"    {literal(unit)}: {groups[unit].opens if unit in groups else None}," for unit in modules]
    shares = [f"    {literal(unit)}: {groups[unit].shares if unit in groups else ()!r}," for unit in modules]
    return [
        "# Units from the image to the loss, and the modules in each.",
        "UNITS = {",
        *rows,
        "}",
        "# The epoch, counted from 0, from which each unit trains; None is never.",
        *[line for text in grouped.warnings for line in wrap(f"# {text}", 118, subsequent_indent="# ")],
        "OPENS = {",
        *opens,
        "}",
        "# Each unit's share of the learning rate: (from this epoch, share).",
        "SHARES = {",
        *shares,
        "}",
    ]


def _frozen(plan: TunePlan) -> tuple[str, ...]:
    """Return the paths of what never trains as the script's modules have them."""
    paths: list[str] = []
    for path in sorted(plan.frozen):
        block = plan.network.block_at(path)
        is_end = block is not None and block.path == path and path in ("stem", "head")
        inside = block.layer_paths if block and is_end else (path,)
        paths += [inner for inner in inside if any(f"{name}.".startswith(f"{inner}.") for name in plan.never)]
    return tuple(paths)


def _image_constants(plan: TunePlan) -> list[str]:
    modes = f"MODES = {read.MODES!r}".replace("'", '"')
    if plan.data.kind in choices.EMBEDDED:
        return [modes]
    is_table = plan.data.kind is choices.TuneKind.CSV
    most = f"MOST_BYTES, MOST_CELLS, MOST_COLUMNS = {find.MOST_BYTES}, {find.MOST_CELLS}, {find.MOST_COLUMNS}"
    sample = f"SAMPLE, SAMPLE_TEXT = {find.SAMPLE}, {find.SAMPLE_TEXT}"
    most_kept = f"MOST_FOLDERS, MOST_KNOWN = {find.MOST_FOLDERS}, {find.MOST_KNOWN}"
    table = [f"LABELS = {literal(find.LABELS)}", sample, most, most_kept] if is_table else []
    parts = ", ".join(f"{literal(part)}: {literal(text)}" for part, text in find.PARTS.items())
    constants = [*listed("SUFFIXES", (*find.SUFFIXES, ".npy")), f"PARTS = {{{parts}}}", *table]
    constants.append(f"MOST_PIXELS, LARGE = {read.MOST_PIXELS}, {read.LARGE}")
    return [*constants, modes, f"WHITE = {literal(plan.white)}"]
