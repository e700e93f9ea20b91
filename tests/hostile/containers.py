"""Damage inside containers, past their checksums: archives, what is compressed, pickles, and the headers of images."""

import gzip
import io
import json
import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from random import Random

from tests.hostile import damage, values

CANARY = "canary"
"""The file that is there where what a pickle calls was run."""
COMMAND = f"touch {CANARY}"
_OUTSIDE = (
    "../../outside", "/tmp/outside", "C:\\outside", "..\\outside", "a/../../b", "", ".", "x" * 5000, "é\u0000", "a/",
)  # fmt: skip


@lru_cache(maxsize=8)
def _deflated(megabytes: int, byte: bytes) -> tuple[bytes, int]:
    """Return a deflate stream of so many equal megabytes, and their checksum, made in no time and no memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = byte * (damage.MEGABYTE // len(byte))
    piece = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    end, checksum = packer.flush(), 0
    for _ in range(megabytes if megabytes <= 64 else 0):
        checksum = zlib.crc32(megabyte, checksum)
    return piece * megabytes + end, checksum


def flood(data: bytes, chance: Random) -> bytes:
    """JSON that takes little room in a file and much in memory: as it is, in gzip, or in each entry of an archive."""
    text = flooded(values.parsed(data), chance) if data[:1] == b"{" else flooded({}, chance)
    if data[:2] == b"\x1f\x8b":
        return gzip.compress(flooded(values.parsed(gzip.decompress(data)), chance), 1)
    if data[:2] != b"PK":
        return text
    source, stream = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, flooded(values.parsed(content), chance) if name.endswith(".json") else content)
    return stream.getvalue()


def flooded(value: object, chance: Random) -> bytes:
    """Return JSON with some megabytes of small values in place of one."""
    piece = chance.choice((b"[],", b"{},", b"0.5,", b'"",', b"-70000,", b'{"a":0},'))
    size = chance.choice((1, 1, 1, 2, 14)) * damage.MEGABYTE
    mark = chance.choice(list(values.places(value)))
    text = json.dumps(values.put(value, mark, "\u0001")).encode()
    return text.replace(b'"\\u0001"', b"[" + piece * (size // len(piece)) + b"0]")


def bomb(chance: Random) -> tuple[bytes, int, int]:
    """Return a deflate stream that is small, its length once inflated, and its checksum or 0."""
    megabytes, piece = chance.choice((15, 40, 300, 2000)), chance.choice((b" ", b"\0", b"[", b"[[],"))
    stream, checksum = _deflated(megabytes, piece)
    return stream, megabytes * damage.MEGABYTE, checksum


def gzip_bomb(data: bytes, chance: Random) -> bytes:
    stream, size, checksum = bomb(chance)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + stream + struct.pack("<II", checksum, size & 0xFFFFFFFF)


def inside_gzip(data: bytes, chance: Random) -> bytes:
    change = chance.choice((values.changed_json, values.changed_json, *damage.TEXT.values()))
    return gzip.compress(change(gzip.decompress(data), chance), 1)


def inside(name: str, content: bytes, chance: Random) -> bytes:
    """Return the content of an archive's entry changed as files of its ending can be."""
    if name.endswith(".json"):
        return values.changed_json(content, chance)
    if name.endswith(".pkl"):
        return changed_pickle(content, chance)
    if name.endswith(".npy"):
        return array_header(content, chance)
    return chance.choice(list(damage.BINARY.values()))(content, chance)


def changed_archive(data: bytes, chance: Random) -> bytes:
    """An archive whose checksums are right, and whose entries are changed, missing, twice, elsewhere or bombs."""
    source = zipfile.ZipFile(io.BytesIO(data))
    entries = [(name, source.read(name)) for name in source.namelist()]
    kind, at = chance.choice(("changed", "changed", "changed", "missing", "twice", "named", "added", "link")), 0
    at = chance.randrange(len(entries))
    name, content = entries[at]
    if kind == "missing":
        del entries[at]
    elif kind == "named":
        entries[at] = chance.choice(_OUTSIDE), content
    elif kind == "twice":
        entries.insert(chance.randint(0, len(entries)), (name, inside(name, content, chance)))
    elif kind == "added":
        entries += [(f"{chance.choice(_OUTSIDE)}{number}", b"x") for number in range(chance.choice((1, 3, 2000)))]
    elif kind == "changed":
        entries[at] = name, inside(name, content, chance)
    stream, method = io.BytesIO(), chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w", method) as target:  # of names twice
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if kind == "link" else 0o100644) << 16
            target.writestr(entry, "/etc/passwd" if kind == "link" else content, target.compression)
    return stream.getvalue()


