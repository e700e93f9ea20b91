"""The catalogue: every published network is a row of data, a change of its parent."""

from collections.abc import Mapping
from dataclasses import field, replace
from functools import cache, cached_property

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import SpecError
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.block_rows import ROWS as BLOCK_ROWS
from resnet_explorer.spec.block_widths import growth, widths_text
from resnet_explorer.spec.change import assign, change_all, differences
from resnet_explorer.spec.families import FAMILIES, Family
from resnet_explorer.spec.path_rows import ROWS as PATH_ROWS
from resnet_explorer.spec.regnet_rows import ROWS as REGNET_ROWS
from resnet_explorer.spec.relatives import relative
from resnet_explorer.spec.resnet_spec import ResNetSpec, plain_name
from resnet_explorer.spec.rows import ROWS, Row


@dataclass(frozen=True)
class Entry(Row):
    """A row of the catalogue with its family; its spec is worked out when it is asked for."""

    family: Family = field(kw_only=True)

    @property
    def parent(self) -> "Entry | None":
        """Return the network that this one is a change of; None for the first."""
        return CATALOGUE[self.base] if self.base else None

    @cached_property
    def spec(self) -> ResNetSpec:
        """Return the spec: the parent's with the row's settings."""
        base = self.parent.spec if self.parent else ResNetSpec(self.name)
        return replace(assign(base, *self.settings.split()), name=self.name)

    @property
    def changes(self) -> tuple[str, ...]:
        """Return the keys of the axes on which it differs from its parent."""
        return differences(self.parent.spec, self.spec) if self.parent else ()


CATALOGUE: Mapping[str, Entry] = {
    row.name: Entry(**vars(row), family=FAMILIES[family])
    for family, rows in {**ROWS, **BLOCK_ROWS, **PATH_ROWS, **REGNET_ROWS}.items()
    for row in rows
}


def plain_text(name: str) -> str:
    """Return a name as names are compared: in lower case, without hyphens, underscores and spaces."""
    return name.lower().replace("×", "x").translate({ord(mark): None for mark in "-_ "})


@cache
def _aliases() -> Mapping[str, str]:
    """Return aliases as they are spelled: torchvision's regnet_x_1_6gf is not regnet_x_16gf."""
    return {alias: entry.name for entry in CATALOGUE.values() for alias in entry.aliases}


@cache
def _names() -> Mapping[str, str]:
    """Return the networks by their names, titles and aliases in plain text."""
    names = {plain_text(alias): name for alias, name in _aliases().items()}
    return names | {plain_text(name): entry.name for entry in CATALOGUE.values() for name in (entry.title, entry.name)}


def find(name: str) -> ResNetSpec:
    """Return the spec of a catalogue name, or of its plain twin for a name that ends in ``-plain``.

    Case, hyphens and underscores do not matter: ``ResNet-18`` is ``resnet18``. Raises SpecError where no row fits,
    which explains the networks of ``spec.relatives``.
    """
    key = plain_text(_aliases().get(name, name))
    if key in _names():
        return CATALOGUE[_names()[key]].spec
    if key.removesuffix("plain") in _names():
        return CATALOGUE[_names()[key.removesuffix("plain")]].spec.plain()
    if other := relative(key):
        raise SpecError("net", other.what, other.remedy)
    from difflib import get_close_matches

    near = get_close_matches(key, _names(), n=1)
    raise SpecError(
        "net",
        f"There is no network {name!r} in the catalogue.",
        f"Did you mean {_names()[near[0]]!r}?" if near else "'resnet-explorer list' shows the names.",
    )


def meant_by(name: str) -> str:
    """Return the network of a name in plain text; an empty text where it is none's."""
    return _names().get(name, "")


def knows(name: str) -> bool:
    """Return whether ``find`` has a network of that name."""
    return plain_text(name).removesuffix("plain") in _names() or plain_text(name) in _names()


@cache
def _entries() -> Mapping[ResNetSpec, Entry]:
    """Return the entries by their spec without its name; of twins the first counts."""
    return {replace(entry.spec, name=""): entry for entry in reversed(list(CATALOGUE.values()))}


