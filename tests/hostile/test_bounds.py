"""Files that once ended in a traceback, filled the memory or were waited for: a sentence now, or a good value."""

import gzip
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resnet_explorer import codec, files
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import checked, data
from resnet_explorer.finetuning.choices import TuneData
from resnet_explorer.finetuning.schedule import TuneFolder
from resnet_explorer.finetuning.values import FreezeReport
from resnet_explorer.images import find, read
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.lessons import course
from resnet_explorer.lessons.parse import parse
from resnet_explorer.probes.data import source
from resnet_explorer.runs import folder as runs
from resnet_explorer.runs import kept_results
from resnet_explorer.runs.opened import read_tensors
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.runs.recorded import path_of
from resnet_explorer.scenes.archive import pack
from resnet_explorer.scenes.session import HISTORY, SESSION, decode
from resnet_explorer.spec.codec import from_dict
from resnet_explorer.training.sweep import loads
from resnet_explorer.ui import preferences
from resnet_explorer.ui.recent import recent_files
from tests import tuning_runs
from tests.cases import each
from tests.hostile import seeds

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes as POSIX has them")


@posix
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, why in ((pipe, "a named pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(OSError, match=f"it is {why}, not a file"):
            files.read_bytes(path)
    preferences.folder().mkdir(parents=True)
    for name in ("preferences.json", "recent.json"):
        os.mkfifo(preferences.folder() / name)
    assert preferences.load() == preferences.Preferences() and recent_files() == ()
    with pytest.raises(ExplorerError, match="a named pipe, not a file"):
        read_tensors(pipe)
    with pytest.raises(ExplorerError, match="a named pipe, not a file"):
        course.read_text(pipe)
    with pytest.raises(ValueError, match="it is not a file"):
        read.read_image(pipe, ())
    with pytest.raises(OSError, match="it is not a file"):
        find.in_table(pipe, (".png",))


def test_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(OSError, match="it has more than 16 MB"):
        files.read_text(tmp_path / "large")
    with pytest.raises(OSError, match="it has more than 128 MB"):
        find.in_table(tmp_path / "large", (".png",))


@each("text", ["[" + "[]," * 10**6 + "0]", b"[" + b"0," * 10**6 + b"0]"])
def test_json_of_a_million_values_is_refused_before_it_is_read(text: str | bytes) -> None:
    with pytest.raises(ExplorerError, match="more values than any file of the app"):
        codec.parse(text)


def test_a_session_of_a_million_steps_is_opened_without_them() -> None:
    flood = b'{"states": [' + b"[]," * 10**6 + b"0]}"
    head = seeds.session_head()
    opened = decode(pack({SESSION: head, HISTORY: flood}), "flood.rnx")
    assert "more values" in opened.problems[0] and not opened.session.history.states


def test_half_a_letter_is_a_sentence() -> None:
    with pytest.raises(ExplorerError, match="holds half a character"):
        codec.decode({"final": "\ud800"}, runs.Ended)


def test_numbers_without_end_are_a_sentence() -> None:
    text = f"depth = {'9' * 5000}\n"
    with pytest.raises(ExplorerError, match="a number that is too long"):
        loads(text, "grid.toml")
    with pytest.raises(ExplorerError, match="a number that is too long"):
        parse(f"+++\n{text}+++\n## Step\nText.\n", "lesson.md")


def test_what_is_long_is_not_said_whole() -> None:
    for text in (
        f"{'9' * 5000} = 1",
        f"seeds = [{'true, ' * 5000}]",
        f"title = [{'1, ' * 5000}]",
        f'depth = "{"9" * 5000}"',
    ):
        with pytest.raises(ExplorerError) as error:
            loads(text, "grid.toml")
        assert len(str(error.value)) < 300
    with pytest.raises(ExplorerError, match="blocks has more than 10,000 values"):
        from_dict({"blocks": [[1] * 6000] * 2})


def test_a_list_of_steps_that_is_none_is_given_up() -> None:
    step = seeds.run()["metrics.jsonl"].split(b"\n")[0] + b"\n"
    torn = b"{\n" * runs.MOST_TORN
    assert len(runs.metrics_from(torn + step)) == 1 and not runs.metrics_from(torn + b"{\n" + step)


@each("name", ["x" * 81, "a\x1b[2Jb", "a\nb", ""])
def test_a_name_that_cannot_be_shown_is_that_of_the_plan(tmp_path: Path, name: str) -> None:
    for file in ("run.json", "metrics.jsonl"):
        (tmp_path / file).write_bytes(seeds.run()[file])
    (tmp_path / "name.txt").write_text(name)
    assert runs.read(tmp_path).plan.name == "small"


def test_a_kept_result_that_inflates_without_end_is_measured_again(tmp_path: Path) -> None:
    path_of(seeds.TIMES, tmp_path).write_bytes(gzip.compress(bytes(files.MOST + 1), 1))
    assert kept_results.load(seeds.TIMES, "resnet_explorer.timing.values:Measured", tmp_path) is None


def test_what_trained_is_noted_after_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "opened.jsonl").write_bytes(b"\xff\n")
    own = TuneFolder(tmp_path, data_view(), tuning_runs.PLAN)
    own.opened(1, FreezeReport((), (), 0))
    own.flush()
    assert (tmp_path / "opened.jsonl").read_bytes().startswith(b'\xff\n{"epoch":2')


def data_view() -> RunPlan:
    return runs.loads(seeds.tuning()["run.json"].decode(), "it")[0]


KNOWN = ('{"mean": [[]], "std": [1]}', '{"mean": [0.1], "std": [0]}', '{"mean": [1, 2], "std": [1, 2]}', "[" * 9999)


def test_what_is_known_wrongly_of_images_is_found_out_again(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(seeds.PNG())
    plan = replace(tuning_runs.PLAN, data=TuneData(where=str(tmp_path)), classes=())
    right = data.complete(plan)
    for known in KNOWN:
        (place,) = preferences.cache_folder("images").iterdir()
        place.write_text(known)
        assert data.complete(plan) == right, known[:40]


class TestImages:
    def test_more_pixels_than_are_read(self, tmp_path: Path) -> None:
        file = tmp_path / "a.png"
        Image.new("1", (8001, 8001)).save(file)
        with pytest.raises(ValueError, match="more than 64,000,000 pixels"):
            read.read_image(file, ())
        np.save(tmp_path / "a.npy", np.zeros((2**24 + 1, 1), "u1"))
        with pytest.raises(ValueError, match="more than 16,777,216 pixels"):
            read.read_image(tmp_path / "a.npy", ())

    def test_a_large_image_is_made_smaller(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(read, "LARGE", 100)
        stripes = np.repeat(np.array([[0], [100]], np.uint8), 30, axis=1).repeat(2, axis=0)
        Image.fromarray(stripes).save(tmp_path / "a.png")
        assert read.read_image(tmp_path / "a.png", ()).shape == (2, 15, 1)
        assert read.read_image(tmp_path / "a.png", ())[:, 0, 0].tolist() == [0, 100]

    def test_what_is_done_in_pieces_is_as_in_one(self) -> None:
        numbers = np.random.default_rng(0).random((1100, 1000, 4), np.float32)
        pixels = (numbers.astype("f8") * 255).round().astype("u1")
        assert (read.as_bytes(numbers, (1.0,)) == pixels).all() and len(list(read.pieces(pixels))) == 5
        alpha = pixels[..., -1:].astype("f4") / 255
        assert (read.on_white(pixels) == (pixels[..., :-1] * alpha + 255 * (1 - alpha)).round()).all()

    def test_a_name_that_can_be_no_file(self) -> None:
        assert read.reason(ValueError("embedded null byte")) == "its name is no name of a file"


class TestTables:
    def test_more_cells_than_are_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert find.MOST_CELLS >= 2 * 1_281_167, "ImageNet's training images, in two columns"
        monkeypatch.setattr(find, "MOST_CELLS", 1000)
        for row in ("a.png,b\n", "1,"):
            (tmp_path / "t.csv").write_text(row * (find.MOST_CELLS // row.count(",")))
            with pytest.raises(ValueError, match="more than 1,000 cells"):
                find.in_table(tmp_path / "t.csv", (".png",))

    def test_more_columns_than_are_read(self, tmp_path: Path) -> None:
        for columns in (1000, 1001):
            (tmp_path / "t.csv").write_text(f"a.png,cat{',1' * (columns - 2)}\n" * 2)
            if columns == 1000:
                assert [item[1] for item in find.in_table(tmp_path / "t.csv", (".png",)).items] == ["cat", "cat"]
            else:
                with pytest.raises(ValueError, match="more than 1,000 columns"):
                    find.in_table(tmp_path / "t.csv", (".png",))

    def test_files_in_more_folders_than_are_kept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(find, "MOST_FOLDERS", 2)
        names = [f"{folder}/{name}" for name in ("a.png", "é.PNG") for folder in "wxyz"]
        for name in names[:6]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        (tmp_path / "t.csv").write_text("".join(f"{name[:-4]},cat\n" for name in names), encoding="utf-8")
        there = [file.is_file() for file, _, _ in find.in_table(tmp_path / "t.csv", (".png",)).items]
        assert there == [os.path.isfile(tmp_path / f"{name[:-4]}.png") for name in names]
        assert sum(there) >= 4

    @posix
    def test_a_pipe_or_a_link_in_the_place_of_an_answer_is_replaced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RESNET_EXPLORER_CACHE", str(tmp_path / "cache"))
        (tmp_path / "mine.txt").write_text("mine")
        checked.remember([], "why?", {"a": "b"})
        (place,) = (tmp_path / "cache").rglob("*.json")
        for is_link in (False, True):
            place.unlink()
            place.symlink_to(tmp_path / "mine.txt") if is_link else os.mkfifo(place)
            checked.remember([], "why?", {"a": "c"})
            assert checked.recall([], "why?", dict[str, str]) == {"a": "c"}
        assert (tmp_path / "mine.txt").read_text() == "mine"

    def test_a_file_whose_name_holds_a_null(self, tmp_path: Path) -> None:
        assert checked.recall([tmp_path / "a\0.png"], "why?", dict[str, str]) is None


@each("content", [b"", b"\0\0\x08\x09" + bytes(40), struct.pack(">HBBIII", 0, 8, 3, 9, 28, 28)])
def test_a_damaged_set_is_missing_or_incomplete(tmp_path: Path, content: bytes) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", 6), ("t10k", 3)):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(seeds.idx(count))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(seeds.idx_labels(count))
    (raw / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ExplorerError, match="is missing or incomplete"):
        source(DataChoice(DataKind.MNIST, str(tmp_path)))


def test_a_set_with_a_file_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    with (raw / "train-images-idx3-ubyte").open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(ExplorerError, match="is missing or incomplete"):
        source(DataChoice(DataKind.MNIST, str(tmp_path)))


def test_no_error_steers_the_terminal() -> None:
    error = ExplorerError("a.txt", "é\x00 and \x1b[2J\r", "Look\tat\na \u202e text.")
    assert str(error) == "é\\x00 and \\x1b[2J\\r Look\\tat\na \\u202e text."
