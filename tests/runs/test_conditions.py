"""What is said of the conditions of several runs: that images differ only where they do."""

from dataclasses import replace

from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.runs.plan import Run, RunEnvironment, RunPlan, describe_conditions
from resnet_explorer.spec.catalogue import find

PLAN = RunPlan("resnet-20", find("resnet20"))
MADE = RunEnvironment("digits (UCI, 8×8)", (), (), 1500, 297, "2.14", "1.0", "a machine", "2026-01-01")


def test_a_run_that_waits_has_the_images_of_one_that_has_begun() -> None:
    begun, waiting = Run(PLAN, MADE, ()), Run(replace(PLAN, name="plain-20"), None, ())
    assert describe_conditions((begun, waiting))[1] == MADE.data
    assert describe_conditions((waiting,))[1] == "digits"


def test_other_images_are_said_to_differ() -> None:
    begun = Run(PLAN, MADE, ())
    other = Run(replace(PLAN, data=DataChoice(DataKind.MNIST)), None, ())
    changed = Run(PLAN, replace(MADE, data="digits, half of them"), ())
    for runs in ((begun, other), (begun, changed)):
        assert describe_conditions(runs)[1] == "the images differ"
