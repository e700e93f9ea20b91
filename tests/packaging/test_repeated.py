"""Blocks of code that stand twice are found, whatever comments and names surround them."""

from repeated import LINES, Place, code_lines, repeated

BLOCK = "".join(f"value_{index} = work({index})\n" for index in range(LINES + 2))


def places(one: str, other: str) -> list[tuple[Place, Place]]:
    return list(repeated({"one.py": code_lines(one), "other.py": code_lines(other)}))


def test_a_block_is_found_once_where_it_begins() -> None:
    body = BLOCK.replace(")\n", ")  # why\n\n").replace("value", "    value")
    other = f'import os\n\n\ndef f(x):\n    """Says so."""\n    total = x\n{body}'
    assert places(BLOCK, other) == [(Place("one.py", 0), Place("other.py", 1))]


def test_fewer_lines_imports_and_signatures_are_none() -> None:
    short = "".join(BLOCK.splitlines(keepends=True)[: LINES - 1])
    assert not places(short + "first = 1\n", short + "second = 2\n")
    imports = "".join(f"import module_{index}\n" for index in range(LINES))
    signature = "def f(\n" + "".join(f"    name_{index},\n" for index in range(LINES)) + "):\n    "
    assert not places(imports + signature + "return 1\n", imports + signature + "return 2\n")


def test_lines_without_a_word_do_not_part_a_block() -> None:
    one, other = BLOCK.replace("work(3)", "work(3\n)"), BLOCK.replace("work(3)", "work(3\n\n  )")
    assert places(one, other) == [(Place("one.py", 0), Place("other.py", 0))]