def archive_bomb(data: bytes, chance: Random) -> bytes:
    """An archive of which an entry inflates to gigabytes, and says so or lies."""
    source = zipfile.ZipFile(io.BytesIO(data))
    names = source.namelist()
    name = chance.choice(names)
    stream, size, checksum = bomb(chance)
    told = chance.choice((size, size, 1000, 0, 0xFFFFFFFF)) & 0xFFFFFFFF
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, checksum, len(stream), told, len(name.encode()), 0)
    others = [other for other in names if other != name]
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        for other in others:
            archive.writestr(zipfile.ZipInfo(other), source.read(other))
    start = archive.start_dir
    packed = b"PK\x03\x04" + head + name.encode() + stream
    directory = plain.getvalue()[start : plain.getvalue().rindex(b"PK\x05\x06")]
    entry = (
        b"PK\x01\x02"
        + struct.pack("<H", 20)
        + head
        + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, start)
        + name.encode()
    )
    counts = struct.pack("<HHHHIIH", 0, 0, len(names), len(names), len(directory + entry), start + len(packed), 0)
    return plain.getvalue()[:start] + packed + directory + entry + b"PK\x05\x06" + counts


class _Call:
    """What calls something when Python loads it."""

    def __init__(self, of: str, *arguments: object) -> None:
        self.of, self.arguments = of, arguments

    def as_pickle(self, protocol: int) -> bytes:
        module, _, name = self.of.rpartition(".")
        if protocol < 2:
            texts = b"".join(b"V%s\n" % str(argument).encode() for argument in self.arguments)
            return b"(" + texts + f"i{module}\n{name}\n".encode()
        packed = pickle.dumps(self.arguments, 2)[2:-1]
        return f"c{module}\n{name}\n".encode() + packed + b"R"


_PYTHON = f"__import__('os').system('{COMMAND}')"
_CALLS = (
    _Call("os.system", COMMAND), _Call("posix.system", COMMAND), _Call("builtins.exec", _PYTHON),
    _Call("builtins.eval", _PYTHON), _Call("__builtin__.eval", _PYTHON), _Call("subprocess.Popen", ["touch", CANARY]),
    _Call("subprocess.check_output", ["touch", CANARY]), _Call("runpy.run_path", "x.py"), _Call("pathlib.Path", CANARY),
    _Call("torch.load", "x.pth"), _Call("torch.hub.load", "a", "b"), _Call("builtins.getattr", "a", "b"),
    _Call("numpy.testing._private.utils.runstring", _PYTHON, {}), _Call("codecs.open", CANARY, "w"),
    _Call("builtins.open", CANARY, "w"), _Call("shutil.rmtree", "."), _Call("torch.storage._load_from_bytes", b"x"),
)  # fmt: skip
PIECES = (
    b"(", b")", b"]", b"}", b"N", b"\x85", b"\x86", b"\x87", b"t", b"l", b"d", b"s", b"u", b"a", b"e", b"0", b"1", b"2",
    b"b", b"R", b"\x81", b"\x92", b"o", b"Q", b"q\x00", b"h\x00", b"\x94", b"\x8f", b"\x90", b"\x91", b"\x93", b"\x97",
    b"cos\nsystem\n", b"ios\nsystem\n", b"cbuiltins\ngetattr\n", b"cbuiltins\neval\n", b"ctorch\nload\n", b".",
    b"ccollections\nOrderedDict\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n",
    b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\ndtype\n", b"ctorch.storage\n_load_from_bytes\n",
    b"X\x07\x00\x00\x00storage", b"X\x01\x00\x00\x000", b"X\x0c\x00\x00\x00touch canary", b"C\x02ab", b"K\x07",
    b"I-1\n", b"L99999999999999999999L\n", b"\x82\x01", b"P1\n", b"G\x7f\xf0\x00\x00\x00\x00\x00\x00", b"M\xff\xff",
    b"J\xff\xff\xff\x7f", b"\x8a\xff" + b"\x7f" * 255, b"\x8b\xff\xff\xff\x7f", b"B\xff\xff\xff\x7f",
    b"r\xff\xff\xff\xff",
)  # fmt: skip


