"""Graphviz as a process: found or not, failing, hanging, stopped; and torchviz's own drawing."""

import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from resnet_explorer.autograd.graphviz import GraphvizError, layout
from resnet_explorer.autograd.lab import torchviz_dot
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.narrow import close

posix = pytest.mark.skipif(os.name != "posix", reason="looks at processes, and writes commands, as POSIX systems do")
SMALL = InputShape(2, 64, 64)
_SVG = "{http://www.w3.org/2000/svg}"


def python(code: str) -> tuple[str, ...]:
    """A command that runs some Python; Graphviz's own options follow it."""
    return (sys.executable, "-c", code)


def laid_out(source: str, **options: Any) -> bytes:
    *steps, last = layout(source, **options)
    assert steps and all(isinstance(step, Progress) and " s" in step.text for step in steps)
    assert isinstance(last, bytes)
    return last


def titles(svg: bytes) -> list[str | None]:
    groups = ElementTree.fromstring(svg).iter(f"{_SVG}g")
    return [group.findtext(f"{_SVG}title") for group in groups if group.get("class") == "node"]


@pytest.mark.parametrize("system", [True, False], ids=["whatever is there", "no dot on the path"])
def test_torchvizs_drawing_of_resnet18_is_laid_out(
    system: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not system:
        monkeypatch.setenv("PATH", str(tmp_path))
    source = torchviz_dot(RecordGraph(find("resnet18"), SMALL))
    drawn = titles(laid_out(source))
    assert len(drawn) == len(set(drawn)) == source.count("[label=")
    assert source.count("ConvolutionBackward0") == 20
    assert source.count("[saved") == 0 and "layer4.1.bn2.weight" in source and "input\n" in source


def test_torchviz_shows_saved_tensors_where_asked() -> None:
    source = torchviz_dot(RecordGraph(find("resnet20"), SMALL, loss=False, saved=True))
    assert "orange" in source and "NllLoss" not in source


def test_a_network_too_deep_for_torchviz_is_told_in_words() -> None:
    with pytest.raises(GraphvizError, match="too deep for torchviz") as caught:
        torchviz_dot(RecordGraph(find("resnet1202"), InputShape(1, 32, 32)))
    assert isinstance(caught.value, ExplorerError) and caught.value.remedy


def test_torchviz_that_cannot_be_loaded_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchviz", None)
    with pytest.raises(GraphvizError, match="torchviz cannot be loaded") as caught:
        torchviz_dot(RecordGraph(find("resnet20"), SMALL))
    assert "Install torchviz" in caught.value.remedy


def test_the_source_and_the_format_are_given_to_the_command() -> None:
    echo = python("import sys; sys.stdout.write(sys.argv[1] + sys.stdin.read())")
    assert laid_out("digraph {é}", command=echo) == "-Tsvgdigraph {é}".encode()


def test_much_text_both_ways_stops_nothing() -> None:
    """More than a pipe holds: what nobody reads would block the process."""
    loud = python("import sys; sys.stderr.write('w' * 1_000_000); sys.stdout.write(2 * sys.stdin.read())")
    assert len(laid_out("x" * 1_000_000, command=loud)) == 2_000_000


def test_graphviz_that_is_nowhere_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(GraphvizError, match="Graphviz was not found") as caught:
        list(layout("digraph {}"))
    assert "graphviz-pure" in caught.value.remedy


@posix
def test_dot_is_asked_before_what_stands_in_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = tmp_path / "dot"
    dot.write_text(f"#!{sys.executable}\nprint('the system own')\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert laid_out("digraph {}").strip() == b"the system own"


def test_a_command_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(GraphvizError, match="dot cannot be started: No such file") as caught:
        list(layout("digraph {}", command=(str(tmp_path / "dot"),)))
    assert caught.value.where.endswith("dot")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("import sys; sys.exit('Error: syntax error in line 1\\nmore')", "failed: Error: syntax error in line 1."),
        ("raise SystemExit(3)", "status 3 and printed nothing"),
        ("pass", "status 0 and printed nothing"),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9 and printed nothing", marks=posix
        ),
    ],
)
def test_a_command_that_fails_is_told_by_what_it_said_first(code: str, text: str) -> None:
    with pytest.raises(GraphvizError) as caught:
        list(layout("digraph {}", command=python(code)))
    assert text in caught.value.what and caught.value.remedy


def test_graphviz_says_what_is_wrong_with_a_source() -> None:
    with pytest.raises(GraphvizError, match="syntax error in line 1"):
        list(layout("digraph {"))


HANGS = "import os, sys, time; open(sys.stdin.read(), 'w').write(str(os.getpid())); time.sleep(600)"


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _pid(file: Path, steps: Iterator[object]) -> int:
    """The process' number, which it writes once it runs."""
    while not (file.exists() and file.read_text()):
        assert isinstance(next(steps), Progress)
    return int(file.read_text())


@posix
def test_a_command_that_hangs_is_ended_after_a_while(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with pytest.raises(GraphvizError, match=r"has not finished after 2 seconds\."):
        list(layout(str(file), timeout=2, command=python(HANGS)))
    assert not _is_there(int(file.read_text()))


@posix
def test_to_close_the_generator_ends_the_process(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    steps = layout(str(file), command=python(HANGS))
    pid = _pid(file, steps)
    assert _is_there(pid)
    started = time.monotonic()
    close(steps)
    assert not _is_there(pid) and time.monotonic() - started < 30


def test_progress_tells_the_seconds(tmp_path: Path) -> None:
    steps = layout(str(tmp_path / "pid"), command=python(HANGS))
    seen: set[str] = set()
    while not any("1 s" in text for text in seen):
        step = next(steps)
        assert isinstance(step, Progress) and step.done < step.of
        seen.add(step.text)
    close(steps)
    name = Path(shutil.which(sys.executable) or sys.executable).name
    assert f"{name} is laying out the graph: 0 s" in seen
