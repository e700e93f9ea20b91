"""What lies where in a picture: from a point to the thing under it, and from a path to its place."""

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from resnet_explorer.blueprint import Network
from resnet_explorer.drawing.marks import Group, Mark, Picture, address


class Hit(NamedTuple):
    """A group with its absolute path and place."""

    path: str
    group: Group
    place: QRectF


def hit(picture: Picture, point: QPointF) -> Hit | None:
    """Return the innermost thing under a point that has a path; None on empty ground."""
    return _hit(picture.marks, point, "", QPointF(0, 0))


def _hit(marks: tuple[Mark, ...], point: QPointF, parent: str, corner: QPointF) -> Hit | None:
    for mark in reversed(marks):
        if not isinstance(mark, Group):
            continue
        place = QRectF(corner.x() + mark.x, corner.y() + mark.y, mark.width, mark.height)
        if place.contains(point):
            path = address(parent, mark)
            inner = _hit(mark.marks, point, path, place.topLeft())
            if inner or path:
                return inner or Hit(path, mark, place)
    return None


def places(picture: Picture, network: Network, path: str) -> list[QRectF]:
    """Return where a path is drawn, or else the nearest thing around it that is: a layer's closed block."""
    for name in (path, *network.ancestors(path)) if path else ():
        found = [place for place, _ in _find(picture.marks, name, "", QPointF(0, 0)) if name]
        if found:
            return found
    return []


def opened(picture: Picture) -> dict[str, QRectF]:
    """Return the places of the picture's top groups by id: the networks and the open blocks."""
    return {
        f"{mark.side}{mark.path}{mark.suffix}": QRectF(mark.x, mark.y, mark.width, mark.height)
        for mark in picture.marks
        if isinstance(mark, Group)
    }


def _find(marks: tuple[Mark, ...], name: str, parent: str, corner: QPointF) -> Iterator[tuple[QRectF, Group]]:
    for mark in marks:
        if not isinstance(mark, Group):
            continue
        path = address(parent, mark)
        if mark.suffix == ":fold":
            continue
        place = QRectF(corner.x() + mark.x, corner.y() + mark.y, mark.width, mark.height)
        if path == name and path != parent:
            yield place, mark
        elif path in ("", "stem", "head") or name.startswith(f"{path}."):
            yield from _find(mark.marks, name, path, place.topLeft())


def named(picture: Picture, kind: str) -> list[tuple[QRectF, str]]:
    """Return the places of all groups of a kind with their paths."""
    return list(_named(picture.marks, kind, "", QPointF(0, 0)))


def _named(marks: tuple[Mark, ...], kind: str, parent: str, corner: QPointF) -> Iterator[tuple[QRectF, str]]:
    for mark in marks:
        if isinstance(mark, Group):
            place = QRectF(corner.x() + mark.x, corner.y() + mark.y, mark.width, mark.height)
            if mark.kind == kind:
                yield place, address(parent, mark)
            yield from _named(mark.marks, kind, address(parent, mark), place.topLeft())
