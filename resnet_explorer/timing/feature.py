"""What timing adds to the app: its page."""

from resnet_explorer.features import Action, Feature, Page

FEATURE = Feature(
    pages=(
        Page(
            "timing",
            "Timing",
            "How long each layer takes on this machine, and what it waits for",
            "resnet_explorer.timing.page:TimingPage",
            Action("timing", "&View", "T&iming", "Ctrl+M", "How long each layer takes here, and what it waits for"),
        ),
    ),
)
