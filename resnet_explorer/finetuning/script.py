"""One readable training script for exactly one plan, which needs PyTorch and torchvision alone."""

import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import script_data, script_training
from resnet_explorer.finetuning.choices import EMBEDDED, WeightsKind, normalisation
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.script_data import listed, literal
from resnet_explorer.finetuning.strategies import grouping
from resnet_explorer.network.kinds import KINDS, Role
from resnet_explorer.readings.memory_format import memory_format
from resnet_explorer.spec.catalogue import entry_of, title

NORMS = ("SyncBatchNorm", *(kind.__name__ for kind in KINDS if kind.role is Role.NORM), "Gain")
"""Types, by the names of their classes in the script, whose weights are spared from decay."""


def to_script(plan: TunePlan) -> str:
    """Return the text of the script; raises ExplorerError where the plan names no classes yet.

    From the same seed it sees the same images in the same order as the app, and makes the same steps.
    """
    if not plan.classes:
        raise ExplorerError("classes", "The plan names no classes yet.", "Look at the images first.")
    maths, classes = script_data.source(plan)
    body = "\n\n\n".join(part for part in (classes, *_parts(plan), _START) if part)
    choices = _choices(plan)
    return "\n\n".join([_heading(plan), _imports(maths, choices + body), choices]) + f"\n\n\n{body}\n"


_START = 'if __name__ == "__main__":\n    main()'


def _parts(plan: TunePlan) -> tuple[str, ...]:
    """Return the functions in the order in which the script has them; empty ones are not needed."""
    return (
        script_data.first_weights(plan),
        script_data.network(plan),
        script_data.listing(plan),
        script_data.opening(plan),
        script_data.PREPARED,
        script_data.ORDER,
        _augmented(plan),
        script_training.schedule(plan.recipe),
        script_training.GROUPS,
        script_training.TRAIN_MODE[plan.bn],
        script_training.step(plan),
        script_training.JUDGE,
        script_training.SAVE,
        script_training.rest(plan),
        script_training.main(plan),
    )


