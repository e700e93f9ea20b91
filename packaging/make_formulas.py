"""Typeset the inspector's formulas into resources/formulas, one SVG each, with ziamath.

    pip install ziamath fonttools && python packaging/make_formulas.py

``index.json`` holds the LaTeX of each formula, ``sizes.json`` its file with the width, the height and the
baseline (from the top) in px. No shape has a colour of its own: ``fill`` on ``<svg>`` colours all.
"""

import json
import math
from pathlib import Path
from xml.etree import ElementTree

from fontTools.pens.boundsPen import BoundsPen  # type: ignore[import-untyped, unused-ignore]
from fontTools.pens.svgPathPen import SVGPathPen  # type: ignore[import-untyped, unused-ignore]
from fontTools.svgLib.path import parse_path  # type: ignore[import-untyped, unused-ignore]
from ziamath.config import config
from ziamath.zmath import Latex

TARGET = Path(__file__).parents[1] / "resources" / "formulas"
SIZE = 15
MARGIN = 1.0
"""In px around the ink, so that antialiased edges are whole."""
FORMULAS = {
    "residual_identity": r"y = \mathrm{ReLU}\left(F(x; W) + x\right)",
    "residual_projection": r"y = \mathrm{ReLU}\left(F(x; W) + W_s\,x\right)",
    "residual_padding": r"y = \mathrm{ReLU}\left(F(x; W) + \mathrm{pad}(x)\right)",
    "plain": r"y = \mathrm{ReLU}\left(F(x; W)\right)",
    "branch_basic": r"F(x) = \mathrm{BN}(W_2\,\mathrm{ReLU}(\mathrm{BN}(W_1\,x)))",
    "branch_bottleneck": r"F(x) = \mathrm{BN}(W_3\,\mathrm{ReLU}(\mathrm{BN}("
    r"W_2\,\mathrm{ReLU}(\mathrm{BN}(W_1\,x)))))",
    "gradient_residual": r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z}"
    r"\left(I + \frac{\partial F}{\partial x}\right)",
    "gradient_padding": r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z}"
    r"\left(P + \frac{\partial F}{\partial x}\right)",
    "gradient_projection": r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z}"
    r"\left(W_s + \frac{\partial F}{\partial x}\right)",
    "gradient_plain": r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z}"
    r"\,\frac{\partial F}{\partial x}",
    "conv": r"y_{o,i,j} = \sum_{c,u,v}\, w_{o,c,u,v}\, x_{c,\,si+u-p,\,sj+v-p}",
    "conv_params": r"k_h\,k_w\,\frac{C_{\mathrm{in}}\,C_{\mathrm{out}}}{\mathit{g}}",
    "conv_macs": r"\mathrm{params}\, \times \,H_{\mathrm{out}}\, \times \,W_{\mathrm{out}}\, \times \,N",
    "batchnorm": r"y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
    "relu": r"y = \max(0, x)",
    "maxpool": r"y_{i,j} = \max_{u,v}\, x_{si+u-p,\,sj+v-p}",
    "avgpool": r"y_c = \frac{1}{H W}\, \sum_{i,j}\, x_{c,i,j}",
    "linear": r"y = W x + b",
    "add": r"z = F(x; W) + x",
    "add_padding": r"z = F(x; W) + P\,x",
    "add_projection": r"z = F(x; W) + W_s\,x",
    "flatten": r"y = (x_1, \ldots, x_C)",
    "zeropad": r"y_{c,i,j} = \begin{cases} x_{c-b,\,si,\,sj} & b \le c < b + C_{\mathrm{in}} \\ "
    r"0 & \text{otherwise} \end{cases}",
    "identity": r"y = x",
    "projection": r"y = \mathrm{BN}(W_s\,x)",
    "size": r"H_{\mathrm{out}} = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1",
    "receptive_field": r"\begin{aligned} r_l &= r_{l-1} + (k_l - 1)\,j_{l-1} \\ "
    r"j_l &= j_{l-1}\,s_l \end{aligned}",
    "stage": r"H \to \lceil H / 2 \rceil",
    "network": r"x_{l+1} = \mathrm{ReLU}\left(x_l + F(x_l; W_l)\right)",
    "network_plain": r"x_{l+1} = \mathrm{ReLU}\left(F(x_l; W_l)\right)",
    "network_stride": r"H_{\mathrm{out}} = \lceil H / S \rceil,\; S = \prod_l s_l",
}


def main() -> None:
    """Write every formula, the index of their texts, and their sizes."""
    config.svg2 = False
    TARGET.mkdir(parents=True, exist_ok=True)
    sizes = {key: _write(key, latex) for key, latex in FORMULAS.items()}
    (TARGET / "index.json").write_text(json.dumps(FORMULAS, indent=2) + "\n", encoding="utf-8")
    lines = ",\n".join(f'  "{key}": {json.dumps(size)}' for key, size in sizes.items())
    (TARGET / "sizes.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _write(key: str, latex: str) -> dict[str, str | float]:
    """Write one formula, cropped to its ink, and return its entry in sizes.json."""
    shapes = [_outline(shape) for shape in ElementTree.fromstring(Latex(latex, size=SIZE).svg())]
    left, top, right, bottom = _bounds(shapes)
    wide, high = round(right - left, 2), round(bottom - top, 2)
    paths = "".join(f'<path d="{shape}"/>' for shape in shapes)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}"'
        f' viewBox="{left:g} {top:g} {wide:g} {high:g}">{paths}</svg>\n'
    )
    (TARGET / f"{key}.svg").write_text(svg, encoding="utf-8")
    return {"file": f"{key}.svg", "width": wide, "height": high, "baseline": -top}


def _outline(shape: ElementTree.Element) -> str:
    """Return the path data of a path or a rectangle, with two decimals at most."""
    if shape.tag.endswith("path"):
        return _short(shape.attrib["d"])
    if not shape.tag.endswith("rect"):
        raise ValueError(f"a formula has a shape of an unknown kind: {shape.tag}")
    x, y, wide, high = (float(shape.attrib[name]) for name in ("x", "y", "width", "height"))
    return _short(f"M {x} {y} L {x + wide} {y} L {x + wide} {y + high} L {x} {y + high} Z")


def _short(data: str) -> str:
    pen = SVGPathPen(None, ntos=lambda value: f"{value:.2f}".rstrip("0").rstrip("."))
    parse_path(data, pen)
    return str(pen.getCommands())


def _bounds(shapes: list[str]) -> tuple[float, ...]:
    """Return left, top, right and bottom of the ink and its margin, rounded outwards."""
    pen = BoundsPen(None)
    for shape in shapes:
        parse_path(shape, pen)
    left, top, right, bottom = pen.bounds
    near = (math.floor((edge - MARGIN) * 100) / 100 for edge in (left, top))
    far = (math.ceil((edge + MARGIN) * 100) / 100 for edge in (right, bottom))
    return (*near, *far)


if __name__ == "__main__":
    main()
