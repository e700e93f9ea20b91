"""The work of layers as others count it, and the roofline's rules."""

from math import isclose, prod

from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.results import TimingConditions
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.families import FAMILIES
from resnet_explorer.timing.values import Limit, Peak, Peaks, Span, Timed, Work, added, span, work
from tests.cases import each
from tests.specs import readable

RATES = st.floats(1e6, 1e16)


def by_path(name: str, training: bool = False) -> tuple[Analysis, dict[str, Work]]:
    analysis = analyse(compile_spec(find(name)), InputShape())
    works = work(analysis, training=training)
    return analysis, {row.path: one for row, one in zip(analysis.rows, works, strict=True)}


def peaks(flops: float, bandwidth: float) -> Peaks:
    setting = TimingConditions("cpu", "CPU", "2.6", 1, 0, 1)
    return Peaks(setting, (Peak("slow", flops / 2), Peak("fast", flops)), (Peak("copy", bandwidth),))


def test_fvcore_counts_batch_norm_and_the_global_pool_alike() -> None:
    """ResNet-50 at 224: fvcore's 4,111,512,576 are the MACs and what batch norm and the global pool compute."""
    analysis, works = by_path("resnet50")
    kinds = {row.path: row.part.layer.kind for row in analysis.rows}
    more = sum(one.flops for path, one in works.items() if kinds[path] in ("BatchNorm2d", "AdaptiveAvgPool2d"))
    assert analysis.total.macs + more == 4_111_512_576


def test_a_convolution_computes_far_more_for_each_byte_than_what_works_value_by_value() -> None:
    """A ReLU reads and writes 4 bytes for a comparison, a sum reads 8 and writes 4 for an addition."""
    _, works = by_path("resnet18")
    assert works["layer1.0.relu1"].intensity == 1 / 8
    assert works["layer1.0.add"].intensity == 1 / 12
    conv = works["layer1.0.conv1"]
    assert conv.flops == 2 * 115_605_504
    assert conv.bytes == 4 * (2 * 64 * 56**2 + 64 * 64 * 9)
    assert conv.intensity is not None and conv.intensity > 1000 / 8
    assert works["flatten"] == (0, 0, 0) and works["flatten"].intensity is None


def test_a_product_moves_its_gate_too() -> None:
    analysis, works = by_path("seresnet50")
    n, channels, height, width = analysis.by_path["layer1.0.se.scale"].reading.output
    assert works["layer1.0.se.scale"].bytes == 4 * (2 * n * channels * height * width + n * channels)


@each("key", FAMILIES)
def test_every_layer_of_every_family_has_its_work(key: str) -> None:
    entry = next(entry for entry in CATALOGUE.values() if entry.family.key == key)
    analysis = analyse(compile_spec(entry.spec), InputShape(2, entry.size, entry.size))
    total = added(work(analysis, training=True))
    assert total.macs == analysis.total.macs
    assert total.flops > 2 * total.macs
    assert total.bytes > 4 * analysis.total.params


@settings(deadline=None, max_examples=50)
@given(readable())
def test_training_computes_no_less_than_inference(pair: tuple[ResNetSpec, InputShape]) -> None:
    analysis = analyse(compile_spec(pair[0]), pair[1])
    for row, still, training in zip(
        analysis.rows, work(analysis, training=False), work(analysis, training=True), strict=True
    ):
        assert still.macs == training.macs == row.reading.macs
        assert 2 * still.macs <= still.flops <= training.flops
        assert still.bytes <= training.bytes <= 4 * (4 * prod(row.reading.output) + prod(row.reading.input) + 10**6)


@given(RATES, RATES)
def test_at_the_ridge_both_limits_meet(flops: float, bandwidth: float) -> None:
    found = peaks(flops, bandwidth)
    assert found.flops.text == "fast"
    assert isclose(found.ridge * bandwidth, flops)
    assert isclose(found.roof(found.ridge), flops)
    assert found.roof(found.ridge / 2) < found.roof(found.ridge * 2) == flops


def test_below_the_ridge_memory_is_the_limit() -> None:
    found = peaks(100e9, 10e9)
    below, above, nothing = Work(0, 99, 10), Work(0, 101, 10), Work(0, 0, 0)
    assert [found.limit(one) for one in (below, above, nothing)] == [Limit.MEMORY, Limit.ARITHMETIC, None]


def test_repeats_come_to_their_median() -> None:
    assert span([3.0, 1.0, 2.0, 9.0]) == Span(2.5, 1.0, 9.0)
    timed = Timed("fc", span([2.0]), None, Work(4, 10, 1))
    assert (timed.rate, timed.both) == (5.0, 2.0)
