"""The example notebooks run from their first cell to their last, as they stand."""

import ast
import json
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot

from resnet_explorer import assets

EXAMPLES = sorted(assets.path("examples").glob("*.ipynb"))
mpl.use("Agg")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_notebook_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "kept without outputs"
            shown(ast.parse("".join(cell["source"])), cell["id"], names)
    pyplot.close("all")


def shown(code: ast.Module, where: str, names: dict[str, object]) -> None:
    """Run a cell, and show what its last line is, as a notebook does: by its richest form."""
    last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
    exec(compile(code, where, "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), where, "eval"), names)
        draw = getattr(value, "_repr_html_", None) or getattr(value, "_repr_svg_", None)
        assert draw() if draw else repr(value)
