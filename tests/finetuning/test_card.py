"""The model card says what was chosen and found, and nothing that is not known."""

from dataclasses import replace

from resnet_explorer.finetuning.choices import BnMode, GreyWay, Strategy, TuneData, WeightsChoice, WeightsKind
from resnet_explorer.finetuning.data_report import ClassCount, DataReport
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.finetuning.text import to_card
from resnet_explorer.finetuning.values import Outcome, Published
from resnet_explorer.runs.recipe import Schedule
from resnet_explorer.spec.catalogue import find

PLAN = TunePlan(
    find("resnet18"), data=TuneData(where="my_images|<b>"), classes=("ant", "bee_*"), channels=1, grey=GreyWay.SUM,
    strategy=Strategy.A, unfreeze=(3,), epochs=9, frozen=frozenset({"layer1"}),
)  # fmt: skip
WEIGHTS = Published(
    "resnet18", "IMAGENET1K_V1", True, "https://example.org/resnet18.pth", 46_830_571, 11_689_512, 69.758, 89.078,
    (), PLAN.preprocess, "", "BSD-3-Clause.",
)  # fmt: skip
OUTCOME = Outcome(0.5, 0.9375, 0.21, 0.11, 7, 9, 12.3, "2.14", "0.3")
REPORT = DataReport(
    "here", (ClassCount("ant", 8, 2), ClassCount("bee_*", 80, 2)), (), (), (("a.png", "b.png"),), (), (), None, {1: 92}
)


def test_it_tells_the_whole_story() -> None:
    card = to_card(PLAN, 88, OUTCOME, REPORT, WEIGHTS)
    for text in (
        "# ResNet-18 for 2 classes", "47 MB, 69.758 % top-1", "first convolution: sum", "ant, bee\\_\\*",
        "88 for training",
        "my\\_images\\|\\<b\\>", "| head | 1 | 1,024 | 1 | 0.01, then 0.001 | 0.0001 |", "12 tensors never train",
        "93.75%", "7 of 9", "BSD-3-Clause", "PyTorch 2.14", "such as b.png",
        "Some test images are also in the training",
    ):  # fmt: skip
        assert text.lower() in card.lower(), text
    headings = [line for line in card.splitlines() if line.startswith("#")]
    assert headings[1:] == [f"## {name}" for name in ("Data", "Training", "Results", "Limits", "Licence", "Versions")]


def test_what_stays_frozen_and_what_moves_though_frozen_is_said() -> None:
    card = to_card(replace(PLAN, strategy=Strategy.C, unfreeze=(), epochs=4, frozen=frozenset()), 88)
    assert "| stem | 1 | 3,136 | never |" in card and "**Note:** stem stays frozen: it would train from epoch 5" in card
    assert "running statistics where frozen" in card
    probe = to_card(replace(PLAN, strategy=Strategy.PROBE, unfreeze=(), bn=BnMode.TRAIN), 88)
    assert "**Note:** 20 batch norms of frozen layers update their running statistics" in probe


def test_one_cycle_says_what_it_does_not_do() -> None:
    recipe = replace(PLAN.recipe, schedule=Schedule.ONE_CYCLE)
    assert "PyTorch's OneCycleLR cycles it by default" in to_card(replace(PLAN, recipe=recipe), 88)
    assert "OneCycleLR" not in to_card(PLAN, 88)


def test_the_training_loss_says_over_how_many_steps() -> None:
    assert "training loss, mean of the last 3 steps" in to_card(PLAN, 88, replace(OUTCOME, train_steps=3))


def test_it_says_which_images_chose_and_which_judged() -> None:
    both = replace(REPORT, classes=(ClassCount("ant", 8, 2, 3), ClassCount("bee_*", 80, 2, 4)), notes=("Read so.",))
    card = to_card(PLAN, 88, OUTCOME, both, WEIGHTS)
    assert "88 for training, 7 for validation, 4 for testing" in card and "- Read so." in card
    assert "The validation images choose the best epoch, and the test images judge it." in card
    assert "the test images both choose the best epoch and judge it" in to_card(PLAN, 88, OUTCOME, REPORT, WEIGHTS)


def test_what_is_not_known_is_left_out() -> None:
    card = to_card(replace(PLAN, weights=WeightsChoice(WeightsKind.NONE, "")), 88)
    assert "Not trained yet" in card and "## Versions" not in card and "no licence applies to them" in card
    assert "None" not in to_card(PLAN, 88, replace(OUTCOME, before_accuracy=None, best_epoch=None, test_loss=None))
