"""PGF files: balanced, every mark drawn where the SVG draws it, text that LaTeX takes; compiled where it is there."""

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resnet_explorer
from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.view import View
from resnet_explorer.errors import ExportError
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.chart import draw
from resnet_explorer.picture.latex import to_latex
from resnet_explorer.picture.marks import Area, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture
from resnet_explorer.picture.pgf import to_pgf
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import DARK, LIGHT
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.picture.test_figure import LINES

DRAWN = re.compile(r"\\pgfusepath\{(?:fill|stroke|fill,stroke)\}")


def picture(name: str) -> Picture:
    network = compile_spec(find(name))
    return diagram(analyse(network, InputShape(1, 32, 32)), View.all_open(network))


def paths(drawn: tuple[Mark, ...]) -> int:
    """Return how many paths marks are drawn by."""
    count = 0
    for mark in drawn:
        match mark:
            case Group():
                count += paths(mark.marks)
            case Box():
                count += mark.fill is not None or mark.line is not None
            case Arrow():
                count += 1 + mark.head
            case Area():
                count += 1
    return count


def braces(text: str) -> int:
    """Return the depth of braces at the end of LaTeX; raises where one is closed that was not opened."""
    depth = 0
    for brace in re.findall(r"\\.|[{}]", re.sub(r"(?<!\\)%.*", "", text), re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        assert depth >= 0
    return depth


@pytest.mark.parametrize("drawn", [picture("resnet20"), draw(LINES, 600.0, 400.0).picture], ids=["diagram", "chart"])
def test_every_mark_is_drawn_once_where_the_svg_draws_it(drawn: Picture) -> None:
    text = to_pgf(drawn, LIGHT)
    assert braces(text) == 0
    assert len(DRAWN.findall(text)) == paths(drawn.marks) + 1, "the page too"
    begun, ended = (Counter(re.findall(rf"\\{word}\{{(\w+)\}}", text)) for word in ("begin", "end"))
    assert begun == ended and begun["pgfpicture"] == 1
    assert text.count("\\begingroup%") == text.count("\\endgroup") == 1
    svg = to_svg(drawn, LIGHT)
    moved = re.findall(r"\\pgftransformshift\{\\pgfpointxy\{([^}#]+)\}\{([^}]+)\}\}", text)
    assert moved == re.findall(r'transform="translate\((\S+) (\S+)\)"', svg)
    written = re.findall(r"\\rxtext\{[^}]*\}\{([^}]+)\}\{([^}]+)\}", text)
    assert written == re.findall(r'<text x="(\S+)" y="(\S+)"', svg)
    begins = re.findall(r"\\rxmove\{([^}]+)\}\{([^}]+)\}\\rx(?:line|curve)\{", text)
    assert Counter(begins) >= Counter(re.findall(r'<path d="M(\S+) ([^LC"]+)[LC]', svg))


def test_every_colour_that_is_used_is_defined() -> None:
    text = to_pgf(picture("resnet20"), DARK)
    defined = dict(re.findall(r"\\definecolor\{(rx-[\w-]+)\}\{HTML\}\{([0-9A-F]{6})\}", text))
    used = {f"rx-{ink}" for ink in re.findall(r"\\rxpen\{([\w-]+)\}", text)}
    used |= {f"rx-{ink}" for ink in re.findall(r"\\rxtext\{[^}]*\}(?:\{[^}]+\}){3}\{([\w-]+)\}", text)}
    assert used | set(re.findall(r"fillcolor\{(rx-[\w-]+)\}", text)) == set(defined)
    assert all(defined[f"rx-{ink}"] == DARK.colours[ink][1:].upper() for ink in Ink if f"rx-{ink}" in defined)


def test_a_scale_and_the_weight_of_lines_are_kept() -> None:
    drawn = Picture(100, 50, (Arrow(((0, 0), (10, 20)), Ink.LINE, 2.0, Dash.DASHED, head=False, opacity=0.5),), "line")
    text = to_pgf(drawn, LIGHT, 2.0)
    assert r"\pgfsetxvec{\pgfpoint{1.5bp}{0bp}}" in text and r"\pgfsetyvec{\pgfpoint{0bp}{-1.5bp}}" in text
    line = next(line for line in text.splitlines() if line.startswith(r"\begin{pgfscope}\rxpen"))
    assert line == (
        r"\begin{pgfscope}\rxpen{line}{3}{{7.5bp}{5.25bp}}\pgfsetstrokeopacity{0.5}\rxmove{0}{0}\rxline{10}{20}"
        r"\pgfusepath{stroke}\end{pgfscope}%"
    )


def test_a_picture_beyond_tex_is_refused() -> None:
    with pytest.raises(ExportError, match="too large for TeX"):
        to_pgf(Picture(17_000, 50, (), "wide"), LIGHT)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("3×3 conv /2", r"3\ensuremath{\times}3 conv /2"),
        ("100 % of a_b & $c #1", r"100 \% of a\_b \& \$c \#1"),
        ("{\\x}^~", r"\{\textbackslash{}x\}\textasciicircum{}\textasciitilde{}"),
        (
            "‖∂L/∂y‖₂",
            r"\ensuremath{\Vert}\ensuremath{\partial}L/\ensuremath{\partial}y\ensuremath{\Vert}\ensuremath{_{2}}",
        ),
        ("−10⁻⁵ … α", r"\ensuremath{-}10\ensuremath{^{-5}} \ldots{} \ensuremath{\alpha}"),
        ("x̂ -- é", r"\^{x} {-}{-} é"),
    ],
)
def test_text_is_latex(text: str, latex: str) -> None:
    assert to_latex(text) == latex


@given(st.text(st.characters(exclude_categories=["C"]), max_size=30))
def test_no_text_opens_a_group_or_ends_a_line(text: str) -> None:
    written = to_latex(text)
    assert braces(written) == 0
    assert "\n" not in written and not re.search(r"(?<!\\)[%#&$]", written.replace("\\\\", ""))


def test_no_sign_that_the_app_writes_is_left() -> None:
    """Letters with accents may stay: LaTeX knows UTF-8."""
    source = "".join(file.read_text("utf-8") for file in Path(resnet_explorer.__file__).parent.rglob("*.py"))
    signs = {sign for sign in source if ord(sign) > 127 and not unicodedata.combining(sign)} - {"ć", "é"}
    assert not {sign for sign in signs if not to_latex(sign).isascii()}


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no LaTeX here")
def test_latex_takes_the_file(tmp_path: Path) -> None:
    turned = Label(20, 60, '½ ‖∂L/∂y‖₂ <a|b> "c" {%#&_$~^\\} →', 12, turned=True)
    (tmp_path / "chart.pgf").write_text(to_pgf(draw(LINES, 600.0, 400.0).picture, LIGHT), encoding="utf-8")
    (tmp_path / "text.pgf").write_text(to_pgf(Picture(300, 100, (turned,), "%\\x{"), LIGHT), encoding="utf-8")
    document = (
        "\\documentclass{article}\\usepackage{pgf}\\begin{document}\\input{chart.pgf}\\input{text.pgf}\\end{document}"
    )
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0 and "not available" not in done.stdout, done.stdout[-2000:]


def test_what_is_not_seen_is_not_written() -> None:
    """A label without text and a rectangle without ink leave the file as it is."""
    seen = (Box(0, 0, 9, 9, Ink.TEXT),)
    unseen = (Label(5, 5, "", 12), Box(0, 0, 9, 9))
    assert to_pgf(Picture(20, 20, (*seen, *unseen), ""), LIGHT) == to_pgf(Picture(20, 20, seen, ""), LIGHT)
