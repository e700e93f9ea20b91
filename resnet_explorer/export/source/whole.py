"""The whole file: what it imports, the classes, the stages, the network, and a run of it."""

import re
import unicodedata

from resnet_explorer.analysis import Analysis
from resnet_explorer.export.source.blocks import BlockClass, block_class
from resnet_explorer.export.source.classes import used_by
from resnet_explorer.export.source.network import class_name, network_class
from resnet_explorer.export.source.scope import samples
from resnet_explorer.export.source.stages import stage_function
from resnet_explorer.export.source.text import LINE
from resnet_explorer.spec.catalogue import title


def to_source(analysis: Analysis) -> str:
    """Return the text of a Python file that needs PyTorch alone and whose weights have torchvision's names."""
    blocks = block_classes(analysis)
    parts = [part for block in blocks for part in (block.lines, stage_function(analysis, blocks, block)) if part]
    code = "\n\n\n".join("\n".join(part) for part in (*parts, network_class(analysis, blocks)))
    small = used_by(code, analysis.network.spec.gate_bias)
    whole = [*small, code, "\n".join(_main(analysis))]
    return "\n\n\n".join(["\n".join(_heading(analysis, "\n".join(whole))), *whole]) + "\n"


def block_classes(analysis: Analysis) -> tuple[BlockClass, ...]:
    """Return the class of each kind of block that a network has."""
    network, found = analysis.network, samples(analysis)
    classes = []
    for kind in dict.fromkeys(network.spec.block):
        stages = [stage for stage, of in zip(network.stages, network.spec.block, strict=True) if of is kind]
        blocks = tuple(sample for stage in stages for sample in found[stage.path])
        repeats = any(len(stage.blocks) > 1 for stage in stages)
        classes.append(block_class(network.spec, kind, blocks, repeats=repeats))
    return tuple(classes)


def _heading(analysis: Analysis, code: str) -> list[str]:
    total = analysis.total
    shape = "×".join(str(length) for length in total.input)
    name, count = _text(title(analysis.network.spec)), f"{total.params:,} parameters."
    first = [f'"""{name}: {count}'] if _wide(name) + len(count) + 5 <= LINE else [f'"""{name}.', "", count]
    maths = [name for name in ("gcd", "log2") if re.search(rf"\b{name}\(", code)]
    return [
        *first,
        "",
        f"{total.macs:,} MACs (1 MAC = 2 FLOPs) at an input of {shape}.",
        '"""',
        "",
        *([f"from math import {', '.join(maths)}", ""] if maths else []),
        "import torch",
        "from torch import Tensor, nn",
        *(["from torch.nn import functional"] if "functional." in code else []),
    ]


def _text(words: str) -> str:
    """Return words in one line of a docstring, which they cannot end."""
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    words = " ".join(words.replace("\\", "/").replace('"', "'").split()) or "A residual network"
    return words if _wide(words) + 5 <= LINE else words[: LINE // 2 - 5] + "…"


def _wide(words: str) -> int:
    """Return how many columns words take: Chinese, Japanese and Korean letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)


def _main(analysis: Analysis) -> list[str]:
    shape = ", ".join(str(length) for length in analysis.total.input)
    return [
        'if __name__ == "__main__":',
        f"    model = {class_name(analysis)}().eval()",
        "    with torch.no_grad():",
        f"        print(tuple(model(torch.randn({shape})).shape))",
    ]
