"""What the gradient lab adds to the app: its page, its actions, its command."""

from resnet_explorer.features import Action, Command, Feature, Page, Reading

_READINGS = "resnet_explorer.gradients.lesson_readings"
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
            "resnet_explorer.gradients.part:GradientPart",
            "resnet_explorer.gradients.shown:shown",
        ),
    ),
    actions=(
        Action(
            "save-gradients",
            "&File",
            "Save gra&dients as table…",
            "",
            "Save what the gradient lab has measured",
            run="resnet_explorer.gradients.actions:save_gradients",
        ),
        Action(
            "measured",
            "&View",
            "C&olour by what was measured",
            "Ctrl+B",
            "Colour blocks by the lab's values",
            checkable=True,
            run="resnet_explorer.gradients.actions:colour_diagram",
        ),
    ),
    commands=(
        Command(
            "gradients",
            "resnet_explorer.gradients.options:add_gradient_options",
            "resnet_explorer.gradients.command:gradients",
        ),
    ),
    readings=(
        Reading(
            "gradient",
            f"{_READINGS}:gradient",
            'A recorded quantity at a block, by its path, "first" or "last": the median over the seeds.',
            'gradient("plain-56", "first", "output-gradient", experiment="degradation", step=20)',
        ),
        Reading(
            "growth",
            f"{_READINGS}:growth",
            "How many times the value of the last block that of the first block is.",
            'growth("plain-56", experiment="batch-norm")',
        ),
        Reading(
            "growth_per_block",
            f"{_READINGS}:growth_per_block",
            "The factor from a block to the one before it, within the stages.",
            'growth_per_block("plain", experiment="batch-norm")',
        ),
        Reading(
            "seeds",
            f"{_READINGS}:seeds",
            "With how many seeds an experiment of gradients is recorded.",
            'seeds(experiment="batch-norm")',
        ),
        Reading(
            "agreement",
            f"{_READINGS}:agreement",
            "The mean cosine of the gradients of images so many points apart, on a line of images.",
            'agreement("plain", distance=1)',
        ),
        Reading(
            "shortest_path",
            f"{_READINGS}:shortest_path",
            "The fewest branches on the paths that carry 95 % of the gradient.",
            "shortest_path()",
        ),
        Reading(
            "longest_path",
            f"{_READINGS}:longest_path",
            "The most branches on the paths that carry 95 % of the gradient.",
            "longest_path()",
        ),
        Reading(
            "carriers",
            f"{_READINGS}:carriers",
            "The part of all paths that have those lengths.",
            "carriers()",
        ),
        Reading(
            "error_with_all",
            f"{_READINGS}:error_with_all",
            "Test error of a network of the lesion experiment with all its blocks, a part of 1.",
            'error_with_all("residual")',
        ),
        Reading(
            "error_without",
            f"{_READINGS}:error_without",
            "Its test error without a block; the median over all blocks without its path.",
            'error_without("plain", "layer2.1")',
        ),
    ),
)
