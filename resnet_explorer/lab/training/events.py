"""A run as TensorBoard reads it: event files beside the app's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_explorer.analysis.gradients import Place
from resnet_explorer.analysis.training import Metric

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter


class Events:
    """Writes each step's numbers under names that TensorBoard groups: loss, accuracy, rate, and block by block."""

    def __init__(self, writer: "SummaryWriter") -> None:
        self._writer = writer

    def add(self, metric: Metric, blocks: tuple[Place, ...]) -> None:
        """Write a step."""
        curves = {
            "loss/training": metric.loss,
            "loss/test": metric.test_loss,
            "accuracy/training": metric.accuracy,
            "accuracy/test": metric.test_accuracy,
            "learning_rate": metric.rate,
        }
        for quantity, series in (metric.blocks or {}).items():
            names = (f"{quantity}/{place.path}" for place in blocks)
            curves.update(zip(names, series, strict=False))
        for name, value in curves.items():
            if value is not None:
                self._writer.add_scalar(name, value, metric.step)

    def flush(self) -> None:
        """Hand all to the system."""
        self._writer.flush()


@contextmanager
def events(folder: Path, step: int) -> Iterator[Events]:
    """Lend a writer into a run folder; what an earlier piece of the run wrote from ``step`` on does not count."""
    from tensorboardX import SummaryWriter  # for those who ask for it alone

    writer = SummaryWriter(str(folder), purge_step=step or None, flush_secs=1, filename_suffix=f".{step:08d}")
    try:
        yield Events(writer)
    finally:
        writer.close()