def entry_of(spec: ResNetSpec) -> Entry | None:
    """Return the row whose network this spec is, whatever its name; None where it is nobody's."""
    entry = CATALOGUE.get(spec.name)
    if entry and not differences(entry.spec, spec):
        return entry
    return _entries().get(replace(spec, name="") if spec.name else spec)


def named(spec: ResNetSpec) -> ResNetSpec:
    """Return the spec under its catalogue name, or marked as edited where it is no longer that network."""
    entry = entry_of(spec)
    if entry:
        return replace(spec, name=entry.name)
    if not spec.has_shortcuts and (twin := entry_of(replace(spec, residual=True))):
        return replace(spec, name=plain_name(twin.name))
    base = spec.name.removesuffix("-plain").removesuffix("-edited")
    edited = f"{base}-edited" if base in CATALOGUE else base
    return replace(spec, name=edited if spec.has_shortcuts or base.startswith("plain") else plain_name(edited))


def title(spec: ResNetSpec) -> str:
    """Return the words by which a network is shown: ``ResNet-18``, ``ResNet-18, edited``, ``ResNet-50, plain twin``."""
    entry = CATALOGUE.get(spec.name)
    if entry:
        return entry.title
    base = spec.name.removesuffix("-plain").removesuffix("-edited")
    texts = [CATALOGUE[base].title if base in CATALOGUE else base]
    if "-edited" in spec.name:
        texts.append("edited")
    if spec.name.endswith("-plain"):
        texts.append("plain twin")
    return ", ".join(texts)


_USUAL = ResNetSpec("")


def value_words(spec: ResNetSpec, key: str) -> str:
    """Return an axis' value as it is shown: a choice's label, a number, a list between commas."""
    if key == "widths" and growth(spec):
        return widths_text(spec)
    value = spec.value(key)
    labels = {choice.value: choice.label for choice in AXES[key].choices}
    if isinstance(value, tuple):
        same = len(set(value)) == 1 and key == "block"
        texts = [_word(item, labels) for item in (value[:1] if same else value)]
        return ("; " if any("," in text for text in texts) else ", ").join(texts)
    return _word(value, labels)


def _word(value: object, labels: Mapping[object, str]) -> str:
    if isinstance(value, tuple):  # the widths of a stage's blocks
        return "–".join(str(item) for item in dict.fromkeys((value[0], value[-1])))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return labels.get(value, "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value))


def unusual(spec: ResNetSpec, section: str) -> tuple[str, ...]:
    """Return what a section of axes has that a usual network has not, in few words each."""
    usual = change_all(_USUAL, {"blocks": spec.blocks, "block": spec.block})
    keys = [key for key in differences(usual, spec) if AXES[key].section == section and not AXES[key].off(spec)]
    return tuple(_unusual_text(spec, key) for key in keys)


def _unusual_text(spec: ResNetSpec, key: str) -> str:
    if key == "residual" and not spec.has_shortcuts:
        return "plain"
    label, value = AXES[key].label.lower(), value_words(spec, key)
    if spec.value(key) != getattr(spec, key):
        return f"{label} {value}"
    return value if AXES[key].choices else label if key == "zero_init" else f"{label} {value}"


def origin(spec: ResNetSpec) -> Entry | None:
    """Return the network that this one is a change of: a row's parent, or the row that was edited."""
    entry = entry_of(spec)
    if entry:
        return entry.parent
    return CATALOGUE.get(spec.name.removesuffix("-plain").removesuffix("-edited"))


def changes(old: ResNetSpec, new: ResNetSpec) -> tuple[str, ...]:
    """Return a sentence for each axis on which ``new`` differs from ``old``: ``Stem: deep instead of 7×7 / 2``."""
    return tuple(
        f"{AXES[key].label}: {value_words(new, key)} instead of {value_words(old, key)}"
        for key in differences(old, new)
        if not (AXES[key].off(new) and AXES[key].off(old))
    )


def twin(spec: ResNetSpec) -> ResNetSpec:
    """Return the plain twin of a residual network, or the residual network that a plain one is the twin of."""
    return named(spec.plain() if spec.has_shortcuts else replace(spec, residual=True))
