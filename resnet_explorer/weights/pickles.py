"""Pickles read as data: no class is imported and nothing is called, whatever a file asks for.

``pickle.Unpickler`` runs what a pickle names, and PyTorch's weights-only one refuses every class that it does not know.
This reader follows the same instructions (``pickletools`` decodes them), and where Python would call something it notes
what was to be called: a ``Made``. Lists, dictionaries, strings and numbers come out as themselves.
"""

import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from resnet_explorer.weights.containers import AGAIN, FileError

MOST_STEPS = 1_000_000
"""Instructions that are followed: a checkpoint of ResNet-152 with its optimiser has some 60,000."""
LONGEST_NAME = 2000
"""Letters of a module and a class."""
_ARRAY = 2**16
"""Bytes from which on a value is taken for an array's: NumPy may then write where it lies, and copies nothing."""
_BYTES = (pickle.BINBYTES, pickle.BINBYTES8, pickle.BYTEARRAY8)
_LINE = 1000
"""Bytes in which the end of a line is looked for at once."""
PERSISTENT = "persistent"
"""What is outside of the pickle, such as the bytes of a tensor."""
_RUN_CODE = re.compile(
    r"(os|posix|nt|subprocess|commands|pty|sys|shutil|socket|importlib|runpy|ctypes|webbrowser|code|platform)\..+|"
    r"(builtins|__builtin__)\.(eval|exec|execfile|compile|open|__import__|globals|input|breakpoint)"
)
"""What a file of weights calls only to attack."""


@dataclass(frozen=True, slots=True)
class Global:
    """The name of a class or function that a pickle asks for."""

    module: str
    name: str

    @property
    def text(self) -> str:
        """Return the dotted name."""
        return f"{self.module}.{self.name}"


class Made:
    """What a pickle would have made by a call: of what, from which arguments, with which state and entries."""

    __slots__ = ("arguments", "entries", "of", "state", "values")

    def __init__(self, of: object, arguments: object) -> None:
        self.of = of
        self.arguments = arguments if isinstance(arguments, tuple) else ()
        self.state: object = None
        self.entries: dict[str | int, object] = {}
        self.values: list[object] = []

    @property
    def name(self) -> str:
        """Return the dotted name of the class or function, empty where it is none."""
        return self.of.text if isinstance(self.of, Global) else self.of if isinstance(self.of, str) else ""


class Reader:
    """Reads one pickle after the other from a buffer; ``position`` is where the next one starts.

    ``pickletools`` reads from it as from a file: no more than ``most`` bytes, and no line without end.
    """

    def __init__(self, buffer: memoryview, most: int) -> None:
        self.position = 0
        self.persistent: list[tuple[object, ...]] = []
        self._buffer = buffer
        self._left = self._most = most
        self._steps = 0
        self._instruction = b""

    def number(self, at: int) -> int:
        """Return the whole number that eight bytes hold, the least first."""
        return int.from_bytes(self._buffer[at : at + 8], "little", signed=True)

    def next(self) -> object:
        """Return what the next pickle holds.

        Raises FileError where it is too long, or where loading it would run code, ValueError where it is damaged.
        """
        machine = _Machine()
        for opcode, argument, _ in pickletools.genops(self):  # type: ignore[arg-type] # reads like a file
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise FileError(
                    f"is a pickle of more than {MOST_STEPS:,} instructions.",
                    "Save the state_dict alone; no residual network needs as many.",
                )
            if opcode.name == "STOP":
                break
            machine.follow(opcode.name, argument)
        attacks = [called.text[:80] for called in machine.called if _RUN_CODE.fullmatch(called.text)]
        if attacks:
            names = ", ".join(dict.fromkeys(attacks[:3]))
            raise FileError(
                f"could run somebody's code: unpickled by Python, it calls {names}. Nothing of it was run.",
                "Do not trust this file.",
            )
        self.persistent += machine.persistent
        return machine.result()

    def tell(self) -> int:
        """Return the position, as a file does."""
        return self.position

    def _charge(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise FileError(
                f"needs more than {self._most:,} bytes of memory for what lies inside its pickle.",
                "Use --allow-large to read it anyway.",
            )

    def read(self, count: int) -> bytes | bytearray:
        """Return up to so many bytes, an array's as NumPy may write to; raises FileError where they are too many."""
        copies = 1 if count < _ARRAY or self._instruction in _BYTES else 2  # texts are decoded once more
        self._charge(copies * min(count, len(self._buffer) - self.position))
        piece = self._buffer[self.position : self.position + count]
        self.position += len(piece)
        if count == 1:
            self._instruction = bytes(piece)
        return bytes(piece) if count < _ARRAY else bytearray(piece)

    def readline(self) -> bytes:
        """Return the bytes up to the end of a line; raises FileError where they are too many."""
        line = bytearray()
        while not line.endswith(b"\n") and self.position < len(self._buffer):
            piece = bytes(self._buffer[self.position : self.position + _LINE])
            end = piece.find(b"\n") + 1 or len(piece)
            line += self.read(end)
            self._charge(end)
        return bytes(line)


class _Machine:
    """The stack of a pickle; every instruction is followed by one entry of ``_RULES``, or pushes its argument."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, object] = {}
        self.called: list[Global] = []
        self.persistent: list[tuple[object, ...]] = []

    def follow(self, name: str, argument: Any) -> None:
        rule = _RULES.get(name)
        if rule is not None:
            rule(self, argument)
        elif _PUSHED.fullmatch(name):
            self.stack.append(argument)
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"the instruction {name} is not followed")

    def result(self) -> object:
        if len(self.stack) != 1 or self.marks:
            raise FileError("is damaged: its pickle does not end where it should.", AGAIN)
        return self.stack[0]

    def mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def marked(self) -> list[Any]:
        """Return what was put on the stack since the last mark, and take it away."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def pop(self, _: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.marked()

    def push(self, value: object) -> None:
        self.stack.append(value)

    def dictionary(self, _: Any) -> None:
        items = self.marked()
        self.push({})
        self.set_items(items)

    def put(self, place: int | None) -> None:
        self.memo[len(self.memo) if place is None else place] = self.stack[-1]

    def call(self, of: object, arguments: object) -> None:
        made: Any = Made(of, arguments)
        if isinstance(of, Global):
            self.called.append(of)
            if (plain := _PLAIN.get(of.text)) and (value := plain(*made.arguments[:1])) is not None:
                made = value
        self.stack.append(made)

    def reduce(self, _: Any) -> None:
        arguments, of = self.stack.pop(), self.stack.pop()
        self.call(of, arguments)

    def new_with_keywords(self, _: Any) -> None:
        self.stack.pop()
        self.reduce(None)

    def instance(self, name: str) -> None:
        self.call(_global(*name.split(" ", 1)), tuple(self.marked()))

    def object_of_mark(self, _: Any) -> None:
        of, *arguments = self.marked()
        self.call(of, tuple(arguments))

    def stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_global(module, name))

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise ValueError("too few values for a tuple")
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Made):
            self.stack[-1].state = state

    def outside(self, _: Any) -> None:
        """What lies outside: the bytes of a tensor, or (before version 1.6) a class with its source, which is left."""
        description = self.stack.pop()
        if isinstance(description, tuple) and len(description) > 1 and description[0] == "module":
            self.stack.append(description[1])
            return
        self.persistent += [description] if isinstance(description, tuple) else []
        self.stack.append(Made(PERSISTENT, description))

    def append(self, values: list[Any]) -> None:
        target = self.stack[-1]
        target = target.values if isinstance(target, Made) else target
        if not isinstance(target, list):
            raise ValueError("values for what is no list")
        target.extend(values)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        target = target.entries if isinstance(target, Made) else target
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError("entries for what is no dictionary")
        target.update(_entries(zip(items[::2], items[1::2], strict=True)))


