"""The gates at the end of a branch in words: squeeze-and-excitation, ECA and CBAM, as wholes and layer by layer."""

from collections.abc import Mapping

from resnet_explorer.network import Block
from resnet_explorer.readings.explain.text import Explanation, added_up, rows_of
from resnet_explorer.readings.facts import facts_of
from resnet_explorer.readings.results import Analysis

_GATES: Mapping[str, tuple[str, str]] = {
    "se": (
        "Squeeze-and-excitation",
        "The mean of each channel goes through two small layers; what comes out weighs the channel. So a block can use "
        "what the whole image holds, for few parameters (Hu et al. 2018).",
    ),
    "eca": (
        "Efficient channel attention",
        "The mean of each channel and of its neighbours weighs the channel: a handful of weights (Wang et al. 2020).",
    ),
    "cbam_channel": (
        "Channel attention",
        "Mean and largest value of each channel go through the same two small layers, M in the formula; their sum "
        "weighs the channel (Woo et al. 2018).",
    ),
    "cbam_spatial": (
        "Spatial attention",
        "Mean and largest value over the channels go through a 7×7 convolution, which weighs each position "
        "(Woo et al. 2018).",
    ),
}


def explain_gate(analysis: Analysis, block: Block, path: str, where: str) -> Explanation:
    """Return what is to be said of one gate of the attention at the end of a branch."""
    gate = next(step for step in block.form.gates if path.endswith(f".{step.name}"))
    rows = [row for row in rows_of(analysis, block) if row.path.startswith(f"{path}.")]
    kind, words = _GATES[gate.name]
    facts = facts_of(analysis, added_up(rows), rows[-1].reading.stride)
    return Explanation(path, f"{where} · {gate.name}", kind, words, ("multiply", gate.name), facts)
