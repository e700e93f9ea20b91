"""What the training lab adds to the app: its page, its action, its commands."""

from resnet_explorer.features import Action, Command, Feature, Page, Reading

_READINGS = "resnet_explorer.training.lesson_readings"
FEATURE = Feature(
    entries=("resnet_explorer.training.entries:experiments",),
    pages=(
        Page(
            "training",
            "Training",
            "The training lab: networks side by side, live",
            "resnet_explorer.training.page:TrainingPage",
            Action("training", "&View", "Training la&b", "Ctrl+R", "Several networks side by side, live"),
            "resnet_explorer.training.stage:show",
            "resnet_explorer.training.part:TrainingPart",
            "resnet_explorer.training.shown:shown",
        ),
    ),
    actions=(
        Action(
            "save-runs",
            "&File",
            "Save &runs as table…",
            "",
            "Save every step of the lab's runs",
            run="resnet_explorer.training.page:save_runs",
        ),
    ),
    commands=(
        Command(
            "train", "resnet_explorer.training.options:add_train_options", "resnet_explorer.training.command:train"
        ),
        Command(
            "sweep", "resnet_explorer.training.options:add_sweep_options", "resnet_explorer.training.command:sweep"
        ),
    ),
    readings=(
        Reading(
            "loss",
            f"{_READINGS}:loss",
            "Training loss of a recorded run: the mean of the last 20 steps.",
            'loss("plain-56", preset="degradation", at=0.5, seed=1)',
        ),
        Reading(
            "error",
            f"{_READINGS}:error",
            "Training error of a recorded run, a part of 1: the mean of the last 20 steps.",
            'error("plain-56")',
        ),
        Reading(
            "test_error",
            f"{_READINGS}:error_on_test",
            "Test error of a recorded run, a part of 1, when last evaluated.",
            'test_error("resnet-56")',
        ),
        Reading(
            "least_loss",
            f"{_READINGS}:least_loss",
            "The least training loss of a run over its seeds.",
            'least_loss("plain-56")',
        ),
        Reading(
            "greatest_loss",
            f"{_READINGS}:greatest_loss",
            "The greatest training loss of a run over its seeds.",
            'greatest_loss("plain-56")',
        ),
        Reading(
            "run_seeds",
            f"{_READINGS}:run_seeds",
            "With how many seeds an experiment is recorded.",
            "run_seeds()",
        ),
        Reading(
            "steps",
            f"{_READINGS}:steps",
            "The steps of an experiment's longest run.",
            "steps()",
        ),
        Reading(
            "batch",
            f"{_READINGS}:batch",
            "The images in a step of an experiment.",
            "batch()",
        ),
        Reading(
            "seconds",
            f"{_READINGS}:seconds",
            "Seconds of training that a run took; of all runs of a seed without its name.",
            'seconds("plain-56")',
        ),
        Reading(
            "train_images",
            f"{_READINGS}:train_images",
            "How many images an experiment trains on.",
            "train_images()",
        ),
        Reading(
            "test_images",
            f"{_READINGS}:images_of_test",
            "How many images an experiment is tested on.",
            "test_images()",
        ),
        Reading(
            "rate_share",
            f"{_READINGS}:rate_share",
            "A schedule's learning rate after a share of 1,000 steps, as a part of its peak.",
            'rate_share("cosine", at=0.5, warmup=100)',
        ),
    ),
)
