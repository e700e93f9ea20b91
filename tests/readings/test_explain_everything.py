"""Every part of any network has its words, formulas and figures, and what they say of its start is so in PyTorch."""

import json
import re
from dataclasses import replace

import torch
from hypothesis import given, settings

from resnet_explorer import assets
from resnet_explorer.errors import InputError, SpecError
from resnet_explorer.module.blocks import Block, run
from resnet_explorer.module.build import build
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.explain import Explanation, explain
from resnet_explorer.spec import InputShape, Pool, ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign
from tests.cases import each
from tests.specs import fitting, readable


def everything(network: Network) -> list[str]:
    """All paths of a network, with those of one block for each form: blocks that share a form are told alike."""
    paths = ["", *(stage.path for stage in network.stages)]
    for block in {block.form: block for block in network.blocks}.values():
        paths += [block.path, *block.layer_paths]
        paths += [block.shortcut_path] if block.form.shortcut is not None else []
        paths += (*block.gate_paths, *block.fork_paths)
    return paths


def check(analysis: Analysis) -> None:
    formulas = set(json.loads(assets.path("formulas", "index.json").read_text(encoding="utf-8")))
    for path in everything(analysis.network):
        explanation = explain(analysis, path)
        assert explanation.path == path
        assert explanation.title and explanation.kind and explanation.facts
        assert explanation.text.endswith(".")
        for text in (explanation.text, explanation.gradient_words, *(" ".join(fact) for fact in explanation.facts)):
            assert not re.search(r"[{}]|  |\.\.|None|^ | $| [.,]", text), (path, text)
        worked_out(analysis, explanation)
        if analysis.network.spec.dims == 1:
            assert not re.search(r"\b([1-9])×\1\b|pixel|square", explanation.text), (path, explanation.text)
        assert {
            *explanation.formulas,
            *explanation.gradients,
            *(rule.formula for rule in explanation.rules),
        } <= formulas
        if explanation.branch is not None:
            assert explanation.branch + (explanation.shortcut or 0) == analysis.sums[path].params


def worked_out(analysis: Analysis, explanation: Explanation) -> None:
    """Where a figure is worked out, both sides of its equals sign are the row's."""
    row = analysis.by_path.get(explanation.path)
    for entry in explanation.facts if row else ():
        if row and " = " in entry.value and entry.label in ("Parameters", "MACs"):
            terms, result = entry.value.replace(",", "").split(" = ")
            figure = row.reading.params if entry.label == "Parameters" else row.reading.macs
            assert int(result) == eval(terms.replace("·", "*").replace("×", "*")) == figure


@each("name", CATALOGUE)
def test_everything_in_the_catalogue_can_be_explained(name: str) -> None:
    spec = CATALOGUE[name].spec
    check(analyse(compile_spec(spec), fitting(spec, InputShape(1, 33, 65))))


@given(readable())
@settings(deadline=None, max_examples=60)
def test_everything_in_any_network_can_be_explained(pair: tuple[ResNetSpec, InputShape]) -> None:
    spec, image = pair
    try:
        analysis = analyse(compile_spec(spec), image)
    except InputError:
        return
    check(analysis)


CHOICES = [
    (base, f"{key}={choice.value}")
    for base in ("resnet18", "resnet50", "plain18")
    for key, axis in AXES.items()
    for choice in axis.choices
    if choice.value is not None
]
NUMBERS = [
    *("shortcut_scale=0.5", "shortcut_scale=1.5", "shortcut_dropout=0.3", "branch_scale=0.5", "dropout=0.2"),
    *("block_dropout=0.3", "stochastic_depth=0.5", "reduce_first=2", "zero_init=true", "residual=false"),
    *("track_variance=true", "conv_bias=true", "head_norm=true", "map_side=5"),
]


def with_choice(base: str, setting: str) -> ResNetSpec:
    """Return a network with a choice, and with what its refusal offers where it needs more."""
    settings: tuple[str, ...] = (setting, "map_side=3")
    for _ in range(3):
        try:
            return assign(CATALOGUE[base].spec, *settings)
        except SpecError as error:
            axis = setting.partition("=")[0]
            more = next(fix for fix in error.fixes if not any(one.partition("=")[0] == axis for one in fix))
            settings = (*settings, *more)
    raise AssertionError(settings)


@each("base,setting", [*CHOICES, *(("resnet18", setting) for setting in NUMBERS)])
def test_every_choice_of_every_axis_can_be_explained(base: str, setting: str) -> None:
    spec = with_choice(base, setting)
    spec = replace(spec, map_side=3) if spec.pool is Pool.NONE else spec
    check(analyse(compile_spec(spec), InputShape(1, 96, 96)))


START = ["zero_init=true", "gain=skipinit", "gain=layerscale", "init=xavier"]


@each("order", ["v1", "bn-after-add", "relu-before-add", "relu-only", "v2", "norm-first"])
@each("setting", START)
def test_where_f_starts_at_0_is_so_in_pytorch(order: str, setting: str) -> None:
    """What is said of the first step is what a fresh model does: F(x), or the whole block, is 0."""
    if (order, setting) == ("relu-before-add", "zero_init=true"):
        return  # no network: the branches would never learn
    spec = assign(CATALOGUE["resnet20"].spec, setting, f"order={order}")
    text = explain(analyse(compile_spec(spec), InputShape(1, 32, 32)), "layer1.1").text
    block = build(spec).get_submodule("layer1.1")
    assert isinstance(block, Block)
    x = torch.randn(2, 16, 8, 8)
    branch, whole = run(block, block.chains.branch, x.clone()), block(x.clone())
    assert ("F(x) is 0 at first" in text or "F(x) stays 0" in text) == (not branch.any())
    assert ("puts out nothing" in text) == (not whole.any())
