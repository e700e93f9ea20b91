"""The command ``verify``: the closed form beside PyTorch and fvcore."""

import argparse
from dataclasses import asdict
from functools import partial

from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import SpecError
from resnet_explorer.readings import Analysis
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.terminal.networks import analysis_of
from resnet_explorer.terminal.output import complain, say, say_json
from resnet_explorer.verify.values import Verdict


def verify(options: argparse.Namespace) -> int:
    """Compare the network that the options name, or all; return 1 where anything differs."""
    if options.all == bool(options.net):
        raise SpecError("net", "Name one network, or give --all.", "As in: resnet-explorer verify resnet50.")
    names = list(CATALOGUE) if options.all else [options.net]
    verdicts = {name: _verdict(options, name) for name in names}
    if options.json:
        say_json({name: {"agrees": found.agrees, **asdict(found)} for name, found in verdicts.items()})
    return 0 if all(found.agrees for found in verdicts.values()) else 1


def _verdict(options: argparse.Namespace, name: str) -> Verdict:
    with importing():
        from resnet_explorer.verify.against_pytorch import verify as steps
    read = partial(analysis_of, name, options.settings)
    *_, last = steps(read(options.input), fvcore=options.fvcore)
    assert isinstance(last, Verdict)
    if not options.json:
        _tell(name, read(options.input), last)
    return last


def _tell(name: str, analysis: Analysis, found: Verdict) -> None:
    shape = "×".join(str(length) for length in analysis.total.input)
    say(f"{name} at {shape}: {found.words} {found.where}\n")
    for check in found.checks:
        sign = "=" if check.agrees else "≠"
        say(f"  {check.what:<10} {check.ours:>18,} {sign} {check.theirs:,} ({check.library})\n")
        if check.note:
            say(f"  {'':<10} {check.note}\n")
    for one in found.differences[:20]:
        complain(f"{one.path}: {one.what} {one.ours} here, {one.theirs} there.")
    if len(found.differences) > 20:
        complain(f"{len(found.differences) - 20:,} more rows differ.")
