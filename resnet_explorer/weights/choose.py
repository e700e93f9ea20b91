"""Which of the dictionaries in a file is the state dictionary of its network: chosen by content, not by its name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor

from resnet_explorer.errors import ExplorerError
from resnet_explorer.weights.containers import FileError, shortened
from resnet_explorer.weights.identify import identify
from resnet_explorer.weights.pickles import Made
from resnet_explorer.weights.tensors import Leaf, Strange

DEEPEST = 64
"""How deep dictionaries may lie in each other."""
NETWORK = 4
"""Fewer convolutions than these are a part of a network: its stem, say, where a dictionary holds a module each."""
MOST_TENSORS = 30_000
"""A CIFAR ResNet of 1,202 layers has some 7,000."""
MOST_TRIED = 8
"""So many dictionaries are compared with residual networks."""
_AVERAGES = ("ema", "teacher", "momentum", "averag", "swa", "shadow", "target", "encoder_k")
"""Names of a network's slowly moving copy: it comes second, unless asked for."""
TOP = "."
"""The key of a file's outermost dictionary."""


@dataclass(slots=True, eq=False)
class _Part:
    """A dictionary, list or object of a file: its tensors, and what lies in it; counts include what lies below."""

    path: str
    of: str = ""
    is_module: bool = False
    is_list: bool = False
    tensors: dict[str, Leaf] = field(default_factory=dict)
    parts: dict[str, "_Part"] = field(default_factory=dict)
    total: int = 0
    convolutions: int = 0
    is_finished: bool = False

    def finish(self) -> None:
        self.parts = {name: part for name, part in self.parts.items() if part.total}
        self.total = len(self.tensors) + sum(part.total for part in self.parts.values())
        own = [leaf for leaf in self.tensors.values() if isinstance(leaf, Tensor) and not leaf.is_complex()]
        inner = sum(part.convolutions for part in self.parts.values())
        self.convolutions = inner + sum(leaf.dim() == 4 for leaf in own)
        self.is_finished = True

    @property
    def key(self) -> str:
        """Return what asks for it."""
        return self.path or TOP

    @property
    def own(self) -> int:
        """Return how many convolutions lie in it by themselves."""
        return self.convolutions - sum(part.convolutions for part in self.parts.values())


@dataclass(frozen=True, slots=True)
class Choice:
    """The tensors of a state dictionary, in the file's order; ``keys`` are those of all that the file holds.

    ``notes`` say what was chosen of what.
    """

    tensors: Mapping[str, Leaf]
    key: str
    keys: tuple[str, ...]
    notes: tuple[str, ...]


def choose(content: object, leaf: Callable[[object], Leaf | None], key: str | None) -> Choice:
    """Return the state dictionary of a network in what a file holds: that of a key, or the likeliest.

    Raises FileError where there is none, or none of that key.
    """
    root = _tree(content, leaf)
    if not root.total:
        raise FileError(f"holds no tensors{_instead(content)}.", "Choose a file of weights.")
    candidates = _candidates(root)
    keys = tuple(part.key for part in candidates)
    if key is None:
        part = _likeliest(candidates)
    elif key in keys:
        part = candidates[keys.index(key)]
    else:
        listed = ", ".join(repr(shortened(other)) for other in keys[:MOST_TRIED])
        raise FileError(f"has no weights under {key!r}.", f"Choose one of: {listed}.")
    if part.is_list:
        what = f"holds a list of {part.total:,} tensors without names."
        raise FileError(what, "Save the state_dict, which has a name for each.")
    tensors = _flat(part)
    return Choice(tensors, part.key, keys if len(keys) > 1 else (), tuple(_notes(part, tensors, candidates)))


def _instead(content: object) -> str:
    if isinstance(content, dict):
        if _is_optimiser(content):
            return " of a network: it is the state of an optimiser alone"
        names = ", ".join(repr(str(name)[:40]) for name in list(content)[:5])
        return f": it is a dictionary of {names}" if names else ": it is an empty dictionary"
    if isinstance(content, Made):
        return f": it is a pickled {content.name[:80]}" if content.name else ""
    return f": it is a pickled {type(content).__name__}"


def _tree(content: object, leaf: Callable[[object], Leaf | None]) -> _Part:
    """Return everything in a file that holds tensors; each thing is looked at once, and never by recursion."""
    root = _part("", content)
    seen = {id(content): root}
    waiting = [(root, _children(content))]
    alone = _leaf(content, leaf)
    if alone is not None:
        root.tensors["tensor"] = alone
    while waiting:
        part, rest = waiting[-1]
        for name, child in rest:
            tensor = _leaf(child, leaf)
            if tensor is not None:
                part.tensors[name] = tensor
            elif id(child) in seen:
                if seen[id(child)].is_finished:  # else it lies in itself
                    part.parts[name] = replace(seen[id(child)], path=_joined(part.path, name))
            elif isinstance(child, (dict, list, tuple, Made)) and len(waiting) < DEEPEST:
                inner = _part(_joined(part.path, name), child)
                part.parts[name] = seen[id(child)] = inner
                waiting.append((inner, _children(child)))
                break
        else:
            part.finish()
            waiting.pop()
    return root


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _leaf(value: object, leaf: Callable[[object], Leaf | None]) -> Leaf | None:
    return value if isinstance(value, (Tensor, Strange)) else leaf(value)


