"""The plan of a sweep, and a recipe's settings in words."""

import pytest

from resnet_explorer.errors import ExplorerError
from resnet_explorer.runs.recipe import NAMES, READERS, Optimiser, Recipe, Schedule, set_recipe
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.training.presets import PRESETS
from resnet_explorer.training.sweep import Sweep, loads
from tests.cases import each

GRID = """
depth = [8, 20]
residual = [true, false]
seeds = 3
[set]
width = 8
[recipe]
rate = [0.02, 0.1]
steps = 40
"""


def read(text: str) -> Sweep:
    return loads(text, "grid.toml")


class TestGrid:
    def test_every_value_is_tried_with_every_other(self) -> None:
        plans = read(GRID).plans()
        assert len(plans) == len(set(plans)) == 2 * 2 * 2 * 3
        assert {(sum(one.spec.blocks), one.spec.residual, one.recipe.learning_rate, one.seed) for one in plans} == {
            (blocks, residual, rate, seed)
            for blocks in (3, 9)
            for residual in (True, False)
            for rate in (0.02, 0.1)
            for seed in (0, 1, 2)
        }
        assert {(one.spec.widths[0], one.recipe.steps) for one in plans} == {(8, 40)}

    def test_names_tell_what_varies_and_nothing_else(self) -> None:
        points = read(GRID).points()
        assert [one.plan.name for one in points[:3]] == [
            "resnet-8, rate=0.02",
            "resnet-8, rate=0.1",
            "plain-8, rate=0.02",
        ]
        assert dict(points[2].settings) == {"depth": "8", "residual": "false", "rate": "0.02"}

    @each("depth", [20, 32, 44, 56, 110, 1202])
    def test_the_papers_depths_are_the_catalogues_networks(self, depth: int) -> None:
        (plan,) = read(f"depth = {depth}").plans()
        assert plan.spec == find(f"resnet{depth}")

    def test_a_plain_network_has_the_branches_of_its_twin(self) -> None:
        residual, plain = read('net = ["resnet20", "plain20"]').plans()
        assert residual.like is None and plain.like == twin(plain.spec) == residual.spec

    def test_any_network_and_any_axis(self) -> None:
        plans = read('net = ["resnet20", "resnet32-plain"]\nseeds = [4, 7]\n[set]\nnorm = ["batch", "none"]').plans()
        assert [one.name for one in plans[::2]] == [
            *("resnet20, norm=batch", "resnet20, norm=none"),
            *("resnet32-plain, norm=batch", "resnet32-plain, norm=none"),
        ]
        assert {one.seed for one in plans} == {4, 7}

    def test_a_presets_networks_images_and_recipe(self) -> None:
        assert read('preset = "degradation"').plans() == PRESETS["degradation"].plans()
        names = [one.name for one in read('preset = "zero-init"\n[recipe]\nrate = [0.02, 0.2]').plans()]
        assert names[0::2] == ["resnet-56, rate=0.02", "resnet-56, rate=0.2"]

    def test_values_of_several_numbers_are_texts(self) -> None:
        (plan,) = read('net = "resnet20"\n[set]\nblocks = "1,2,1"\n[recipe]\nmilestones = "10,20"').plans()
        assert plan.spec.blocks == (1, 2, 1) and plan.recipe.milestones == (10, 20)

    @each(
        "text,words",
        [
            ("depth = [", "grid.toml is not a TOML file"),
            ("seeds = 3", "needs networks"),
            ("dept = 20", "Did you mean 'depth'?"),
            ('net = "resnet20"\ndepth = 20', "either net or depth"),
            ("depth = 21", "no network of 21 layers"),
            ('depth = "deep"', "no network of deep layers"),
            ("depth = [20, 20]", "Two networks are called resnet-20"),
            ("depth = []", "The list of depth is empty"),
            ("depth = 20\nseeds = 0", "The seeds cannot be 0"),
            ("depth = 20\nseeds = [1, 1]", "The seeds cannot be"),
            ("depth = 20\nseeds = 20000", "A sweep cannot have 10,001 runs"),
            ("depth = 20\nset = 3", "set is a table"),
            ("depth = 20\n[set]\nwidht = 3", "Did you mean 'width'?"),
            ("depth = 20\n[recipe]\nrat = 3", "Did you mean 'rate'?"),
            ("depth = 20\n[recipe]\nrate = [-1]", "A learning rate of -1.0 cannot be"),
            ("depth = 20\n[recipe]\nrate = 1979-05-27", "rate cannot be"),
            ('preset = "degradatoin"', "Did you mean 'degradation'?"),
            ('preset = "figure-6"', "CIFAR-10 needs the folder"),
            ('net = "resnet20"\ndata = "cats"', "no images called 'cats'"),
            ('net = "resnet20"\nresidual = "maybe"', "neither true nor false"),
        ],
    )
    def test_what_cannot_be_is_said(self, text: str, words: str) -> None:
        with pytest.raises(ExplorerError) as found:
            read(text)
        assert "grid.toml" in str(found.value) and words in str(found.value)


class TestRecipe:
    def test_every_setting_can_be_written(self) -> None:
        made = Recipe(
            steps=9,
            optimiser=Optimiser.ADAMW,
            learning_rate=0.5,
            no_decay_on_norms=True,
            schedule=Schedule.ONE_CYCLE,
            milestones=(3, 6),
            deterministic=False,
        )
        values = {key: getattr(made, name) for key, name in NAMES.items()}
        texts = [
            f"{key}={','.join(map(str, value)) if key == 'milestones' else value}" for key, value in values.items()
        ]
        assert set_recipe(Recipe(), texts) == made and READERS.keys() == values.keys()

    def test_all_at_once(self) -> None:
        """Nesterov's step needs momentum: neither order of the two is refused."""
        for text in (("optimiser=nesterov", "momentum=0.5"), ("momentum=0.5", "optimiser=nesterov")):
            assert set_recipe(Recipe(momentum=0.0), text).optimiser is Optimiser.NESTEROV

    @each("text", ["rate", "rat=1", "rate=fast", "schedule=none", "flip=maybe", "steps=1.5", "clip=-1"])
    def test_what_cannot_be(self, text: str) -> None:
        with pytest.raises(ExplorerError):
            set_recipe(Recipe(), [text])

    def test_no_setting_is_called_as_an_axis_of_networks(self) -> None:
        """The columns of a sweep's table are named by one word each."""
        assert not READERS.keys() & AXES.keys()
