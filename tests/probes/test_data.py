"""Images: what the app carries is what was published, and what is done to images is what the words say."""

import gzip
import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision import datasets

from resnet_explorer import assets
from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind, parse_data
from resnet_explorer.probes.data import Images, source
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.feed import class_names
from tests.batches import batch

NET = find("resnet20")
GREY = assign(NET, "in_channels=1")
NOISE, MNIST = DataChoice(DataKind.NOISE), DataChoice(DataKind.MNIST)


def shape(count: int = 8, height: int = 8, width: int = 8) -> InputShape:
    return InputShape(count, height, width)


class TestEmbedded:
    def test_the_digits_are_those_of_the_uci_repository(self) -> None:
        """1,797 images (the test part), so many of each digit: the set's own description."""
        labels = source(DIGITS).labels
        assert torch.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
        pixels = source(DIGITS).pick(torch.arange(1797), 8, 8)
        assert pixels.shape == (1797, 1, 8, 8)
        assert (16 * pixels == (16 * pixels).round()).all() and pixels.max() == 1 and pixels.min() == 0

    def test_mnist_has_500_of_each(self) -> None:
        assert torch.bincount(source(MNIST).labels).tolist() == [500] * 10
        assert source(MNIST).pick(torch.arange(2), 0, 0).shape == (2, 1, 28, 28)

    def test_the_split_is_fixed(self) -> None:
        images = Images(DIGITS, GREY, shape())
        assert (len(images.train), len(images.test)) == (1500, 297)
        assert not set(images.train.tolist()) & set(images.test.tolist())
        assert all(int((images.take(images.test)[1] == digit).sum()) >= 20 for digit in range(10))

    def test_the_training_part_has_mean_0_and_deviation_1(self) -> None:
        x, _ = (images := Images(DIGITS, GREY, shape())).take(images.train)
        assert x.mean().item() == pytest.approx(0, abs=1e-5) and x.std().item() == pytest.approx(1, abs=1e-3)

    @pytest.mark.parametrize(
        ("file", "source_named"), [("digits-CC-BY-4.0", "C50P49"), ("mnist-CC-BY-SA-3.0", "LeCun")]
    )
    def test_the_licence_names_author_and_source(self, file: str, source_named: str) -> None:
        text = assets.path("licences", f"{file}.txt").read_text(encoding="utf-8")
        assert source_named in text and "https://creativecommons.org/licenses/" in text and "Changed:" in text

    def test_the_files_are_small(self) -> None:
        sizes = {file.name: file.stat().st_size for file in assets.path("data").iterdir()}
        assert sum(size for name, size in sizes.items() if name.startswith("digits")) < 57_000
        assert sum(sizes.values()) < 1_000_000


