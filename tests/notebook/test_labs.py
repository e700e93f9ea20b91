"""The labs by the public face: the same results as in the app, and drawn by matplotlib."""

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

import resnet_explorer as rx
from resnet_explorer.errors import ExplorerError
from resnet_explorer.readings.progress import Partial
from resnet_explorer.readings.quantities import Quantity
from resnet_explorer.training.loop import iterate_steps
from resnet_explorer.training.values import RateTest

mpl.use("Agg")


def tiny() -> rx.Net:
    """Return the smallest of the paper's networks for CIFAR, on the digits."""
    return rx.network("resnet20", 8, blocks=[1, 1, 1], width=4, in_channels=1)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def test_gradients_are_measured_beside_the_plain_twin_and_drawn() -> None:
    result = rx.gradients(tiny(), seeds=2, batch=8)
    assert [network.spec.has_shortcuts for network in result.networks] == [True, False]
    assert result.complete
    first, second, *_ = result.plot(quantity="output-gradient").get_lines()
    medians = [list(network.median(Quantity.OUTPUT)) for network in result.networks]
    assert [np.asarray(line.get_ydata()).tolist() for line in (first, second)] == medians


def test_networks_are_trained_on_the_same_images_and_drawn() -> None:
    net = tiny()
    runs = rx.train(net, net.plain(), steps=3, batch=8)
    assert [len(run.metrics) for run in runs] == [3, 3]
    assert runs[0].plan.seed == 0
    assert "resnet20" in repr(runs)
    assert "resnet20" in runs._repr_html_()
    assert "seed 0" in runs.plot().get_title("left")
    assert runs.plot(measure="learning-rate").get_ylabel() == "learning rate"


def test_a_training_is_that_of_the_lab() -> None:
    runs = rx.train(tiny(), steps=2, batch=8)
    chunks = (event.value for event in iterate_steps(runs[0].plan) if isinstance(event, Partial))
    losses = [metric.loss for chunk in chunks for metric in chunk.metrics]
    assert [metric.loss for metric in runs[0].metrics] == losses


def test_a_rate_test_is_drawn_without_its_plan() -> None:
    ax = RateTest((1e-3, 1e-2, 1e-1), (2.3, 1.0, 3.0)).plot()
    assert ax.get_xscale() == "log"


def test_nothing_to_train_says_what_to_do() -> None:
    with pytest.raises(ExplorerError, match="Name one"):
        rx.train()
