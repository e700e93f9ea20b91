"""Our ``dataclass`` makes what the standard library's makes."""

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from resnet_explorer.dataclass import dataclass

Make = Callable[..., Callable[[type], type]]


def classes(make: Make) -> dict[str, type]:
    """Return a class of each shape, made by a decorator."""

    class Point:
        """A base with defaults."""

        x: int
        y: float = 1.5

    point = make(frozen=True, slots=True)(Point)

    class Named(point):  # type: ignore[misc, valid-type]
        """Keywords alone, a factory, a field that counts for nothing, one that is no argument."""

        name: str = dataclasses.field(kw_only=True)
        tags: list[str] = dataclasses.field(default_factory=list, hash=False)
        seen: int = dataclasses.field(default=0, compare=False, repr=False)
        size: int = dataclasses.field(default=7, init=False)

    return {
        "point": point,
        "named": make(frozen=True)(Named),
        "open": make(slots=True)(type("Open", (), {"__annotations__": {"x": int}, "__doc__": "It can change."})),
        "by identity": make(frozen=True, eq=False)(
            type("Same", (), {"__annotations__": {"x": int}, "__doc__": "One."})
        ),
        "keywords": make(frozen=True, kw_only=True)(
            type("Words", (), {"__annotations__": {"x": int, "y": int}, "__doc__": "Two."})
        ),
        **classes_with_methods(make),
    }


def classes_with_methods(make: Make) -> dict[str, type]:
    """Return classes that bring methods of their own, and one that has nothing."""

    class Checked:
        """A check of its values."""

        x: int = 0

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("negative")

    class Own:
        """Its own text and hash."""

        x: int = 0

        def __repr__(self) -> str:
            return "own"

        def __hash__(self) -> int:
            return 1

    class Empty:
        """No field."""

    return {
        "checked": make(frozen=True, slots=True)(Checked),
        "own": make(frozen=True)(Own),
        "empty": make(frozen=True)(Empty),
    }


CALLS: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("point", (1,), {}),
    ("point", (1, 2.0), {}),
    ("point", (), {"x": 3, "y": 4.0}),
    ("point", (), {}),
    ("point", (1, 2.0, 3), {}),
    ("point", (1,), {"z": 1}),
    ("named", (1,), {"name": "a"}),
    ("named", (1, 2.0, ["t"], 5), {"name": "b"}),
    ("named", (1,), {}),
    ("checked", (), {}),
    ("checked", (-1,), {}),
    ("open", (1,), {}),
    ("by identity", (1,), {}),
    ("own", (1,), {}),
    ("empty", (), {}),
    ("keywords", (), {"x": 1, "y": 2}),
    ("keywords", (1, 2), {}),
)


def outcome(work: Callable[[], object]) -> object:
    """Return what a call returns, or the error that it raises."""
    try:
        return work()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error).replace("test_dataclass.", "")


def seen(kind: type, values: tuple[Any, ...], named: dict[str, Any]) -> list[object]:
    """Return all that can be seen of an instance: text, fields, equality, hash, changes refused, copies."""
    try:
        one, two = kind(*values, **named), kind(*values, **named)
    except (TypeError, ValueError) as error:
        return [type(error), str(error)]
    found: list[object] = [repr(one).split(" at ")[0], one == two, one != two, one == 3, vars(kind)["__match_args__"]]
    found += [outcome(lambda: hash(one) == hash(two)), dataclasses.asdict(one), dataclasses.astuple(one)]
    found += [outcome(lambda: setattr(one, "x", 9)), outcome(lambda: delattr(two, "x")), hasattr(one, "__dict__")]
    found.append(outcome(lambda: repr(dataclasses.replace(one, x=5)).split(" at ")[0]))
    return found


def test_it_makes_what_the_standard_library_makes() -> None:
    theirs, ours = classes(dataclasses.dataclass), classes(dataclass)
    for name, values, named in CALLS:
        assert seen(ours[name], values, named) == seen(theirs[name], values, named), (name, values, named)


@dataclass(frozen=True, slots=True)
class Kept:
    """At the top of a module, as pickles need it."""

    x: int
    y: tuple[str, ...] = ()


def test_values_go_through_a_pickle_before_their_class_has_made_one() -> None:
    kept = Kept(1, ("a",))
    assert pickle.loads(pickle.dumps(kept)) == kept
    assert {kept: 1}[Kept(1, ("a",))] == 1


def test_values_cannot_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        Kept(1).x = 2  # type: ignore[misc]
