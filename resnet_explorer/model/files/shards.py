"""The files that belong to one set of weights: a file alone, shards with their index, or a folder."""

import json
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from resnet_explorer.model.files.kinds import HEAD, FileError

INDEX = ".index.json"
MOST_INDEX = 16 * 2**20
IN_FOLDER = ("model.safetensors", f"model.safetensors{INDEX}", "pytorch_model.bin", f"pytorch_model.bin{INDEX}")
"""How transformers names what it saves, the best first."""
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.\w+)")


@dataclass(frozen=True, slots=True)
class Parts:
    """Files to read; where an index tells, its name, and the names of all tensors in its order."""

    files: tuple[Path, ...]
    index: str | None = None
    names: tuple[str, ...] = ()


def parts_of(path: Path) -> Parts:
    """Return the files that a path stands for; raises FileError where some are missing."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return parts_of(_in_folder(path))
    if not stat.S_ISREG(mode):
        return Parts((path,))
    if path.name.endswith(INDEX) or _is_index(path):
        return _of_index(path)
    shard = _SHARD.fullmatch(path.name)
    return _of_shard(path, shard) if shard else Parts((path,))


def _in_folder(path: Path) -> Path:
    found = next((path / name for name in IN_FOLDER if (path / name).is_file()), None)
    if found is not None:
        return found
    if (path / ".metadata").is_file():
        raise FileError(
            "is a folder of torch.distributed.checkpoint.",
            "Convert it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER FILE.",
        )
    if (path / "saved_model.pb").is_file():
        raise FileError("is a TensorFlow SavedModel.", "Save the weights from PyTorch.")
    raise FileError(f"is a folder without {' or '.join(IN_FOLDER[::2])}.", "Choose a file of weights.")


def _is_index(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    return head.lstrip()[:1] == b"{" and b'"weight_map"' in head


def _of_shard(path: Path, shard: re.Match[str]) -> Parts:
    base, number, count, suffix = shard.groups()
    index = path.with_name(f"{base}{suffix}{INDEX}")
    if index.is_file():
        return _of_index(index)
    raise FileError(
        f"is shard {int(number)} of {int(count)}, and the index {index.name} is not beside it.",
        "Put all shards and the index into one folder.",
    )


def _of_index(path: Path) -> Parts:
    """Return the shards that an index names: files beside it, and nowhere else."""
    with path.open("rb") as file:
        text = file.read(MOST_INDEX + 1)
    if len(text) > MOST_INDEX:
        raise FileError(f"is an index of more than {MOST_INDEX:,} bytes.", "Do not trust it.")
    try:
        table = json.loads(text)["weight_map"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise FileError("is not an index of shards: it has no weight_map.", "Choose a file of weights.") from error
    if not isinstance(table, dict) or not table or not all(isinstance(name, str) for name in table.values()):
        raise FileError("is an index that names no shards.", "Choose a file of weights.")
    names = tuple(dict.fromkeys(table.values()))
    strange = next((name for name in names if not _is_plain(name)), None)
    if strange is not None:
        raise FileError(f"names a shard in another place: {strange[:80]!a}.", "Do not trust this file.")
    files = tuple(path.with_name(name) for name in names)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise FileError(
            f"is an index of {len(files):,} shards, of which {len(missing):,} are missing, such as {missing[0]}.",
            "Put all shards into its folder.",
        )
    return Parts(files, path.name, tuple(table))


def _is_plain(name: str) -> bool:
    return bool(name) and len(name) < 200 and name.isprintable() and not re.search(r"[/\\:]|^\.\.?$", name)
