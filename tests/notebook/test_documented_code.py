"""The Python of README and of the guide runs as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot

from resnet_explorer import assets

ROOT = Path(__file__).parents[2]
BLOCKS = {
    f"{file.name}-{number}": code
    for file in (ROOT / "README.md", *sorted(assets.path("guide").glob("*.md")))
    for number, code in enumerate(
        re.findall(r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
}
mpl.use("Agg")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_code_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[block], block, "exec"), {})


def test_there_is_code() -> None:
    assert len(BLOCKS) >= 2
