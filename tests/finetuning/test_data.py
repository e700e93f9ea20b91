"""Images to tune on: what is found, what is wrong with it, and that the network sees what the weights want."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights, ResNet50_Weights, WeightsEnum

from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning.checks import check
from resnet_explorer.finetuning.choices import GreyWay, Preprocess, TuneData, TuneKind, WeightsChoice, WeightsKind
from resnet_explorer.finetuning.data import TuneImages, complete, load
from resnet_explorer.finetuning.data_report import DataReport, Part
from resnet_explorer.finetuning.jobs import predict
from resnet_explorer.finetuning.listing import listing
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.values import CheckData
from resnet_explorer.finetuning.weights import start
from resnet_explorer.probes import decoding
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

T = TypeVar("T")
NONE = WeightsChoice(WeightsKind.NONE, "")


def last(kind: type[T], steps: Iterator[object]) -> T:
    found = list(steps)[-1]
    assert isinstance(found, kind)
    return found


def picture(file: Path, seed: int, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(file)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of ten images each."""
    root = tmp_path / "images"
    for index in range(10):
        picture(root / "cats" / f"{index}.png", index)
        picture(root / "dogs" / f"{index}.png", 100 + index, (32, 50))
    return root


def plan(where: Path, kind: TuneKind = TuneKind.FOLDER, **changes: Any) -> TunePlan:
    data = TuneData(kind, str(where))
    first = TunePlan(find("resnet18"), weights=NONE, data=data, classes=("cats", "dogs"), image=InputShape(1, 24, 24))
    return replace(first, **changes)


class TestListing:
    def test_a_seed_keeps_a_share_of_each_class(self, folder: Path) -> None:
        found, again, other = (listing(TuneData(where=str(folder)), seed) for seed in (0, 0, 1))
        assert found == again and found != other and found.classes == ("cats", "dogs")
        tested = [one.label for one in found.items if one.part is Part.TEST]
        assert sorted(tested) == ["cats", "cats", "dogs", "dogs"]

    @pytest.mark.parametrize("name", ["test", "val"])
    def test_parts_of_their_own_are_kept(self, folder: Path, name: str) -> None:
        root = folder.parent / "parted"
        (root).mkdir()
        (folder).rename(root / "train")
        picture(root / name / "cats" / "new.png", 7)
        found = listing(TuneData(where=str(root)), 0)
        assert [one.where for one in found.items if one.part is Part(name)] == [root / name / "cats" / "new.png"]
        assert sum(one.part is Part.TRAIN for one in found.items) == 20

    @pytest.mark.parametrize("part", [False, True])
    def test_a_table_names_paths_relative_to_itself(self, folder: Path, part: bool) -> None:
        table = folder.parent / "labels.csv"
        with table.open("w", newline="") as lines:
            rows = csv.writer(lines)
            rows.writerow(["path", "label", "split"][: 3 if part else 2])
            for index in range(5):
                rows.writerow(
                    [f"images/cats/{index}.png", "cat", "test" if index == 0 else "train"][: 3 if part else 2]
                )
                rows.writerow([f"images/dogs/{index}.png", "dog", "train"][: 3 if part else 2])
        found = listing(TuneData(TuneKind.CSV, str(table)), 0)
        assert found.classes == ("cat", "dog") and len(found.items) == 10
        assert sum(one.part is Part.TEST for one in found.items) == (1 if part else 2)

    @pytest.mark.parametrize(
        ("content", "text"), [("", "holds no images"), ("a.png\n", "Row 1"), ("a.png,\n", "no label")]
    )
    def test_broken_tables(self, tmp_path: Path, content: str, text: str) -> None:
        (tmp_path / "t.csv").write_text(content)
        with pytest.raises(ExplorerError, match=text):
            listing(TuneData(TuneKind.CSV, str(tmp_path / "t.csv")), 0)

    def test_folders_that_hold_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(ExplorerError, match="no folder"):
            listing(TuneData(where=str(tmp_path / "nowhere")), 0)
        (tmp_path / "cats").mkdir()
        with pytest.raises(ExplorerError, match="holds no images"):
            listing(TuneData(where=str(tmp_path)), 0)
        picture(tmp_path / "flat.png", 0)
        with pytest.raises(ExplorerError, match="have no classes"):
            listing(TuneData(where=str(tmp_path)), 0)
        with pytest.raises(ExplorerError, match="no images of 'owls'"):
            listing(TuneData(TuneKind.DIGITS), 0, ("owls", "1"))

    def test_embedded_images_of_some_classes(self) -> None:
        found = listing(TuneData(TuneKind.DIGITS), 0, ("7", "3"))
        assert len(found.items) == 183 + 179 and found.classes == ("7", "3")


