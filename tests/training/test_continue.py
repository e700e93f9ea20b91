"""A run that stops, however and whenever, goes on bit for bit."""

import errno
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.readings.progress import Throttle
from resnet_explorer.runs.opened import load_trained
from resnet_explorer.runs.plan import Run
from resnet_explorer.training import folder as folders
from resnet_explorer.training import loop
from resnet_explorer.training import trainer as trainers
from tests.narrow import close
from tests.training_runs import RECIPES, close_after, plan, run, same, small, timeless, train

CHANCES = ("stochastic_depth=0.3", "dropout=0.2")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, Path]]:
    """Runs without interruption."""
    root = tmp_path_factory.mktemp("whole")
    return {name: (run(plan(RECIPES[name], *CHANCES), root / name), root / name) for name in RECIPES}


@pytest.mark.parametrize("name", RECIPES)
def test_steps_one_by_one_are_the_same_run(name: str, whole: dict[str, tuple[Run, Path]], tmp_path: Path) -> None:
    for until in (1, 2, 7, 13, None):
        last = run(plan(RECIPES[name], *CHANCES), tmp_path / "run", until)
        assert len(last.metrics) == (until or 14)
    expected, folder = whole[name]
    assert timeless(last.metrics) == timeless(expected.metrics) and same(tmp_path / "run", folder)
    assert last.metrics[-1].seconds > 0


@pytest.mark.parametrize("name", ["sgd", "adam, average, crops"])
def test_a_run_closed_at_any_moment_goes_on(
    name: str, whole: dict[str, tuple[Run, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value that is taken comes between other steps, or between parts of a test."""
    monkeypatch.setattr("resnet_explorer.training.loop.PAUSE", 0.0)
    monkeypatch.setattr(trainers, "TESTED", 512)
    asked = plan(RECIPES[name], *CHANCES)
    for count in (3, 4, 5, 8, 9, 12, 13):
        close_after(train(asked, tmp_path / "run"), count)
    last = run(asked, tmp_path / "run")
    expected, folder = whole[name]
    assert timeless(last.metrics) == timeless(expected.metrics) and same(tmp_path / "run", folder)


def test_a_run_goes_on_from_an_older_checkpoint_and_a_torn_line(
    whole: dict[str, tuple[Run, Path]], tmp_path: Path
) -> None:
    """What a crash leaves: steps behind the checkpoint, the last line in part."""
    asked, here = plan(RECIPES["sgd"], *CHANCES), tmp_path / "run"
    run(asked, here, 6)
    old = (here / "checkpoint.safetensors").read_bytes()
    run(asked, here, 11)
    (here / "checkpoint.safetensors").write_bytes(old)
    lines = (here / "metrics.jsonl").read_bytes()
    (here / "metrics.jsonl").write_bytes(lines[:-25])
    last = run(asked, here)
    expected, folder = whole["sgd"]
    assert timeless(last.metrics) == timeless(expected.metrics) and same(here, folder)
    assert len((here / "metrics.jsonl").read_text().splitlines()) == 14 + 5


def test_a_whole_run_is_not_made_again(whole: dict[str, tuple[Run, Path]]) -> None:
    expected, folder = whole["sgd"]
    before = (folder / "metrics.jsonl").read_bytes()
    again = run(plan(RECIPES["sgd"], *CHANCES), folder)
    assert again.metrics[-1].loss == expected.metrics[-1].loss and (folder / "metrics.jsonl").read_bytes() == before


def test_a_folder_of_another_run_is_refused(whole: dict[str, tuple[Run, Path]]) -> None:
    _, folder = whole["sgd"]
    with pytest.raises(ExplorerError, match="another seed"):
        run(plan(RECIPES["sgd"], *CHANCES, seed=5), folder)
    with pytest.raises(ExplorerError, match="another recipe"):
        run(plan(RECIPES["adamw"], *CHANCES), folder)


def test_two_do_not_train_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "PATIENCE", 0.1)
    first = train(plan(), tmp_path / "run")
    next(first), next(first)
    with pytest.raises(ExplorerError, match="Another process"):
        run(plan(), tmp_path / "run")
    close(first)
    assert run(plan(), tmp_path / "run").is_finished


@pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
def test_a_full_disk_ends_the_run_with_a_sentence_and_it_goes_on_later(
    whole: dict[str, tuple[Run, Path]], tmp_path: Path
) -> None:
    import resource

    asked, here = plan(RECIPES["sgd"], *CHANCES), tmp_path / "run"
    run(asked, here, 3)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((here / "metrics.jsonl").stat().st_size + 700, limits[1]))
    try:
        stopped = run(asked, here)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "larger than files may be here" in stopped.problem and len(stopped.metrics) >= 3
    last = run(asked, here)
    expected, folder = whole["sgd"]
    assert not last.problem and timeless(last.metrics) == timeless(expected.metrics) and same(here, folder)


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "run"
    run(plan(), here, 4)
    before = (here / "checkpoint.safetensors").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(loop, "Throttle", lambda *_, **__: Throttle(0.0, 0.0))  # each step is told, however short
    steps = train(plan(), here)
    while getattr(next(steps), "done", 0) < 5:
        pass
    with pytest.raises(ExportError, match="disk is full"):
        close(steps)
    assert (here / "checkpoint.safetensors").read_bytes() == before and not list(here.glob("*.part"))


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", b"x" * 300])
def test_a_broken_checkpoint_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    run(plan(), tmp_path / "run", 2)
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(content)
    with pytest.raises(ExplorerError, match="is broken"):
        run(plan(), tmp_path / "run")


def test_the_trained_network_is_fetched_from_its_folder(whole: dict[str, tuple[Run, Path]], tmp_path: Path) -> None:
    for name in ("sgd", "adam, average, crops"):
        model, asked, steps = load_trained(whole[name][1])
        assert steps == 14 and not model.training and asked.spec == small(*CHANCES)
    with pytest.raises(ExplorerError, match="holds no run"):
        load_trained(tmp_path)


def test_another_name_is_no_other_run(whole: dict[str, tuple[Run, Path]]) -> None:
    _, folder = whole["adamw"]
    assert run(replace(plan(RECIPES["adamw"], *CHANCES), name="renamed"), folder).is_finished
