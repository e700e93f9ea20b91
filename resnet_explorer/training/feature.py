"""What the training lab adds to the app: its page, its action, its commands."""

from resnet_explorer.features import Action, Command, Feature, Page

FEATURE = Feature(
    entries=("resnet_explorer.training.entries:experiments",),
    pages=(
        Page(
            "training",
            "Training",
            "The training lab: networks side by side, live",
            "resnet_explorer.training.page:TrainingPage",
            Action("training", "&View", "Training la&b", "Ctrl+R", "Several networks side by side, live"),
            "resnet_explorer.training.stage:TrainingShow",
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
)
