"""The source file runs alone, is short and formatted, and computes what the module computes."""

import ast
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from resnet_explorer.errors import ExplorerError
from resnet_explorer.module import build
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.source import lines_of, to_source
from resnet_explorer.spec import AntiAlias, InputShape, Pool, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.search import default_input
from tests.cases import each
from tests.specs import shallow

SMALL = ("blocks=2,1,2", "widths=16,32,48", "strides=1,2,2", "stem_channels=8", "stem_width=8", "classes=7")
"""A network that torch runs in milliseconds: its last stage has channels that 32 does not divide."""

ODD, EVEN = InputShape(1, 40, 47, 7), InputShape(1, 64, 32, 4)
"""A mean of 2x2 that is not whole drops the last row of an odd map, which a shortcut keeps."""

CHOICES = [
    "", "block=bottleneck", "block=basic,bottleneck,basic", "block=bottleneck,basic,bottleneck expansion=3",
    "block=bottleneck expansion=1", "block=bottleneck stride=1x1", "block=bottleneck cardinality=4 base_width=16",
    "block=bottleneck base_width=96 reduce_first=2", "block=bottleneck base_width=128", "reduce_first=2",
    "kernel=5", "kernel=7 block=bottleneck cardinality=2 output_stride=8", "group_width=1 block=bottleneck",
    "group_width=1 kernel=7 block=bottleneck,basic,bottleneck",
    "order=bn-after-add", "order=relu-before-add", "order=relu-only", "order=v2", "order=v2 block=bottleneck",
    "order=v2 block=basic,bottleneck,basic", "order=v2 shortcut=A", "order=v2 shortcut=C",
    "order=relu-only shortcut=C", "order=v2 residual=false", "order=v2 norm=none", "order=v2 classes=none",
    "order=relu-only classes=none", "order=norm-first", "order=norm-first block=bottleneck classes=none",
    "order=norm-first norm=none block_dropout=0.1", "order=norm-first shortcut=pool-pad zero_init=true stem=cifar",
    "shortcut=pool-pad block=basic,bottleneck,basic shortcut_scale=0.5", "shortcut=pool-pad strides=1,1,1",
    "stride=last", "stride=last block=bottleneck,basic,bottleneck order=v2 shortcut=pool-pad",
    "head_channels=12", "head_channels=12 order=v2 stem=deep stem_pool=stride activation=silu",
    "stem_activation=false", "stem_activation=false stem=deep stem_pool=conv order=norm-first",
    "residual=false", "residual=false blocks=1,1,1", "shortcut=A", "shortcut=C",
    "downsample=3x3", "downsample=avgpool", "downsample=avgpool order=v2 block=bottleneck", "gating=exclusive",
    "gating=shortcut-only gate_bias=-3", "gating=exclusive order=v2",
    "gating=exclusive order=relu-only shortcut=C shortcut_scale=0.7071067811865476",
    "shortcut_scale=0.5 branch_scale=0.25", "shortcut_dropout=0.5", "shortcut_scale=0.5 shortcut_dropout=0.2 order=v2",
    "attention=se", "attention=se reduction=4 reduction_multiple=1", "attention=se reduction=5 block=bottleneck",
    "attention=se reduction=5 reduction_multiple=1", "attention=se reduction=1", "attention=eca",
    "attention=eca block=bottleneck", "attention=cbam",
    "attention=gc", "attention=gca attention_at=middle reduction_multiple=1 block=bottleneck",
    "attention=nl reduction=3", "stage_end=bam", "stage_end=bam,none,bam block=bottleneck order=v2 reduction=4",
    "stage_end=bam residual=false blocks=1,1,1 norm=none",
    "attention=se reduction_of=block-input reduction=3 block=bottleneck", "stem=3x3 stem_pool=none",
    "attention=se attention_at=middle reduction=4 reduction_of=block-input reduction_multiple=1 block=bottleneck",
    "attention=se attention_at=middle block=bottleneck", "attention=eca attention_at=middle order=v2 anti_alias=blur",
    "norm=group", "norm=group norm_groups=8 block=bottleneck",
    "norm=layer", "norm=instance", "norm=frn order=v2", "norm=evonorm-s0 order=v2",
    "norm=evonorm-s0 order=v2 norm_groups=8", "norm=none", "conv=standardised", "activation=leaky-relu",
    "activation=silu", "activation=gelu order=v2", "activation=silu order=relu-only", "anti_alias=blur",
    "activation=relu6", "activation=hard-swish", "activation=mish", "activation=elu order=v2", "activation=prelu",
    "activation=prelu order=v2 classes=none stem=deep", "activation=prelu block=basic,bottleneck,basic stem_pool=conv",
    "anti_alias=average", "anti_alias=blur block=bottleneck", "anti_alias=average downsample=avgpool block=bottleneck",
    "norm=none order=v2 conv=scaled-standardised conv_bias=true branch_scale=0.2 track_variance=true zero_init=true",
    "norm=none order=v2 branch_scale=0.2,0.5,0.3 track_variance=true,false,true",
    "norm=none order=v2 track_variance=true residual=true,false,true",
    "norm=none order=v2 track_variance=true block=bottleneck gain=skipinit attention=se attention_scale=2",
    "norm=none order=v2 track_variance=true blocks=2 widths=16 strides=1", "conv_bias=true", "conv=scaled-standardised",
    "init=fixup norm=none conv=scaled-standardised activation=mish", "conv_bias=true stem=deep downsample=avgpool",
    "pool=gem", "pool=attention map_side=2", "pool=attention map_side=5 order=v2 dropout=0.1", "stem=3x3",
    "pool=none strides=2,2,2 map_side=2", "head=mlp head_hidden=9",
    "head=mlp activation=prelu dropout=0.2 head_norm=true",
    "head=embedding pool=none strides=2,2,2 map_side=2 head_norm=true dropout=0.2", "head=embedding pool=gem order=v2",
    "head=mlp init=fixup norm=none", "head=embedding init=fixup norm=none stem=3x3 stem_pool=none",
    "stem=cifar", "stem=deep", "stem=tiered", "stem_pool=zero-padded-max", "stem_pool=conv", "stem_pool=conv order=v2",
    "stem_pool=conv anti_alias=blur", "stem_pool=none", "in_channels=1", "init=he-fan-in", "init=xavier",
    "init=orthogonal", "init=pytorch-default", "init=fixup norm=none",
    "init=fixup norm=none block=bottleneck zero_init=true", "init=fixup norm=none block=basic,bottleneck,basic",
    "init=fixup norm=none gain=layerscale block_dropout=0.1 classes=none", "zero_init=true", "zero_init=true order=v2",
    "zero_init=true order=bn-after-add", "zero_init=true init=pytorch-default block=bottleneck,basic,basic",
    "gain=skipinit", "gain=layerscale block=bottleneck", "stochastic_depth=0.5",
    "stochastic_depth=0.2 block=basic,bottleneck,basic zero_init=true", "stochastic_depth=0.5 residual=false",
    "block_dropout=0.3", "block_dropout=0.3 order=v2 anti_alias=blur", "classes=none", "dropout=0.4",
    "output_stride=8", "output_stride=8 block=bottleneck", "output_stride=8 downsample=avgpool block=bottleneck",
    "output_stride=8 downsample=3x3", "output_stride=8 downsample=3x3 block=bottleneck",
    "output_stride=8 anti_alias=blur",
    "output_stride=8 anti_alias=average block=bottleneck downsample=avgpool order=v2",
    "output_stride=8 block=basic,bottleneck,bottleneck strides=2,2,2", "strides=1,1,1", "strides=3,1,2",
    "strides=2,2,2 blocks=1,1,1", "widths=16,16,16 strides=1,2,1", "widths=32,16,8 shortcut=A",
    "blocks=3 widths=16 strides=1 stem_channels=16",
    "dims=1 attention=eca anti_alias=blur gain=layerscale", "dims=1 conv=standardised shortcut=A norm=rms",
    "dims=1 output_stride=8 downsample=avgpool norm=evonorm-s0 order=v2 attention=cbam",
    "dims=3 attention=cbam gating=exclusive norm=frn order=v2", "dims=3 conv_time=2+1d stem=deep block=bottleneck "
    "cardinality=2", "dims=3 conv_time=2+1d order=v2 block_dropout=0.2", "dims=3 conv_time=2d anti_alias=average",
    "dims=3 conv_time=2d shortcut=A stem_pool=zero-padded-max", "dims=3 conv_time=3d,2d,2+1d gating=exclusive",
    "dims=3 conv_time=2d anti_alias=blur downsample=avgpool attention=cbam output_stride=8",
    "block=bottleneck scales=4 base_width=26", "block=bottleneck scales=4 output_stride=8 expansion=1",
    "block=bottleneck,basic,bottleneck scales=3 stride=1x1 attention=se",
    "block=bottleneck scales=2 cardinality=2 norm=group activation=silu widths=16,16,32",
    "selective=sk", "selective=sk-split reduction=3", "selective=sk block=basic,bottleneck,basic norm=none",
    "selective=sk-split block=bottleneck cardinality=2 widths=16,24,40 reduction=2",
    "selective=sk output_stride=8 block=bottleneck conv=standardised", "radix=2 block=bottleneck average_down=after",
    "radix=4 block=bottleneck base_width=40 cardinality=2 reduction=3 reduction_multiple=5 widths=64,96,128",
    "radix=2 block=bottleneck average_down=before cardinality=4 reduction=1 block_dropout=0.2",
    "radix=1 block=bottleneck average_down=before cardinality=2 attention=eca",
    "average_down=after block=bottleneck order=v2", "average_down=before block=bottleneck,basic,bottleneck",
    "branches=shake-shake order=relu-only downsample=shifted", "branches=shake-shake shortcut=C attention=se order=v2",
    "branches=shake-shake block=basic,bottleneck,basic reduce_first=2 order=bn-after-add",
    "branches=shake-shake block=bottleneck anti_alias=blur output_stride=8 block_dropout=0.2 gating=exclusive "
    "stochastic_depth=0.2", "downsample=shifted", "downsample=shifted widths=15,31,47 conv=standardised",
    "downsample=shifted shortcut=C order=v2 block=bottleneck",
    "block=bottleneck scales=3,1,2 attention=se,none,eca", "selective=sk,none,sk-split stride=last",
    "block=bottleneck radix=2,0,1 average_down=after,before,none stage_end=bam,none,none",
    "block=bottleneck scales=3 conv_bias=true conv=scaled-standardised norm=none activation=prelu",
    "branches=shake-shake,one,shake-shake attention=gc",
    "norm=group conv=standardised attention=cbam gain=layerscale stochastic_depth=0.1 downsample=avgpool "
    "anti_alias=blur stem=tiered stem_pool=conv order=v2 gating=exclusive shortcut_scale=0.5 shortcut_dropout=0.1 "
    "block_dropout=0.1 block=bottleneck,basic,bottleneck output_stride=8 activation=gelu dropout=0.2",
]  # fmt: skip
"""Settings that between them choose each value of each axis, and the pairs that meet in one line of the source."""