def changed_pickle(data: bytes, chance: Random) -> bytes:
    """A pickle with an instruction that calls, with others in its middle, of nothing else, or with other bytes."""
    kind, at = (
        chance.choice(("call", "call", "pieces", "program", "bytes", "deep")),
        chance.randint(2, max(2, len(data) - 1)),
    )
    call = chance.choice(_CALLS).as_pickle(chance.choice((0, 2)))
    if kind == "call":
        before = chance.choice(
            (data[:2] + call + b"0" + data[2:], data[:-1] + call + b"\x86.", data[:at] + call + data[at:])
        )
        return chance.choice((before, b"\x80\x02" + call + b"."))
    if kind == "pieces":
        return data[:at] + b"".join(chance.choices(PIECES, k=chance.choice((1, 2, 6)))) + data[at:]
    if kind == "program":
        return b"\x80\x02" + b"".join(chance.choices(PIECES, k=chance.randint(1, 40))) + b"."
    if kind == "deep":
        depth = chance.choice((1000, 200_000))
        return chance.choice(
            (b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".", b"\x80\x02})" + b"\x85" * depth + b"K\x01s.")
        )
    return chance.choice(list(damage.BINARY.values()))(data, chance)


SIDES = (0, 1, 13_000, 60_000, 65_535, 2**31 - 1, 2**32 - 1)


_SHAPES = ("(60000, 60000, 3)", "(-1, 4)", "()", "(0,)", "(9999999999999,)", "(1.5,)", "(" + "2, " * 40 + ")")
_KINDS = (
    b"'<f4'", b"'|O'", b"'<U900000000'", b"'<c16'", b"'|V8'", b"[('a', '<f4')]", b"'<M8[s]'", b"'<f2'", b"'x'",
    b"__import__",
)  # fmt: skip


def array_header(data: bytes, chance: Random) -> bytes:
    """A NumPy array whose header tells another shape or type."""
    length = int.from_bytes(data[8:10], "little")
    head = data[10 : 10 + length]
    start, end = head.index(b"(") if b"(" in head else 0, head.index(b")") + 1 if b")" in head else 0
    shape = chance.choice(_SHAPES)
    new = head[:start] + shape.encode() + head[end:] if chance.random() < 0.6 else damage.word(head, chance)
    for old in (b"'<f4'", b"'|u1'", b"'<i8'"):
        new = new.replace(old, chance.choice((old, *_KINDS)))
    new = new.rstrip() + b" " * (-len(new.rstrip()) % 16) + b"\n"
    return data[:8] + len(new).to_bytes(2, "little") + new + data[10 + length :]


_SIZES: Mapping[bytes, tuple[int, int, str]] = {
    b"\x89PNG": (16, 20, ">I"),
    b"GIF8": (6, 8, "<H"),
    b"BM": (18, 22, "<i"),
}
"""Where width and height stand in images, by their first bytes."""


def image_header(data: bytes, chance: Random) -> bytes:
    """An image whose header tells another width or height."""
    wide, high = chance.choice(SIDES), chance.choice(SIDES)
    if data[:2] == b"\xff\xd8" and (at := max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))) > 0:
        return data[: at + 5] + struct.pack(">HH", high & 0xFFFF, wide & 0xFFFF) + data[at + 9 :]
    if data[:1] == b"P" and data[1:2].isdigit():
        return data[:2] + f"\n{wide} {high}\n{chance.choice((255, 1, 0, 65535, 10**9))}\n".encode() + data[11:]
    if data[:6] == b"\x93NUMPY":
        return array_header(data, chance)
    places = next((places for start, places in _SIZES.items() if data.startswith(start)), None)
    if places is None:
        return damage.whole_number(data, chance)
    changed = bytearray(data)
    for at, value in ((places[0], wide), (places[1], high)):
        size = struct.calcsize(places[2])
        changed[at : at + size] = (value & (2 ** (8 * size) - 1)).to_bytes(
            size, "big" if places[2][0] == ">" else "little"
        )
    if data[:4] == b"\x89PNG":
        changed[29:33] = struct.pack(">I", zlib.crc32(changed[12:29]))
    return bytes(changed)


def white_image(data: bytes, chance: Random) -> bytes:
    """A PNG of a few kilobytes that is sound, and has millions of pixels."""
    side, depth = chance.choice((4000, 9000, 13_000, 14_000, 30_000)), chance.choice((8, 16))
    colour = chance.choice((0, 2, 6))
    head = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    row = 1 + side * {0: 1, 2: 3, 6: 4}[colour] * depth // 8
    stream, _ = _deflated(row * side // damage.MEGABYTE + 1, b"\0")
    pieces = ((b"IHDR", head), (b"IDAT", b"\x78\x9c" + stream + b"\0\0\0\0"), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in pieces
    )


def tensor_header(data: bytes, chance: Random) -> bytes:
    """A safetensors file whose header is changed, and its length right or not."""
    length = int.from_bytes(data[:8], "little")
    text = values.changed_json(data[8 : 8 + length], chance)
    told = chance.choice((len(text), len(text), len(text), length, 2**30, 2**63, 0))
    return struct.pack("<Q", told) + text + data[8 + length :]


def of_json(value: object) -> bytes:
    return json.dumps(value).encode()
