"""Readings against facts: counts that torchvision and papers publish, shapes at odd sizes, and PyTorch's own draws."""

import pytest
import torch

from resnet_explorer import features
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lessons import course
from resnet_explorer.lessons.expressions import evaluate
from resnet_explorer.lessons.formats import Value
from resnet_explorer.module.build import build
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.training.presets import PRESETS
from tests.cases import each
from tests.lessons.test_expressions import RESNET18, scene_of


def value(text: str, name: str = "resnet18") -> Value:
    return evaluate(text, scene_of(name))


@each(
    "text,expected",
    [
        # torchvision 0.29: parameters, and MACs of convolutions and linear layers at 224 × 224
        ("params()", 11_689_512),
        ('params(of="resnet50")', 25_557_032),
        ('params(of="resnet152")', 60_192_808),
        ('params(of="resnet18-plain")', 11_515_688),
        ('macs(of="resnet50")', 4_089_184_256),
        ('flops(of="resnet50")', 8_178_368_512),
        ('params("layer2.0.downsample.0")', 64 * 128),
        ('params("layer2.0.downsample")', 64 * 128 + 2 * 128),
        ('params("layer1.0.shortcut")', 0),
        ('params("stem")', 9_408 + 128),
        ('params("conv1", set="in_channels=1")', 3_136),
        ('params() - params("fc")', 11_176_512),
        ('new_head(classes=10)', 5_130),
        # shapes: each layer rounds up, so that the last map is ceil(H / 32)
        ('shape()', "1000"),
        ('shape("layer1")', "64×56×56"),
        ('input_shape("layer2.0")', "64×56×56"),
        ('input_shape()', "3×224×224"),
        ('shape("layer4", input="3x225x224")', "512×8×7"),
        ('height("layer4", input="225")', 8),
        ('width("layer4", input="33")', 2),
        ('height("layer4", input="1")', 1),
        ('height("layer3", of="resnet20")', 8),
        ('channels("layer4", of="resnet50")', 2048),
        ('kernel("conv1")', 7),
        ('stride("conv1") * stride("maxpool")', 4),
        ('stride("layer1")', 1),
        ('stride("layer2")', 2),
        ('stride("layer2.0.conv2")', 1),
        ('total_stride("layer4")', 32),
        ('receptive_field("layer4")', 435),
        ('receptive_field("layer4", of="resnet50")', 427),
        # the number in the name: convolutions of stem and branches, and fc
        ("depth()", 18),
        ('depth(of="resnet152")', 152),
        ('count("weight layers", of="resnet101")', 101),
        ('count("convolutions")', 20),
        ('count("projections")', 3),
        ('count("projection shortcuts")', 3),
        ('count("identity shortcuts")', 5),
        ('count("identity shortcuts", of="resnet56")', 25),
        ('count("padding shortcuts", of="resnet56")', 2),
        ('count("shortcuts", of="resnet18-plain")', 0),
        ('count("blocks", of="resnet50")', 16),
        ('count("blocks", "layer3", of="resnet50")', 6),
        ('count("stages")', 4),
        ('count("tensors")', 62),
        ('count("norms")', 20),
        ('count("convolutions", "layer2.0")', 3),
        ('paths("stages")', ("layer1", "layer2", "layer3", "layer4")),
        ('paths("projections")', ("layer2.0.downsample.0", "layer3.0.downsample.0", "layer4.0.downsample.0")),
        ('setting("expansion", of="resnet50")', 4),
        ('setting("residual")', True),
        ('setting("block", of="resnet50")', "Bottleneck"),
        ('memory("weights")', 4 * 11_689_512),
        ('smallest("inference")', 1),
        ('smallest("training")', 33),
        ('title(of="resnet50")', "ResNet-50"),
        # fine-tuning with a new head for 10 classes
        ('trainable("probe")', 5_130),
        ('trainable("probe", of="resnet50")', 20_490),
        ('trainable("A", epoch=1, channels=1, way="adapter")', 5_133),
        ('trainable("full", of="resnet50")', 23_528_522),
        ('trainable("A", epoch=5)', 11_181_642),
        ('trainable("A") + frozen("A")', 11_181_642),
        ("no_decay_tensors()", 41),
        ("no_decay_params()", 9_610),
        ("missed_by_name()", 3),
        # four biases of projections' norms, and that of fc
        ('missed_by_name("bn", of="resnet50") - missed_by_name(of="resnet50")', 5),
        ('still_norms(strategy="full")', 0),
        ('still_norms(bn="eval", strategy="full")', 20),
        ('0 < unit_rate("layer1", "B") < unit_rate("layer4", "B") < unit_rate("head", "B")', True),
        ('unit_rate("layer1", strategy="A")', 0.0),
        ("imagenet_mean(1)", 0.485),
        ('rate_share("constant", at=0.9)', 1.0),
        ('rate_share("steps", at=0.6)', 0.1),
    ],
)  # fmt: skip
def test_a_reading_is_the_fact(text: str, expected: Value) -> None:
    assert value(text) == pytest.approx(expected) if isinstance(expected, float) else value(text) == expected