FAMILIES = [next(name for name, entry in CATALOGUE.items() if entry.family is family) for family in
            dict.fromkeys(entry.family for entry in CATALOGUE.values())]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Maps of a few pixels wait longer for a second thread than they take."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(count)


def small(text: str) -> ResNetSpec:
    given = {word.partition("=")[0]: word for word in (*SMALL, *text.split())}
    return assign(ResNetSpec("small"), *given.values())


def text(spec: ResNetSpec, image: InputShape | None = None) -> str:
    return to_source(analyse(compile_spec(spec), image or default_input(spec)))


def made(source: str) -> nn.Module:
    scope: dict[str, object] = {"__name__": "net"}
    exec(compile(source, "net.py", "exec"), scope)
    kind = scope.get("ResNet") or scope["PlainNet"]
    assert isinstance(kind, type)
    model = kind()
    assert isinstance(model, nn.Module)
    return model


def shaken(model: nn.Module) -> nn.Module:
    """Return the model in inference with weights and statistics of which none is 0 or 1."""
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.dim() > 2 and value[0].numel() > 1:
                value.normal_(0, value[0].numel() ** -0.5)
            elif value.is_floating_point():
                value.uniform_(0.3, 0.9)
    return model.eval()


def check_twin(spec: ResNetSpec, source: str, image: InputShape) -> None:
    """Hold the source's network against the module: names, weights both ways, output, chances and initial weights."""
    torch.manual_seed(0)
    ours, theirs = build(spec), made(source)
    check_first_weights(ours, theirs)
    assert _chances(ours) == pytest.approx(_chances(theirs))
    ours.load_state_dict(theirs.state_dict(), strict=True)
    theirs.load_state_dict(shaken(ours).state_dict(), strict=True)
    images = torch.rand(2, *image.shape(spec.in_channels, spec.dims)[1:]).double()
    expected, got = ours.double()(images).detach(), theirs.eval().double()(images)
    got.sum().backward()  # fails where a layer in place destroys what the gradient needs
    assert expected.isfinite().all()
    assert (got - expected).abs().max() <= 1e-6 * expected.abs().max()


