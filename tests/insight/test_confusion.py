"""The confusion matrix: that its sums are what is known otherwise, and that the mistakes are those off its diagonal."""

import numpy as np
import pytest
import torch
from torch import nn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.images.choice import DIGITS
from resnet_explorer.insight.lab import confusion, pixels
from resnet_explorer.insight.values import Confusion, ConfusionRequest
from resnet_explorer.module.build import ResNet
from resnet_explorer.readings.progress import Progress
from resnet_explorer.runs.plan import RunPlan
from tests.inside_subject import images_of, plan, trained


def well_trained(folder: str, asked: RunPlan) -> ResNet:
    return trained(60, asked)


@pytest.fixture(scope="module")
def found() -> Confusion:
    *steps, last = confusion(ConfusionRequest("", plan()), well_trained)
    assert all(isinstance(step, Progress) for step in steps) and isinstance(last, Confusion)
    return last


def test_every_test_image_is_counted_once_in_its_row(found: Confusion) -> None:
    images = images_of(plan())
    labels = images.take(images.test)[1]
    assert found.tested == len(found.predicted) == 297
    assert found.counts.sum(axis=1).tolist() == torch.bincount(labels, minlength=10).tolist()
    assert found.counts.sum(axis=0).tolist() == np.bincount(found.predicted, minlength=10).tolist()


def test_the_accuracy_is_that_of_naming_the_images_one_way_or_the_other(found: Confusion) -> None:
    images, model = images_of(plan()), trained(60).eval()
    x, y = images.take(images.test)
    with torch.no_grad():
        scores = model(x)
    assert found.accuracy == pytest.approx(float((scores.argmax(1) == y).float().mean()))
    assert found.accuracy > 0.5, "sixty steps teach it something"
    assert found.loss == pytest.approx(float(nn.functional.cross_entropy(scores, y)), rel=1e-5)


def test_the_mistakes_are_what_is_off_the_diagonal_the_surest_first(found: Confusion) -> None:
    assert len(found.mistakes) == found.tested - found.counts.trace() == len(found.pixels) > 0
    sure = [one.probability for one in found.mistakes]
    assert sure == sorted(sure, reverse=True) and all(0.1 <= one <= 1 for one in sure)
    for one in found.mistakes:
        assert one.truth != one.predicted == found.predicted[one.image]
    images = images_of(plan())
    first = pixels(images, images.take(images.test[[found.mistakes[0].image]])[0])
    assert (found.pixels[0] == first[0]).all()


def test_precision_and_recall_agree_with_their_definitions(found: Confusion) -> None:
    """Recall weighed by the classes' sizes is the accuracy; so is precision weighed by what was given."""
    rows, columns = found.counts.sum(axis=1), found.counts.sum(axis=0)
    assert sum((found.recall(k) or 0) * rows[k] for k in range(10)) / 297 == pytest.approx(found.accuracy)
    assert sum((found.precision(k) or 0) * columns[k] for k in range(10)) / 297 == pytest.approx(found.accuracy)


def test_what_nothing_is_known_of_is_none() -> None:
    counts = np.array([[2, 0, 1], [0, 0, 0], [0, 0, 3]])
    made = Confusion(ConfusionRequest("", plan()), counts, (), (), np.zeros((0, 1, 1, 1), np.uint8), 0.0, "", 0.0)
    assert made.recall(1) is None and made.precision(1) is None
    assert made.recall(0) == pytest.approx(2 / 3) and made.precision(0) == 1.0 and made.precision(2) == 0.75


def test_a_backbone_and_images_without_a_test_are_refused(tmp_path: object) -> None:
    with pytest.raises(ExplorerError, match="backbone"):
        ConfusionRequest("", plan("classes=none", data=DIGITS))
