"""The command ``doctor``: what of this machine the app needs, and what is broken."""

import argparse
from dataclasses import asdict

from resnet_explorer import __version__
from resnet_explorer.doctor import child
from resnet_explorer.terminal.options import Commands, add_command
from resnet_explorer.terminal.output import say, say_json

EXAMPLES = """exit status: 0 where nothing is broken, 1 where something is.

examples:
  resnet-explorer doctor
  resnet-explorer doctor --json
"""


def add_doctor(commands: Commands) -> None:
    """Add ``doctor``."""
    text = "check this machine: Qt, display, PyTorch and its devices, Graphviz, folders"
    parser = add_command(commands, "doctor", text, EXAMPLES)
    parser.add_argument("--json", action="store_true", help="as JSON: each finding with its key and its state")
    parser.add_argument("--probe", choices=tuple(child.PROBES), help=argparse.SUPPRESS)


def doctor(options: argparse.Namespace) -> int:
    """Print what is found; return 1 where something is broken."""
    if options.probe:
        child.run(options.probe)
    from resnet_explorer.doctor.checks import Checks
    from resnet_explorer.doctor.findings import is_broken, summary, to_text

    found, work = [], Checks()
    try:
        for finding in work.findings():
            found.append(finding)
            if not options.json:
                say(to_text(finding))
    finally:
        work.kill()
    if options.json:
        say_json({"version": __version__, "broken": is_broken(found), "findings": [asdict(one) for one in found]})
    else:
        say(summary(found) + "\n")
    return int(is_broken(found))
