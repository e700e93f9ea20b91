"""torchviz's own drawing of a network, for comparison, and Graphviz as a process that can be stopped."""

import shutil
import subprocess
import sysconfig
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import IO

from resnet_explorer.autograd.values import DrawTorchviz
from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape, ResNetSpec

PAUSE = 0.1
"""Seconds between two looks at the process."""
PURE = "graphviz-pure"
_OTHERWISE = "Export the DOT source, or use the drawing that needs no Graphviz."


class GraphvizError(ExplorerError):
    """A drawing by torchviz or Graphviz that did not come about; ``where`` is the command, or ``torchviz``."""


def torchviz_dot(
    spec: ResNetSpec,
    image: InputShape,
    *,
    device: str = "cpu",
    loss: bool = True,
    training: bool = True,
    attributes: bool = False,
    saved: bool = False,
) -> str:
    """Return the DOT source that torchviz writes of a network at an input.

    Raises GraphvizError where the network is too deep for it, and InputError where it cannot take the input.
    """
    from resnet_explorer.autograd.lab import forward, prepared
    from resnet_explorer.probes.models import restored

    model, x = prepared(spec, image, device=device, training=training)
    try:
        with warnings.catch_warnings(), restored(model, training=training):
            y, _ = forward(model, x, loss=loss)
            warnings.simplefilter("ignore")  # it compares versions with what Python has dropped
            from torchviz import make_dot

            params = dict(model.named_parameters()) | {"input": x}
            return str(make_dot(y, params, show_attrs=attributes, show_saved=saved).source)
    except ImportError as error:
        what = f"torchviz cannot be loaded: {error}."
        raise GraphvizError("torchviz", what, "Install torchviz and setuptools.") from error
    except RecursionError as error:
        what = "This network is too deep for torchviz, which follows the graph by recursion."
        raise GraphvizError(
            "torchviz", what, "Use the drawing that needs no torchviz: it has no such limit."
        ) from error


def layout(
    source: str, form: str = "svg", *, timeout: float = 60.0, command: Sequence[str] | None = None
) -> Iterator[Progress | bytes]:
    """Yield progress while Graphviz lays out a DOT source and, last, the file that it wrote, in ``dot -T``'s words.

    The system's ``dot`` is asked, or graphviz-pure where there is none. To close the generator ends the process.
    Raises GraphvizError where Graphviz is absent, fails, or is not done after ``timeout`` seconds.
    """
    command = tuple(command or _found())
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made, tempfile.TemporaryFile() as said:
        given.write(source.encode())
        given.seek(0)
        process = _started((*command, f"-T{form}"), given, made, said)
        try:
            yield from _waited(process, command[0], timeout)
        finally:
            process.kill()  # does nothing to a process that has ended
            process.wait()
        yield _result(process.returncode, command[0], made, said)


def _found() -> tuple[str, ...]:
    """Return the command: ``dot``, or graphviz-pure's beside this Python or on the path."""
    for name, path in (("dot", None), (PURE, sysconfig.get_path("scripts")), (PURE, None)):
        if found := shutil.which(name, path=path):
            return (found,)
    raise GraphvizError("dot", "Graphviz was not found.", f"Install Graphviz, or {PURE} with pip.")


def _started(command: Sequence[str], given: IO[bytes], made: IO[bytes], said: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a process that reads and writes files: a pipe that nobody reads would stop it."""
    quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        return subprocess.Popen(command, stdin=given, stdout=made, stderr=said, creationflags=quiet)
    except OSError as error:
        what = f"{_plain(command[0])} cannot be started: {error.strerror or error}."
        raise GraphvizError(command[0], what, f"Install Graphviz, or {PURE} with pip.") from error


def _waited(process: subprocess.Popen[bytes], name: str, timeout: float) -> Iterator[Progress]:
    """Yield how long the process has run, until it ends."""
    start = monotonic()
    while True:
        past = monotonic() - start
        yield Progress(0, 1, f"{_plain(name)} lays out the graph: {past:.0f} s")
        try:
            process.wait(min(PAUSE, max(0.0, timeout - past)))
        except subprocess.TimeoutExpired:
            if monotonic() - start < timeout:
                continue
            what = f"{_plain(name)} was not done after {timeout:g} seconds."
            raise GraphvizError(name, what, _OTHERWISE) from None
        return


def _result(status: int, name: str, made: IO[bytes], said: IO[bytes]) -> bytes:
    """Return what the process wrote; raise with the first line of what it said where it failed."""
    made.seek(0)
    said.seek(0)
    content, words = made.read(), said.read().decode(errors="replace").strip().splitlines()
    if status == 0 and content:
        return content
    ended = f"signal {-status}" if status < 0 else f"status {status}"
    reason = words[0][:200].rstrip(".") if words else f"it ended with {ended} and said nothing"
    raise GraphvizError(name, f"{_plain(name)} failed: {reason}.", _OTHERWISE)


def _plain(command: str) -> str:
    return Path(command).name


def draw_torchviz(job: DrawTorchviz) -> Iterator[object]:
    """Yield progress, and last the SVG file with its DOT source."""
    graph = job.graph
    yield Progress(0, 1, "torchviz follows the graph")
    options = {"loss": graph.loss, "training": graph.training, "saved": graph.saved}
    dot = torchviz_dot(graph.spec, graph.image, device=graph.device, **options)
    for step in layout(dot):
        yield step if isinstance(step, Progress) else (step, dot)
