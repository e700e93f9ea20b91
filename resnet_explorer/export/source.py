"""Tree to source: one readable PyTorch file for exactly this network, without options that it does not use."""

from collections.abc import Callable, Mapping

from resnet_explorer.analysis import Analysis
from resnet_explorer.analysis.words import size
from resnet_explorer.blueprint import Network
from resnet_explorer.spec import Block, ResNetSpec, Shortcut, Stem, Stride
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.resnet_spec import USUAL_BASE_WIDTH

LINE = 88
"""Characters in a line: what Python's formatters use where nothing else is asked for."""


def to_source(analysis: Analysis) -> str:
    """Return the text of a Python file that needs PyTorch alone and whose weights have torchvision's names."""
    network, spec = analysis.network, analysis.network.spec
    parts = [_heading(analysis)]
    if _pads(network):
        parts.append(_ZERO_PAD)
    parts += [_block(network), _stage(spec), _network(analysis), _main(analysis)]
    return "\n\n\n".join("\n".join(part) for part in parts) + "\n"


def _projects(network: Network) -> bool:
    return any(block.form.projects for stage in network.stages for block in stage.blocks)


def _pads(network: Network) -> bool:
    return _projects(network) and network.spec.shortcut is Shortcut.PADDING


def _heading(analysis: Analysis) -> list[str]:
    total, spec = analysis.total, analysis.network.spec
    shape = "×".join(str(length) for length in total.input)
    functional = ["from torch.nn import functional"] if _pads(analysis.network) else []
    return [
        f'"""{_text(title(spec))}: {total.params:,} parameters.',
        "",
        f"{total.macs:,} MACs (1 MAC = 2 FLOPs) at an input of {shape}.",
        '"""',
        "",
        "import torch",
        "from torch import Tensor, nn",
        *functional,
    ]


def _text(words: str) -> str:
    """Return words that cannot end the docstring they stand in."""
    return words.replace("\\", "/").replace('"', "'")


_ZERO_PAD = [
    "class ZeroPad(nn.Module):",
    '    """Every stride-th position, with channels of zeros before and after."""',
    "",
    "    def __init__(self, extra: int, stride: int) -> None:",
    "        super().__init__()",
    "        self.extra, self.stride = extra, stride",
    "",
    "    def forward(self, x: Tensor) -> Tensor:",
    "        before = self.extra // 2",
    "        x = x[:, :, :: self.stride, :: self.stride]",
    "        return functional.pad(x, (0, 0, 0, 0, before, self.extra - before))",
]


def _basic(spec: ResNetSpec) -> list[str]:
    return [
        "self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)",
        "self.bn1 = nn.BatchNorm2d(width)",
        "self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)",
        "self.bn2 = nn.BatchNorm2d(width)",
    ]


def _bottleneck(spec: ResNetSpec) -> list[str]:
    inner, lines = "width", []
    if spec.base_width != USUAL_BASE_WIDTH or spec.cardinality > 1:
        inner = "inner"
        lines.append(f"inner = width * {spec.base_width} // {USUAL_BASE_WIDTH} * {spec.cardinality}")
    groups = f", groups={spec.cardinality}" if spec.cardinality > 1 else ""
    first, second = (", stride", "") if spec.stride is Stride.CONV1X1 else ("", ", stride")
    return [
        *lines,
        f"self.conv1 = nn.Conv2d(channels, {inner}, 1{first}, bias=False)",
        f"self.bn1 = nn.BatchNorm2d({inner})",
        *_call("self.conv2 = nn.Conv2d", f"{inner}, {inner}, 3{second}, padding=1{groups}, bias=False".split(", ")),
        f"self.bn2 = nn.BatchNorm2d({inner})",
        f"self.conv3 = nn.Conv2d({inner}, {_out(spec)}, 1, bias=False)",
        f"self.bn3 = nn.BatchNorm2d({_out(spec)})",
    ]


_LAYERS: Mapping[Block, Callable[[ResNetSpec], list[str]]] = {Block.BASIC: _basic, Block.BOTTLENECK: _bottleneck}
_NAMES = {Block.BASIC: "BasicBlock", Block.BOTTLENECK: "Bottleneck"}
_CONVS = {Block.BASIC: 2, Block.BOTTLENECK: 3}


def _out(spec: ResNetSpec) -> str:
    return "width" if spec.block is Block.BASIC or spec.expansion == 1 else f"{spec.expansion} * width"


def _block(network: Network) -> list[str]:
    spec = network.spec
    equation = "y = ReLU(F(x) + shortcut(x))" if spec.residual else "y = ReLU(F(x)): no shortcut"
    lines = [*_LAYERS[spec.block](spec), "self.relu = nn.ReLU(inplace=True)", *_downsample(network)]
    return [
        f"class {_NAMES[spec.block]}(nn.Module):",
        f'    """{equation}."""',
        "",
        "    def __init__(self, channels: int, width: int, stride: int = 1) -> None:",
        "        super().__init__()",
        *(f"        {line}" for line in lines),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {line}" for line in _forward(network)),
    ]


