"""The story of a block: its shortcut, its order, its branch, and the way back of the gradient.

He et al. 2015, section 3; He et al. 2016, sections 2 to 4.
"""

from resnet_explorer.analysis.explain.branches import branch_key, branch_words, convolutions, order_words
from resnet_explorer.analysis.explain.gradients import way_back
from resnet_explorer.analysis.explain.shortcuts import after_key, equation, joining
from resnet_explorer.analysis.explain.words import Explanation, params_of, rows_of, stand_ins
from resnet_explorer.analysis.facts import facts_of
from resnet_explorer.analysis.results import Analysis
from resnet_explorer.blueprint import Block, flat


def explain_block(analysis: Analysis, block: Block, where: str) -> Explanation:
    """Return what is to be said of a residual or plain block."""
    sums, form, spec = analysis.sums[block.path], block.form, analysis.network.spec
    told, shortcut = joining(spec, block, sums), params_of(flat(form.shortcut or ())) + params_of(flat(form.gate))
    gradients, gradient_words = way_back(spec, told.kind, after_key(form))
    return Explanation(
        block.path,
        where,
        "Bottleneck block" if len(convolutions(form)) == 3 else "Basic block",
        f"{told.words}{order_words(spec)} {branch_words(spec, block)}{stand_ins(spec)}",
        (equation(form), branch_key(spec, form)),
        facts_of(analysis, sums, rows_of(analysis, block)[-1].reading.stride),
        gradients,
        gradient_words,
        branch=sums.params - shortcut,
        shortcut=shortcut if form.shortcut is not None else None,
    )
