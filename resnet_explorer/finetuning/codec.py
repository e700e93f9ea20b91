"""Plans of fine-tunings in and out of JSON: ``tune.json``."""

from pathlib import Path

from resnet_explorer import codec
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.runs.folder import TUNE
from resnet_explorer.spec.codec import READERS, WRITERS

FORMAT, VERSION = "resnet-explorer tuning", 1
_FORMERLY = {"bn": "train"}
"""What an older file without the key means: the default of its time."""


def dumps(plan: TunePlan) -> str:
    """Return the text of a plan's file."""
    return codec.encode({"format": FORMAT, "version": VERSION, "plan": plan}, WRITERS)


def plan_in(folder: Path) -> TunePlan:
    """Return the plan of the fine-tuning in a folder; raises ExplorerError where there is none."""
    try:
        return loads((folder / TUNE).read_text(encoding="utf-8"), str(folder))
    except (OSError, UnicodeDecodeError) as error:
        words = f"{folder} holds no fine-tuning."
        raise ExplorerError(str(folder), words, "Choose a folder that 'finetune' wrote.") from error


def loads(text: str, where: str = "plan") -> TunePlan:
    """Return the plan in a file's text; what is left out keeps its default, or what was it once.

    Raises ExplorerError where it holds none, with ``where`` for its name, and where a value cannot be.
    """
    values = codec.unwrap(text, FORMAT, (VERSION,), where, "describes no fine-tuning").get("plan", {})
    try:
        return codec.decode(_FORMERLY | values if isinstance(values, dict) else values, TunePlan, READERS, "$.plan")
    except ExplorerError as error:
        raise ExplorerError(where, f"{where}: {error.what}", error.remedy) from error