class TestFitting:
    @pytest.mark.parametrize("choice", [DIGITS, MNIST, NOISE])
    @pytest.mark.parametrize("spec", [NET, GREY, assign(NET, "in_channels=4")])
    def test_a_batch_has_the_shape_that_the_network_takes(self, choice: DataChoice, spec: ResNetSpec) -> None:
        x, y, text = batch(choice, spec, shape(4, 20, 12), 0)
        assert x.shape == (4, spec.in_channels, 20, 12) and y.shape == (4,)
        assert torch.isfinite(x).all() and int(y.min()) >= 0 and int(y.max()) < 10 and text

    def test_what_is_done_is_said(self) -> None:
        text = batch(DIGITS, NET, shape(2, 32, 32), 0).text
        assert "UCI" in text and "enlarged to 32×32" in text and "grey repeated in 3 channels" in text
        assert "enlarged" not in batch(DIGITS, GREY, shape(), 0).text
        assert "shrunk to 16×16" in batch(MNIST, GREY, shape(2, 16, 16), 0).text
        assert "random labels" in batch(NOISE, GREY, shape(), 0).text

    def test_grey_is_the_same_in_every_channel(self) -> None:
        x = batch(DIGITS, NET, shape(), 0).x
        assert torch.equal(x[:, 0], x[:, 1]) and torch.equal(x[:, 0], x[:, 2])

    def test_a_seed_picks_the_images(self) -> None:
        one, again, other = (batch(DIGITS, GREY, shape(), seed) for seed in (0, 0, 1))
        assert torch.equal(one.x, again.x) and torch.equal(one.y, again.y) and not torch.equal(one.x, other.x)

    def test_noise_has_mean_0_and_deviation_1_and_comes_again(self) -> None:
        one, again = (batch(NOISE, NET, shape(64, 16, 16), 3) for _ in range(2))
        assert torch.equal(one.x, again.x) and torch.equal(one.y, again.y)
        assert one.x.mean().item() == pytest.approx(0, abs=0.02) and one.x.std().item() == pytest.approx(1, abs=0.02)

    def test_classes_that_the_network_lacks_are_left_out(self) -> None:
        x, y, text = batch(DIGITS, assign(GREY, "classes=3"), shape(200), 0)
        assert set(y.tolist()) == {0, 1, 2} and len(x) == 200 and "classes 0 to 2 alone" in text

    def test_more_images_than_there_are_are_refused(self) -> None:
        with pytest.raises(ExplorerError, match="more than the 1,500 training images"):
            batch(DIGITS, GREY, shape(1501), 0)


