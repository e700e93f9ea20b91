"""What a trained network can do without one of its blocks, or with two in the wrong order (Veit et al. 2016)."""

from dataclasses import dataclass
from statistics import median
from typing import ClassVar, Protocol

from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.readings.quantities import Place
from resnet_explorer.readings.text import percent
from resnet_explorer.spec import ResNetSpec


@dataclass(frozen=True, slots=True)
class Lesions:
    """The test error of a network, as it is and with each lesion, of ``tested`` images that ``data`` describes.

    ``whole`` is in evaluation mode; ``batch`` is with the test's own statistics in the batch norms, None where that was
    not asked (after a short training the running ones lag behind). ``dropped`` has a value for each block, ``swapped``
    for each block and the one after it. None is what is not known yet; in ``swapped`` also where a block that changes
    the shape is one of the two.
    """

    name: str
    spec: ResNetSpec
    places: tuple[Place, ...]
    whole: float
    batch: float | None
    dropped: tuple[float | None, ...]
    swapped: tuple[float | None, ...]
    tested: int
    data: str

    @property
    def typical(self) -> float | None:
        """Return the median over the blocks of the error without one; None before the first is known."""
        return median(self._errors) if self._errors else None

    @property
    def complete(self) -> bool:
        """Return whether every block was taken out; the swaps come in between."""
        return None not in self.dropped

    @property
    def text(self) -> str:
        whole, errors = f"{self.name}: {percent(self.whole)} test error", self._errors
        if not errors:
            return whole
        span = f"{percent(min(errors))} to {percent(max(errors))}"
        return f"{whole}, typically {percent(median(errors))} without one of its blocks ({span})"

    @property
    def _errors(self) -> list[float]:
        return [error for error in self.dropped if error is not None]


class LesionsAsked(Protocol):
    """A request for lesions."""

    @property
    def specs(self) -> tuple[ResNetSpec, ...]:
        """Return the networks."""


@dataclass(frozen=True, slots=True, eq=False)
class LesionStudy(Plottable):
    """The lesions of all networks, as far as they are known."""

    chart_by: ClassVar[str] = "resnet_explorer.diagram.lesions:lesion_chart"
    request: LesionsAsked
    networks: tuple[Lesions, ...]
    torch: str
    seconds: float

    @property
    def data(self) -> str:
        return " and ".join(dict.fromkeys(network.data for network in self.networks))

    @property
    def complete(self) -> bool:
        """Return whether every block of every network was taken out."""
        return len(self.networks) == len(self.request.specs) and all(network.complete for network in self.networks)
