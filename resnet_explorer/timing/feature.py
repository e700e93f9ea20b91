"""What timing adds to the app: its page."""

from resnet_explorer.features import Action, Feature, Page

FEATURE = Feature(
    pages=(
        Page(
            "timing",
            "Timing",
            "The time of each layer on this machine, and what limits it",
            "resnet_explorer.timing.page:TimingPage",
            Action("timing", "&View", "Timin&g", "Ctrl+M", "The time of each layer here, and what limits it"),
            "resnet_explorer.timing.stage:TimingShow",
            "resnet_explorer.timing.part:TimingPart",
        ),
    ),
)
