"""Find code that nothing uses, by vulture; what a row names in a string, as in ``module:name``, is used.

python packaging/unused.py      # exit status 0 where nothing is found, as vulture's own
"""

import re
import sys
import tomllib
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Print what is unused and return vulture's exit status."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["vulture"]
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "resnet_explorer").rglob("*.py"))
    named = {name for source in sources for name in re.findall(r':(\w+)"', source)}
    named |= set(re.findall(r'"(\w+)"', (ROOT / "resnet_explorer/app/actions.py").read_text(encoding="utf-8")))
    search = Vulture(ignore_names=options["ignore_names"], ignore_decorators=options["ignore_decorators"])
    search.used_names.update(named)
    search.scavenge([str(ROOT / path) for path in options["paths"]], exclude=options.get("exclude"))
    return int(search.report())


if __name__ == "__main__":
    sys.exit(main())
