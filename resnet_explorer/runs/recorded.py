"""Results that come with the app, to be shown until the user's own are measured: a file for each request."""

import gzip
import platform
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

from resnet_explorer import __version__, assets, codec, files
from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec.codec import READERS, WRITERS

T = TypeVar("T")
FORMAT, VERSION = "resnet-explorer recording", 1
DIGITS = 5
"""The significant digits of recorded numbers."""
NAME = 16
"""The digits of a request's digest in the name of its file."""
ARRAY = "array of"
"""The key that marks an array of NumPy in JSON; its value is the type of its numbers."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """When, where and with what a result was recorded."""

    began: str
    machine: str
    torch: str
    app: str

    def describe(self, seeds: tuple[int, ...]) -> str:
        """Return a phrase that marks the result as recorded, with its seeds."""
        of = f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}"
        return f"recorded {self.began[:10]} on {self.machine}, PyTorch {self.torch}, {of}"


class Recording(NamedTuple):
    """A recorded result, and where it comes from."""

    result: Any
    made: Provenance


def path_of(request: object, root: Path | None = None) -> Path:
    """Return the file of a request in ``root``, by default among the app's own files; it need not exist."""
    digest = sha256(codec.encode(_essence(request), WRITERS).encode()).hexdigest()[:NAME]
    return (root or assets.path("recorded")) / f"{digest}.json.gz"


def _essence(value: Any) -> object:
    """Return what distinguishes a value: fields with their default are left out, so that a new one changes nothing."""
    if isinstance(value, tuple):
        return [_essence(item) for item in value]
    if not is_dataclass(value):
        return value
    pairs = ((item, getattr(value, item.name)) for item in fields(value))
    own = {item.name: _essence(of) for item, of in pairs if of != _default(item)}
    return {"kind": type(value).__name__, **own}


def _default(of: Field[Any]) -> object:
    return of.default if of.default_factory is MISSING else of.default_factory()


def load(request: Any, kind: Callable[..., T], root: Path | None = None) -> Recording | None:
    """Return the recorded result of a request, a dataclass ``kind`` with a field ``request``; None where there is none.

    Raises ExplorerError where the file holds something else.
    """
    file = path_of(request, root)
    if not file.is_file():
        return None
    content, hints = _content(file), get_type_hints(kind)
    values = {key: codec.decode(value, hints[key], READERS) for key, value in content["result"].items()}
    return Recording(kind(request=request, **values), codec.decode(content["made"], Provenance))


def to_values(recording: Recording) -> dict[str, Any]:
    """Return a recording as plain JSON values, with all digits; what is not finite is "nan", an array is base64."""
    result, made = recording
    values = {item.name: getattr(result, item.name) for item in fields(result)}
    request = {"request": values.pop("request")} if "request" in values else {}
    head = {"format": FORMAT, "version": VERSION, "kind": type(result).__name__, "made": made}
    writers: dict[type, Callable[[Any], object]] = {**WRITERS, float: lambda of: of if isfinite(of) else str(of)}
    if "numpy" in sys.modules:
        writers[sys.modules["numpy"].ndarray] = _array_to_plain
    plain: dict[str, Any] = codec.plain({**head, **request, "result": values}, writers)
    return plain


def _array_to_plain(array: Any) -> object:
    return {ARRAY: str(array.dtype), "shape": array.shape, "bytes": b64encode(array.tobytes()).decode()}


def _to_array(values: Mapping[str, Any]) -> Any:
    import numpy as np

    return np.frombuffer(bytearray(b64decode(values["bytes"])), values[ARRAY]).reshape(values["shape"])


def _with_numbers(value: Any) -> Any:
    """Return values of JSON with their arrays, and with the numbers that are not finite."""
    if isinstance(value, dict):
        if ARRAY in value:
            return _to_array(value)
        return {key: _with_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


def from_values(values: Mapping[str, Any], kinds: Mapping[type, type], where: str) -> Recording:
    """Return the recording that ``to_values`` described; ``kinds`` has the result of each request.

    Raises ExplorerError, with the place, where it is none of these, or a value is not what it should be.
    """
    name, result = values.get("kind"), values.get("result")
    request, kind = next((pair for pair in kinds.items() if pair[1].__name__ == name), (object, None))
    is_ours = (values.get("format"), values.get("version")) == (FORMAT, VERSION)
    if not is_ours or kind is None or not isinstance(result, dict):
        raise ExplorerError(where, f"{where} has no result of this kind.", "Measure it again.")
    hints = get_type_hints(kind)
    decoded = {
        key: codec.decode(_with_numbers(value), hints.get(key, object), READERS, f"{where}.{key}")
        for key, value in result.items()
    }
    if "request" in hints:
        decoded["request"] = codec.decode(values.get("request"), request, READERS, f"{where}.request")
    try:
        return Recording(kind(**decoded), codec.decode(values.get("made"), Provenance, at=f"{where}.made"))
    except TypeError as error:  # a field too many or too few
        raise ExplorerError(where, f"{where} is not complete.", "Measure it again.") from error


def made_here(machine: str, torch: str, began: str = "") -> Provenance:
    """Return the provenance of a result measured on a device of this machine, just now where no time is given."""
    where = f"{machine}, {platform.system()} {platform.machine()}"
    return Provenance(began or datetime.now(UTC).isoformat(timespec="seconds"), where, torch, __version__)


@lru_cache(maxsize=32)
def _content(file: Path) -> Mapping[str, Any]:
    text = gzip.decompress(file.read_bytes()).decode()
    return codec.unwrap(text, FORMAT, (VERSION,), file.name, "holds no recording")


def save(request: Any, result: Any, made: Provenance, root: Path | None = None) -> Path:
    """Write a result, a dataclass with a field ``request``, with numbers of few digits; return its file."""
    file = path_of(request, root)
    values = {item.name: getattr(result, item.name) for item in fields(result) if item.name != "request"}
    head = {"format": FORMAT, "version": VERSION, "kind": type(result).__name__, "made": made, "request": request}
    content = {**head, "result": _rounded(codec.plain(values, WRITERS))}
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write(file, gzip.compress(codec.encode(content, WRITERS, indent=None).encode(), 9, mtime=0))
    return file


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
