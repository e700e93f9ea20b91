"""Which images there are: folders and tables as people have them."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_explorer.images.find import SUFFIXES, Found, in_folder, in_table, part_of, with_parts
from tests.cases import each


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def folder(root: Path) -> Found:
    return in_folder(root, SUFFIXES)


def kinds(found: Found) -> set[tuple[str, str]]:
    return {(label, part) for _, label, part in found.items}


class TestParts:
    @pytest.mark.parametrize(
        ("part", "names"),
        [
            ("train", "train Train TRAIN training Training_Set train-set trn train_images trainset train2017 trainval"),
            ("val", "val VALID validation Dev dev_set val2017 validation_set"),
            ("test", "test Testing test_set tst TestSet test-data test_images"),
            ("", "cats trains tester contest values device trainer t 2017 testament"),
        ],
    )
    def test_they_are_known_by_their_usual_names(self, part: str, names: str) -> None:
        assert {name: part_of(name) for name in names.split()} == dict.fromkeys(names.split(), part)

    @pytest.mark.parametrize(
        ("train", "other", "part"),
        [("Train", "Test", "test"), ("training_set", "test_set", "test"), ("train", "dev", "val"),
         ("Training", "Testing", "test"), ("train", "valid", "val")],
    )  # fmt: skip
    def test_they_are_no_classes(self, tmp_path: Path, train: str, other: str, part: str) -> None:
        put(tmp_path, *(f"{one}/{label}/0.png" for one in (train, other) for label in ("cat", "dog")))
        assert kinds(folder(tmp_path)) == {(label, one) for label in ("cat", "dog") for one in ("train", part)}

    def test_all_three_are_used_and_what_is_none_is_said(self, tmp_path: Path) -> None:
        put(tmp_path, "train/cat/0.png", "val/cat/1.png", "test/cat/2.png", "extra/cat/3.png", "4.png", "test/5.png")
        found = folder(tmp_path)
        assert [(file.name, part) for file, _, part in found.items] == [
            ("0.png", "train"), ("1.png", "val"), ("2.png", "test")
        ]  # fmt: skip
        text = " ".join(found.notes)
        assert "no parts: extra" in text and "(1): 4.png" in text and "(1): 5.png" in text

    def test_a_class_may_be_called_train(self, tmp_path: Path) -> None:
        put(tmp_path, "bus/0.png", "train/1.png", "test/2.png")
        assert kinds(folder(tmp_path)) == {("bus", ""), ("train", ""), ("test", "")}

    def test_classes_in_another_case_are_those_of_training(self, tmp_path: Path) -> None:
        put(tmp_path, "train/dog/0.png", "val/Dog/1.png", "val/Owl/2.png")
        found = folder(tmp_path)
        assert kinds(found) == {("dog", "train"), ("dog", "val"), ("Owl", "val")}
        assert found.notes == ["Dog is read as the class dog."]

    @given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.floats(0.05, 0.9), st.integers(0, 9))
    def test_a_share_of_each_class_is_kept(self, labels: list[str], share: float, seed: int) -> None:
        items = [(Path(str(number)), label, "") for number, label in enumerate(labels)]
        parted = with_parts(items, share, seed)
        assert [one[:2] for one in parted] == [one[:2] for one in items] and parted == with_parts(items, share, seed)
        for label in set(labels):
            count, tested = labels.count(label), sum(of == label and part == "test" for _, of, part in parted)
            assert tested == (max(1, round(share * count)) if count > 1 else 0)
        with_val = [*items, (Path("v"), "a", "val")]
        assert {part for _, _, part in with_parts(with_val, share, seed)} == {"train", "val"}


class TestFolders:
    def test_what_systems_leave_there_is_not_read(self, tmp_path: Path) -> None:
        put(tmp_path, "cat/0.png", "cat/.ipynb_checkpoints/0-checkpoint.png", "cat/._0.png", "cat/.DS_Store")
        put(tmp_path, "cat/Thumbs.db", "__MACOSX/cat/._0.png", ".git/x.png", "cat/deep/__MACOSX/1.png")
        assert folder(tmp_path) == Found([(tmp_path / "cat/0.png", "cat", "")], [], [])

    def test_other_files_are_said_and_images_found_at_any_depth(self, tmp_path: Path) -> None:
        found = folder(put(tmp_path, "cat/a/b/0.JPG", "cat/1.jfif", "cat/notes.txt", "cat/raw", "owl/x.txt"))
        assert [file.name for file, _, _ in found.items] == ["1.jfif", "0.JPG"]
        assert found.empty == [tmp_path / "owl"] and "(3): notes.txt, raw, x.txt" in found.notes[0]

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
    def test_links_are_followed_and_no_folder_is_read_twice(self, tmp_path: Path) -> None:
        real = put(tmp_path / "real", "cat/0.png", "cat/deep/1.png", "dog/2.png")
        data = tmp_path / "data"
        (data / "cat").mkdir(parents=True)
        (data / "dog").symlink_to(real / "dog")
        (data / "cat" / "all").symlink_to(real / "cat")
        (data / "cat" / "again").symlink_to(real / "cat")
        (data / "cat" / "loop").symlink_to(data)
        (real / "cat" / "deep" / "up").symlink_to(real)
        (data / "cat" / "gone.png").symlink_to("/nowhere.png")
        found = folder(data)
        names = [(path.relative_to(data).as_posix(), label) for path, label, _ in found.items]
        assert names == [
            ("cat/again/0.png", "cat"), ("cat/again/deep/1.png", "cat"), ("cat/gone.png", "cat"), ("dog/2.png", "dog")
        ]  # fmt: skip

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
    def test_pipes_are_left_alone(self, tmp_path: Path) -> None:
        put(tmp_path, "cat/0.png")
        os.mkfifo(tmp_path / "cat" / "1.png")
        assert len(folder(tmp_path).items) == 1


ROWS = [(f"img/{label}/{number}.png", label) for label in ("cat", "dog") for number in range(4)]


class TestTables:
    def items(self, root: Path, text: str | bytes, name: str = "t.csv") -> Found:
        put(root, *(path for path, _ in ROWS))
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return in_table(root / name, SUFFIXES)

    @each("delimiter", [",", ";", "\t", "|"])
    @each(
        "head,row",
        [
            ("", "{path}{d}{label}"),
            ("image_id{d}label", "{path}{d}{label}"),
            ("Filename{d}Label", '"{path}"{d}"{label}"'),
            ("breed{d}filepaths", "{label}{d}{path}"),
            ("{d}path{d}label", "{n}{d}{path}{d}{label}"),
            ("Unnamed: 0{d}x{d}y", "{n}{d}{path}{d}{label}"),
            ("", "{n}{d}{path}{d}{label}"),
            ("width{d}file_name{d}class", "640{d}{path}{d}{label}"),
            ("path{d}label", "{root}/{path}{d}{label}"),
            ("path{d}label", "{stem}{d}{label}"),
            ("path{d}label", "{back}{d}{label}"),
        ],
    )
    @each("encoding,end", [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\n")])
    def test_columns_are_told_by_what_they_hold(
        self, tmp_path: Path, delimiter: str, head: str, row: str, encoding: str, end: str
    ) -> None:
        more = {"d": delimiter, "root": tmp_path}
        lines = [
            row.format(n=n, path=path, label=label, stem=path[:-4], back=path.replace("/", "\\"), **more)
            for n, (path, label) in enumerate(ROWS)
        ]
        text = end.join([head.format(d=delimiter), *lines] if head else lines)
        found = self.items(tmp_path, text.encode(encoding))
        assert [(path.relative_to(tmp_path).as_posix(), label) for path, label, _ in found.items] == ROWS

    @pytest.mark.parametrize(
        ("name", "values", "parts"),
        [
            ("is_test", "0 1", "train test"),
            ("is_train", "True False", "train test"),
            ("is_valid", "False True", "train val"),
            ("split", "train TEST", "train test"),
            ("Split", "0 1", "train test"),
            ("partition", "0 1 2", "train val test"),
            ("anything", "training dev testing", "train val test"),
            ("fold", "0 1", ""),
            ("views", "0 1", ""),
        ],
    )
    def test_a_column_of_parts_is_known(self, tmp_path: Path, name: str, values: str, parts: str) -> None:
        cells, meant = values.split(), parts.split() or [""]
        rows = (f"{path},{label},{cells[n % len(cells)]}" for n, (path, label) in enumerate(ROWS))
        found = self.items(tmp_path, "\n".join(("path,label," + name, *rows)))
        assert [part for _, _, part in found.items] == [meant[n % len(meant)] for n in range(len(ROWS))]
        assert (f"not used: {name}" in found.notes[-1]) != bool(parts) and name in found.notes[-1]

    def test_what_is_not_utf_8_is_read_as_windows_has_it(self, tmp_path: Path) -> None:
        found = self.items(tmp_path, "".join(f"{path};café\n" for path, _ in ROWS).encode("cp1252"))
        assert {label for _, label, _ in found.items} == {"café"} and "not in UTF-8" in found.notes[0]

    def test_files_that_are_not_there_are_named_all_the_same(self, tmp_path: Path) -> None:
        found = self.items(tmp_path, "label;file\n" + "".join(f"{label};no/{path}\n" for path, label in ROWS))
        assert [file for file, _, _ in found.items] == [tmp_path / "no" / path for path, _ in ROWS]

    @pytest.mark.parametrize(("text", "row"), [("a.png\n", 1), ("path,label\nimg/cat/0.png,cat\nimg/cat/1.png,\n", 3)])
    def test_a_row_without_a_class_is_an_error(self, tmp_path: Path, text: str, row: int) -> None:
        with pytest.raises(ValueError, match=rf"Row {row} of t\.csv has no label"):
            self.items(tmp_path, text)