class TestChecks:
    def test_everything_that_is_wrong_is_found(self, folder: Path) -> None:
        (folder / "cats" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
        content = (folder / "dogs" / "1.png").read_bytes()
        (folder / "dogs" / "cut.png").write_bytes(content[: len(content) // 2])
        (folder / "empty").mkdir()
        picture(folder / "owls" / "one.png", 900)
        picture(folder / "cats" / "grey.png", 901, mode="L")
        report = last(DataReport, check(CheckData(plan(folder, classes=()))))
        assert {Path(one.path).name for one in report.unreadable} == {"broken.jpg", "cut.png"}
        assert [Path(one).name for one in report.empty] == ["empty"] and report.modes == {1: 1, 3: 21}
        assert report.sizes is not None and report.sizes.heights == (30, 30, 50) and report.sizes.widths[0] == 32
        text = " ".join(report.warnings)
        for part in ("skipped (2)", "empty", "owls with a single image", "1 and 3 channels"):
            assert part in text
        assert not report.problems and report.images == 22

    def test_leaks_are_found_by_their_pixels(self, folder: Path) -> None:
        root = folder.parent / "parted"
        root.mkdir()
        folder.rename(root / "train")
        first = Image.open(root / "train" / "cats" / "3.png")
        (root / "test" / "cats").mkdir(parents=True)
        first.save(root / "test" / "cats" / "again.bmp")
        first.save(root / "train" / "dogs" / "again.png")
        first.close()
        report = last(DataReport, check(CheckData(plan(root))))
        assert [(Path(one).name, Path(other).name) for one, other in report.leaks] == [("3.png", "again.bmp")]
        assert [(Path(one).name, Path(other).name) for one, other in report.twins] == [("3.png", "again.png")]
        assert len(report.contrary) == 1 and "accuracy will be too high" in " ".join(report.warnings)

    def test_what_cannot_be_trained_on_is_a_problem(self, tmp_path: Path) -> None:
        for index in range(3):
            picture(tmp_path / "one" / f"{index}.png", index)
        report = last(DataReport, check(CheckData(plan(tmp_path, classes=()))))
        assert any("only one class" in one for one in report.problems)
        for index in range(4):
            (tmp_path / "bad" / f"{index}").mkdir(parents=True)
            (tmp_path / "bad" / f"{index}" / "x.png").write_bytes(b"")
        report = last(DataReport, check(CheckData(plan(tmp_path / "bad", classes=()))))
        assert "no readable image" in report.problems[0] and len(report.unreadable) == 4

    def test_more_classes_than_images(self, folder: Path) -> None:
        for index in range(30):
            (folder / f"c{index}").mkdir()
            (folder / f"c{index}" / "x.png").write_bytes(b"no")
        report = last(DataReport, check(CheckData(plan(folder, classes=()))))
        assert any("more classes (32) than training images (16)" in one for one in report.problems)
        assert any("without a training image" in one for one in report.problems)


class TestPreparation:
    @pytest.mark.parametrize("weights", [ResNet18_Weights.IMAGENET1K_V1, ResNet50_Weights.IMAGENET1K_V2])
    @pytest.mark.parametrize("size", [(300, 200), (200, 333), (64, 64)])
    def test_at_224_it_is_what_torchvision_does(
        self, tmp_path: Path, weights: WeightsEnum, size: tuple[int, int]
    ) -> None:
        file = picture(tmp_path / "cats" / "a.png", 5, size)
        picture(tmp_path / "dogs" / "b.png", 6)
        made = weights.transforms()
        preprocess = Preprocess(made.resize_size[0], made.crop_size[0], tuple(made.mean), tuple(made.std))
        images = last(TuneImages, load(plan(tmp_path, image=InputShape(), preprocess=preprocess)))
        x, y = images.take(torch.tensor([0]))
        with Image.open(file) as image:
            from torchvision.transforms.functional import pil_to_tensor

            wanted = made(pil_to_tensor(image))
        assert y.tolist() == [0] and (x[0] - wanted).abs().max() < 0.02, "but for the rounding to bytes"

    def test_it_has_any_size_and_reads_anew_what_has_no_room(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = plan(folder, image=InputShape(1, 20, 36))
        kept = last(TuneImages, load(one))
        monkeypatch.setattr(decoding, "room", lambda: 0)
        read = last(TuneImages, load(one))
        assert len(kept.train) == 16 and len(kept.test) == 4
        assert torch.equal(kept.take(kept.test)[0], read.take(read.test)[0])
        assert kept.take(kept.train)[0].shape == (16, 3, 20, 36)

    @pytest.mark.parametrize(
        ("way", "channels", "seen"),
        [(GreyWay.REPEAT, 1, 3), (GreyWay.SUM, 1, 1), (GreyWay.ADAPTER, 1, 1), (GreyWay.ADAPTER, 4, 4)],
    )
    def test_channels_are_those_of_the_way(self, folder: Path, way: GreyWay, channels: int, seen: int) -> None:
        images = last(TuneImages, load(plan(folder, grey=way, channels=channels)))
        x, _ = images.take(images.train)
        assert x.shape[1] == seen
        page = images.page(images.train[:3])
        assert page.pixels.shape == (3, 24, 24, 3) and page.pixels.dtype == np.uint8 and page.labels[0] == "cats"

    def test_arrays_have_more_channels(self, tmp_path: Path) -> None:
        for index in range(4):
            for name in ("cats", "dogs"):
                (tmp_path / name).mkdir(exist_ok=True)
                np.save(tmp_path / name / f"{index}.npy", np.full((30, 30, 6), 10 * index, np.uint8))
        images = last(TuneImages, load(plan(tmp_path, channels=6, grey=GreyWay.SUM)))
        assert images.take(images.train)[0].shape == (6, 6, 24, 24)
        with pytest.raises(ExplorerError, match="no readable training image"):
            list(load(plan(tmp_path)))

    def test_sixteen_bits_keep_their_range(self, tmp_path: Path) -> None:
        values = np.linspace(0, 65535, 900).reshape(30, 30).astype(np.uint16)
        for name in ("cats", "dogs"):
            (tmp_path / name).mkdir()
            Image.fromarray(values).save(tmp_path / name / "deep.png")
        images = last(TuneImages, load(plan(tmp_path, channels=1, grey=GreyWay.SUM, preprocess=Preprocess(1, 1))))
        pixels = images.bytes(torch.tensor([0])).float()
        assert pixels.min() < 10 and pixels.max() > 245 and abs(float(pixels.mean()) - 127.5) < 3

    def test_what_was_done_to_pixels_is_said(self, folder: Path) -> None:
        for index, top in enumerate((900, 4000)):
            values = np.linspace(0, top, 900).reshape(30, 30).astype(np.uint16)
            Image.fromarray(values).save(folder / "cats" / f"deep{index}.png")
        picture(folder / "dogs" / "clear.png", 5, mode="RGBA")
        with Image.open(folder / "dogs" / "clear.png") as image:
            image.putalpha(100)
            image.save(folder / "dogs" / "clear.png")
        with Image.open(folder / "cats" / "1.png") as first, Image.open(folder / "cats" / "2.png") as second:
            first.save(folder / "cats" / "moving.gif", save_all=True, append_images=[second])
        report = last(DataReport, check(CheckData(plan(folder))))
        assert "Of 1 file with several images the first one is used." in report.notes
        assert report.white == (4095.0,) and report.plan and report.plan.white == (4095.0,)
        assert "more than 8 bits (2): 4,095 is taken as white" in report.notes[0] and "in 1 image." in report.notes[1]
        images = last(TuneImages, load(replace(report.plan, preprocess=Preprocess(1, 1))))
        deep = [n for n, item in enumerate(images.items) if item.name.endswith(("deep0.png", "deep1.png"))]
        brightest = [int(images.bytes(torch.tensor([n])).max()) for n in deep]
        assert brightest == pytest.approx([900 / 4095 * 255, 4000 / 4095 * 255], abs=8), "as bright as they were"

    def test_what_is_unreadable_is_skipped_and_listed(self, folder: Path) -> None:
        (folder / "cats" / "3.png").write_bytes(b"no")
        images = last(TuneImages, load(plan(folder)))
        assert [Path(one.path).name for one in images.skipped] == ["3.png"] and len(images.items) == 19
        assert "unreadable files skipped: 1" in images.text

    def test_a_plan_is_completed_by_its_images(self, folder: Path) -> None:
        found = complete(plan(folder, classes=()))
        assert found.classes == ("cats", "dogs")
        x, _ = (images := last(TuneImages, load(found))).take(images.train)
        assert x.mean(dim=(0, 2, 3)).tolist() == pytest.approx([0, 0, 0], abs=0.01)
        assert x.std(dim=(0, 2, 3)).tolist() == pytest.approx([1, 1, 1], abs=0.01)
        v2 = complete(plan(folder, spec=find("resnet50"), weights=WeightsChoice()))
        assert v2.preprocess.resize == 232

    def test_embedded_digits(self) -> None:
        one = TunePlan(
            find("resnet18"), weights=NONE, data=TuneData(TuneKind.DIGITS), image=InputShape(1, 8, 8), channels=1
        )
        images = last(TuneImages, load(complete(one)))
        assert (len(images.train), len(images.test)) == (1500, 297)
        assert images.take(images.test[:2])[0].shape == (2, 3, 8, 8)


def test_new_images_are_prepared_as_those_of_the_plan(folder: Path) -> None:
    one = plan(folder, spec=find("resnet20"), channels=1, grey=GreyWay.REPEAT)
    model, _ = start(one)
    images = last(TuneImages, load(one))
    files = [Path(images.items[0].name), folder / "none.png", Path(images.items[12].name)]
    found = list(predict(model, one, files))
    assert found[1].problem == "it is not there" and not found[1].classes
    with torch.no_grad():
        wanted = model.eval()(images.take(torch.tensor([0, 12]))[0]).softmax(dim=1)
    for one_found, chances in zip((found[0], found[2]), wanted, strict=True):
        best = int(chances.argmax())
        name, chance = one_found.classes[0]
        assert name == one.classes[best] and chance == pytest.approx(float(chances[best]), abs=1e-5)
        assert sum(chance for _, chance in one_found.classes) == pytest.approx(1)


def test_a_photo_is_seen_upright(folder: Path) -> None:
    """Saved lying with its orientation, or upright: the same image, the same answer."""
    pixels, exif = np.zeros((40, 90, 3), np.uint8), Image.Exif()
    pixels[:, 20:50], exif[0x0112] = 255, 6
    Image.fromarray(pixels).save(folder / "upright.png")
    Image.fromarray(np.rot90(pixels)).save(folder / "lying.png", exif=exif)
    model, _ = start(one := plan(folder, spec=find("resnet20")))
    upright, lying = predict(model, one, [folder / "upright.png", folder / "lying.png"])
    assert upright.classes == lying.classes
