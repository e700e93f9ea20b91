"""The app's own files: fonts, icons, formulas, templates of code; in a checkout and in an installed wheel alike."""

import ast
import re
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE / "resources" if (_HERE / "resources").is_dir() else _HERE.parent / "resources"


def path(*parts: str) -> Path:
    """Return the path of a file or folder in ``resources``; raises FileNotFoundError where it is missing."""
    file = _ROOT.joinpath(*parts)
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing: install ResNet Explorer again.")
    return file


def template(name: str, **values: str | bool) -> str:
    """Return the code of a Python file in ``resources/templates``, below its line "# The script begins here.".

    A name in capitals is replaced by its value, a string of code. Of ``if NAME:`` with a value for the name, the branch
    that holds remains. A comment line of a name alone (``# READERS``) is replaced as a whole.
    """
    lines = path("templates", name).read_text(encoding="utf-8").splitlines(keepends=True)
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id in values:
            branch = node.body if values[node.test.id] else node.orelse
            first = node.lineno + 1 if branch is node.body else branch[0].lineno if branch else 0
            last = branch[-1].end_lineno or 0 if branch else 0
            indent = branch[0].col_offset - node.col_offset if branch else 0  # 0 for the branch of an elif
            for number in range(node.lineno, (node.end_lineno or 0) + 1):
                line = lines[number - 1]
                lines[number - 1] = (line[indent:] or line) if first <= number <= last else ""
    _, _, code = "".join(lines).partition("# The script begins here.\n")

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1] or match[2])
        return value if isinstance(value, str) else match[0]

    code = re.sub(r"^# ([A-Z_]+)$|\b([A-Z_]+)\b", value_of, code.replace("  # fmt: skip", ""), flags=re.MULTILINE)
    return re.sub(r"\n{4,}", "\n\n\n", code.strip())
