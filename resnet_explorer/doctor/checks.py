"""All checks, one after the other; those that may crash or hang run beside them from the start."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from resnet_explorer.doctor import packages, places
from resnet_explorer.doctor.child import Child, command_of, failure
from resnet_explorer.doctor.findings import Finding, Step

DRAWING = "digraph { a -> b }"
DRAWING_S = 20.0
RECENT_DAYS = 14


class Checks:
    """All checks; ``findings`` does them, ``kill`` ends those that still run, from any thread."""

    def __init__(self) -> None:
        self._children = {step.key: Child(command_of(step.key), step) for step in _FIRST}

    def findings(self) -> Iterator[Finding]:
        """Yield what each check finds, in an order that stays the same."""
        yield _checked(Step("python", "Python", "Looking at Python"), packages.python)
        yield _checked(Step("packages", "Packages", "Looking for packages"), packages.packages)
        for child in self._children.values():
            yield from child.findings()
        yield _checked(Step("graphviz", "Graphviz", "Drawing a graph"), _graphviz)
        for key, place in places.PLACES.items():
            yield _checked(Step(f"folder-{key}", place.title, f"Writing into {key}"), places.place, key)
        yield _checked(Step("crash", "Last crash", "Reading the log"), _last_crash)

    def kill(self) -> None:
        for child in self._children.values():
            child.kill()


_FIRST = (
    Step("qt", "Qt", "Looking for Qt"),
    Step("pytorch", "PyTorch", "Looking for PyTorch"),
    Step("onednn", "oneDNN", "Looking for oneDNN"),
)
"""What each process begins with, by the name of its check."""


def _checked(step: Step, check: Callable[..., Finding], *of: object) -> Finding:
    try:
        return check(step, *of)
    except Exception as error:  # whatever a broken installation raises becomes a finding
        return failure(step, error)


def _last_crash(step: Step) -> Finding:
    from resnet_explorer.ui import crash_log

    last = crash_log.last()
    if last is None:
        return step.ok("None is in the log.")
    age = datetime.now(UTC) - datetime.strptime(last.when, crash_log.TIME).replace(tzinfo=UTC)
    text = f"{last.when} UTC: {last.what}"
    if age > timedelta(days=RECENT_DAYS):
        return step.ok(text)
    remedy = f"{crash_log.path()} has the details. resnet-explorer --safe starts without the last session."
    return step.note(text, remedy)


def _graphviz(step: Step) -> Finding:
    from resnet_explorer.autograd.graphviz import find_command, layout

    (command,) = find_command()
    *_, picture = layout(DRAWING, timeout=DRAWING_S, command=(command,))
    if not isinstance(picture, bytes) or b"<svg" not in picture:
        return step.broken(f"{command} draws no picture.", "Install Graphviz, or graphviz-pure with pip.")
    return step.ok(f"{command} draws.")
