"""The spec refuses what describes no network."""

import pytest
from hypothesis import given, settings

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import AntiAlias, Block, ResNetSpec, Stride
from tests.cases import each
from tests.specs import any_specs


@each(
    "where,values",
    [
        ("blocks", {"blocks": ()}),
        ("blocks", {"blocks": (1,) * 17}),
        ("blocks", {"blocks": (2, 0, 2, 2)}),
        ("blocks", {"blocks": (2, 2, 401, 2)}),
        ("blocks", {"blocks": (2, 2, 2.0, 2)}),
        ("blocks", {"blocks": (True, True, True, True)}),
        ("widths", {"widths": (64,)}),
        ("strides", {"strides": (1, 2)}),
        ("block", {"block": (Block.BASIC,)}),
        ("widths", {"widths": (64, 128, 256, 0)}),
        ("widths", {"widths": (64, 128, 256, -64)}),
        ("widths", {"widths": (64, 128, 256, 10**9)}),
        ("widths", {"widths": (64, 128, 256, "64")}),
        ("widths", {"widths": (64, 128, 256, 64.0)}),
        ("widths", {"widths": (64, 128, 256, None)}),
        ("widths", {"widths": (64, 128, 256, 512.0)}),
        ("expansion", {"widths": (8192,) * 4, "expansion": 65, "block": (Block.BOTTLENECK,) * 4}),
        ("order", {"order": "v2"}),
        ("residual", {"residual": 1}),
        ("gate_bias", {"gate_bias": float("inf")}),
        ("dropout", {"dropout": True}),
        ("output_stride", {"output_stride": 12}),
        ("output_stride", {"output_stride": 8, "stride": Stride.CONV1X1, "block": (Block.BOTTLENECK,) * 4}),
        ("anti_alias", {"anti_alias": AntiAlias.BLUR, "stride": Stride.CONV1X1, "block": (Block.BOTTLENECK,) * 4}),
        ("expansion", {"expansion": 0}),
        ("expansion", {"expansion": 65}),
        ("classes", {"classes": 0}),
        ("classes", {"classes": 1_000_001}),
        ("classes", {"classes": "10"}),
        ("in_channels", {"in_channels": 0}),
        ("in_channels", {"in_channels": 4097}),
        ("kernel", {"kernel": 4}),
        ("dims", {"dims": 4}),
        ("block", {"block": ("basic",) * 4}),
        ("expansion", {"widths": (1,) * 4, "expansion": 0.25, "block": (Block.BOTTLENECK,) * 4}),
        ("base_width", {"widths": (1,) * 4, "base_width": 8, "block": (Block.BOTTLENECK,) * 4}),
        ("classes", {"by_stage": (("classes", (1000,) * 4),)}),
        ("zero_init", {"by_stage": (("zero_init", (False, True)),)}),
        ("zero_init", {"by_stage": (("zero_init", (True, False, False, False)),)}),
        ("zero_init", {"by_stage": (("zero_init", (False,) * 4),)}),
        ("by_stage", {"by_stage": (("zero_init", (False, False, False, True)), ("kernel", (3, 3, 3, 5)))}),
        ("widths", {"block_widths": ((64, 64), (128, 128), (256, 256), (512,))}),
        ("widths", {"block_widths": ((64, 64), (128, 128), (256, 256), (0, 512))}),
        ("widths", {"block_widths": ((64, 64), (128, 128), (256, 256), (256, 256))}),
        ("widths", {"block_widths": ((64, 64), (128, 128), (256, 256), (512, 512))}),
    ],
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
    assert (twin.widths, twin.outputs) == (spec.widths, spec.outputs)


def test_widths() -> None:
    spec = ResNetSpec("x", (Block.BOTTLENECK, Block.BASIC), (1, 1), (10, 20), (1, 2), expansion=3)
    assert spec.outputs == (30, 20)
