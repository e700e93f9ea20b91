"""Specs in and out of JSON: each value is read by its axis, as ``--set`` reads it."""

from pathlib import Path

from resnet_explorer import codec
from resnet_explorer.errors import ExplorerError, SpecError, SpecFileError
from resnet_explorer.files import PIPE, kind_of_path
from resnet_explorer.spec.axes import AXES, axis
from resnet_explorer.spec.change import change_all
from resnet_explorer.spec.readers import MAX_WIDTH
from resnet_explorer.spec.resnet_spec import ResNetSpec

FORMAT = "resnet-explorer spec"
VERSION = 2
MAX_BYTES = 1_000_000
MAX_VALUES = 10_000
"""The most values of an axis: a width for each block of the deepest network."""


def to_dict(spec: ResNetSpec) -> dict[str, object]:
    """Return the spec as plain JSON values, its name first and then an entry for each axis."""
    return {key: codec.plain(spec.value(key)) for key in ("name", *AXES)}


def from_dict(values: dict[str, object]) -> ResNetSpec:
    """Return the spec that ``to_dict`` described; axes left out keep their default.

    Raises SpecError where an axis is unknown or a value has the wrong type or range.
    """
    name = values.get("name", "custom")
    if not isinstance(name, str) or not name.strip() or len(name) > 80 or not name.isprintable():
        raise SpecError("name", "The network's name must be a string of 1 to 80 characters.", "Rename it.")
    for key, value in values.items():
        if isinstance(value, list) and sum(len(row) if isinstance(row, list) else 1 for row in value) > MAX_VALUES:
            raise SpecError(
                key, f"{key[:40]} has more than {MAX_VALUES:,} values.", "Choose a file that the app saved."
            )
    changes = {axis(key).key: axis(key).read(_text(value)) for key, value in values.items() if key != "name"}
    return change_all(ResNetSpec(name.strip()), changes)


def setting(spec: ResNetSpec, key: str) -> str:
    """Return the value of an axis as ``--set`` writes it, such as ``none,none,se,se``."""
    return setting_of(spec.value(key))


def setting_of(value: object) -> str:
    """Return any value as ``--set`` writes it: a sequence with commas, true and false, ``none``."""
    return _text(codec.plain(value))


WRITERS: codec.Writers = {ResNetSpec: to_dict}
READERS: codec.Readers = {ResNetSpec: (dict[str, object], from_dict)}
"""How other files hold a spec."""


def _from_first_version(values: dict[str, object]) -> dict[str, object]:
    """Return the axes of a file of version 1, which knew one width and whether each later stage doubles it."""
    values = dict(values)
    doubling, blocks = values.pop("doubling", None), values.get("blocks", [2, 2, 2, 2])
    width = values.pop("width", 64)
    if not isinstance(blocks, list) or not isinstance(width, int):
        raise SpecError("width", "The widths of the stages cannot be read.", "Choose a file that the app saved.")
    doubles = doubling if isinstance(doubling, list) else [True] * (len(blocks) - 1)
    widths = [width]
    for double in doubles[: len(blocks) - 1]:
        widths.append(min(widths[-1], MAX_WIDTH + 1) * (2 if double else 1))
    return {**values, "widths": widths, "stem_channels": width}


def _text(value: object) -> str:
    """Return a JSON value as ``--set`` would write it, so that both are read by the same rule."""
    if isinstance(value, list):
        return ",".join(_row(item) if isinstance(item, list) else _text(item) for item in value)
    text = "{…}" if isinstance(value, dict) else str(value)
    return text.lower() if value is None or isinstance(value, bool) else text


def _row(values: list[object]) -> str:
    """Return the widths of a stage's blocks as ``--set`` would write them."""
    return "[…]" if any(isinstance(value, list) for value in values) else "/".join(map(_text, values))


def dumps(spec: ResNetSpec) -> str:
    """Return the text of a spec file."""
    return codec.encode({"format": FORMAT, "version": VERSION, "spec": spec}, WRITERS)


def read(path: Path) -> ResNetSpec:
    """Return the spec that a file holds; raises SpecFileError with the file's name where it holds none."""
    where = str(path)
    try:
        kind = kind_of_path(path)
        if kind and not (kind == PIPE and path.is_relative_to("/dev")):  # /dev/stdin, /dev/fd/63: somebody writes to it
            raise SpecFileError(where, f"{path.name or where} is {kind}, not a file.", "Choose a spec file (.json).")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise SpecFileError(where, f"{path.name} is too large for a spec file.", "Choose another file.")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SpecFileError(where, f"{path.name} cannot be read: {error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise SpecFileError(where, f"{path.name} is not a text file.", "Choose a spec file (.json).") from error
    except ValueError as error:  # a null character, or letters that the system has no bytes for
        raise SpecFileError(where, f"{where!r} is not a valid file name.", "Check the path.") from error
    return loads(text, where)


def loads(text: str, where: str) -> ResNetSpec:
    """Return the spec in a spec file's text; ``where`` names the file in the SpecFileError raised otherwise."""
    name = Path(where).name
    try:
        content = codec.unwrap(text, FORMAT, (1, VERSION), name, "describes no network")
        values = content.get("spec")
        if not isinstance(values, dict):
            raise ExplorerError(name, f"{name} describes no network.", "Choose a file that the app saved.")
        return from_dict(_from_first_version(values) if content["version"] == 1 else values)
    except SpecError as error:
        raise SpecFileError(where, f"{name}: {error.what}", error.remedy) from error
    except ExplorerError as error:
        raise SpecFileError(where, error.what, error.remedy) from error
