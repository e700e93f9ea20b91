"""What a canvas shows and where: the parts that answer to the mouse, and the camera."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import Network
from resnet_explorer.picture.marks import Group, Mark, Picture, address, placed
from resnet_explorer.picture.page import largest_zoom

SMALLEST, LARGEST = 0.02, 8.0
READABLE = 0.9
"""Below this zoom the smallest labels are under 9 px: a picture that grows is then scrolled, not shrunk."""
EDGE = 12.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A zoom and the widget's position of the picture's corner."""

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_picture(self, point: QPointF) -> QPointF:
        """Return the picture's point that is shown at a point of the widget."""
        return QPointF((point.x() - self.x) / self.zoom, (point.y() - self.y) / self.zoom)

    def to_widget(self, rect: QRectF) -> QRectF:
        """Return where a rectangle of the picture is shown."""
        return QRectF(
            rect.x() * self.zoom + self.x,
            rect.y() * self.zoom + self.y,
            rect.width() * self.zoom,
            rect.height() * self.zoom,
        )

    def visible(self, room: QSizeF) -> QRectF:
        """Return the part of the picture that a widget of that size shows."""
        return QRectF(-self.x / self.zoom, -self.y / self.zoom, room.width() / self.zoom, room.height() / self.zoom)

    def zoomed(self, factor: float, at: QPointF) -> "Camera":
        """Return the camera after zooming by a factor, with the point under the cursor kept in place."""
        zoom = min(LARGEST, max(SMALLEST, self.zoom * factor))
        ratio = zoom / self.zoom
        return Camera(zoom, at.x() - (at.x() - self.x) * ratio, at.y() - (at.y() - self.y) * ratio)

    def moved(self, dx: float, dy: float) -> "Camera":
        """Return the camera after a pan."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def between(self, other: "Camera", part: float) -> "Camera":
        """Return the camera a part of the way to another."""
        mix = [a + (b - a) * part for a, b in ((self.zoom, other.zoom), (self.x, other.x), (self.y, other.y))]
        return Camera(*mix)

    def showing(self, rect: QRectF, room: QSizeF) -> "Camera":
        """Return the camera moved as little as it takes to show a rectangle of the picture."""
        place = self.to_widget(rect)
        dx = _nudge(place.left(), place.right(), room.width())
        return self.moved(dx, _nudge(place.top(), place.bottom(), room.height()))


def fit(size: QSizeF, room: QSizeF, text: float = 1.0) -> Camera:
    """Return the camera that shows a whole picture in the middle of a widget; ``text`` allows for larger ones."""
    wide, high = room.width() - EDGE, room.height() - EDGE
    zoom = min(largest_zoom(wide / text, high / text) * text, wide / size.width(), high / size.height())
    return _centred(max(zoom, SMALLEST), size, room)


def read(size: QSizeF, room: QSizeF, text: float = 1.0) -> Camera:
    """Return the camera that shows a picture from its top, as wide as the widget, but large enough to be read."""
    whole = fit(size, room, text)
    if whole.zoom >= READABLE:
        return whole
    wide = min((room.width() - EDGE) / size.width(), READABLE)
    return _centred(max(whole.zoom, wide), size, room)


def _centred(zoom: float, size: QSizeF, room: QSizeF) -> Camera:
    x, y = (room.width() - size.width() * zoom) / 2, (room.height() - size.height() * zoom) / 2
    return Camera(zoom, max(x, 0.0), max(y, 0.0) * 0.5)


def _nudge(low: float, high: float, room: float) -> float:
    if low < EDGE or high - low > room - 2 * EDGE:
        return EDGE - low if low < EDGE or high > room else 0.0
    return min(0.0, room - EDGE - high)


class Hit(NamedTuple):
    """A group with its absolute path and place."""

    path: str
    group: Group
    place: QRectF


def hit(picture: Picture, point: QPointF) -> Hit | None:
    """Return the innermost thing under a point that has a path; None on empty ground."""
    return _hit(picture.marks, point, "", QPointF(0, 0))


def _hit(marks: tuple[Mark, ...], point: QPointF, parent: str, corner: QPointF) -> Hit | None:
    for mark, path, place in _groups(reversed(marks), parent, corner):
        if place.contains(point):
            inner = _hit(mark.marks, point, path, place.topLeft())
            if inner or path:
                return inner or Hit(path, mark, place)
    return None


def places(picture: Picture, network: Network, path: str) -> list[QRectF]:
    """Return where a path is drawn, or else the nearest thing around it that is: a layer's closed block."""
    for name in (path, *network.ancestors(path)) if path else ():
        if name and (drawn := list(_find(picture.marks, name, "", QPointF(0, 0)))):
            return drawn
    return []


def opened(picture: Picture) -> dict[str, QRectF]:
    """Return the places of the picture's top groups by id: the networks and the open blocks."""
    return {
        f"{mark.side}{mark.path}{mark.suffix}": QRectF(mark.x, mark.y, mark.width, mark.height)
        for mark in picture.marks
        if isinstance(mark, Group)
    }


def _find(marks: tuple[Mark, ...], name: str, parent: str, corner: QPointF) -> Iterator[QRectF]:
    for mark, path, place in _groups(marks, parent, corner):
        if mark.suffix == ":fold":
            continue
        if path == name and path != parent:
            yield place
        elif path in ("", "stem", "head") or name.startswith(f"{path}."):
            yield from _find(mark.marks, name, path, place.topLeft())


def named(picture: Picture, kind: str) -> list[tuple[QRectF, str]]:
    """Return the places of all groups of a kind with their paths."""
    return [
        (QRectF(x, y, group.width, group.height), path)
        for group, path, x, y in placed(picture.marks)
        if group.kind == kind
    ]


def _groups(marks: Iterable[Mark], parent: str, corner: QPointF) -> Iterator[tuple[Group, str, QRectF]]:
    for mark in marks:
        if isinstance(mark, Group):
            place = QRectF(corner.x() + mark.x, corner.y() + mark.y, mark.width, mark.height)
            yield mark, address(parent, mark), place
