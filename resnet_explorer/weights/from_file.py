"""Whether a file's weights can start a network's fine-tuning, and what of the file's head becomes of it, in words."""

from dataclasses import replace

from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, changes, named, origin, title
from resnet_explorer.spec.change import differences
from resnet_explorer.weights.compare import same_network
from resnet_explorer.weights.identify import Identified, strange_text

FREE = ("classes", "dropout", "init", "zero_init", "stochastic_depth", "block_dropout", "shortcut_dropout")
"""Axes that may differ between a file's network and the one tuned: the head, initial weights, what is random."""
USUAL_CLASSES = 1000


def refusal(file: str, found: Identified, spec: ResNetSpec, strange: int = 0, values: int = 0) -> str:
    """Return why a file's weights cannot start a network's fine-tuning; empty where they can.

    ``strange`` of the file's ``values`` are not finite.
    """
    if not found.fits:
        count = len(found.problems)
        more = f" ({count - 1:,} more)" if count > 1 else ""
        return f"{file} does not fit {title(found.spec)}: {found.problems[0]}{more}"
    if strange:
        return f"{file} cannot be trained further: {strange_text(strange, values)}"
    if not same_network(found.spec, spec):
        return f"{file} holds {described(found.spec)}, not {title(_with_usual_head(spec))}."
    if not found.assumed:  # the file tells its network, also what tensors do not
        axes = [key for key in differences(found.spec, spec) if key not in FREE]
        return f"{file} holds a {title(found.spec)} of other {', '.join(axes)}." if axes else ""
    return ""


def described(spec: ResNetSpec) -> str:
    """Return a network's title with what was edited in it, the head apart."""
    plain = _with_usual_head(spec)
    base = origin(plain) if plain.name.endswith("-edited") else None
    edits = [line for line in changes(base.spec, plain) if not line.startswith("Classes:")] if base else []
    return f"{title(plain)} ({'; '.join(edits[:3])})" if edits else title(plain)


def with_head(spec: ResNetSpec) -> ResNetSpec:
    """Return a network that can be tuned: a backbone alone gets a head to be replaced."""
    return spec if spec.classes is not None else _with_usual_head(spec)


def _with_usual_head(spec: ResNetSpec) -> ResNetSpec:
    base = CATALOGUE.get(spec.name.removesuffix("-plain").removesuffix("-edited"))
    return named(replace(spec, classes=base.spec.classes if base else USUAL_CLASSES))


def head_words(file: str, found: Identified, classes: int) -> tuple[str, ...]:
    """Return what becomes of a file's head, and of what else is in it, in a tuning to that many classes."""
    had = found.spec.classes
    if had == classes:
        text = ["The head has as many classes as the file's, and starts from it too."]
    elif had is not None:
        text = [f"The head of {had:,} classes was not loaded: there are {classes:,}; it is new."]
    elif found.leftovers:
        text = ["The head is new."]
    else:
        text = [f"{file} has no head: the head is new."]
    return (*text, *(f"{file}, {one.text}." for one in found.leftovers))
