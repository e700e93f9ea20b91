"""What the fine-tuning lab adds to the app: its page, its commands."""

from resnet_explorer.features import Action, Command, Feature, Page

OPTIONS = "resnet_explorer.finetuning.options"
FEATURE = Feature(
    pages=(
        Page(
            "tuning",
            "Fine-tuning",
            "The fine-tuning lab: a network with weights on your own images",
            "resnet_explorer.finetuning.page:TuningPage",
            Action("tuning", "&View", "Fine-t&uning lab", "Ctrl+U", "A network with weights on your own images"),
            "resnet_explorer.finetuning.stage:show",
        ),
    ),
    commands=(
        Command("finetune", f"{OPTIONS}:add_tune_options", "resnet_explorer.finetuning.command:finetune"),
        Command("predict", f"{OPTIONS}:add_predict_options", "resnet_explorer.finetuning.command:predict"),
    ),
)