def _call(function: str, arguments: list[str], indent: int = 8) -> list[str]:
    """Return a call in as few lines as its indentation leaves room for, as a formatter would break it."""
    joined = ", ".join(arguments)
    if indent + len(f"{function}({joined})") <= LINE:
        return [f"{function}({joined})"]
    if indent + 4 + len(joined) <= LINE:
        return [f"{function}(", f"    {joined}", ")"]
    return [f"{function}(", *(f"    {argument}," for argument in arguments), ")"]


def _downsample(network: Network) -> list[str]:
    spec, out = network.spec, _out(network.spec)
    if not _projects(network):
        return []
    projection = [f"nn.Conv2d(channels, {out}, 1, stride, bias=False)", f"nn.BatchNorm2d({out})"]
    if spec.shortcut is Shortcut.PROJECTION_EVERYWHERE:
        return _call("self.downsample = nn.Sequential", projection)
    if spec.shortcut is Shortcut.PADDING:
        projection = [f"ZeroPad({out} - channels, stride)"]
    return [
        "self.downsample: nn.Module = nn.Identity()",
        f"if stride != 1 or channels != {out}:",
        *(f"    {line}" for line in _call("self.downsample = nn.Sequential", projection, 12)),
    ]


def _forward(network: Network) -> list[str]:
    spec, count = network.spec, _CONVS[network.spec.block]
    lines = [
        f"y = self.relu(self.bn{number}(self.conv{number}({'x' if number == 1 else 'y'})))"
        for number in range(1, count)
    ]
    lines.append(f"y = self.bn{count}(self.conv{count}(y))")
    if not spec.residual:
        return [*lines, "return self.relu(y)"]
    return [*lines, f"return self.relu(y + {'self.downsample(x)' if _projects(network) else 'x'})"]


def _stage(spec: ResNetSpec) -> list[str]:
    name, out = _NAMES[spec.block], _out(spec)
    return [
        "def stage(channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:",
        '    """Return blocks of one width; the first takes the stride."""',
        f"    first = {name}(channels, width, stride)",
        f"    rest = ({name}({out}, width) for _ in range(blocks - 1))",
        "    return nn.Sequential(first, *rest)",
    ]


def _network(analysis: Analysis) -> list[str]:
    spec = analysis.network.spec
    name = "ResNet" if spec.residual else "PlainNet"
    init = [
        "for module in self.modules():",
        "    if isinstance(module, nn.Conv2d):",
        '        nn.init.kaiming_normal_(module.weight, mode="fan_out")',
    ]
    return [
        f"class {name}(nn.Module):",
        f'    """{_text(title(spec))}; comments tell the shape of each output."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(f"        {line}" for line in (*_stem(analysis), *_stages(analysis), *_head(analysis), *init)),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        *(f"        {line}" for line in _whole(spec)),
    ]


def _shape(analysis: Analysis, path: str) -> str:
    return size(next(row.reading.output for row in analysis.rows if row.path == path))


def _stem(analysis: Analysis) -> list[str]:
    spec = analysis.network.spec
    conv = f"self.conv1 = nn.Conv2d({spec.in_channels}, {spec.width}, 7, stride=2, padding=3, bias=False)"
    if spec.stem is Stem.CIFAR:
        conv = f"self.conv1 = nn.Conv2d({spec.in_channels}, {spec.width}, 3, padding=1, bias=False)"
    lines = [
        f"# {_shape(analysis, 'conv1')}",
        conv,
        f"self.bn1 = nn.BatchNorm2d({spec.width})",
        "self.relu = nn.ReLU(inplace=True)",
    ]
    if spec.stem is Stem.IMAGENET:
        pool = "self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)"
        lines.append(f"{pool}  # {_shape(analysis, 'maxpool')}")
    return lines


def _stages(analysis: Analysis) -> list[str]:
    lines, channels = [], analysis.network.spec.width
    for stage, width in zip(analysis.network.stages, analysis.network.spec.widths, strict=True):
        output = analysis.sums[stage.path].output
        call = f"stage({channels}, {width}, blocks={len(stage.blocks)}, stride={1 if stage.number == 1 else 2})"
        lines.append(f"self.{stage.path} = {call}  # {size(output)}")
        channels = output[1]
    return lines


def _head(analysis: Analysis) -> list[str]:
    spec = analysis.network.spec
    if spec.classes is None:
        return []
    return ["self.avgpool = nn.AdaptiveAvgPool2d(1)", f"self.fc = nn.Linear({spec.out_channels}, {spec.classes})"]


def _whole(spec: ResNetSpec) -> list[str]:
    stem = "self.relu(self.bn1(self.conv1(x)))"
    lines = [f"x = self.maxpool({stem})" if spec.stem is Stem.IMAGENET else f"x = {stem}"]
    lines += [f"x = self.layer{number}(x)" for number in range(1, len(spec.blocks) + 1)]
    return [*lines, "return x" if spec.classes is None else "return self.fc(self.avgpool(x).flatten(1))"]


def _main(analysis: Analysis) -> list[str]:
    name = "ResNet" if analysis.network.spec.residual else "PlainNet"
    shape = ", ".join(str(length) for length in analysis.total.input)
    return [
        'if __name__ == "__main__":',
        f"    model = {name}().eval()",
        "    with torch.no_grad():",
        f"        print(tuple(model(torch.randn({shape})).shape))",
    ]
