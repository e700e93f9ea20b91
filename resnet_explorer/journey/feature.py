"""What the tensor's way adds to the app: its page, its command."""

from resnet_explorer.features import Action, Command, Feature, Page

FEATURE = Feature(
    pages=(
        Page(
            "journey",
            "Journey",
            "A tensor's way through the network: its box drawn to scale, stop by stop",
            "resnet_explorer.journey.page:JourneyPage",
            Action("journey", "&View", "&Journey of a tensor", "Ctrl+J", "A tensor's way, its box drawn to scale"),
            "resnet_explorer.journey.stage:JourneyShow",
            "resnet_explorer.journey.values:JourneyPart",
        ),
    ),
    commands=(
        Command(
            "journey", "resnet_explorer.journey.command:add_journey_options", "resnet_explorer.journey.command:journey"
        ),
    ),
)