def companions(plan: TunePlan) -> tuple[Path, ...]:
    """Return the files that have to lie beside the script: the embedded images, where the plan is on those."""
    if plan.data.kind not in EMBEDDED:
        return ()
    name = plan.data.kind
    return tuple(assets.path("data", f"{name}-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))


def _augmented(plan: TunePlan) -> str:
    recipe = plan.recipe
    if not recipe.pad and not recipe.flip:
        return ""
    words = ", and mirrored by chance" if recipe.flip else ""
    return script_data.AUGMENTED.format(flip=words, chance=0.5 if recipe.flip else 0.0)


def _heading(plan: TunePlan) -> str:
    what = f"{title(plan.spec)}, strategy {plan.strategy}, {len(plan.classes):,} classes, {plan.epochs:,} epochs"
    return "\n".join(
        [
            f'"""Fine-tune {_plainly(what)}.',
            "",
            "On one processor or GPU:  python finetune.py --data DATA --out run",
            "On several GPUs:          torchrun --nproc-per-node 4 finetune.py --data DATA --out run",
            "",
            "Needs PyTorch and torchvision. Several processes share each batch; batch norms see it whole on GPUs, and",
            "each process' own part on CPUs.",
            '"""',
        ]
    )


def _plainly(words: str) -> str:
    return words.replace("\\", "/").replace('"', "'")


_IMPORTS = (
    ("argparse", r"\bargparse\."),
    ("csv", r"\bcsv\."),
    ("gzip", r"\bgzip\."),
    ("io", r"\bio\."),
    ("json", r"\bjson\."),
    ("math", r"\bmath\."),
    ("os", r"\bos\."),
    ("random", r"\brandom\."),
    ("re", r"\bre\."),
    ("struct", r"\bstruct\."),
    ("sys", r"\bsys\."),
    ("warnings", r"\bwarnings\."),
)


def _imports(maths: list[str], code: str) -> str:
    own = [f"import {name}" for name, pattern in _IMPORTS if re.search(pattern, code)]
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
    ("collections.abc", ("Iterable", "Sequence")),
    ("pathlib", ("Path",)),
    ("typing", ("Any", "NamedTuple")),
)


def _named(module: str, names: Sequence[str], code: str) -> str:
    """Return the line that imports those names that the code uses; empty for none."""
    used = [name for name in names if re.search(rf"\b{name}\b", code)]
    return f"from {module} import {', '.join(used)}" if used else ""


def _choices(plan: TunePlan) -> str:
    """Return the constants: everything that was chosen, in one place."""
    mean, std = normalisation(plan.preprocess, plan.spec, plan.channels, plan.grey)
    entry, recipe = entry_of(plan.spec), plan.recipe
    data = "str(Path(__file__).parent)" if plan.data.kind in EMBEDDED else literal(plan.data.where)
    published = [f"NETWORK = {literal(entry.name)}"] if entry and plan.weights.kind is WeightsKind.PUBLISHED else []
    lines = [
        f"DATA = {data}",
        *([f"WEIGHTS = {literal(plan.weights.name)}"] if plan.weights.name else []),
        *published,
        *listed("CLASSES", plan.classes),
        f"SIZE = ({plan.image.height}, {plan.image.width})",
        f"RESIZE, CROP = {plan.preprocess.resize}, {plan.preprocess.crop}",
        f"MEAN = {mean!r}",
        f"STD = {std!r}",
        *script_data.constants(plan),
        "",
        f"SEED, EPOCHS, BATCH = {plan.seed}, {plan.epochs}, {recipe.batch}",
        *_channels_last(plan),
        f"RATE, DECAY, SPARES = {recipe.rate!r}, {recipe.decay!r}, {recipe.spares!r}",
        *([f"PATIENCE = {plan.patience}"] if plan.patience else []),
        *([f"PAD = {recipe.pad}"] if recipe.pad or recipe.flip else []),
        "",
        *_units(plan),
        *listed("FROZEN", _frozen(plan)),
        *listed("NORMS", NORMS),
    ]
    return "\n".join(lines)


def _channels_last(plan: TunePlan) -> list[str]:
    """Return the devices on which the network trains in channels_last, by the rule that the app follows."""
    mixed = plan.recipe.mixed
    known = [one for one in ("cpu", "cuda") if memory_format(plan.network, one, mixed=mixed) == "channels_last"]
    return [
        "# Devices on which channels_last is faster for this network, and gives the same gradients.",
        f"CHANNELS_LAST = {literal(tuple(known))}",
    ]


def _units(plan: TunePlan) -> list[str]:
    """Return the tables of what opens when: modules of each unit, its epoch, and its shares of the rate."""
    modules: dict[str, dict[str, None]] = {}
    for one in plan.tensors:
        modules.setdefault(one.unit, {})[one.name.partition(".")[0]] = None
    found = grouping(plan, plan.recipe.batch)
    groups = {group.unit: group for group in found.groups}
    rows = [f"    {literal(unit)}: {literal(tuple(names))}," for unit, names in modules.items()]
    opens = [f"    {literal(unit)}: {groups[unit].opens if unit in groups else None}," for unit in modules]
    shares = [f"    {literal(unit)}: {groups[unit].shares if unit in groups else ()!r}," for unit in modules]
    return [
        "# Units from the image to the loss, and the modules in each.",
        "UNITS = {",
        *rows,
        "}",
        "# The epoch, counted from 0, from which each unit trains; None is never.",
        *[line for words in found.warnings for line in wrap(f"# {words}", 118, subsequent_indent="# ")],
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
    found: list[str] = []
    for path in sorted(plan.frozen):
        block = plan.network.block_at(path)
        is_end = block is not None and block.path == path and path in ("stem", "head")
        inside = block.layer_paths if block and is_end else (path,)
        found += [one for one in inside if any(f"{name}.".startswith(f"{one}.") for name in plan.never)]
    return tuple(found)
