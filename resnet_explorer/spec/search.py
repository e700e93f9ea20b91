"""Networks by what the user types: names, titles, families, years and ideas, with letters left out."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import catalogue, codec
from resnet_explorer.spec.catalogue import CATALOGUE, Entry, meant_by, plain_text
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.choices import Pool, Stem
from resnet_explorer.spec.input_shape import InputShape
from resnet_explorer.spec.relatives import relative
from resnet_explorer.spec.resnet_spec import ResNetSpec, plain_name
from resnet_explorer.spec.rules import last_stride


@cache
def _names(name: str) -> tuple[str, ...]:
    """Return the spellings of a network's name."""
    entry = CATALOGUE[name]
    return tuple(text for text in map(plain_text, (name, entry.title, *entry.aliases)) if meant_by(text) == name)


_WORDS: Mapping[str, str] = {
    "attention=se": "attention squeeze excitation",
    "attention=eca": "attention",
    "attention=cbam": "attention",
    "attention=gc": "attention global context",
    "attention=gca": "attention global context",
    "attention=nl": "attention non-local",
    "order=v2": "pre-activation",
}
"""Words for an idea that a network has by a setting, its own or one of what it is a change of."""


@cache
def _ideas(name: str) -> str:
    entry = CATALOGUE[name]
    family, settings = entry.family, " ".join(each.settings for each in _line_of(entry))
    words = " ".join(words for setting, words in _WORDS.items() if setting in settings.split())
    text = f"{family.title} {family.year} {family.authors} {family.paper} {entry.note} {words}".lower()
    return f"{text} {text.replace('-', '')}"


def _line_of(entry: Entry) -> Iterator[Entry]:
    yield entry
    if entry.parent:
        yield from _line_of(entry.parent)


_NUMBER = re.compile(r"\d+")
_BY_IDEA = 100.0
"""How far a network is that is matches by its family, year, authors or note."""
_AFTER = {"plain": 0.03, "video": 0.05, "signals": 0.05}
"""A plain twin comes after the network it is the twin of, those for videos and signals after those for images."""


def search(text: str) -> tuple[Entry, ...]:
    """Return the networks that a text asks for, the best first; all of them for an empty text.

    Letters may be left out (``rn50`` finds ResNet-50), and other words are looked for in the network's family, year,
    authors, paper, note and kind of blocks (``wide``, ``2017``, ``attention``, ``preactivation 50``).
    """
    if not text.strip():
        return tuple(CATALOGUE.values())
    scores = {name: _score(text, name) for name in CATALOGUE}
    matches = [name for name, score in scores.items() if score is not None]
    return tuple(CATALOGUE[name] for name in sorted(matches, key=lambda name: scores[name] or 0))


def meant(text: str) -> tuple[Entry, ...]:
    """Return what ``search`` finds but for networks of other numbers: ``resnet51`` is not ResNet-50 v1."""
    return tuple(entry for entry in search(text) if _score(text, entry.name) == _BY_IDEA or _has_numbers(text, entry))


def best(text: str) -> Entry | None:
    """Return the network that a text means beyond doubt; None where it may mean several, or none.

    That is the only one whose name begins as the text does, or the one whose name the text abbreviates from its first
    letter to its last with the fewest letters left out: ``rn50`` is ResNet-50, and not ResNet-50-D.
    """
    matches, query = meant(text), plain_text(text)
    inside = [entry for entry in matches if any(query in spelling for spelling in _names(entry.name))]
    if len(inside or matches) == 1:
        only = (inside or matches)[0]
        return only if any(spelling[0] == query[:1] for spelling in _names(only.name)) else None
    left_out = {entry.name: count for entry in matches if (count := _left_out(query, entry.name)) is not None}
    fewest = [name for name, count in left_out.items() if count == min(left_out.values())]
    return CATALOGUE[fewest[0]] if len(fewest) == 1 and not inside else None


def _has_numbers(text: str, entry: Entry) -> bool:
    query = _NUMBER.findall(text)
    names = (entry.name, entry.title, *entry.aliases)
    return any(set(query) <= set(_NUMBER.findall(name)) for name in names)