def _chances(model: nn.Module) -> list[float]:
    names = {"StochasticDepth": ("p", "chance"), "Dropout": ("p",)}
    modules = [module for module in model.modules() if type(module).__name__ in names]
    return sorted(getattr(m, next(n for n in names[type(m).__name__] if hasattr(m, n))) for m in modules)


def check_first_weights(ours: nn.Module, theirs: nn.Module) -> None:
    """The same weights are constant, with the same value; the others have the same spread."""
    other = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert value.shape == other[name].shape, name
        if not value.is_floating_point():
            continue
        if value.min() == value.max() and (value.numel() > 1 or value.item() in (0, 1)):
            assert torch.equal(value, other[name]), name
        elif value.numel() >= 500:
            assert other[name].std() == pytest.approx(value.std(), rel=0.25), name


def unused(source: str) -> list[str]:
    """Return the classes and functions that are defined but not used, and the parameters that are not."""
    tree = ast.parse(source)
    named = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    tops = [node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return [*(name for name in tops if name not in named), *_idle_parameters(tree), *_idle_modules(tree)]


def _idle_parameters(tree: ast.AST) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            inside = {node.id for line in function.body for node in ast.walk(line) if isinstance(node, ast.Name)}
            yield from (a.arg for a in function.args.args if a.arg not in inside and a.arg != "self")


def _idle_modules(tree: ast.Module) -> Iterator[str]:
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    read = {node.attr for node in attributes if isinstance(node.ctx, ast.Load)}
    yield from (node.attr for node in attributes if isinstance(node.ctx, ast.Store) and node.attr not in read)


@each("words", CHOICES)
def test_each_choice_gives_the_modules_network(words: str) -> None:
    spec = small(words)
    check_twin(spec, text(spec, InputShape(1, 64, 64)), EVEN if spec.anti_alias is AntiAlias.AVERAGE else ODD)


@each("name", FAMILIES)
def test_each_family_gives_the_modules_network(name: str) -> None:
    spec = shallow(name)
    image = default_input(find(name)) if spec.pool is Pool.NONE else ODD
    check_twin(spec, text(spec), EVEN if spec.anti_alias is AntiAlias.AVERAGE else image)


@each("name", FAMILIES)
def test_each_family_has_its_weights(name: str) -> None:
    spec = find(name)
    with torch.device("meta"):
        expected, got = build(spec, device="meta").state_dict(), made(text(spec)).state_dict()
    assert {key: value.shape for key, value in got.items()} == {key: value.shape for key, value in expected.items()}


SETTINGS = {
    "block": ["basic", "bottleneck", "basic,bottleneck,basic"], "blocks": ["1,1,1", "2,1,3"],
    "widths": ["16,16,32", "8,24,40"], "strides": ["1,2,2", "2,1,2", "1,1,3"], "expansion": ["1", "3"],
    "cardinality": ["2"], "base_width": ["32", "64", "128"], "reduce_first": ["2"],
    "kernel": ["5", "7"],
    "order": ["bn-after-add", "relu-before-add", "relu-only", "v2", "v2", "norm-first"],
    "stride": ["1x1", "last"], "residual": ["false"], "stem_activation": ["false"],
    "shortcut": ["A", "C", "pool-pad"], "downsample": ["3x3", "avgpool", "shifted"],
    "gating": ["exclusive", "shortcut-only"],
    "shortcut_scale": ["0.5"], "shortcut_dropout": ["0.1"], "branch_scale": ["0.5"],
    "track_variance": ["true"], "attention_scale": ["2"],
    "attention": ["se", "eca", "cbam", "gc", "gca", "nl"], "attention_at": ["middle"], "reduction": ["3", "16"],
    "reduction_multiple": ["1", "5"], "reduction_of": ["block-input"],
    "norm": ["group", "layer", "instance", "none", "frn", "evonorm-s0"], "norm_groups": ["6"],
    "conv": ["standardised", "scaled-standardised"], "conv_bias": ["true"],
    "activation": ["leaky-relu", "silu", "gelu"], "anti_alias": ["blur", "average"],
    "stem": ["3x3", "cifar", "deep", "tiered"], "stem_pool": ["zero-padded-max", "conv", "none"],
    "init": ["fixup", "xavier"],
    "zero_init": ["true"], "gain": ["skipinit", "layerscale"], "stochastic_depth": ["0.4"], "block_dropout": ["0.2"],
    "pool": ["gem", "attention", "none"], "map_side": ["2", "3"], "head": ["mlp", "embedding"], "head_norm": ["true"],
    "classes": ["none", "3"], "dropout": ["0.3"], "output_stride": ["8", "16"], "dims": ["1", "3"],
    "conv_time": ["2d", "2+1d", "3d,2d,2+1d"], "scales": ["2", "5"], "selective": ["sk", "sk-split"],
    "radix": ["1", "2"], "average_down": ["before", "after"], "branches": ["shake-shake"],
}  # fmt: skip


@st.composite
def settings_of(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from(sorted(SETTINGS)), min_size=2, max_size=12, unique=True))
    return " ".join(f"{key}={draw(st.sampled_from(SETTINGS[key]))}" for key in keys)


