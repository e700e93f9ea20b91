"""Counts in the documents are true: of networks, axes, experiments, contracts."""

import re
import tomllib
from pathlib import Path

from resnet_explorer.assets import path
from resnet_explorer.gradients import presets as gradients_presets
from resnet_explorer.runs.plan import MAX_RUNS
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.training import presets as training_presets

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER = rf"\b(\d[\d,]*|{'|'.join(WORDS)})"
COUNTED = re.compile(
    rf"{NUMBER} (more |other )?(axes|choices|contracts|experiments|families|labs|networks|options|presets)\b",
    re.IGNORECASE,
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CLAIMS = {
    "# networks with their figures": len(CATALOGUE),
    "any of # axes": len(AXES),
    "# experiments, each with what to look for": len(gradients_presets.PRESETS),
    "Up to # networks side by side": MAX_RUNS,
    "and # more experiments show their recording": len(list(path("runs").iterdir())) - 1,
    "The training lab: # networks side by side": len(training_presets.PRESETS["degradation"].networks),
    "# contracts say so": len(PROJECT["tool"]["importlinter"]["contracts"]),
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