@pytest.mark.parametrize("init", ["he-fan-in", "he-fan-out", "xavier", "pytorch-default"])
def test_deviations_are_those_that_pytorch_draws(init: str) -> None:
    torch.manual_seed(0)
    weights = build(assign(find("resnet18"), f"init={init}")).state_dict()
    for path in ("layer4.0.conv1", "layer2.0.downsample.0", "fc"):
        drawn = float(weights[f"{path}.weight"].std())
        assert value(f'deviation("{path}", set="init={init}")') == pytest.approx(drawn, rel=0.03)


@each(
    "text",
    [
        # seen in the experiments: their texts say the same
        'loss("plain-56") > 1.4 and loss("plain-20") < 0.25 and loss("resnet-56") < 0.06',
        'least_loss("plain-56") <= loss("plain-56", seed=1) <= greatest_loss("plain-56")',
        'loss("plain-56", at=0) > 2 and error("plain-56") > 0.5 > test_error("resnet-56")',
        '2.2 < loss("plain-20", preset="vanishing") < 2.4 and loss("resnet-20", preset="vanishing") < 0.15',
        'steps() == 150 and batch() == 64 and run_seeds() == 3 and train_images() + test_images() == 1797',
        'seconds() > seconds("plain-56") > 0',
        'growth("plain", experiment="batch-norm") > 1000 and growth("residual", experiment="batch-norm") < 100',
        '1.4 < growth_per_block("plain", experiment="batch-norm") < 1.55',
        'growth("plain", experiment="no-norm") < 1 / 10**18',
        'gradient("resnet56", "layer3.8", "shortcut-share", experiment="batch-norm") > 0.8',
        'growth("plain-56", "output-gradient", experiment="degradation", step=20) < 5',
        'growth("plain-56") > 1000 and growth("resnet-56") < 100',
        'agreement("plain") < 0.1 < agreement("residual")',
        'shortest_path() < longest_path() < count("blocks", of="resnet56") and carriers() < 0.5',
        'error_without("residual") < 0.1 and error_without("plain") > 0.5 > error_with_all("plain")',
        'error_without("residual", "first") > error_with_all("residual")',
        'transfer("from MNIST") > transfer("from scratch") and transfer_seeds() == 3 and transfer_images() == 100',
        'transfer("from MNIST", epoch=1) < transfer("from MNIST", epoch=20) and built_in_accuracy() > 0.95',
        'seeds(experiment="batch-norm") == 3',
    ],
)  # fmt: skip
def test_recordings_read_as_the_experiments_say(text: str) -> None:
    assert value(text) is True


@pytest.mark.parametrize(
    "text",
    [
        'loss("plain-57")', 'loss("plain-56", preset="nothing")', 'loss("plain-56", preset="figure-6")',
        'loss("plain-56", at=2)', 'loss("plain-56", seed=9)', 'growth("resnet-18")', 'growth("plain", "nothing")',
        'growth("plain", experiment="paths")', 'gradient("plain", "nowhere")', 'agreement("plain", distance=3)',
        'transfer("nothing")', 'transfer("from MNIST", epoch=99)', 'trainable("D")', 'trainable("A", epoch=99)',
        'trainable("A", classes=1)', 'unit_rate("nowhere")', 'rate_share("nothing")', "imagenet_mean(4)",
        'error_without("plain", "nowhere")', 'memory("nothing")', 'memory("training", input="1x1")',
        'setting("nothing")', 'count("weels")', 'deviation("bn1")', 'kernel("bn1")', 'receptive_field("fc")',
        'trainable("A", of="resnet20", set="classes=none")', 'growth("plain", experiment="zero-init")',
        'stride("nowhere")', 'shape("layer9")', 'gradient("plain", "first", "shortcut-share")',
    ],
)  # fmt: skip
def test_what_there_is_not_is_said(text: str) -> None:
    with pytest.raises(ExplorerError) as error:
        value(text)
    assert error.value.what.endswith(".")


def test_what_a_page_shows_is_what_is_read() -> None:
    training = course.changed(RESNET18, {"page": "training", "preset": "vanishing"})
    assert evaluate("steps", training) == PRESETS["vanishing"].recipe.steps != evaluate("steps", RESNET18)
    assert evaluate('loss("plain-20")', training) == evaluate('loss("plain-20", preset="vanishing")', RESNET18)
    seeded = course.changed(RESNET18, {"page": "training", "seed": 1})
    assert evaluate('loss("plain-56")', seeded) == evaluate('loss("plain-56", seed=1)', RESNET18)
    gradients = course.changed(RESNET18, {"page": "gradients", "experiment": "no-norm"})
    assert evaluate('growth("plain")', gradients) < 1e-18  # type: ignore[operator]
    tuning = course.changed(RESNET18, {"page": "tuning", "plan": {"strategy": "probe"}})
    small = evaluate('new_head(of="resnet20", set="width=8")', RESNET18)
    assert evaluate("trainable()", tuning) == evaluate("new_head()", tuning) == small == 330
    assert evaluate('trainable("full", of="resnet50")', tuning) == 23_528_522


@pytest.mark.parametrize(
    ("values", "text"),
    [({"page": "gradients", "conditions": {"norm": "none"}}, 'growth("plain")')],
)
def test_what_is_not_recorded_is_said(values: dict[str, object], text: str) -> None:
    with pytest.raises(ExplorerError, match="not recorded"):
        evaluate(text, course.changed(RESNET18, values))


def test_rows_of_labs_lead_to_functions() -> None:
    for row in features.readings():
        assert callable(features.resolve(row.function)) and row.sentence.endswith(".")
