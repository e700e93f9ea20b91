"""Damage to what a text means: JSON whose values are of other types, endless, twice or missing."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.hostile import damage

MISSING = object()
"""In place of a value: its key goes too."""
HUGE = 10**400
_OTHERS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 7.5, -0.0, 1e308, float("nan"), float("inf"), 2**31, 2**53 + 1, 2**63, 10**30, HUGE,
    "", "x", "none", "1", "-1", "nan", "é\u0000", "\ud800", "../../x", "/etc/passwd", "a\nb", "a\x1b[2Jb", "x" * 3000,
    [], {}, [[]], [None], [1, 2, 3], ["a", "b"], {"a": 1}, {"": None}, [0] * 3000, {"a": {"b": {"c": []}}}, MISSING,
)  # fmt: skip


def parsed(data: bytes) -> Any:
    return json.loads(data)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where values lie in a value of JSON, the whole first."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*at, key))


def _at(value: Any, at: tuple[Any, ...]) -> Any:
    for key in at:
        value = value[key]
    return value


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return None if new is MISSING else new
    inner = _at(value, at[:-1])
    if new is MISSING:
        del inner[at[-1]]
    else:
        inner[at[-1]] = new
    return value


def _changed(value: Any, chance: Random) -> Any:
    """Return a value of JSON with something else at one place."""
    there = list(places(value))
    at = chance.choice(there[1:] or there)
    old, kind = _at(value, at), chance.randrange(6)
    if kind == 0 and isinstance(old, list) and old:
        return put(value, at, chance.choice((old * 2, old * 300, old[:-1], [*old, old], old[::-1])))
    if kind == 0 and isinstance(old, dict):
        return put(
            value, at, {**old, chance.choice(("more", "", "a b", "__class__", "x" * 300)): chance.choice(_OTHERS[:-1])}
        )
    if kind == 1 and isinstance(old, int | float) and not isinstance(old, bool):
        new = chance.choice((-old, old * 1000, old + 1, old * 10**9, old / 3, float(old), str(old)))
        return put(value, at, new)
    if kind == 2:
        return put(value, at, json.loads(json.dumps(_at(value, chance.choice(there)))))
    if kind == 3 and at and isinstance(inner := _at(value, at[:-1]), dict):
        inner[chance.choice((f"{at[-1]}x", str(at[-1]).upper(), "name"))] = inner.pop(at[-1])
        return value
    return put(value, at, chance.choice(_OTHERS))


def _deep(chance: Random) -> str:
    depth = chance.choice((60, 900, 20_000, 200_000))
    return chance.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth))


def changed_json(data: bytes, chance: Random) -> bytes:
    """Other values at one place or a few, still JSON, or what lies next to it."""
    try:
        value = json.loads(data)
    except ValueError:
        return damage.word(data, chance)
    marks = {"deep": '"\u0001"', "twice": '"\u0002"'}
    kind = chance.choice(("value", "value", "value", "value", "deep", "twice", "token"))
    if kind in marks and (there := list(places(value))[1:]):
        at = chance.choice(there)
        old = json.dumps(_at(value, at))
        text = json.dumps(put(value, at, marks[kind].strip('"')))
        new = _deep(chance) if kind == "deep" else old
        if kind == "twice" and isinstance(at[-1], str):  # the same key again, with another value
            new = f"{old}, {json.dumps(at[-1])}: {chance.choice(damage.NUMBERS)}"
        return text.replace(json.dumps(marks[kind].strip('"')), new).encode(errors="surrogatepass")
    if kind == "token":
        return damage.number(data, chance)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        value = _changed(value, chance)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.8)
    return text.encode("utf-8", "surrogatepass")


def changed_lines(data: bytes, chance: Random) -> bytes:
    """Lines of JSON, of which one is changed."""
    rows = data.split(b"\n")
    at = chance.randrange(len(rows))
    rows[at] = changed_json(rows[at] or b"{}", chance).replace(b"\n", b" ")
    return b"\n".join(rows)


_TOML = (
    "1", "-1", "0", "1e999", "nan", "inf", "-inf", "true", '""', '"x"', "[]", "{}", "[[1, 2], [3]]", "[1, 2, 3]",
    "[true]", '["a", 1]', "1979-05-27T07:32:00Z", "07:32:00", "1979-05-27", "0xffffffffffffffffffff", "9" * 400,
    "9" * 5000, '"""a\nb"""', "{a = {b = {c = 1}}}", "[" * 5000, '"\\ud800"', "[" + "1, " * 20_000 + "]", "10000",
    '"/etc/passwd"',
)  # fmt: skip


def changed_toml(data: bytes, chance: Random) -> bytes:
    """Another value behind a ``=``, or a key or a table of another name."""
    rows = data.decode().split("\n")
    keyed = [at for at, row in enumerate(rows) if "=" in row]
    if not keyed or chance.random() < 0.2:
        return damage.word(data, chance)
    at = chance.choice(keyed)
    key, _, value = rows[at].partition("=")
    name = chance.choice(
        (key, key, key, f"{key.strip()}.x ", '"" ', "net ", "set ", chance.choice(rows).partition("=")[0])
    )
    rows[at] = f"{name}= {chance.choice((*_TOML, value))}"
    return "\n".join(rows).encode()
