"""What a check yields: the step that it begins, and what it found."""

from collections.abc import Iterable
from enum import StrEnum

from resnet_explorer.dataclass import dataclass


class State(StrEnum):
    """How good a finding is: a note costs something and breaks nothing."""

    OK = "ok"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, under a key that stays the same, and what to do where it is not ok."""

    key: str
    title: str
    state: State
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a check does next, which may end its process or take more than so many seconds.

    ``task`` begins the sentence that says so; ``state`` and ``remedy`` are those of the finding then.
    """

    key: str
    title: str
    task: str
    seconds: float = 30.0
    state: State = State.BROKEN
    remedy: str = ""

    def ok(self, what: str, remedy: str = "") -> Finding:
        return Finding(self.key, self.title, State.OK, what, remedy)

    def note(self, what: str, remedy: str = "") -> Finding:
        return Finding(self.key, self.title, State.NOTE, what, remedy)

    def broken(self, what: str, remedy: str = "") -> Finding:
        return Finding(self.key, self.title, State.BROKEN, what, remedy)

    def ended(self, how: str) -> Finding:
        """Return the finding of a step that did not come to an answer: ``how`` ends the sentence."""
        return Finding(self.key, self.title, self.state, f"{self.task} {how}.", self.remedy)


def is_broken(findings: Iterable[Finding]) -> bool:
    """Return whether anything is broken."""
    return any(finding.state is State.BROKEN for finding in findings)


def to_text(finding: Finding) -> str:
    """Return a finding as lines: its state, title and what was found; what to do below, each line of its own."""
    lines = [f"{finding.state.value:<7} {finding.title}: {finding.what}"]
    lines += [f"        {line}" for line in finding.remedy.splitlines()]
    return "\n".join(lines) + "\n"


def summary(findings: Iterable[Finding]) -> str:
    """Return in a sentence how many findings there are, and of which states."""
    states = [finding.state for finding in findings]
    broken, notes = states.count(State.BROKEN), states.count(State.NOTE)
    noted = f", {notes} note{'' if notes == 1 else 's'}" if notes else ""
    return f"{len(states)} checks: {broken or 'nothing is'} broken{noted}."
