"""What the autograd graph adds to the app: its page, its actions."""

from resnet_explorer.features import Action, Feature, Page

FEATURE = Feature(
    pages=(
        Page(
            "graph",
            "Autograd graph",
            "What PyTorch records of a forward pass, and how the gradient goes back through it",
            "resnet_explorer.autograd.page:GraphPage",
            Action("graph", "&View", "&Autograd graph", "Ctrl+G", "What PyTorch records, and the gradient's way back"),
            "resnet_explorer.autograd.stage:GraphShow",
            "resnet_explorer.autograd.part:GraphPart",
        ),
    ),
    actions=(
        Action(
            "save-dot",
            "&File",
            "Save &graph as DOT…",
            "",
            "Save the autograd graph's source for Graphviz",
            run="resnet_explorer.autograd.page:save_dot",
        ),
        Action(
            "paths",
            "&View",
            "Pat&hs through the network…",
            "",
            "How many paths there are, and how long they are",
            run="resnet_explorer.autograd.page:show_paths",
        ),
    ),
)
