"""The command ``list``: the networks of the catalogue with their figures, or the axes."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from resnet_explorer.errors import SpecError
from resnet_explorer.layers import listing
from resnet_explorer.spec.catalogue import CATALOGUE, Entry
from resnet_explorer.spec.relatives import relatives
from resnet_explorer.spec.search import search
from resnet_explorer.terminal.output import complain, say, say_json


def list_networks(options: argparse.Namespace) -> int:
    """Print the networks of the catalogue, those that a search finds, or the axes; return 1 where it finds nothing."""
    if options.search and options.axes:
        raise SpecError("search", "--search finds networks, not axes.", "Leave out --search or --axes.")
    if options.search:
        return _list_found(options.search, options.json)
    if options.axes:
        rows = listing.axes()
        say_json(rows) if options.json else say(listing.axes_text(rows))
    else:
        _say_all(tuple(CATALOGUE.values()), options.json)
    return 0


def _say_all(networks: Sequence[Entry], as_json: bool) -> None:
    if as_json:
        say_json(listing.described(networks))
    else:
        say(listing.to_text(networks))


def _list_found(text: str, as_json: bool) -> int:
    networks, others = search(text), relatives(text)
    if as_json:
        rows = [{**asdict(other), "source": other.source} for other in others]
        say_json({"networks": listing.described(networks), "relatives": rows})
    else:
        found = [listing.to_text(networks)] if networks else []
        say("\n".join(found + [f"{other.what} {other.remedy}\n" for other in others]))
        if not networks and not others:
            complain(f"No network has {text!r} in its name, family, year or note. Try fewer letters.")
    return 0 if networks or others else 1
