"""Results that labs share: lesions, references, results with a chart, names of quantities in older files."""

from dataclasses import dataclass
from typing import ClassVar

import matplotlib as mpl
import numpy as np
import pytest

from resnet_explorer.picture.chart import PLAIN, Axis, Chart, Series
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.readings.quantities import Loss, Mode, Place, Precision, Quantity
from resnet_explorer.readings.results import Reference
from resnet_explorer.spec import ResNetSpec

mpl.use("Agg")
SPEC = ResNetSpec("resnet20")
PLACES = tuple(Place(f"layer1.{number}", 1, (1, 16, 8, 8)) for number in range(3))


@dataclass(frozen=True)
class Asked:
    specs: tuple[ResNetSpec, ...]


def lesions(*dropped: float | None, data: str = "297 digits") -> Lesions:
    return Lesions("ResNet-20", SPEC, PLACES, 0.05, None, dropped, (None,) * 3, 297, data)


def test_before_the_first_block_is_out_only_the_whole_network_is_known() -> None:
    before = lesions(None, None, None)
    assert before.typical is None and not before.complete
    assert before.text == "ResNet-20: 5.0 % test error"


def test_the_typical_lesion_is_the_median_of_those_that_are_known() -> None:
    part = lesions(0.2, None, 0.1)
    assert part.typical == pytest.approx(0.15) and not part.complete
    done = lesions(0.2, 0.6, 0.1)
    assert done.typical == 0.2 and done.complete
    text = "ResNet-20: 5.0 % test error, typically 20.0 % without one of its blocks (10.0 % to 60.0 %)"
    assert done.text == text


def test_a_study_is_complete_when_every_block_of_every_network_was_out() -> None:
    done, part = lesions(0.2, 0.6, 0.1), lesions(0.2, None, 0.1, data="297 photos")
    asked = Asked((SPEC, SPEC.plain()))
    assert LesionStudy(asked, (done, done), "2.14", 1.0).complete
    assert not LesionStudy(asked, (done,), "2.14", 1.0).complete
    assert not LesionStudy(asked, (done, part), "2.14", 1.0).complete
    assert LesionStudy(asked, (done, part, done), "2.14", 1.0).data == "297 digits and 297 photos"


def test_a_reference_is_read_at_arxiv() -> None:
    assert Reference("He et al. 2015", "1512.03385").address == "https://arxiv.org/abs/1512.03385"


def test_older_files_name_the_estimate_of_the_update_otherwise() -> None:
    assert Quantity("update-ratio") is Quantity.ESTIMATE
    with pytest.raises(ValueError, match="no-such"):
        Quantity("no-such")


@dataclass(frozen=True)
class Measured(Plottable):
    chart_by: ClassVar[str] = f"{__name__}:chart_of"
    values: tuple[float, ...]


def chart_of(measured: Measured, title: str = "Measured") -> Chart:
    series = Series("one", "one", (1.0, 2.0), measured.values, PLAIN)
    return Chart(title, Axis("block"), Axis("value"), (series,))


def test_a_result_draws_itself_by_the_function_that_it_names() -> None:
    assert Measured((3.0, 4.0)).chart().series[0].y == (3.0, 4.0)
    ax = Measured((3.0, 4.0)).plot(title="Another title")
    assert "Another title" in ax.get_title("left")
    assert np.asarray(ax.get_lines()[0].get_ydata()).tolist() == [3.0, 4.0]
    other = ax.figure.add_subplot()
    assert Measured((3.0, 4.0)).plot(other) is other


def test_choices_have_the_names_that_files_and_commands_have() -> None:
    assert [*Precision] == ["float32", "float64"] and [*Mode] == ["train", "eval"]
    assert [*Loss] == ["cross-entropy", "mean-square", "sum"]


def test_quantities_have_the_names_that_files_have() -> None:
    assert [*Quantity] == [
        *("input-gradient", "output-gradient", "weight-gradient", "weight-gradient-rms", "activation-deviation"),
        *("measured-update", "update-estimate", "weight-norm", "shortcut-term", "branch-term", "cosine"),
        "shortcut-share",
    ]
