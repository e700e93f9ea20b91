"""What pages that train show of their runs, read as a scene holds it, and shown again."""

from typing import Any

from resnet_explorer.insight.page import InsideView
from resnet_explorer.training.bars import ReplayBar
from resnet_explorer.training.part import CurvesPart
from resnet_explorer.training.run_view import RunPictures


class ShownCurves:
    """Reads and shows the plots of runs, the moment of their replay, and the run that is inspected."""

    def __init__(self, pictures: RunPictures, replay: ReplayBar, inside: InsideView) -> None:
        self._pictures, self._replay, self._inside = pictures, replay, inside
        self._show: tuple[str, ...] = ()
        self._run = ""

    def values(self) -> dict[str, Any]:
        """Return the fields of a ``CurvesPart`` but ``live``; runs that are not there keep their names."""
        pictures, table = self._pictures, self._pictures.table
        names, hidden, place = table.names, table.hidden, table.place
        show = tuple(name for row, name in enumerate(names) if row not in hidden) if hidden else ()
        run = names[place] if place and place < len(names) else ""
        options = pictures.options.options(False)
        return {
            "replay": self._replay.share,
            "show": self._show if hidden == table.others(self._show) else show,
            "run": self._run if place == table.row_of(self._run) else run,
            "curve": pictures.first.key,
            "second": pictures.second.key,
            "across": options.across,
            "log": options.log,
            "smoothing": options.smoothing,
            "inside": self._inside.part(),
        }

    def show(self, part: CurvesPart) -> None:
        """Show the plots and the moment; the runs have to be there."""
        self._replay.stop()
        self._replay.show_share(part.replay)
        self._pictures.first.show_key(part.curve)
        self._pictures.second.show_key(part.second or part.usual_second)
        self._pictures.options.show_options(part.across, part.log, part.smoothing)
        self._inside.show_part(part.inside)

    def show_rows(self, part: CurvesPart) -> bool:
        """Hide and select runs in the table, which has to be there; return whether others are shown now."""
        self._show, self._run = part.show, part.run
        table = self._pictures.table
        before = table.hidden, table.place
        table.hide_rows(table.others(part.show))
        table.select_run(part.run)
        return (table.hidden, table.place) != before
