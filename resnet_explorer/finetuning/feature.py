"""What the fine-tuning lab adds to the app: its page, its commands."""

from resnet_explorer.features import Action, Cache, Command, Feature, Page, Reading

OPTIONS = "resnet_explorer.finetuning.options"
_READINGS = "resnet_explorer.finetuning.lesson_readings"
_FEATURES = "resnet_explorer.finetuning.features"
FEATURE = Feature(
    pages=(
        Page(
            "tuning",
            "Fine-tuning",
            "The fine-tuning lab: a network with weights on your own images",
            "resnet_explorer.finetuning.page:TuningPage",
            Action("tuning", "&View", "Fine-t&uning lab", "Ctrl+U", "A network with weights on your own images"),
            "resnet_explorer.finetuning.stage:show",
            "resnet_explorer.finetuning.part:TuningPart",
            "resnet_explorer.finetuning.shown:shown",
        ),
    ),
    commands=(
        Command("finetune", f"{OPTIONS}:add_tune_options", "resnet_explorer.finetuning.command:finetune"),
        Command("predict", f"{OPTIONS}:add_predict_options", "resnet_explorer.finetuning.command:predict"),
    ),
    caches=(
        Cache(
            "Features of frozen layers",
            "What frozen layers make of the images of a fine-tuning; once deleted, it is computed again when needed",
            f"{_FEATURES}:features_size",
            f"{_FEATURES}:clear_features",
            f"{_FEATURES}:features_budget",
            f"{_FEATURES}:choose_budget",
        ),
    ),
    readings=(
        Reading(
            "trainable",
            f"{_READINGS}:trainable",
            "Parameters that train in an epoch, with a new head; of the plan on the page, or of the network.",
            'trainable("A", epoch=1, classes=10, channels=1, way="adapter")',
            of_network=True,
        ),
        Reading(
            "frozen",
            f"{_READINGS}:frozen",
            "Parameters that do not train in an epoch, with a new head.",
            'frozen("probe", classes=10)',
            of_network=True,
        ),
        Reading(
            "unit_rate",
            f"{_READINGS}:unit_rate",
            "The share of the learning rate of the stem, a stage or the head; 0 while it is frozen.",
            'unit_rate("layer1", strategy="B")',
            of_network=True,
        ),
        Reading(
            "still_norms",
            f"{_READINGS}:still_norms",
            "Batch norms that keep their running statistics in an epoch.",
            'still_norms(bn="eval", strategy="full")',
            of_network=True,
        ),
        Reading(
            "no_decay_tensors",
            f"{_READINGS}:no_decay_tensors",
            "Tensors of norms and biases, by the type of their layers.",
            "no_decay_tensors()",
            of_network=True,
        ),
        Reading(
            "no_decay_params",
            f"{_READINGS}:no_decay_params",
            "The parameters in those tensors.",
            "no_decay_params()",
            of_network=True,
        ),
        Reading(
            "missed_by_name",
            f"{_READINGS}:missed_by_name",
            "How many of those tensors have none of some words in their names.",
            'missed_by_name("bn bias")',
            of_network=True,
        ),
        Reading(
            "new_head",
            f"{_READINGS}:new_head",
            "Parameters of a new head for so many classes.",
            "new_head(classes=10)",
            of_network=True,
        ),
        Reading(
            "transfer",
            f"{_READINGS}:transfer",
            "Recorded test accuracy, a part of 1, with and without weights: the median over the seeds.",
            'transfer("from MNIST", epoch=1)',
        ),
        Reading(
            "transfer_seeds",
            f"{_READINGS}:transfer_seeds",
            "With how many seeds the transfer is recorded.",
            "transfer_seeds()",
        ),
        Reading(
            "transfer_images",
            f"{_READINGS}:transfer_images",
            "On how many images the networks of the transfer were tuned.",
            "transfer_images()",
        ),
        Reading(
            "built_in_accuracy",
            f"{_READINGS}:built_in_accuracy",
            "The accuracy of the app's own weights on MNIST, a part of 1.",
            "built_in_accuracy()",
        ),
        Reading(
            "imagenet_mean",
            f"{_READINGS}:imagenet_mean",
            "The mean of a channel of ImageNet's images: 1 for red, 2 for green, 3 for blue.",
            "imagenet_mean(1)",
        ),
        Reading(
            "imagenet_std",
            f"{_READINGS}:imagenet_std",
            "The standard deviation of a channel of ImageNet's images.",
            "imagenet_std(1)",
        ),
    ),
)
