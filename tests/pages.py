"""The pages of the window by their classes."""

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.autograd.page import GraphPage
from resnet_explorer.finetuning.page import TuningPage
from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.journey.page import JourneyPage
from resnet_explorer.timing.page import TimingPage
from resnet_explorer.training.page import TrainingPage


def graph(window: MainWindow) -> GraphPage:
    """Return the page of the autograd graph."""
    page = window.page("graph")
    assert isinstance(page, GraphPage)
    return page


def journey(window: MainWindow) -> JourneyPage:
    """Return the page of a tensor's way."""
    page = window.page("journey")
    assert isinstance(page, JourneyPage)
    return page


def timing(window: MainWindow) -> TimingPage:
    """Return the page of times."""
    page = window.page("timing")
    assert isinstance(page, TimingPage)
    return page


def gradients(window: MainWindow) -> GradientPage:
    """Return the gradient lab."""
    page = window.page("gradients")
    assert isinstance(page, GradientPage)
    return page


def training(window: MainWindow) -> TrainingPage:
    """Return the training lab."""
    page = window.page("training")
    assert isinstance(page, TrainingPage)
    return page


def tuning(window: MainWindow) -> TuningPage:
    """Return the fine-tuning lab."""
    page = window.page("tuning")
    assert isinstance(page, TuningPage)
    return page
