"""Write the tables of docs/lessons.md anew, from what the app knows.

python packaging/write_lesson_reference.py
"""

import re
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.lessons.reference import tables

FILE = Path(__file__).parents[1] / "docs" / "lessons.md"


def with_tables(text: str) -> str:
    """Return the document with every table as it should be."""
    known = tables()
    return re.sub(
        r"<!-- (\w+) -->\n.*?<!-- /\1 -->",
        lambda match: f"<!-- {match[1]} -->\n{known[match[1]]}<!-- /{match[1]} -->",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    files.write(FILE, with_tables(FILE.read_text(encoding="utf-8")))
