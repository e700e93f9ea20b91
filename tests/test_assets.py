"""The app's own files are there, agree with each other, and can be drawn."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from resnet_explorer import assets
from resnet_explorer.ui.style import NAMES
from tests.cases import each

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_FORMULAS, _ICONS = assets.path("formulas"), assets.path("icons")
_KEYS = sorted(json.loads((_FORMULAS / "index.json").read_text(encoding="utf-8")))
_SIZES = json.loads((_FORMULAS / "sizes.json").read_text(encoding="utf-8"))
_ACTIONS = sorted(NAMES.values())
_GREY = "#444444"


def _inked(svg: str, wide: int, high: int, margin: int) -> tuple[set[tuple[int, int, int]], bool]:
    """Return the colours that Qt paints opaquely, and whether any ink is in the margin."""
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(svg.encode())
    assert renderer.isValid()
    image = QImage(wide, high, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(high, wide, 4)  # blue, green, red, alpha
    alpha = pixels[..., 3].astype(int)
    inside = alpha[margin : high - margin, margin : wide - margin]
    opaque = np.unique(pixels[alpha == 255][:, 2::-1], axis=0)
    return {(int(red), int(green), int(blue)) for red, green, blue in opaque}, bool(inside.sum() != alpha.sum())


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"no-such\.svg is missing: install"):
        assets.path("icons", "no-such.svg")


def test_files_are_found_in_an_installed_wheel(tmp_path: Path) -> None:
    package = tmp_path / "resnet_explorer"
    (package / "resources" / "icons").mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(str(assets.__file__), package)
    code = "from resnet_explorer import assets; print(assets.path('icons'))"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).samefile(package / "resources" / "icons")


def test_formulas_index_sizes_and_files_agree() -> None:
    assert _KEYS == sorted(_SIZES) == sorted(file.stem for file in _FORMULAS.glob("*.svg"))
    assert sum(file.stat().st_size for file in _FORMULAS.iterdir()) < 1_400_000


@each("key", _KEYS)
def test_a_formula_is_whole_and_takes_a_colour(qapp: object, key: str) -> None:
    size = _SIZES[key]
    svg = (_FORMULAS / size["file"]).read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)
    _, top, wide, high = (float(number) for number in root.attrib["viewBox"].split())
    assert (wide, high, -top) == (size["width"], size["height"], size["baseline"])
    coloured = svg.replace("<svg ", '<svg fill="#ff0000" ', 1)
    colours, spilt = _inked(coloured, round(wide * 4), round(high * 4), margin=2)
    assert colours == {(255, 0, 0)}
    assert not spilt, "the formula is cut off at an edge"


def test_icons_are_all_there() -> None:
    assert sorted(file.stem for file in _ICONS.glob("*.svg")) == sorted([*_ACTIONS, "resnet-explorer"])


@each("name", _ACTIONS)
def test_an_action_icon_takes_a_colour(qapp: object, name: str) -> None:
    svg = (_ICONS / f"{name}.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(svg).attrib["viewBox"] == "0 0 16 16"
    colours, spilt = _inked(svg.replace(_GREY, "#ff0000"), 160, 160, margin=5)
    assert colours == {(255, 0, 0)}
    assert not spilt


def test_the_app_icon_is_drawn_in_two_forms(qapp: object) -> None:
    from PySide6.QtGui import QImage

    colours, _ = _inked((_ICONS / "resnet-explorer.svg").read_text(encoding="utf-8"), 256, 256, margin=0)
    assert {(0, 114, 178), (213, 94, 0), (230, 159, 0)} <= colours
    image = QImage(str(_ICONS / "resnet-explorer.png"))
    assert (image.width(), image.height()) == (256, 256)


def test_the_font_licence_comes_along() -> None:
    licence = assets.path("licences", "Inter-OFL.txt").read_text(encoding="utf-8")
    assert licence.startswith("Copyright 2016-2022 The Inter Project Authors")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


def test_a_template_keeps_the_branch_that_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "code.py").write_text(
        "RATE = 0.1\n# The script begins here.\n\n\n# READERS\n\n\nif PLAIN:\n\n    def f(x):\n        if SHOWN:\n"
        "            print(x)\n        elif DOUBLE:\n            return 2 * RATE\n        return RATE * x\n\n"
        "else:\n\n    def f(x):\n        return RATES\n"
    )
    monkeypatch.setattr(assets, "_ROOT", tmp_path)
    code = assets.template("code.py", PLAIN=True, SHOWN=False, DOUBLE="2", RATE="0.5", READERS="def g(): RATE")
    assert code == "def g(): RATE\n\n\ndef f(x):\n    return 2 * 0.5\n    return 0.5 * x"
    assert assets.template("code.py", PLAIN=False, READERS="") == "def f(x):\n    return RATES"
