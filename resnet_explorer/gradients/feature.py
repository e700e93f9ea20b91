"""What the gradient lab adds to the app: its page, its actions, its command."""

from resnet_explorer.features import Action, Command, Feature, Page

FEATURE = Feature(
    entries=("resnet_explorer.gradients.entries:experiments",),
    pages=(
        Page(
            "gradients",
            "Gradients",
            "The gradient lab: residual against plain, block by block",
            "resnet_explorer.gradients.page:GradientPage",
            Action("gradients", "&View", "Gra&dient lab", "Ctrl+L", "Residual against plain, block by block"),
            "resnet_explorer.gradients.stage:GradientShow",
        ),
    ),
    actions=(
        Action(
            "save-gradients",
            "&File",
            "Save gra&dients as table…",
            "",
            "Save what the gradient lab has measured",
            run="resnet_explorer.gradients.page:save_gradients",
        ),
        Action(
            "measured",
            "&View",
            "C&olour by what was measured",
            "Ctrl+B",
            "Colour blocks by the lab's values",
            checkable=True,
            run="resnet_explorer.gradients.page:colour_diagram",
        ),
    ),
    commands=(
        Command(
            "gradients",
            "resnet_explorer.gradients.options:add_gradient_options",
            "resnet_explorer.gradients.command:gradients",
        ),
    ),
)
