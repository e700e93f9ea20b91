"""How two networks differ, and what is unusual in one, in words."""

from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE, Entry, entry_of
from resnet_explorer.spec.change import change_all, differences
from resnet_explorer.spec.resnet_spec import ResNetSpec

_USUAL = ResNetSpec("")


def value_words(spec: ResNetSpec, key: str) -> str:
    """Return an axis' value as it is shown: a choice's label, a number, a list between commas."""
    value = getattr(spec, key)
    labels = {choice.value: choice.label for choice in AXES[key].choices}
    if isinstance(value, tuple):
        same = len(set(value)) == 1 and key == "block"
        return ", ".join(str(labels.get(item, item)) for item in (value[:1] if same else value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return labels.get(value, "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value))


def unusual(spec: ResNetSpec, section: str) -> tuple[str, ...]:
    """Return what a section of axes has that a usual network has not, in few words each."""
    usual = change_all(_USUAL, {"blocks": spec.blocks, "block": spec.block})
    keys = [key for key in differences(usual, spec) if AXES[key].section == section and not AXES[key].off(spec)]
    return tuple(value_words(spec, key) if AXES[key].choices else _number_words(spec, key) for key in keys)


def _number_words(spec: ResNetSpec, key: str) -> str:
    if key == "residual":
        return "plain"
    return AXES[key].label.lower() if key == "zero_init" else f"{AXES[key].label.lower()} {value_words(spec, key)}"


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
