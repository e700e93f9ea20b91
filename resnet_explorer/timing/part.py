"""What a scene holds of the page of measured times."""

from dataclasses import dataclass

from resnet_explorer.errors import ExplorerError

REPEATS = (5, 10, 30, 100)
"""The numbers of runs that are offered."""


@dataclass(frozen=True, slots=True)
class TimingPart:
    """The number of runs whose median is shown; raises ExplorerError for one that is not offered."""

    runs: int = 10

    def __post_init__(self) -> None:
        if self.runs not in REPEATS:
            offered = ", ".join(map(str, REPEATS))
            raise ExplorerError("runs", f"The median of {self.runs} runs is not offered.", f"Choose one of {offered}.")
