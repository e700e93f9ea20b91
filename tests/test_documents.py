"""The documents are true: counts, the picture of the rooms, the files that are named."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

from resnet_explorer.assets import path
from resnet_explorer.gradients import presets as gradients_presets
from resnet_explorer.runs.plan import MAX_RUNS
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.training import presets as training_presets

ROOT = Path(__file__).parents[1]
GUIDE = tuple(f"resources/guide/{file.name}" for file in sorted(path("guide").glob("*.md")))
DOCUMENTS = ("README.md", "docs/setup.md", "ARCHITECTURE.md", "CONTRIBUTING.md", *GUIDE)
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER = rf"\b(\d[\d,]*|{'|'.join(WORDS)})"
COUNTED = re.compile(
    rf"{NUMBER} (more |other )?(axes|choices|contracts|experiments|families|labs|networks|options|presets)\b",
    re.IGNORECASE,
)
RECORDED = [key for key in training_presets.PRESETS if (path("runs") / key).is_dir()]
CLAIMS = {
    "# networks with their figures": len(CATALOGUE),
    "any of # axes": len(AXES),
    "# experiments, each with what to look for": len(gradients_presets.PRESETS),
    "Up to # networks side by side": MAX_RUNS,
    "and # more experiments show their recording": len(RECORDED) - 1,
    "It opens on # networks side by side": len(training_presets.PRESETS["degradation"].networks),
}
"""How many each phrase tells of; # stands for the number, in digits or as a word."""


def test_every_count_is_true() -> None:
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS)
    known = set()
    for phrase, count in CLAIMS.items():
        claims = list(re.finditer(re.escape(phrase).replace(r"\#", NUMBER), text, re.IGNORECASE))
        assert claims, f"no document says {phrase!r}"
        for claim in claims:
            said = claim[1].lower()
            assert (WORDS.index(said) if said in WORDS else int(said.replace(",", ""))) == count, claim[0]
            known.add(claim.start(1))
    unknown = [claim[0] for claim in COUNTED.finditer(text) if claim.start(1) not in known]
    assert not unknown, "CLAIMS has no row for these"


def picture() -> dict[str, set[str]]:
    """Return the rooms that each room points to in the picture of ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    arrows: dict[str, set[str]] = {}
    for uppers, lowers in re.findall(r"^ {4}(.+) --> (.+)$", text, re.MULTILINE):
        for upper in uppers.split(" & "):
            arrows.setdefault(upper, set()).update(lowers.split(" & "))
    return arrows


def test_the_picture_of_the_rooms_is_how_they_import() -> None:
    graph = grimp.build_graph("resnet_explorer", cache_dir=None)
    imports: dict[tuple[str, str], str] = {}
    for name in graph.modules - {"resnet_explorer", "resnet_explorer.__main__"}:
        for used in graph.find_modules_directly_imported_by(name) - {"resnet_explorer"}:
            imports[name.split(".")[1], used.split(".")[1]] = f"{name} imports {used}"
    arrows = picture()
    below: dict[str, set[str]] = {}
    for room in TopologicalSorter(arrows).static_order():
        lower = arrows.get(room, set())
        below[room] = lower.union(*(below[one] for one in lower))
    assert not [(upper, one) for upper in arrows for one in arrows[upper] if (upper, one) not in imports]
    assert not [text for (upper, one), text in imports.items() if upper != one and one not in below[upper]]


def test_every_file_that_a_document_names_is_there() -> None:
    for name in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8").partition("## Add a lab")[0]
        for file in re.findall(r"`([\w/]+\.(?:py|txt|toml))`", text):
            assert any((home / file).is_file() for home in (ROOT, ROOT / "resnet_explorer")), file
