"""The spec refuses what describes no network."""

import pytest
from hypothesis import given, settings

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import Block, ResNetSpec
from tests.specs import any_specs


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ("blocks", {"blocks": ()}),
        ("blocks", {"blocks": (1,) * 9}),
        ("blocks", {"blocks": (2, 0, 2, 2)}),
        ("blocks", {"blocks": (2, 2, 401, 2)}),
        ("blocks", {"blocks": (2, 2, 2.0, 2)}),
        ("blocks", {"blocks": (True, True, True, True)}),
        ("doubling", {"doubling": (True,)}),
        ("width", {"width": 0}),
        ("width", {"width": -64}),
        ("width", {"width": 10**9}),
        ("width", {"width": "64"}),
        ("width", {"width": 64.0}),
        ("width", {"width": None}),
        ("width", {"width": 8192, "expansion": 64, "block": Block.BOTTLENECK}),
        ("expansion", {"expansion": 0}),
        ("expansion", {"expansion": 65}),
        ("classes", {"classes": 0}),
        ("classes", {"classes": 1_000_001}),
        ("classes", {"classes": "10"}),
        ("in_channels", {"in_channels": 0}),
        ("in_channels", {"in_channels": 4097}),
    ],
    ids=str,
)
def test_bad_values_are_explained(where: str, values: dict[str, object]) -> None:
    with pytest.raises(SpecError) as caught:
        ResNetSpec("bad", **values)  # type: ignore[arg-type]  # bad on purpose
    error = caught.value
    assert error.where == where
    assert error.what.endswith(".") and error.remedy.endswith(".")


@settings(deadline=None)
@given(any_specs())
def test_a_plain_twin_differs_in_its_shortcuts_alone(spec: ResNetSpec) -> None:
    twin = spec.plain()
    assert not twin.residual and twin.name.endswith("-plain")
    assert twin.plain() == twin
    assert (twin.widths, twin.out_channels) == (spec.widths, spec.out_channels)


def test_widths() -> None:
    spec = ResNetSpec("x", Block.BOTTLENECK, (1, 1, 1), width=10, doubling=(True, False), expansion=3)
    assert spec.widths == (10, 20, 20)
    assert spec.out_channels == 60
