"""README's moving picture: it is there, it moves, it is small, and every scene of its script can be gone to."""

import re
from pathlib import Path

import record_readme
from PIL import Image

from resnet_explorer.scenes.change import changed
from resnet_explorer.scenes.scene import Scene, State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find

ROOT = Path(record_readme.__file__).parents[1]


def test_readme_shows_a_small_moving_picture() -> None:
    (shown,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert ROOT / shown == record_readme.FILE
    assert record_readme.FILE.stat().st_size < 1_500_000
    with Image.open(record_readme.FILE) as picture:
        assert 960 <= picture.width <= 1280
        assert getattr(picture, "n_frames", 1) == len(list(record_readme.shots()))


def test_every_scene_is_one() -> None:
    scene = Scene(State(find("resnet18"), InputShape(1, 224, 224)))
    for _, values in record_readme.shots():
        scene = changed(scene, values)
    assert scene.page == "training" and scene.part("training").replay == 1.0
