"""The error tree: every error says what is wrong, where, and what to do next."""

from collections.abc import Iterable


def did_you_mean(word: str, choices: Iterable[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """Return the question for the nearest of some words, or what else to say where none is near."""
    from difflib import get_close_matches  # 2 ms that the start does not need

    near = get_close_matches(word[:80], tuple(choices), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]!r}?" if near else otherwise


def printable(text: str) -> str:
    """Return a text in which what a file calls its things cannot steer the terminal."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\xa0\u202f" else ascii(letter)[1:-1] for letter in text
    )


class ExplorerError(Exception):
    """Something the user can mend; ``str(error)`` is one or two plain sentences, of letters that can be printed.

    ``where`` names the place (an axis of the spec, a layer's path, a file), ``what`` says what is wrong and
    ``remedy`` what to do next.
    """

    def __init__(self, where: str, what: str, remedy: str = "") -> None:
        what, remedy = printable(what), printable(remedy)
        super().__init__(f"{what} {remedy}".strip())
        self.where = where
        self.what = what
        self.remedy = remedy


class SpecError(ExplorerError):
    """A choice, or a combination of choices, that describes no network.

    ``fixes`` holds alternatives, each some ``key=value`` settings that would make the choice possible, the best first.
    """

    def __init__(self, where: str, what: str, remedy: str = "", fixes: tuple[tuple[str, ...], ...] = ()) -> None:
        super().__init__(where, what, remedy)
        self.fixes = fixes


class InputError(ExplorerError):
    """An input shape that the network cannot take; ``where`` is the layer or the dimension that fails."""


class SpecFileError(ExplorerError):
    """A file that holds no network description; ``where`` is its path."""


class ExportError(ExplorerError):
    """A file that could not be written; what was there before is intact."""


class CheckpointError(ExplorerError):
    """A file of weights that cannot be read, is not safe to read, or belongs to no residual network."""
