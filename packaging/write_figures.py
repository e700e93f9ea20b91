"""Write resources/catalogue/figures.json anew: layers with weights, parameters and MACs of the catalogue's networks.

python packaging/write_figures.py
"""

import json
from pathlib import Path

from resnet_explorer.layers.listing import computed
from resnet_explorer.spec.catalogue import CATALOGUE

FILE = Path(__file__).parents[1] / "resources" / "catalogue" / "figures.json"


def text() -> str:
    """Return the content of the file: a network a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(computed(entry))}" for name, entry in CATALOGUE.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