def _left_out(query: str, name: str) -> int | None:
    """Return how many letters a text leaves out of a name between its first and its last; None where it is none's."""
    whole = [spelling for spelling in _names(name) if (spelling[0], spelling[-1]) == (query[:1], query[-1:])]
    counts = [len(spelling) - len(query) for spelling in whole if _gaps(query, spelling) is not None]
    return min(counts, default=None)


def _score(text: str, name: str) -> float | None:
    """Return how far a network is from a text; None where it is not meant."""
    score = closeness(text, _names(name), _ideas(name))
    if score is None or score >= _BY_IDEA:
        return score
    return score + _AFTER.get(CATALOGUE[name].family.key, 0.0)


def closeness(text: str, names: Sequence[str], ideas: str = "") -> float | None:
    """Return how far something is from what is typed: 0 for its name itself; None where it is not meant.

    Letters of a name may be left out; else each word must stand in a name or among the ideas. ``names`` are as
    ``plain_text`` returns them, ``ideas`` are in lower case.
    """
    query, words = _parts(text)
    steps = [score for name in names if (score := _distance(query, name)) is not None]
    if steps:
        return min(steps)
    return _BY_IDEA if all(any(word in hint for hint in (*names, ideas)) for word in words) else None


@lru_cache(maxsize=64)
def _parts(text: str) -> tuple[str, list[str]]:
    """Return what is typed as a name, and its words."""
    return plain_text(text), text.lower().split()


def _distance(query: str, name: str) -> float | None:
    """Return 0 for the name itself, then by where it stands in it, then by how many letters are left out."""
    if query in name:
        return (name.index(query) > 0) + (len(name) - len(query)) / 100
    return _gaps(query, name)


def _gaps(query: str, name: str) -> float | None:
    at, first = -1, -1
    for letter in query:
        try:
            at = name.index(letter, at + 1)
        except ValueError:
            return None
        first = at if first < 0 else first
    return 10.0 + (at - first + 1 - len(query)) + first / 10 + len(name) / 100


NEAREST = 6
"""How many networks are listed where a text may mean several."""


def find_network(net: str, settings: Sequence[str] = ()) -> ResNetSpec:
    """Return the network of a catalogue name, a few letters of it or a spec file, with ``key=value`` settings applied.

    Raises SpecError or SpecFileError where it is none.
    """
    name = resolve(net)
    spec = codec.read(Path(name)) if _is_file(name) else catalogue.find(name)
    return catalogue.named(assign(spec, *settings)) if settings else spec


def resolve(net: str) -> str:
    """Return the words for a network as they are where they name one or a file, else the name that they mean.

    Raises SpecError, with the nearest networks, where they may mean several or none.
    """
    if _is_file(net):
        return net
    try:
        catalogue.find(net)
    except SpecError as error:
        if relative(plain_text(net)) or net.startswith("-"):  # an option that stands where a network is expected
            raise
        text = net.removesuffix("-plain")
        if entry := best(text):
            return plain_name(entry.name) if net != text else entry.name
        matches = meant(text)
        if len(matches) < 2 or not any(letter.isalnum() for letter in text):
            raise
        names = ", ".join(entry.name for entry in matches[:NEAREST])
        more = ", …" if len(matches) > NEAREST else ""
        raise SpecError(
            "net", f"{net!r} may be one of {len(matches):,} networks.", f"Name one: {names}{more}."
        ) from error
    return net


def _is_file(net: str) -> bool:
    """Return whether words are those of a spec file: by their ending or folder, or since only a file is called so."""
    if net.lower().endswith(".json") or "/" in net or os.sep in net:
        return True
    return os.path.isfile(net) and not catalogue.knows(net)


def default_input(spec: ResNetSpec) -> InputShape:
    """Return one image of the size that a network was published for, or one of its stem.

    A signal has 1,000 samples, a video 16 frames of 112×112 pixels, as torchvision's.
    """
    entry = catalogue.entry_of(replace(spec, residual=True)) or catalogue.entry_of(spec)
    if spec.dims == 1:
        side = entry.size if entry else 1000
        return InputShape(1, side, side)
    usual = 32 if spec.stem is Stem.CIFAR else 112 if spec.dims == 3 else 224
    side = entry.size if entry else usual
    if spec.pool is Pool.NONE and spec.classes is not None:
        side = spec.map_side * last_stride(spec)
    return InputShape(1, side, side)
