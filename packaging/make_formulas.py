"""Typeset the inspector's formulas into resources/formulas, one SVG each, with ziamath.

    pip install ziamath fonttools && python packaging/make_formulas.py

``index.json`` holds the LaTeX of each formula, ``sizes.json`` its file with the width, the height and the
baseline (from the top) in px. No shape has a colour of its own: ``fill`` on ``<svg>`` colours all.
"""

import json
import math
from pathlib import Path
from xml.etree import ElementTree

from fontTools.pens.basePen import BasePen  # type: ignore[import-untyped, unused-ignore]
from fontTools.pens.boundsPen import BoundsPen  # type: ignore[import-untyped, unused-ignore]
from fontTools.svgLib.path import parse_path  # type: ignore[import-untyped, unused-ignore]
from ziamath.config import config
from ziamath.zmath import Latex

TARGET = Path(__file__).parents[1] / "resources" / "formulas"
SIZE = 15
MARGIN = 1.0
"""In px around the ink, so that antialiased edges are whole."""
_DX, _DY, _DZ = (rf"\frac{{\partial L}}{{\partial {letter}}}" for letter in "xyz")
_DF = r"\frac{\partial F}{\partial x}"
_SUMS = {
    "identity": r"F(x; W) + x",
    "projection": r"F(x; W) + W_s\,x",
    "padding": r"F(x; W) + \mathrm{pad}(x)",
    "plain": r"F(x; W)",
    "scaled": r"F(x; W) + \lambda\,x",
    "exclusive": r"g(x)\,F(x; W) + (1 - g(x))\,x",
    "gated": r"F(x; W) + (1 - g(x))\,x",
    "altered": r"F(x; W) + s(x)",
}
_AFTER = {
    "v1": r"y = \mathrm{ReLU}\left(%s\right)",
    "bn-after-add": r"y = \mathrm{ReLU}\left(\mathrm{BN}(%s)\right)",
    "bare": r"y = %s",
}
_BRANCHES = {
    "v1": (r"\mathrm{ReLU}(\mathrm{BN}(W_%d\,%s))", r"\mathrm{BN}(W_%d\,%s)"),
    "bn-after-add": (r"\mathrm{ReLU}(\mathrm{BN}(W_%d\,%s))", r"W_%d\,%s"),
    "relu-before-add": (r"\mathrm{ReLU}(\mathrm{BN}(W_%d\,%s))", r"\mathrm{ReLU}(\mathrm{BN}(W_%d\,%s))"),
    "relu-only": (r"\mathrm{BN}(W_%d\,\mathrm{ReLU}(%s))", r"\mathrm{BN}(W_%d\,\mathrm{ReLU}(%s))"),
    "v2": (r"W_%d\,\mathrm{ReLU}(\mathrm{BN}(%s))", r"W_%d\,\mathrm{ReLU}(\mathrm{BN}(%s))"),
}
"""A convolution inside the branch, and its last one, in each order (He et al. 2016, figure 4)."""
_OTHER_BRANCHES = {
    "bare_v1": (r"\mathrm{ReLU}(W_%d\,%s)", r"W_%d\,%s"),
    "bare_relu-before-add": (r"\mathrm{ReLU}(W_%d\,%s)", r"\mathrm{ReLU}(W_%d\,%s)"),
    "bare_v2": (r"W_%d\,\mathrm{ReLU}(%s)", r"W_%d\,\mathrm{ReLU}(%s)"),
    "joint": (r"W_%d\,\mathrm{N}(%s)", r"W_%d\,\mathrm{N}(%s)"),
}
"""The same without norms, and with a norm N that activates as well."""


def _branch(pair: tuple[str, str], convolutions: int) -> str:
    inner, last = pair
    text = "x"
    for number in range(1, convolutions):
        text = inner % (number, text)
    return f"F(x) = {last % (convolutions, text)}"


