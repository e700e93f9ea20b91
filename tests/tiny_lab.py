"""A lab of a page, an action, a job and a command, as somebody would add one."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from resnet_explorer.engine.jobs import job
from resnet_explorer.features import Action, Command, Feature, Page
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.terminal.options import Commands, add_command, network
from resnet_explorer.terminal.output import say
from resnet_explorer.ui.chart_view import ChartView
from resnet_explorer.ui.document import Document, Results
from resnet_explorer.ui.jobs import Jobs
from resnet_explorer.ui.window import PageView


@job("tests.tiny_lab:count_parameters")
@dataclass(frozen=True, slots=True)
class CountParameters:
    """Count the parameters of a network in PyTorch."""

    spec: ResNetSpec


def count_parameters(request: CountParameters) -> Iterator[object]:
    """Yield progress, and last the count."""
    from resnet_explorer.module import build

    yield Progress(0, 1, "building the network")
    yield sum(parameter.numel() for parameter in build(request.spec).parameters())


class TinyPage(PageView):
    """Says how many parameters the network has, by PyTorch."""

    canvas: ChartView

    def __init__(self, document: Document, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self.canvas, self.text = jobs, ChartView(document), QLabel()
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(self.canvas)

    def show_results(self, results: Results) -> None:
        """Ask for the count of what is shown."""
        request = CountParameters(results.state.spec)
        self._jobs.submit(request, "Count parameters", lambda job, count: self.text.setText(f"{count:,}"))


def shout(window: QWidget, checked: bool) -> None:
    """Change the title of the window: what the lab's action does."""
    window.setWindowTitle("tiny")


def add_tiny_options(commands: Commands) -> None:
    """Add the command ``tiny``."""
    one = add_command(commands, "tiny", "say the name of a network", "examples:\n  resnet-explorer tiny resnet18\n")
    one.add_argument("net", type=network)


def tiny(options: argparse.Namespace) -> int:
    """Say the network's name."""
    say(f"tiny {options.net}\n")
    return 0


FEATURE = Feature(
    pages=(
        Page(
            "tiny",
            "Tiny",
            "A page of a test",
            "tests.tiny_lab:TinyPage",
            Action("tiny", "&View", "Tin&y lab", "Ctrl+Alt+Y", "Show the tiny lab"),
        ),
    ),
    actions=(Action("shout", "&File", "S&hout", "", "Change the title", run="tests.tiny_lab:shout"),),
    commands=(Command("tiny", "tests.tiny_lab:add_tiny_options", "tests.tiny_lab:tiny"),),
)
