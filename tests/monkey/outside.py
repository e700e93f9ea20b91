"""What lies outside of the window: files to open, places to save at, pages of the web; chosen without a dialog."""

import json
import random
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog
from safetensors.numpy import save_file

from resnet_explorer.spec import codec
from resnet_explorer.spec.catalogue import find

MODULE = "import torch\n\n\nclass Net(torch.nn.Sequential):\n    pass\n"


def fill(folder: Path) -> None:
    """Write some of all files that a user may open, whole and broken ones."""
    for name in ("resnet20", "resnet50"):
        (folder / f"{name}.json").write_text(codec.dumps(find(name)), encoding="utf-8")
    (folder / "broken.json").write_text('{"name": "resnet', encoding="utf-8")
    (folder / "other.json").write_text(json.dumps({"format": 99}), encoding="utf-8")
    (folder / "broken.rnx").write_bytes(b"PK\x03\x04 no session")
    (folder / "broken.pth").write_bytes(b"\x80\x02 no weights")
    (folder / "net.py").write_text(MODULE, encoding="utf-8")
    (folder / "empty.txt").write_text("", encoding="utf-8")
    save_file({"conv1.weight": np.zeros((8, 3, 3, 3), np.float32)}, folder / "one.safetensors")
    for label in ("cats", "dogs"):
        (folder / "images" / label).mkdir(parents=True)
        for number in range(4):
            pixels = np.full((12, 12, 3), 20 * number, np.uint8)
            Image.fromarray(pixels).save(folder / "images" / label / f"{number}.png")


class Outside:
    """Answers every question for a file: with one that is there, with one that is not, or with none."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.dice = folder, random.Random(0)
        for name in ("getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory"):
            setattr(QFileDialog, name, getattr(self, f"_{name}"))
        QDesktopServices.openUrl = lambda url: True  # type: ignore[method-assign]

    def files(self) -> list[Path]:
        """Return what can be opened, in the same order each time."""
        found = (path for path in self._folder.rglob("*") if "settings" not in path.parts)
        return [*sorted(found), self._folder / "gone.rnx"]

    def _getOpenFileName(self, *_: object, **__: object) -> tuple[str, str]:
        return (str(self.dice.choice(self.files())), "") if self.dice.random() < 0.8 else ("", "")

    def _getOpenFileNames(self, *_: object, **__: object) -> tuple[list[str], str]:
        count = self.dice.randrange(4)
        return [str(path) for path in self.dice.sample(self.files(), count)], ""

    def _getSaveFileName(self, parent: object, title: str, start: str, kinds: str = "", *_: object) -> tuple[str, str]:
        kind = self.dice.choice(kinds.split(";;"))
        where = self.dice.choice(("", str(self._folder), str(self._folder), str(self._folder / "no" / "folder")))
        suffix = kind.rpartition("*")[2].rstrip(")")
        return (str(Path(where) / f"saved-{self.dice.randrange(3)}{suffix}") if where else "", kind)

    def _getExistingDirectory(self, *_: object, **__: object) -> str:
        return self.dice.choice(("", str(self._folder / "images"), str(self._folder)))
