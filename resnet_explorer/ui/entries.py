"""What the palette finds: entries that providers make for a window, and how well each fits what is typed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from resnet_explorer import features
from resnet_explorer.spec.catalogue import plain_text
from resnet_explorer.spec.search import closeness

if TYPE_CHECKING:
    from resnet_explorer.ui.window import Window


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be found: its text, what kind of thing it is, what Enter does, its shortcut, a tip.

    ``names`` and ``words`` are searched too: names as a whole with letters left out, words where they stand. What is
    typed may also be longer than one of ``begins``: the name of a variant. A setting that can be on or off says so in
    ``is_on``.
    """

    text: str
    kind: str
    run: Callable[[], object]
    keys: str = ""
    tip: str = ""
    names: Sequence[str] = ()
    words: str = ""
    is_on: bool | None = None
    begins: tuple[str, ...] = ()
    _names: tuple[str, ...] = field(init=False)
    _words: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", tuple(map(plain_text, (self.text, *self.names))))
        object.__setattr__(self, "_words", f"{self.text} {self.kind} {self.tip} {self.words}".lower())

    def closeness(self, text: str) -> float | None:
        """Return how far the entry is from what is typed; None where it is not meant."""
        if self.begins and plain_text(text).startswith(self.begins):
            return 0.0
        return closeness(text, self._names, self._words)


class Experiment(Protocol):
    """What every lab's experiment has."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def question(self) -> str: ...


def experiment_entries(window: "Window", lab: str, presets: Iterable[Experiment], show: str) -> Iterator[Entry]:
    """Yield a lab's experiments; ``show`` is ``module:function``, called with the window and the chosen one."""
    for preset in presets:
        run = partial(_show, show, window, preset)
        yield Entry(preset.title, "Experiment", run, "", f"{lab}: {preset.question}", (preset.key,))


def _show(show: str, window: "Window", preset: Experiment) -> None:
    features.resolve(show)(window, preset)


def matching(text: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that a text means, the best first and equal ones in their order; all for an empty text."""
    if not text.strip():
        return list(entries)
    scored = [(score, entry) for entry in entries if (score := entry.closeness(text)) is not None]
    return [entry for _, entry in sorted(scored, key=lambda pair: pair[0])]