def _entries(pairs: Any) -> dict[str | int, object]:
    """Return a dictionary of the pairs whose key is a text or a number: no other key names a tensor."""
    decoded = ((key.decode("latin-1") if isinstance(key, bytes) else key, value) for key, value in pairs)
    return {key: value for key, value in decoded if isinstance(key, (str, int))}


def _dictionary(source: object = ()) -> dict[str | int, object]:
    """Return what OrderedDict and its like are made from: nothing, or a list of pairs."""
    if isinstance(source, dict):
        return dict(source)
    pairs = source if isinstance(source, (list, tuple)) else []
    return _entries(pair for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) == 2)


def _list(source: object = ()) -> list[object] | None:
    return list(source) if isinstance(source, (list, tuple)) else None


def _encoded(text: object = None) -> bytes | None:
    """Return bytes as protocol 2 writes them: a text that is encoded to latin-1."""
    return text.encode("latin-1") if isinstance(text, str) else None


def _bytes(*source: object) -> bytes | None:
    return None if source else b""


_PLAIN: Mapping[str, Callable[..., Any]] = {
    "_codecs.encode": _encoded,
    "collections.OrderedDict": _dictionary,
    "collections.defaultdict": lambda *source: {},
    "collections.Counter": _dictionary,
    **{
        f"{module}.{name}": rule
        for module in ("builtins", "__builtin__")
        for name, rule in (("dict", _dictionary), ("list", _list), ("set", _list), ("bytes", _bytes))
    },
}
"""Calls that make plain values: they are made here, from the first argument."""


def _global(module: object, name: object) -> Global:
    if not (isinstance(name, str) and isinstance(module, str)) or len(name) + len(module) > LONGEST_NAME:
        raise ValueError("a class without a name, or with an endless one")
    return Global(module, name)


_RULES: Mapping[str, Callable[[_Machine, Any], object]] = {
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": lambda machine, _: machine.marked(),
    "DUP": lambda machine, _: machine.push(machine.stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, place: machine.push(machine.memo[place])),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    **dict.fromkeys(("EMPTY_LIST", "EMPTY_SET"), lambda machine, _: machine.push([])),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    **dict.fromkeys(("TUPLE", "FROZENSET"), lambda machine, _: machine.push(tuple(machine.marked()))),
    "LIST": lambda machine, _: machine.push(machine.marked()),
    "DICT": _Machine.dictionary,
    "APPEND": lambda machine, _: machine.append([machine.stack.pop()]),
    **dict.fromkeys(("APPENDS", "ADDITEMS"), lambda machine, _: machine.append(machine.marked())),
    "SETITEM": lambda machine, _: machine.set_items([machine.stack.pop(-2), machine.stack.pop()]),
    "SETITEMS": lambda machine, _: machine.set_items(machine.marked()),
    "GLOBAL": lambda machine, name: machine.push(_global(*name.split(" ", 1))),
    "STACK_GLOBAL": _Machine.stack_global,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.reduce),
    "NEWOBJ_EX": _Machine.new_with_keywords,
    "INST": _Machine.instance,
    "OBJ": _Machine.object_of_mark,
    "BUILD": _Machine.build,
    "PERSID": lambda machine, argument: machine.push(Made(PERSISTENT, argument)),
    "BINPERSID": _Machine.outside,
}
_PUSHED = re.compile(
    r"(BIN)?INT[12]?|LONG[14]?|(BIN)?FLOAT|(SHORT_)?(BIN)?STRING|(SHORT_)?(BIN)?(UNICODE|BYTES)8?|BYTEARRAY8"
)
