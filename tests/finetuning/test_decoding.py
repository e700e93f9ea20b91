"""Images decoded beside the training: the same run whatever the threads, each image once an epoch, no thread left."""

import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import checked, data
from resnet_explorer.finetuning.checks import check
from resnet_explorer.finetuning.choices import GreyWay, TuneData
from resnet_explorer.finetuning.data import TuneImages, complete, load
from resnet_explorer.finetuning.lab import iterate_steps, load_checked
from resnet_explorer.finetuning.plan import TunePlan, run_plan
from resnet_explorer.finetuning.values import CheckData, TuneEnding, TuneRun
from resnet_explorer.images import read
from resnet_explorer.probes import decoding
from resnet_explorer.readings.progress import Partial, Progress
from resnet_explorer.runs.folder import read as read_run
from resnet_explorer.runs.plan import Chunk, Metric
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.training.feed import AHEAD, Feed
from tests.narrow import last
from tests.tuning_runs import PLAN, timeless

BATCH, EPOCHS = 4, 3


def picture(file: Path, seed: int, mode: str = "RGB", size: tuple[int, int] = (15, 12)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(file)
    return file


@pytest.fixture
def plan(tmp_path: Path) -> TunePlan:
    """Three epochs on 16 photos, with 6 to validate, mirrored at random."""
    for part, count in {"train": 8, "val": 3}.items():
        for number, name in enumerate(("ants", "bees")):
            for index in range(count):
                picture(tmp_path / "images" / part / name / f"{index}.jpg", 100 * number + index)
    recipe = Recipe(batch=BATCH, learning_rate=0.05, flip=True)
    one = replace(PLAN, data=TuneData(where=str(tmp_path / "images")), classes=(), channels=3, grey=GreyWay.REPEAT)
    return complete(replace(one, recipe=recipe, epochs=EPOCHS))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was decoded."""
    counts: Counter[str] = Counter()
    real = read.numbers_in

    def numbers_in(file: Path) -> object:
        counts[str(file)] += 1
        return real(file)

    monkeypatch.setattr(read, "numbers_in", numbers_in)
    return counts


def decoder_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("decoder")]


def steps_of(plan: TunePlan, decode: int | None, folder: Path | None = None) -> list[Metric]:
    found: list[Metric] = []
    for step in iterate_steps(plan, folder, decode=decode, known_steps=0):
        if isinstance(step, Partial):
            assert isinstance(step.value, Chunk)
            found += step.value.metrics
    return timeless(found)


def test_threads_and_memory_change_no_bit(
    plan: TunePlan, opened: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known to be readable or not; all images kept, some, or none: then each is decoded once an epoch."""
    size = 3 * plan.image.height * plan.image.width
    chance = torch.get_rng_state()
    plain = steps_of(plan, 0)
    assert set(opened.values()) == {1} and len(opened) == 22, "before the run, since nobody knew them"
    for kept in (22, 5, 0):
        monkeypatch.setattr(decoding, "room", lambda kept=kept: kept * size)
        for decode in (0, 1, 3):
            opened.clear()
            assert steps_of(plan, decode) == plain, (kept, decode)
            assert sum(opened.values()) == kept + EPOCHS * (22 - kept), (kept, decode)
            assert max(opened.values()) == (1 if kept == 22 else EPOCHS), (kept, decode)
    assert len(plain) == EPOCHS * 4 and torch.equal(chance, torch.get_rng_state())


def test_the_first_step_waits_for_few_images(plan: TunePlan, opened: Counter[str]) -> None:
    last(TuneImages, load(plan))
    opened.clear()
    steps = iterate_steps(plan, decode=1)
    seen = next(step for step in steps if isinstance(step, Partial))
    assert isinstance(seen.value, Chunk) and len(seen.value.metrics) == 1
    assert sum(opened.values()) <= (1 + AHEAD) * BATCH
    steps.close()
    assert not decoder_threads()


def test_the_look_ahead_is_bounded(plan: TunePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "room", lambda: 0)
    images = last(TuneImages, load(plan))
    feed = Feed(run_plan(plan, len(images.train)), images=images)
    assert not list(feed.fit()), "nothing is prepared before the first step"
    with images.decoding(2):
        for step in range(4 * EPOCHS):
            taken, coming = set(feed.images.train[feed._places_of(step)].tolist()), images._decoded._coming
            feed.batch(step)
            assert len(coming) <= AHEAD * BATCH * 2, "two batches, and as many images to validate between them"
            following = feed.images.train[feed._places_of(step + 1)].tolist() if step + 1 < 4 * EPOCHS else []
            assert set(following) - taken <= set(coming), "of the next epoch some have just been taken"
            if step % 4 == 3:
                assert sum(len(y) for _, y in feed.tests(4)) == 6
    assert not images._decoded._coming


@pytest.mark.parametrize("how", ["paused", "failed", "ended", "collected"])
def test_no_thread_is_left(how: str, plan: TunePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resnet_explorer.training.loop.PAUSE", 0.0)
    monkeypatch.setattr(decoding, "room", lambda: 0)
    steps: Iterator[object] = iterate_steps(plan, decode=3)
    for step in steps:
        if isinstance(step, Partial):
            break
    assert decoder_threads()
    if how == "failed":
        monkeypatch.setattr(Feed, "batch", None)
        with pytest.raises(TypeError):
            list(steps)
    elif how == "ended":
        list(steps)
    elif how == "paused":
        steps.close()  # type: ignore[attr-defined]  # a generator
    del steps
    assert not decoder_threads()


def test_a_cancelled_reading_of_all_images_leaves_no_thread(plan: TunePlan) -> None:
    steps = load(plan, 3)
    assert isinstance(next(steps), Progress) and decoder_threads()
    steps.close()  # type: ignore[attr-defined]  # a generator
    assert not decoder_threads()


class TestUnreadable:
    """Skipped where it is known before, said in a sentence where it happens later, by threads or without."""

    @pytest.mark.parametrize("decode", [0, 2])
    def test_truncated_images_are_skipped_and_remembered(
        self, decode: int, plan: TunePlan, tmp_path: Path, opened: Counter[str]
    ) -> None:
        root = Path(plan.data.where) / "train"
        whole = picture(root / "ants" / "cut.jpg", 0, size=(60, 48)).read_bytes()
        (root / "ants" / "cut.jpg").write_bytes(whole[: len(whole) * 3 // 4])
        with Image.open(root / "ants" / "cut.jpg") as image:
            assert image.size == (60, 48), "it opens, and does not decode"
        (root / "bees" / "none.jpg").write_bytes(b"")
        (root / "bees" / "head.npy").write_bytes(b"\x93NUMPY\1\0" + b"v\0" + b"{'shape': (12, 15,".ljust(118))
        first = steps_of(plan, decode, tmp_path / "first")
        again = steps_of(plan, decode, tmp_path / "again")
        assert first == again and opened[str(root / "ants" / "cut.jpg")] == 1
        notes = [read_run(tmp_path / name).environment.notes for name in ("first", "again")]  # type: ignore[union-attr]
        assert notes[0] == notes[1] and all(name in "".join(notes[0]) for name in ("cut.jpg", "none.jpg", "head.npy"))

    @pytest.mark.parametrize("decode", [0, 2])
    def test_what_breaks_later_ends_the_run_with_a_sentence(
        self, decode: int, plan: TunePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decoding, "room", lambda: 0)
        monkeypatch.setattr("resnet_explorer.training.loop.PAUSE", 0.0)
        *_, _ = load_checked(plan)
        ending: object = None
        for ending in iterate_steps(plan, tmp_path / "run", decode=decode):
            for file in Path(plan.data.where).rglob("7.jpg") if isinstance(ending, Partial) else ():
                file.unlink()
        assert isinstance(ending, TuneEnding) and "7.jpg can no longer be read: it is not there." in ending.problem
        assert not decoder_threads()

    def test_the_check_is_remembered_until_a_file_changes(self, plan: TunePlan, opened: Counter[str]) -> None:
        list(check(CheckData(plan)))
        opened.clear()
        images = last(TuneImages, load(complete(replace(plan, classes=()))))
        assert not opened and len(images.items) == 22
        (Path(plan.data.where) / "train" / "ants" / "3.jpg").write_bytes(b"no")
        again = last(TuneImages, load(plan))
        assert [Path(bad.path).name for bad in again.skipped] == ["3.jpg"] and len(opened) == 22

    def test_what_may_pass_is_not_remembered(self, plan: TunePlan, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(file: Path) -> object:
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr(read, "numbers_in", refuse)
            with pytest.raises(ExplorerError, match="no readable training image"):
                list(load(plan))
        assert len(last(TuneImages, load(plan)).items) == 22

    def test_few_sets_are_remembered(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checked, "KEPT", 2)
        for index in range(4):
            checked.remember([tmp_path / str(index)], "why?", {})
        known = [checked.recall([tmp_path / str(index)], "why?", dict[str, str]) for index in range(4)]
        assert known.count({}) == 2 and known[3] == {} and checked.recall([tmp_path / "3"], "how?", dict) is None


def test_images_of_every_kind_are_as_without_threads(plan: TunePlan, tmp_path: Path) -> None:
    """Turned by EXIF, of 16 bits, grey, with a palette, transparent, moving, and with EXIF data that warn."""
    root = Path(plan.data.where) / "train" / "ants"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(root / "0.jpg") as image:
        image.save(root / "turned.jpg", exif=exif)
        image.save(root / "warns.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09")
        image.save(root / "moving.gif", save_all=True, append_images=[image.rotate(90)])
        image.save(root / "web.webp", lossless=True)
    Image.fromarray(np.linspace(0, 65535, 180).reshape(12, 15).astype(np.uint16)).save(root / "deep.png")
    for name, mode in (("grey", "L"), ("palette", "P"), ("clear", "RGBA"), ("bits", "1")):
        picture(root / f"{name}.png", 9, mode)
    plan = complete(plan)
    images = last(TuneImages, load(plan, 2))
    assert len(images.items) == 31 and not images.skipped
    for decode in (0, 3):
        with images.decoding(decode), warnings.catch_warnings(record=True) as heard:
            lazy = last(TuneImages, load(plan))
            taken = lazy.bytes(torch.arange(31))
        assert not heard
        assert all(torch.equal(one, data.prepared(plan, item)) for one, item in zip(taken, lazy.items, strict=True))


def test_a_job_of_other_threads_is_of_the_same_plan(plan: TunePlan, tmp_path: Path) -> None:
    """What is kept does not speak of threads, so a run goes on with other ones."""
    folder = tmp_path / "run"
    whole = steps_of(plan, 0)
    for until, decode in ((3, 0), (7, 3), (None, 1)):
        *_, ending = iterate_steps(plan, folder, until, decode=decode)
    assert isinstance(ending, TuneEnding) and ending.is_finished
    assert timeless(list(read_run(folder).metrics)) == whole
    assert TuneRun(plan, "run", decode=0).plan == TuneRun(plan, "run", decode=3).plan


def test_on_another_device_images_are_filled_in_as_they_come(plan: TunePlan, opened: Counter[str]) -> None:
    images = last(TuneImages, load(plan))
    plain = Feed(run_plan(plan, len(images.train)), images=images)
    feed = Feed(replace(run_plan(plan, len(images.train)), device="cpu:0"), images=last(TuneImages, load(plan)))
    opened.clear()
    assert not list(feed.fit())
    with feed.images.decoding(2):
        for step in range(4 * EPOCHS):
            for one, other in zip(feed.batch(step), plain.batch(step), strict=True):
                assert torch.equal(one, other)
            for ours, theirs in zip(feed.tests(4), plain.tests(4), strict=True):
                assert torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1])
    assert feed._kept["train"][0].shape[0] == 16 and set(opened.values()) == {1}