def _fixup(convolutions: int) -> str:
    """Return the branch of Zhang et al. 2019, figure 1: b are scalars, of which there are two for a convolution."""
    lines, text = [], "x"
    for number in range(1, convolutions):
        odd, even = 2 * number - 1, 2 * number
        lines.append(rf"h_{number} &= \mathrm{{ReLU}}(W_{number}\,({text} + b_{odd}) + b_{even})")
        text = f"h_{number}"
    last = 2 * convolutions
    lines.append(rf"F(x) &= \alpha\,W_{convolutions}\,({text} + b_{last - 1}) + b_{last}")
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _normed_first(convolutions: int) -> str:
    """Return the branch of Han et al. 2017, figure 6d."""
    text = r"W_1\,\mathrm{BN}(x)"
    for number in range(2, convolutions + 1):
        text = rf"W_{number}\,\mathrm{{ReLU}}(\mathrm{{BN}}({text}))"
    return rf"F(x) = \mathrm{{BN}}({text})"


FORMULAS = {
    **{f"{kind}_{order}": after % sum_ for kind, sum_ in _SUMS.items() for order, after in _AFTER.items()},
    "activated_bare": r"y = F(x; W) + W_s\,a(x)",
    **{
        f"branch_{order}_{count}": _branch(pair, count)
        for order, pair in (_BRANCHES | _OTHER_BRANCHES).items()
        for count in (2, 3)
    },
    **{f"branch_fixup_{count}": _fixup(count) for count in (2, 3)},
    **{f"branch_norm-first_{count}": _normed_first(count) for count in (2, 3)},
    "gradient_identity": rf"{_DX} = {_DZ}\left(I + {_DF}\right)",
    "gradient_padding": rf"{_DX} = {_DZ}\left(P + {_DF}\right)",
    "gradient_projection": rf"{_DX} = {_DZ}\left(W_s + {_DF}\right)",
    "gradient_activated": rf"{_DX} = {_DY}\left(W_s\,\frac{{\partial a}}{{\partial x}} + {_DF}\right)",
    "gradient_altered": rf"{_DX} = {_DZ}\left(\frac{{\partial s}}{{\partial x}} + {_DF}\right)",
    "gradient_plain": rf"{_DX} = {_DZ}\,{_DF}",
    "gradient_scaled": rf"{_DX} = {_DZ}\left(\lambda I + {_DF}\right)",
    "gradient_scaled_product": r"\frac{\partial x_L}{\partial x_l} = \prod_{i=l}^{L-1} \lambda_i + \ldots",
    "gradient_gated": rf"{_DX} = {_DZ}\left(\mathrm{{diag}}(1 - g) + \ldots\right)",
    "gradient_identity_v2": rf"{_DX} = {_DY}\left(I + {_DF}\right)",
    "gradient_sum_v2": r"\frac{\partial L}{\partial x_l} = \frac{\partial L}{\partial x_L}"
    r"\left(I + \frac{\partial}{\partial x_l}\sum_{i=l}^{L-1} F(x_i; W_i)\right)",
    "conv": r"y_{o,i,j} = \sum_{c,u,v}\, w_{o,c,u,v}\, x_{c,\,si+u-p,\,sj+v-p}",
    "conv_dilated": r"y_{o,i,j} = \sum_{c,u,v}\, w_{o,c,u,v}\, x_{c,\,si+du-p,\,sj+dv-p}",
    "conv_standardised": r"\hat{w}_o = \frac{w_o - \mu_o}{\sqrt{\sigma_o^2 + \varepsilon}}",
    "conv_scaled": r"\hat{w}_o = \gamma\,g_o\,\frac{w_o - \mu_o}{\sqrt{n\,(\sigma_o^2 + \varepsilon)}}",
    "beta": r"y = \beta\,x,\quad \beta = \frac{1}{\sqrt{\mathrm{Var}(x)}}",
    "conv_params": r"k_h\,k_w\,\frac{C_{\mathrm{in}}\,C_{\mathrm{out}}}{\mathit{g}}",
    "conv_macs": r"\mathrm{params}\, \times \,H_{\mathrm{out}}\, \times \,W_{\mathrm{out}}\, \times \,N",
    "conv1d": r"y_c = \sum_u\, w_u\, x_{c+u-p}",
    "batchnorm": r"y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
    "rmsnorm": r"y = \gamma\,\frac{x}{\sqrt{\overline{x^2} + \varepsilon}}",
    "frn": r"y = \max\left(\gamma\,\frac{x}{\sqrt{\nu^2 + \varepsilon}} + \beta,\; \tau\right)",
    "evonorm": r"y = \gamma\,\frac{x\,\mathrm{sigmoid}(v\,x)}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
    "relu": r"y = \max(0, x)",
    "leaky_relu": r"y = \max(0.01\,x,\; x)",
    "silu": r"y = x\,\mathrm{sigmoid}(x)",
    "gelu": r"y = x\,\Phi(x)",
    "relu6": r"y = \min(\max(0, x),\; 6)",
    "hardswish": r"y = x\,\frac{\min(\max(0, x + 3),\; 6)}{6}",
    "mish": r"y = x\,\tanh(\ln(1 + e^x))",
    "elu": r"y = \max(0, x) + \min(0, e^x - 1)",
    "prelu": r"y_c = \max(0, x_c) + a_c\,\min(0, x_c)",
    "sigmoid": r"y = \frac{1}{1 + e^{-x}}",
    "maxpool": r"y_{i,j} = \max_{u,v}\, x_{si+u-p,\,sj+v-p}",
    "avgpool2d": r"y_{i,j} = \frac{1}{k^2}\, \sum_{u,v}\, x_{si+u,\,sj+v}",
    "blur": r"y_{i,j} = \sum_{u,v}\, b_u\, b_v\, x_{si+u-1,\,sj+v-1},\; "
    r"b = \left(\frac{1}{4}, \frac{1}{2}, \frac{1}{4}\right)",
    "avgpool": r"y_c = \frac{1}{H W}\, \sum_{i,j}\, x_{c,i,j}",
    "gem": r"y_c = \sqrt[p]{\frac{1}{H W}\, \sum_{i,j}\, (x_{c,i,j})^p}",
    "attnpool": r"y = \mathrm{softmax}\left(\frac{q(\bar{x})\,k(x)^T}{\sqrt{d}}\right) v(x)",
    "fixed_norm": r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
    "channel_stats": r"y_c = (\bar{x}_c,\; \max x_c)",
    "spatial_stats": r"y_{i,j} = (\bar{x}_{i,j},\; \max_c\, x_{c,i,j})",
    "sum_pairs": r"y_c = x_{c,1} + x_{c,2}",
    "pad": r"y_{i,j} = \begin{cases} x_{i-p,\,j-p} & \text{inside} \\ 0 & \text{in the border} \end{cases}",
    "linear": r"y = W x + b",
    "add": r"z = F(x; W) + x",
    "add_padding": r"z = F(x; W) + P\,x",
    "add_projection": r"z = F(x; W) + W_s\,x",
    "add_scaled": r"z = F(x; W) + \lambda\,x",
    "add_activated": r"z = F(x; W) + W_s\,a(x)",
    "add_altered": r"z = F(x; W) + s(x)",
    "add_exclusive": r"z = g\,F(x; W) + (1 - g)\,x",
    "add_gated": r"z = F(x; W) + (1 - g)\,x",
    "gate": r"g(x) = \mathrm{sigmoid}(W_g\,x + b_g)",
    "multiply": r"y = x \cdot g(x)",
    "se": r"g(x) = \mathrm{sigmoid}(W_2\,\mathrm{ReLU}(W_1\,\bar{x} + b_1) + b_2)",
    "eca": r"g(x) = \mathrm{sigmoid}(w * \bar{x})",
    "cbam_channel": r"g(x) = \mathrm{sigmoid}(M(\bar{x}) + M(\max x))",
    "cbam_spatial": r"g(x) = \mathrm{sigmoid}(\mathrm{BN}(W * [\bar{x};\, \max x]))",
    "gc": r"g(x) = \mathrm{sigmoid}(W_2\,\mathrm{ReLU}(\mathrm{LN}(W_1\,c)))",
    "gca": r"g(x) = W_2\,\mathrm{ReLU}(\mathrm{LN}(W_1\,c))",
    "nl": r"z = \mathrm{BN}(W_z\,y),\; y_i = \sum_j\, a_{j,i}\, g(x_j)",
    "add_context": r"y = x + g(x)",
    "bam": r"g(x) = \mathrm{sigmoid}(M_c(\bar{x}) + M_s(x))",
    "sum_gates": r"y_{c,i,j} = a_{i,j} + b_c",
    "refine": r"y = x + x \cdot g(x)",
    "softmax": r"y_j = \frac{e^{x_j}}{\sum_k\, e^{x_k}}",
    "context": r"c = \sum_j\, a_j\, x_j",
    "affinity": r"s_{j,i} = \theta(x_i)^T \varphi(x_j) / \sqrt{C}",
    "gather": r"y_i = \sum_j\, a_{j,i}\, g(x_j)",
    "splat": r"g(x) = \mathrm{sigmoid}(W_2\,\mathrm{ReLU}(\mathrm{BN}(W_1\,\bar{x} + b_1)) + b_2)",
    "scales": r"y_1 = K_1(x_1),\quad y_i = K_i(x_i + y_{i-1}),\quad y_s = x_s",
    "scales_apart": r"y_i = K_i(x_i),\quad y_s = \bar{x}_s",
    "selective": r"y = \sum_i\, a_i \cdot K_i(x),\quad "
    r"a = \mathrm{softmax}(W_2\,\mathrm{ReLU}(\mathrm{BN}(W_1\,\overline{\Sigma_i K_i(x)})))",
    "split_attention": r"y = \sum_i\, a_i \cdot x_i,\quad "
    r"a = \mathrm{softmax}(W_2\,\mathrm{ReLU}(\mathrm{BN}(W_1\,\overline{\Sigma_i x_i} + b_1)) + b_2)",
    "slice": r"y_c = x_{(i-1)\,w + c}",
    "carry": r"y = x_i + y_{i-1}",
    "concat": r"y = (y_1, \ldots, y_s)",
    "sum_paths": r"y = \sum_i\, y_i",
    "path_softmax": r"a_{i,c} = \frac{e^{z_{i,c}}}{\sum_j\, e^{z_{j,c}}}",
    "weighted_sum": r"y_c = \sum_i\, a_{i,c}\, y_{i,c}",
    "shake": r"y = \alpha\,F_1(x) + (1 - \alpha)\,F_2(x)",
    "shift": r"y_{i,j} = x_{i+1,\,j+1}",
    "scale": r"y = \lambda\,x",
    "gain": r"y = \alpha\,x",
    "gain_channels": r"y_c = \lambda_c\,x_c",
    "bias": r"y = x + b",
    "dropout": r"y = \frac{m}{1 - p}\,x,\quad m \in \{0, 1\}",
    "flatten": r"y = (x_1, \ldots, x_C)",
    "zeropad": r"y_{c,i,j} = \begin{cases} x_{c-b,\,si,\,sj} & b \le c < b + C_{\mathrm{in}} \\ "
    r"0 & \text{otherwise} \end{cases}",
    "pad_channels": r"y_c = \begin{cases} x_c & c < C_{\mathrm{in}} \\ 0 & \text{otherwise} \end{cases}",
    "identity": r"y = x",
    "projection": r"y = \mathrm{BN}(W_s\,x)",
    "projection_bare": r"y = W_s\,x",
    "projection_activated": r"y = \mathrm{BN}(W_s\,a(x))",
    "projection_activated_bare": r"y = W_s\,a(x)",
    "size": r"H_{\mathrm{out}} = \left\lfloor \frac{H + 2p - k}{s} \right\rfloor + 1",
    "size_dilated": r"H_{\mathrm{out}} = \left\lfloor \frac{H + 2p - d(k - 1) - 1}{s} \right\rfloor + 1",
    "receptive_field": r"\begin{aligned} r_l &= r_{l-1} + (k_l - 1)\,j_{l-1} \\ "
    r"j_l &= j_{l-1}\,s_l \end{aligned}",
    "stage": r"H \to \lceil H / s \rceil",
    "stage_floor": r"H \to \lfloor H / s \rfloor",
    "network": r"x_{l+1} = \mathrm{ReLU}\left(x_l + F(x_l; W_l)\right)",
    "network_bare": r"x_{l+1} = x_l + F(x_l; W_l)",
    "network_sum": r"x_L = x_l + \sum_{i=l}^{L-1} F(x_i; W_i)",
    "network_bn-after-add": r"x_{l+1} = \mathrm{ReLU}\left(\mathrm{BN}(x_l + F(x_l; W_l))\right)",
    "network_plain": r"x_{l+1} = \mathrm{ReLU}\left(F(x_l; W_l)\right)",
    "network_plain_bare": r"x_{l+1} = F(x_l; W_l)",
    "network_stride": r"H_{\mathrm{out}} = \lceil H / S \rceil,\; S = \prod_l s_l",
}


