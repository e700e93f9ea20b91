"""What can befall any file: bits that flip, pieces that go, come twice or change places, numbers and texts that lie."""

import re
import struct
from collections.abc import Callable, Mapping
from random import Random

MEGABYTE = 2**20
EDGES = (0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, -(2**63))
NUMBERS = (
    "0", "-1", "3", "1.5", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1e308", "4294967296", "9" * 30,
    "9" * 5000, "0x10", "1_000", "-0", "null", "true", '"7"', "[]", "{}", "1" + "0" * 18, "١", "2.0", "100000000",
)  # fmt: skip
LETTERS = (
    "\ufeff",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\r",
    "\n",
    "\t",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "=",
    "é",
    "𝔘",
)
Damage = Callable[[bytes, Random], bytes]


def _span(data: bytes, chance: Random, most: int = 400) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(1, chance.choice((1, 8, most))))


def cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def beheaded(data: bytes, chance: Random) -> bytes:
    return data[_span(data, chance)[1] :]


def flipped(data: bytes, chance: Random) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def set_bytes(data: bytes, chance: Random) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(chance.choice((1, 2, 6))):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(changed)


def without(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def twice(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 1, 30)) + data[end:]


def exchanged(data: bytes, chance: Random) -> bytes:
    (a, b), (c, d) = sorted((_span(data, chance), _span(data, chance)))
    return data if b > c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def inserted(data: bytes, chance: Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.randbytes(chance.choice((1, 2, 4, 16, 300))) + data[at:]


def whole_number(data: bytes, chance: Random) -> bytes:
    """A number of the binary kind that is 0, huge or below 0, at any place, mostly near the beginning."""
    kind = chance.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(kind)
    value = struct.pack(kind, chance.choice(EDGES) & (2 ** (8 * size) - 1))
    at = chance.randint(0, chance.choice((64, len(data))))
    return data[:at] + value + data[at + size :]


def noise(data: bytes, chance: Random) -> bytes:
    return data[: chance.choice((0, 4, 16, 100))] + chance.randbytes(chance.choice((1, 100, 10_000)))


def zeros(data: bytes, chance: Random) -> bytes:
    """What a file system leaves of a file after a power cut: its length, and nothing in it."""
    kept = chance.choice((0, len(data) // 2))
    return data[:kept] + bytes(len(data) - kept)


def repeated(data: bytes, chance: Random) -> bytes:
    return data * chance.choice((2, 3))


def empty(data: bytes, chance: Random) -> bytes:
    return chance.choice((b"", b"\n", b" ", b"\0", b"\xef\xbb\xbf"))


BINARY: Mapping[str, Damage] = {
    damage.__name__: damage
    for damage in (
        cut, beheaded, flipped, set_bytes, without, twice, exchanged, inserted, whole_number, noise, zeros, repeated,
        empty,
    )
}  # fmt: skip


def number(data: bytes, chance: Random) -> bytes:
    """Another number in place of one in a text."""
    places = list(re.finditer(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", data))
    for place in sorted(chance.sample(places, min(len(places), chance.choice((1, 1, 4)))), key=lambda at: -at.start()):
        data = data[: place.start()] + chance.choice(NUMBERS).encode() + data[place.end() :]
    return data


def word(data: bytes, chance: Random) -> bytes:
    """Another word of the file in place of one, a word that is long, or none."""
    places = list(re.finditer(rb"[A-Za-z_][\w.-]*", data))
    if not places:
        return data
    place, other = chance.choice(places), chance.choice(places)
    new = chance.choice((other[0], other[0], b"", b"x" * 5000, place[0].upper(), place[0][:-1]))
    return data[: place.start()] + new + data[place.end() :]


def letter(data: bytes, chance: Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + (chance.choice(LETTERS) * chance.choice((1, 1, 50))).encode() + data[at:]


def lines(data: bytes, chance: Random) -> bytes:
    """A line gone, twice, many times, or at another place."""
    rows = data.split(b"\n")
    row = rows.pop(chance.randrange(len(rows)))
    for _ in range(chance.choice((0, 1, 2, 2000 if len(data) < 10_000 else 3))):
        rows.insert(chance.randint(0, len(rows)), row)
    return b"\n".join(rows)


def long_line(data: bytes, chance: Random) -> bytes:
    at = chance.choice((0, len(data), chance.randint(0, len(data))))
    return (
        data[:at]
        + chance.choice((b"a", b" ", b"[", b"9", b"\n", b'{"a":', b"{", b"(", b"#", b",", b"x = [", b"\xc3\xa9"))
        * (chance.choice((100_000, 10 * MEGABYTE // 5)))
        + data[at:]
    )


def other_encoding(data: bytes, chance: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "utf-7")), "replace")


def surrogate(data: bytes, chance: Random) -> bytes:
    """Half of a letter: as bytes that are no UTF-8, or as JSON writes it."""
    at = chance.randint(0, len(data))
    half = chance.choice((b"\xed\xa0\x80", b"\\ud800", b"\xff\xfe", b"\xc3", b"\\u0000", b"\\udfff\\ud800"))
    return data[:at] + half + data[at:]


def many_rows(data: bytes, chance: Random) -> bytes:
    """A million short rows, or as many columns."""
    piece = chance.choice((b"1\n", b"a,b\n", b"a.png,\n", b"1,", b"a\tb\n", b"\n", b"a\n\n", b'"\n', b"a.png|"))
    at = chance.choice((0, len(data)))
    return data[:at] + piece * (chance.choice((1, 1, 1, 7)) * MEGABYTE // len(piece)) + data[at:]


TEXT: Mapping[str, Damage] = {
    damage.__name__: damage for damage in (number, word, letter, lines, long_line, other_encoding, surrogate, many_rows)
}
