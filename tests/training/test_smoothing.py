"""Curves smoothed as TensorBoard does it, and thinned without losing a peak or a gap."""

from math import inf, isfinite, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import ExplorerError
from resnet_explorer.training.smoothing import MOST_POINTS, Smoother, Thinner, thinned

VALUES = st.lists(st.one_of(st.floats(-1e3, 1e3), st.sampled_from([nan, inf])), max_size=300)
WEIGHTS = st.sampled_from([0.0, 0.1, 0.6, 0.9, 0.99])


def tensorboard(values: list[float], weight: float) -> list[float]:
    """Return what TensorBoard's line chart draws (``resmoothDataset``), value by value."""
    last, count, found = 0.0, 0, []
    for value in values:
        if not isfinite(value):
            found.append(value)
            continue
        last, count = last * weight + (1 - weight) * value, count + 1
        found.append(last / (1 - weight**count))
    return found


@settings(max_examples=60, deadline=None)
@given(VALUES, WEIGHTS)
def test_smoothing_is_tensorboards(values: list[float], weight: float) -> None:
    np.testing.assert_allclose(Smoother(weight).add(values), tensorboard(values, weight), rtol=1e-9, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(VALUES, WEIGHTS, st.integers(1, 90))
def test_a_smoother_goes_on_where_it_stopped(values: list[float], weight: float, size: int) -> None:
    smoother = Smoother(weight)
    parts = [smoother.add(values[start : start + size]) for start in range(0, len(values), size)]
    found = np.concatenate(parts) if parts else np.empty(0)
    np.testing.assert_allclose(found, Smoother(weight).add(values), rtol=1e-9, atol=1e-9)


def test_a_constant_stays_and_the_first_value_is_itself() -> None:
    assert Smoother(0.99).add([2.5] * 1000) == pytest.approx([2.5] * 1000)
    assert Smoother(0.99).add([7.0, 0.0])[0] == pytest.approx(7.0)


@pytest.mark.parametrize("weight", [-0.1, 0.995, 1.0, nan])
def test_other_weights_are_refused(weight: float) -> None:
    with pytest.raises(ExplorerError, match="smoothing"):
        Smoother(weight)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 6000), st.floats(0, 0.5))
def test_thinning_keeps_ends_extremes_and_gaps(seed: int, count: int, missing: float) -> None:
    random = np.random.default_rng(seed)
    values = random.standard_normal(count)
    values[random.random(count) < missing] = nan
    kept = thinned(values)
    assert len(kept) <= MOST_POINTS and kept == sorted(set(kept))
    if not count:
        return
    assert kept[0] == 0 and kept[-1] == count - 1
    known = values[~np.isnan(values)]
    if len(known):
        assert {known.min(), known.max()} <= set(values[kept])
    assert np.isnan(values[kept]).any() == np.isnan(values).any()
    if count <= MOST_POINTS // 2:
        assert kept == list(range(count))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5000), st.integers(1, 700))
def test_a_growing_curve_is_thinned_as_the_whole_one(seed: int, count: int, size: int) -> None:
    values = np.random.default_rng(seed).standard_normal(count)
    thinner = Thinner()
    for start in range(0, count, size):
        thinner.add(values[start : start + size])
    assert thinner.indices == thinned(values)


def test_one_peak_in_a_million_is_kept() -> None:
    values = np.zeros(1_000_000)
    values[612_345] = 1.0
    kept = thinned(values)
    assert 612_345 in kept and len(kept) <= MOST_POINTS


def test_infinity_is_an_extreme_and_a_curve_of_gaps_stays_one() -> None:
    assert 700 in thinned([inf if index == 700 else 1.0 for index in range(2000)])
    assert len(thinned([nan] * 2000)) <= MOST_POINTS and thinned([]) == []
