"""Values as a formatter of Python writes them."""

import json

LINE = 110
"""Characters in a line of the script."""


def literal(value: object) -> str:
    """Return a text, a number or a tuple of them in Python, with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return repr(value)


def listed(name: str, values: tuple[str, ...]) -> list[str]:
    """Return the lines that give a name to some texts: one, or one for each text."""
    line = f"{name} = {literal(values)}"
    return [line] if len(line) <= LINE else [f"{name} = (", *(f"    {literal(one)}," for one in values), ")"]