@given(choices=settings_of())
@settings(max_examples=25, deadline=None)
def test_random_networks_give_the_modules_network(choices: str) -> None:
    try:
        spec = small(choices)
        source = text(spec, ODD)
    except ExplorerError:
        assume(False)
    check_twin(spec, source, ODD)
    assert unused(source) == []


def test_it_runs_in_a_fresh_interpreter(tmp_path: Path) -> None:
    """One for all of them: each imports torch, and only that."""
    names = ("resnet18", "resnet20-plain", "resnetv2_50d_evos", "test_resnet")
    for name in names:
        (tmp_path / f"{name}.py").write_text(text(find(name)), encoding="utf-8")
    code = "import runpy, sys; [runpy.run_path(file, run_name='__main__') for file in sys.argv[1:]]"
    command = [sys.executable, "-W", "error", "-c", code, *(f"{name}.py" for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout.split("\n")[:-1], done.stderr) == ([f"(1, {find(name).classes})" for name in names], "")


def test_a_pool_takes_the_stride_of_its_block() -> None:
    """ResNet-D's shortcut: a mean as wide as the stride, then the projection (He et al. 2018, figure 2c)."""
    assert "nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)" in text(find("resnet50d"))


def test_resnet18_is_short() -> None:
    assert len(text(find("resnet18")).splitlines()) < 90


def test_all_are_formatted_and_clean(tmp_path: Path) -> None:
    sources = {name: text(find(name)) for name in (*CATALOGUE, "resnet50-plain")}
    sources |= {f"small{number}": text(small(words), InputShape(1, 64, 64)) for number, words in enumerate(CHOICES)}
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        assert (name, unused(source)) == (name, [])
    for command in (["check", "--select", "E,F,I,B,UP,SIM"], ["format", "--diff"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "88", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ['x"""; import os; """\\', "a\nb", "", "長" * 80, "y" * 300])
def test_any_name_stays_in_its_docstring(name: str, tmp_path: Path) -> None:
    source = text(replace(find("resnet20"), name=name))
    assert "os" not in {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    (tmp_path / "net.py").write_text(source, encoding="utf-8")
    assert runpy.run_path(str(tmp_path / "net.py"))["ResNet"]
    check = ["check", "--isolated", "--line-length", "88", "--select", "E,F", str(tmp_path)]
    assert subprocess.run([sys.executable, "-m", "ruff", *check], capture_output=True, check=False).returncode == 0


@each("words", CHOICES)
def test_each_path_has_its_lines(words: str) -> None:
    spec = small(words)
    network, source = compile_spec(spec), text(spec, InputShape(1, 64, 64))
    paths = [path for block in network.blocks for path in (block.path, *block.layer_paths)]
    paths += [path for block in network.blocks for path in (*block.gate_paths, *block.fork_paths)]
    paths += [stage.path for stage in network.stages]
    paths += [block.shortcut_path for block in network.blocks if block.form.shortcut is not None]
    assert [path for path in paths if not lines_of(source, network, path)] == []


def test_the_lines_are_those_of_the_blocks_own_class() -> None:
    spec = assign(find("test_resnet"), "attention=se", "order=v2")
    network, source = compile_spec(spec), text(spec)

    def marked(path: str) -> list[str]:
        lines = source.splitlines()
        return [lines[number].strip() for number in lines_of(source, network, path)]

    assert marked("layer3.0.conv3") == [
        "self.conv3 = nn.Conv2d(width, out, 1, bias=False)",
        "y = self.conv3(self.relu(self.bn3(y)))",
    ]
    assert marked("layer3.0.relu2") == [
        "self.relu = nn.ReLU(inplace=True)",
        "x = self.relu(self.bn1(x))",
        "y = self.conv2(self.relu(self.bn2(y)))",
        "y = self.conv3(self.relu(self.bn3(y)))",
    ]
    assert "self.fc1 = nn.Conv2d(channels, hidden, 1)" in marked("layer1.0.se.fc1")
    assert marked("layer1.0.se") == ["self.se = SE(width, 8)", "y = self.se(y)"]
    assert marked("layer4.0.add") == [
        "shortcut = x if self.downsample is None else self.downsample(y)",
        "return y + shortcut",
    ]
    assert marked("layer3") == [
        "self.layer3 = nn.Sequential(Bottleneck(48, 48))  # 192×14×14",
        "x = self.layer3(x)",
    ]


def test_what_is_nowhere_has_no_lines() -> None:
    spec = find("resnet18")
    assert lines_of(text(spec), compile_spec(spec), "") == lines_of(text(spec), compile_spec(spec), "layer9") == []


def test_the_command_prints_or_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from resnet_explorer.cli import main

    assert main(["source", "resnet20", "--set", "classes=7"]) == 0
    printed = capsys.readouterr().out
    assert "nn.Linear(64, 7)" in printed
    assert main(["source", "resnet20", "--set", "classes=7", "-o", str(tmp_path / "net.py")]) == 0
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == printed
