"""The whole file: what it imports, the classes, the stages, the network, and a run of it."""

import ast
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import resnet_explorer
from resnet_explorer.network import Block, Network, Stage
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.kinds.blocks import Dropout, Scale
from resnet_explorer.network.kinds.dimensions import in_dims
from resnet_explorer.network.kinds.scaled import Beta
from resnet_explorer.readings import Analysis
from resnet_explorer.source.blocks import BlockClass, activations, block_class, class_names
from resnet_explorer.source.network import class_name, network_class, stage_function
from resnet_explorer.source.scope import LINE, samples
from resnet_explorer.spec.catalogue import title

_FILES = ("layers.py", "written.py")
_OTHER_FILES = ("any_dims.py", "written_any_dims.py")
"""Where the classes of signal and video networks stand, which differ from those of image networks."""


def to_source(analysis: Analysis) -> str:
    """Return the text of a Python file that needs PyTorch alone and whose weights have torchvision's names."""
    blocks = block_classes(analysis)
    parts = [part for block in blocks for part in (block.lines, stage_function(blocks, block)) if part]
    code = "\n\n\n".join("\n".join(part) for part in (*parts, network_class(analysis, blocks)))
    small = _needed(code, analysis.network.spec.dims)
    bias = repr(analysis.network.spec.gate_bias)
    shape = ", ".join(str(length) for length in analysis.total.input)
    main = [
        'if __name__ == "__main__":',
        f"    model = {class_name(analysis)}().eval()",
        "    with torch.no_grad():",
        f"        print(tuple(model(torch.randn({shape})).shape))",
    ]
    whole = [*(text.replace("-6.0", bias) for text in small), code, "\n".join(main)]
    return "\n\n\n".join(["\n".join(_heading(analysis, "\n".join(whole))), *whole]) + "\n"


def _needed(code: str, dims: int) -> list[str]:
    """Return the small classes that some code calls, and those that these call."""
    names: list[str] = []
    own, more = classes(dims), [code]
    while more:
        text = more.pop()
        found = [name for name in own if name not in names and re.search(rf"\b{name}(\(|\.apply\()", text)]
        names += found
        more += [own[name] for name in found]
    return [text for name, text in own.items() if name in names]


@cache
def classes(dims: int = 2) -> Mapping[str, str]:
    """Return the text of each class that torch.nn lacks by its name, as the files of ``module`` have it.

    The files are read and not imported, since they import PyTorch.
    """
    texts = {}
    for name in _FILES if dims == 2 else (*_FILES, *_OTHER_FILES):
        text = (Path(resnet_explorer.__file__).parent / "module" / name).read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)):
            members = [member for member in node.body if not isinstance(member, ast.AnnAssign)]
            written = (member for member in members if getattr(member, "name", "") != "extra_repr")
            body = ("\n".join(lines[_start(member) - 1 : member.end_lineno]) for member in written)
            texts[node.name] = f"{lines[node.lineno - 1]}\n" + "\n\n".join(body)
    if dims == 2:
        return texts
    return {in_dims(name, dims): in_dims(text, dims) for name, text in texts.items() if not re.search("[13]d$", name)}


def _start(member: ast.stmt) -> int:
    """Return the line at which a member of a class begins, decorators included."""
    return min((each.lineno for each in getattr(member, "decorator_list", ())), default=member.lineno)


def block_classes(analysis: Analysis) -> tuple[BlockClass, ...]:
    """Return the classes of a network's blocks: one for each kind, or for each group of stages that are made alike."""
    spec, by_stage = analysis.network.spec, samples(analysis)
    names, classes = class_names(spec), []
    for name in dict.fromkeys(names):
        stages = [stage for stage, of in zip(analysis.network.stages, names, strict=True) if of == name]
        blocks = tuple(sample for stage in stages for sample in by_stage[stage.path])
        classes.append(block_class(spec, name, tuple(stage.number for stage in stages), blocks))
    return tuple(classes)


def _heading(analysis: Analysis, code: str) -> list[str]:
    total = analysis.total
    shape = "×".join(str(length) for length in total.input)
    name, count = _text(title(analysis.network.spec)), f"{total.params:,} parameters."
    first = [f'"""{name}: {count}'] if _wide(name) + len(count) + 5 <= LINE else [f'"""{name}.', "", count]
    maths = [name for name in ("ceil", "gcd", "log2") if re.search(rf"\b{name}\(", code)]
    return [
        *first,
        "",
        f"{total.macs:,} MACs (1 MAC = 2 FLOPs) at an input of {shape}.",
        '"""',
        "",
        *(["from collections.abc import Callable"] if "Callable[" in code else []),
        *([f"from math import {', '.join(maths)}"] if maths else []),
        *(["from typing import Any"] if ": Any" in code else []),
        *([""] if maths or "Callable[" in code else []),
        "import torch",
        "from torch import Tensor, nn",
        *(["from torch.nn import functional"] if "functional." in code else []),
    ]