def main() -> None:
    """Write every formula, the index of their texts, and their sizes."""
    config.svg2 = False
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.svg"):
        old.unlink()
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
    pen = _ShortPen()
    parse_path(data, pen)
    return "".join(pen.commands)


class _ShortPen(BasePen):  # type: ignore[misc, unused-ignore]  # fontTools tells no types
    """Path data with two decimals, relative to the point before: a quarter shorter. Rounding does not add up."""

    def __init__(self) -> None:
        super().__init__(None)
        self.commands: list[str] = []
        self._at = self._start = (0, 0)

    def _say(self, command: str, *points: tuple[float, float]) -> None:
        rounded = [(round(100 * x), round(100 * y)) for x, y in points]
        steps = [step for x, y in rounded for step in (x - self._at[0], y - self._at[1])]
        numbers = " ".join(f"{step / 100:g}".replace("0.", ".", abs(step) < 100) for step in steps)
        self.commands.append(command + numbers.replace(" -", "-"))
        self._at = rounded[-1]

    def _moveTo(self, point: tuple[float, float]) -> None:
        self._say("m", point)
        self._start = self._at

    def _lineTo(self, point: tuple[float, float]) -> None:
        self._say("l", point)

    def _curveToOne(self, first: tuple[float, float], second: tuple[float, float], end: tuple[float, float]) -> None:
        self._say("c", first, second, end)

    def _qCurveToOne(self, middle: tuple[float, float], end: tuple[float, float]) -> None:
        self._say("q", middle, end)

    def _closePath(self) -> None:
        self.commands.append("z")
        self._at = self._start


def _bounds(shapes: list[str]) -> tuple[float, ...]:
    """Return left, top, right and bottom of the ink and its margin, rounded outwards."""
    pen = BoundsPen(None)
    for shape in shapes:
        parse_path(shape, pen)
    left, top, right, bottom = pen.bounds
    # Rounded first: sums of relative steps are off in the last bits, and would cost a hundredth more.
    near = (math.floor(round((edge - MARGIN) * 100, 6)) / 100 for edge in (left, top))
    far = (math.ceil(round((edge + MARGIN) * 100, 6)) / 100 for edge in (right, bottom))
    return (*near, *far)


if __name__ == "__main__":
    main()
