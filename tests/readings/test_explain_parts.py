"""What is said of parallel paths, of shortcuts alone, and of layers by where they stand."""

import pytest

from resnet_explorer.errors import InputError
from resnet_explorer.network.kinds.norms import GroupNorm
from resnet_explorer.spec import InputShape
from tests.cases import each
from tests.readings.test_explain import describe


def test_without_norms_the_order_with_a_norm_first_has_nothing_after_the_addition() -> None:
    assert "Nothing comes after the addition." in describe("resnet18", "layer1.0", "norm=none", "order=norm-first").text
    assert "begins and ends in a norm" in describe("resnet18", "layer1.0", "order=norm-first").text


@each(
    "name,settings,formula",
    [
        ("resnet20", (), "zeropad"),
        ("resnet20", ("shortcut=pool-pad",), "pad_channels"),
        ("resnet18", (), "projection"),
        ("resnet18", ("norm=none",), "projection_bare"),
        ("resnet18", ("order=v2",), "projection_activated_bare"),
    ],
)
def test_a_shortcut_alone_has_the_formula_of_its_kind(name: str, settings: tuple[str, ...], formula: str) -> None:
    assert describe(name, "layer2.0.downsample", *settings, image=InputShape(1, 32, 32)).formulas == (formula,)


@each(
    "name,settings,text",
    [
        (
            "res2net50_26w_4s",
            (),
            "In F(x) 1×1 brings 256 channels to 104, these part into 4 slices of 26, of which all but the last have a "
            "3×3 each, and 1×1 brings 104 to 256.",
        ),
        (
            "resnest50d",
            (),
            "In F(x) 1×1 brings 256 channels to 64, 3×3 makes 2 splits of 64, attention weights them against each "
            "other, and 1×1 brings 64 to 256.",
        ),
        ("resnest50d", ("radix=1",), "channels to 64, 3×3 works on those, attention weights them, and"),
        ("resnest50d", ("radix=1", "cardinality=2"), "3×3 works on those in 2 groups, attention weights them, and"),
        (
            "skresnext50_32x4d",
            (),
            "In F(x) 1×1 brings 256 channels to 128, two 3×3, one dilated, work on all channels, attention selects "
            "between them, and 1×1 brings 128 to 256.",
        ),
        (
            "skresnet18",
            (),
            "F(x) is two 3×3 convolutions, 64 → 64 channels. In the place of the first stand two that see 32 channels "
            "each, one dilated; attention selects between them.",
        ),
        ("skresnet18", ("selective=sk",), "In the place of the first stand two that see all channels, one dilated"),
    ],
)
def test_what_parallel_paths_do_is_said_in_numbers(name: str, settings: tuple[str, ...], text: str) -> None:
    assert text in describe(name, "layer1.1", *settings).text


@each(
    "name,settings,path,text",
    [
        ("resnet18", (), "layer1.0.relu2", "works in place. It comes after the addition, so it acts on what the"),
        ("plain18", (), "layer1.0.relu2", "sets the rest to 0; works in place."),
        ("resnet18", ("order=relu-only",), "layer1.1.relu1", "in a copy: the shortcut still needs x."),
        ("plain18", ("order=relu-only",), "layer1.1.relu1", "sets the rest to 0, in a copy."),
    ],
)
def test_an_activation_is_explained_by_where_it_stands(
    name: str, settings: tuple[str, ...], path: str, text: str
) -> None:
    said = describe(name, path, *settings).text
    assert text in said and ("shortcut" in said) == (name == "resnet18")


def test_what_is_worked_out_has_its_rules() -> None:
    """Parameters and MACs of convolutions, and the receptive field of what has windows."""
    rules = {path: [rule.formula for rule in describe("resnet18", path).rules] for path in ("conv1", "bn1", "maxpool")}
    assert rules == {
        "conv1": ["conv_params", "conv_macs", "receptive_field"],
        "bn1": [],
        "maxpool": ["receptive_field"],
    }


def test_a_group_of_a_single_value_is_refused_as_by_pytorch() -> None:
    norm = GroupNorm(8, 8)
    assert norm.output((2, 8, 1, 1)) == (2, 8, 1, 1) and norm.output((1, 8, 1, 2)) == (1, 8, 1, 2)
    with pytest.raises(InputError, match="each group would hold a single value") as caught:
        norm.output((1, 8, 1, 1))
    assert caught.value.where == "size"