def _text(text: str) -> str:
    """Return words in one line of a docstring, which they cannot end."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = " ".join(text.replace("\\", "/").replace('"', "'").split()) or "A residual network"
    return text if _wide(text) + 5 <= LINE else text[: LINE // 2 - 5] + "…"


def _wide(text: str) -> int:
    """Return how many columns words take: Chinese, Japanese and Korean letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


_ADDITION = r"\by \+ |\bgate\) \* |\bshortcut ="
_FLATTEN = r"\.flatten\("


def lines_of(source: str, network: Network, path: str) -> list[int]:
    """Return the numbers of the lines, from 0, that make what has a path; none for the network as a whole."""
    if not path or not network.has(path):
        return []
    lines = source.splitlines()
    block, stage = network.block_at(path), network.stage_at(path)
    if stage and block and path != block.path:
        return _in_block(lines, network, stage, block, path.removeprefix(f"{block.path}."))
    names = [stage.path] if stage else [path]
    if block and not stage and path == block.path:
        names = [part.name for part in block.form.parts]
    pattern = "|".join(_FLATTEN if name == "flatten" else _module(name) for name in names)
    return _found(lines, _region(lines, "class (ResNet|PlainNet)"), pattern)


def _in_block(lines: list[str], network: Network, stage: Stage, block: Block, inner: str) -> list[int]:
    """Return the lines of the block's class, and those of the small class that one of its layers lies in."""
    kind = class_names(network.spec)[stage.number - 1]
    numbers = _found(lines, _region(lines, f"class {kind}"), _pattern(block, inner))
    name, _, layer = inner.partition(".")
    if name == "bam":
        numbers += _found(lines, _region(lines, "class BAM"), _module(layer) if layer else "class BAM")
    made = re.search(rf"self\.{name} = (\w+)\(", "\n".join(lines[number] for number in numbers))
    if layer and made:
        numbers += _found(lines, _region(lines, f"class {made[1]}"), _module(layer))
    return sorted(numbers)


def _pattern(block: Block, inner: str) -> str:
    form, name = block.form, inner.partition(".")[0]
    modules = {key: module for key, (module, _) in activations((*form.before, *form.branch, *form.after)).items()}
    layer = next((part.layer for part in form.parts if part.name == inner), None)
    if isinstance(layer, Scale) and inner in ("scale", "attention_scale"):
        return re.escape(f"{layer.factor!r} * ")
    if isinstance(layer, Beta):
        return re.escape("self.beta * ")
    if isinstance(layer, Dropout) and name in ("shortcut", "downsample"):
        return _module("shortcut_dropout")
    if isinstance(layer, Scale) or (layer and layer.role is Role.JOIN) or name == "shortcut":
        return _ADDITION
    extra = {"downsample": r"|\blayers\b|\bkernel =|" + _ADDITION, "gate": r"|\bgate\b"}
    return _module(modules.get(name, name)) + extra.get(name, "")


def _module(name: str) -> str:
    return rf"self\.{re.escape(name.partition('.')[0])}\b"


def _region(lines: list[str], start: str) -> range:
    first = next(number for number, line in enumerate(lines) if re.match(rf"{start}\b", line))
    ends = (number for number in range(first + 1, len(lines)) if lines[number][:1].strip())
    return range(first, next(ends, len(lines)))


def _found(lines: list[str], places: Iterable[int], pattern: str) -> list[int]:
    """Return the lines where a pattern is found, each with the lines that its call goes on over."""
    wanted, numbers = re.compile(pattern), []
    for number in places:
        if wanted.search(lines[number]):
            numbers += [number, *_rest(lines, number)]
    return sorted(set(numbers))


def _rest(lines: list[str], number: int) -> Iterable[int]:
    """Return the lines that a call goes on over where its own line ends in a bracket."""
    if not lines[number].endswith("("):
        return ()
    margin = lines[number][: -len(lines[number].lstrip())]
    end = next(n for n in range(number + 1, len(lines)) if lines[n].startswith(f"{margin})"))
    return range(number + 1, end + 1)