def save(path: Path, size: tuple[int, int] = (40, 20), colour: tuple[int, int, int] = (200, 30, 60)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


class TestFolder:
    def test_a_class_for_each_folder(self, tmp_path: Path) -> None:
        for index in range(6):
            save(tmp_path / "cats" / f"{index}.png", colour=(250, 10, 10))
            save(tmp_path / "dogs" / f"{index}.jpg", colour=(10, 10, 250))
        (tmp_path / "empty").mkdir()
        x, y, text = batch(DataChoice(DataKind.FOLDER, str(tmp_path)), NET, shape(8, 16, 16), 0)
        assert x.shape == (8, 3, 16, 16) and set(y.tolist()) == {0, 1}
        assert ((x[:, 0] > x[:, 2]).all(dim=(1, 2)) == (y == 0)).all(), "cats are red"
        assert "(2 classes)" in text and "centre-cropped and resized to 16×16" in text

    def test_parts_are_no_classes_and_photos_stand_upright(self, tmp_path: Path) -> None:
        exif, pixels = Image.Exif(), np.zeros((20, 8, 3), np.uint8)
        exif[0x0112], pixels[:10] = 6, 255
        for part, count in (("Train", 3), ("Testing", 2)):
            for index in range(count):
                for name in ("cats", "dogs"):
                    (tmp_path / part / name).mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels).save(tmp_path / part / name / f"{index}.jpg", exif=exif)
        images = source(DataChoice(DataKind.FOLDER, str(tmp_path)))
        assert images.train == 6 and len(images.labels) == 10 and set(images.labels.tolist()) == {0, 1}
        assert class_names(DataChoice(DataKind.FOLDER, str(tmp_path)), 2) == ("cats", "dogs")
        upright = images.pick(torch.tensor([0]), 8, 20)[0, 0]
        assert upright[:, :8].max() < 0.2 and upright[:, 12:].min() > 0.8, "white came from the right"

    def test_a_flat_folder_has_random_labels(self, tmp_path: Path) -> None:
        for index in range(4):
            save(tmp_path / f"{index}.png")
        x, _, text = batch(DataChoice(DataKind.FOLDER, str(tmp_path)), GREY, shape(2), 0)
        assert x.shape == (2, 1, 8, 8)
        assert "without classes" in text and "random labels" in text and "converted to grey" in text

    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(ExplorerError, match="is no folder"):
            batch(DataChoice(DataKind.FOLDER, str(tmp_path / "no")), NET, shape(1), 0)
        (tmp_path / "notes.txt").write_text("no image")
        with pytest.raises(ExplorerError, match="holds no images"):
            batch(DataChoice(DataKind.FOLDER, str(tmp_path)), NET, shape(1), 0)
        (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n half an image")
        source.cache_clear()
        with pytest.raises(ExplorerError, match=r"broken\.png cannot be read"):
            batch(DataChoice(DataKind.FOLDER, str(tmp_path)), NET, shape(1), 0)


def idx(path: Path, values: Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.to(torch.uint8).numpy().tobytes())


class TestTorchvision:
    def test_mnist_on_disk(self, tmp_path: Path) -> None:
        for part, count in (("train", 12), ("t10k", 4)):
            raw = tmp_path / "MNIST" / "raw"
            idx(raw / f"{part}-images-idx3-ubyte", torch.randint(256, (count, 28, 28)))
            idx(raw / f"{part}-labels-idx1-ubyte", torch.arange(count) % 10)
        choice = DataChoice(DataKind.MNIST, str(tmp_path))
        images = Images(choice, GREY, shape(4, 28, 28))
        assert (len(images.train), len(images.test)) == (12, 4) and images.text.startswith("MNIST images (28×28, grey)")

    def test_cifar_on_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / "cifar-10-batches-py"
        folder.mkdir()
        made = {
            name: pickle.dumps({"data": torch.full((5, 3072), 9 * at, dtype=torch.uint8).numpy(), "labels": [at] * 5})
            for at, name in enumerate(("data_batch_1", "test_batch"))
        } | {"batches.meta": pickle.dumps({"label_names": list("abcdefghij")})}
        for name, content in made.items():
            (folder / name).write_bytes(content)
        sums = {name: hashlib.md5(content).hexdigest() for name, content in made.items()}
        monkeypatch.setattr(datasets.CIFAR10, "train_list", [["data_batch_1", sums["data_batch_1"]]])
        monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
        meta = {"filename": "batches.meta", "key": "label_names", "md5": sums["batches.meta"]}
        monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
        images = Images(DataChoice(DataKind.CIFAR10, str(tmp_path)), NET, shape(2, 32, 32))
        assert (len(images.train), len(images.test)) == (5, 5)
        assert images.text.startswith("CIFAR-10 images (32×32, colour)")
        assert images.take(images.train)[0].is_contiguous(), "its files hold (N, H, W, C)"

    @pytest.mark.parametrize("kind", [DataKind.CIFAR10, DataKind.CIFAR100, DataKind.FASHION, DataKind.MNIST])
    def test_what_is_not_there_is_not_downloaded(self, kind: DataKind, tmp_path: Path) -> None:
        with pytest.raises(ExplorerError, match="nothing is downloaded"):
            batch(DataChoice(kind, str(tmp_path)), NET, shape(1, 32, 32), 0)
        assert not list(tmp_path.rglob("*.gz"))


class TestChoice:
    @pytest.mark.parametrize(
        "choice",
        [DIGITS, MNIST, NOISE, DataChoice(DataKind.CIFAR10, "/data"), DataChoice(DataKind.MNIST, "C:\\sets"),
         DataChoice(DataKind.FOLDER, "./photos")],
    )  # fmt: skip
    def test_text_and_choice_say_the_same(self, choice: DataChoice) -> None:
        assert parse_data(choice.text) == choice

    @pytest.mark.parametrize("text", ["cifar10", "fashion-mnist", "digits:/data", "dogs", ""])
    def test_what_is_no_choice_is_refused(self, text: str) -> None:
        with pytest.raises(ExplorerError):
            parse_data(text)


def test_the_format_is_mnists_own() -> None:
    """Two zeros, 8 for unsigned bytes, the rank, then the sizes: torchvision reads the same file."""
    packed = assets.path("data", "digits-images-idx3-ubyte.gz").read_bytes()
    content = gzip.decompress(packed)
    assert struct.unpack(">HBBIII", content[:16]) == (0, 8, 3, 1797, 8, 8)
