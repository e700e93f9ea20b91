"""Text as LaTeX: what LaTeX would take as its own is escaped, and signs become commands that plain LaTeX knows."""

import re
from collections.abc import Mapping

_SPECIAL: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{\vert}",
    '"': r"\textquotedblright{}",
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi _ pi rho _ sigma tau upsilon phi chi psi "
    "omega"
)
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_MATHS: Mapping[str, str] = {
    "×": r"\times",
    "−": "-",
    "·": r"\cdot",
    "±": r"\pm",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "≡": r"\equiv",
    "∞": r"\infty",
    "∂": r"\partial",
    "∇": r"\nabla",
    "√": r"\surd",
    "∑": r"\sum",
    "∏": r"\prod",
    "∈": r"\in",
    "‖": r"\Vert",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "‹": "<",
    "›": ">",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "•": r"\bullet",
    "●": r"\bullet",
    "▸": r"\triangleright",
    "▶": r"\triangleright",
    "◀": r"\triangleleft",
    "△": r"\bigtriangleup",
    "▽": r"\bigtriangledown",
    "✓": r"\surd",
    "✗": r"\times",
    "½": r"\frac{1}{2}",
    "°": r"^{\circ}",
    **{chr(0x3B1 + place): f"\\{name}" for place, name in enumerate(_GREEK.split()) if name != "_"},
    **{letter: f"\\{name}" for letter, name in zip("ΓΔΘΛΞΠΣΥΦΨΩ", _CAPITALS.split(), strict=True)},
    "φ": r"\varphi",
}
_TEXT: Mapping[str, str] = {
    "…": r"\ldots{}",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "⚠": "!",
    "▏": r"\ensuremath{\vert}",
    "\u00a0": "~",
    "\u2009": r"\,",
    "\u202f": r"\,",
}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵏᵀ", "0123456789+-nkT")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₛₖ", "0123456789+-sk")
_HAT = "\u0302"
_PIECES = re.compile(
    rf"(?P<hat>[^\W\d_]){_HAT}"
    rf"|(?P<raised>[{''.join(map(chr, _RAISED))}]+)"
    rf"|(?P<lowered>[{''.join(map(chr, _LOWERED))}]+)"
    r"|(?P<dashes>--+)|(?P<sign>.)",
    re.DOTALL,
)


def to_latex(text: str) -> str:
    """Return a line of text as LaTeX that needs no package.

    Letters of other scripts stay: LuaLaTeX and XeLaTeX set them where the font of the document has them.
    """
    return _PIECES.sub(_piece, " ".join(text.split()) if "\n" in text else text)


def _piece(match: re.Match[str]) -> str:
    piece = match[0]
    match match.lastgroup:
        case "hat":
            return rf"\^{{{match['hat']}}}"
        case "raised":
            return rf"\ensuremath{{^{{{piece.translate(_RAISED)}}}}}"
        case "lowered":
            return rf"\ensuremath{{_{{{piece.translate(_LOWERED)}}}}}"
        case "dashes":
            return "{-}" * len(piece)
    if piece in _MATHS:
        return rf"\ensuremath{{{_MATHS[piece]}}}"
    return _SPECIAL.get(piece) or _TEXT.get(piece) or piece