def _part(path: str, content: object) -> _Part:
    if not isinstance(content, Made):
        return _Part(path, is_list=isinstance(content, (list, tuple)))
    state = _state(content)
    return _Part(path, content.name, "_modules" in state or content.name.startswith("__torch__."))


def _children(value: object) -> Iterator[tuple[str, object]]:
    """Yield what lies in a value by its name; the state of an optimiser has nothing that belongs to a network."""
    if isinstance(value, Made):
        state = _state(value)
        if "_modules" in state:
            unsaved = state.get("_non_persistent_buffers_set")
            for key in ("_parameters", "_buffers", "_modules"):
                inner = state.get(key)
                for name, child in inner.items() if isinstance(inner, dict) else ():
                    if not (isinstance(unsaved, list) and name in unsaved):
                        yield str(name), child
        elif not _is_optimiser(state):
            yield from ((str(name), child) for name, child in (state | value.entries).items())
            yield from ((str(place), child) for place, child in enumerate(value.values))
    elif isinstance(value, dict):
        if not _is_optimiser(value):
            yield from ((str(name), child) for name, child in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((str(place), child) for place, child in enumerate(value))


def _state(made: Made) -> dict[str | int, object]:
    state = made.state
    if isinstance(state, tuple) and len(state) == 2:  # of __dict__ and __slots__
        state = state[0] or state[1]
    return state if isinstance(state, dict) else {}


def _is_optimiser(state: Mapping[str | int, object]) -> bool:
    return "state" in state and "param_groups" in state


def _candidates(root: _Part) -> list[_Part]:
    """Return the parts that may each be a network, in the file's order; everything where none has convolutions."""
    candidates: list[_Part] = []
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        inner = [child for child in part.parts.values() if child.convolutions]
        rich = [child for child in inner if child.convolutions >= NETWORK or child.is_module]
        if part.is_module or (part.convolutions and (part.own or len(rich) < len(inner) or _has_head(part, rich))):
            candidates.append(part)
            rich = rich if part.own >= NETWORK and not part.is_module else []
        waiting += reversed(rich)
    return candidates or [max(_all(root), key=lambda part: len(part.tensors))]


def _has_head(part: _Part, rich: list[_Part]) -> bool:
    others = [child for child in part.parts.values() if not child.convolutions]
    return len(rich) == 1 and not _has_matrix(rich[0]) and any(map(_has_matrix, others))


def _has_matrix(root: _Part) -> bool:
    return any(isinstance(leaf, Tensor) and leaf.dim() == 2 for part in _all(root) for leaf in part.tensors.values())


def _all(root: _Part) -> list[_Part]:
    parts, waiting = {id(root): root}, [root]
    while waiting:
        for child in waiting.pop().parts.values():
            if id(child) not in parts:
                parts[id(child)] = child
                waiting.append(child)
    return list(parts.values())


def _likeliest(candidates: list[_Part]) -> _Part:
    """Return the part that is a residual network, rather no moving average, and rather the first."""
    if len(candidates) == 1:
        return candidates[0]
    largest = max(part.convolutions for part in candidates)

    def order_of(part: _Part) -> tuple[bool, bool]:
        return 2 * part.convolutions < largest, any(name in part.path.lower() for name in _AVERAGES)

    order = sorted(candidates, key=order_of)
    return next((part for part in order[:MOST_TRIED] if _is_residual(part)), order[0])


def _is_residual(part: _Part) -> bool:
    try:
        identify({name: tuple(leaf.shape) for name, leaf in _flat(part).items() if isinstance(leaf, Tensor)})
    except (ExplorerError, FileError):
        return False
    return True


def _flat(root: _Part) -> dict[str, Leaf]:
    """Return all tensors of a part by their dotted names; one that is itself a candidate of its own is left out."""
    if root.total > MOST_TENSORS:
        raise FileError(f"holds {root.total:,} tensors, more than any residual network has.", "Do not trust this file.")
    beside = root.own >= NETWORK and not root.is_module
    tensors: dict[str, Leaf] = {}
    waiting = [("", root)]
    while waiting:
        before, part = waiting.pop()
        tensors |= {f"{before}{name}": leaf for name, leaf in part.tensors.items()}
        for name, child in reversed(part.parts.items()):
            if not (beside and child.convolutions >= NETWORK):
                waiting.append((f"{before}{name}.", child))
    return tensors


def _notes(part: _Part, tensors: Mapping[str, Leaf], candidates: list[_Part]) -> Iterator[str]:
    if part.is_module and not part.of.startswith("__torch__."):
        where = f" under {shortened(part.path)!r}" if part.path else ""
        yield f"The file holds a whole module{where} ({part.of[:120]}); its code was not run, its tensors were read."
    others = [other for other in candidates if other is not part]
    if others:
        yield f"These are the weights under {shortened(part.key)!r}."
    for other in others[:MOST_TRIED]:
        shares_memory = _addresses(tensors) == _addresses(_flat(other))
        same = "the same tensors" if shares_memory else f"{other.total:,} tensors of its own"
        yield f"The file also holds {shortened(other.key)!r}: {same}."


def _addresses(leaves: Mapping[str, Leaf]) -> list[int]:
    return [leaf.data_ptr() if isinstance(leaf, Tensor) else 0 for leaf in leaves.values()]
