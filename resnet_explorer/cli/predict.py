"""The command ``predict``: what a fine-tuned network says of some images."""

import argparse
from collections.abc import Sequence

from resnet_explorer.analysis.tuning.results import Prediction
from resnet_explorer.cli.ask import Asker
from resnet_explorer.cli.output import complain, say, say_json
from resnet_explorer.cli.tune_words import table
from resnet_explorer.engine.messages import Predict


def predict(options: argparse.Namespace) -> int:
    """Name some images; return 1 where one cannot be read."""
    with Asker() as asker:
        found: tuple[Prediction, ...] = asker.ask(Predict(str(options.run), tuple(options.images)))
    if options.json:
        say_json(_values(found))
    else:
        say(_text(found))
    bad = [one for one in found if one.problem]
    for one in bad:
        complain(f"{one.file} cannot be named: {one.problem}.")
    return 1 if bad else 0


def _text(found: Sequence[Prediction]) -> str:
    rows = [(one.file, one.classes[0][0], f"{one.classes[0][1]:.1%}") for one in found if one.classes]
    return table(rows) if rows else ""


def _values(found: Sequence[Prediction]) -> list[dict[str, object]]:
    return [
        {
            "file": one.file,
            "classes": [{"name": name, "probability": chance} for name, chance in one.classes],
            "problem": one.problem or None,
        }
        for one in found
    ]
