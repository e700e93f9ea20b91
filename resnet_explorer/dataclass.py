"""The standard library's ``dataclass``, made in a fifth of the time: the start makes 150 of them.

The standard library compiles six methods for each class when that is imported. Here ``__init__`` is compiled when the
first instance is made, and the others need no compiling. Type checkers see the original.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # what type checkers know
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = False,
        eq: bool = True,
        slots: bool = False,
        kw_only: bool = False,
    ) -> Any:
        """Return the class as a dataclass, or the decorator that does; the options are the standard library's."""

        def make(cls: type) -> type:
            own = {name for name, value in vars(cls).items() if value is not None}
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            methods = {"__init__": _init(made, frozen), "__repr__": _repr}
            if eq:
                methods |= _equality(made, frozen)
            if frozen:
                methods |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
            if frozen and slots:
                methods |= {"__getstate__": _state, "__setstate__": _set_state}
            for name, method in methods.items():
                if name not in own:
                    setattr(made, name, method)
            return made

        return make if cls is None else make(cls)


def _init(cls: type, frozen: bool) -> Callable[..., None]:
    """Return an ``__init__`` that compiles the real one, and puts it in its place, when it is first called."""

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807
        real = _compiled_init(cls, frozen)
        setattr(cls, "__init__", real)  # noqa: B010  # what a type checker holds for unsound
        real(self, *values, **named)

    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    return __init__


def _compiled_init(cls: type, frozen: bool) -> Callable[..., None]:
    """Return the ``__init__`` of a class with its fields as arguments."""
    names: dict[str, Any] = {"set_": object.__setattr__, "UNSET": _UNSET}
    positional, lines, keyword = ["self"], list[str](), list[str]()
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        names[f"default_{name}"], names[f"make_{name}"] = field.default, field.default_factory
        default = ""
        if field.default is not dataclasses.MISSING:
            default = f"=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            default, value = "=UNSET", f"make_{name}() if {name} is UNSET else {name}"
        if field.init:
            (keyword if field.kw_only else positional).append(name + default)
        elif default:
            value = f"make_{name}()" if default == "=UNSET" else f"default_{name}"
        if field.init or default:
            lines.append(f"set_(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    arguments = ", ".join([*positional, *(["*", *keyword] if keyword else [])])
    exec(f"def __init__({arguments}):\n " + "\n ".join(lines or ["pass"]), names)
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


_UNSET = object()


def _equality(cls: type, frozen: bool) -> dict[str, Any]:
    """Return ``__eq__`` and ``__hash__`` by the fields that count; what can change has no hash."""
    fields = dataclasses.fields(cls)
    compared = [field.name for field in fields if field.compare]
    hashed = [field.name for field in fields if (field.compare if field.hash is None else field.hash)]
    values, key = _getter(compared), _getter(hashed)

    def __eq__(self: object, other: object) -> object:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(key(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


def _getter(names: list[str]) -> Callable[[object], object]:
    """Return what gives the values of some fields, as a tuple or, of one field, in one."""
    if len(names) == 1:
        get = attrgetter(names[0])
        return lambda self: (get(self),)
    return attrgetter(*names) if names else lambda self: ()


def _repr(self: object) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)  # type: ignore[arg-type]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_set(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: object) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]  # type: ignore[arg-type]


def _set_state(self: object, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):  # type: ignore[arg-type]
        object.__setattr__(self, field.name, value)
