"""Every row of the closed form equals what torch does, for random specs and inputs and for every published network."""

import pytest
import torch
import torchvision
from hypothesis import given, settings

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.spec import InputShape, ResNetSpec, Stem
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import differences
from tests.cases import each
from tests.specs import images, paper_specs
from tests.torch_reference import build, image, macs_by_path, watching

OUR_KIND = {"Plus": "Add", "OptionA": "ZeroPad"}
"""Torch has no module for these two; the others carry torch.nn's names."""

Facts = tuple[str, str, tuple[int, ...], tuple[int, ...], int, int, int]


def ours(analysis: Analysis) -> list[Facts]:
    facts = []
    for row in analysis.rows:
        read = row.reading
        kind = row.part.layer.kind
        facts.append((row.path, kind, read.input, read.output, read.params, read.macs, read.activation_bytes))
    return facts


def theirs(spec: ResNetSpec, shape: InputShape) -> tuple[list[Facts], int, int]:
    model, x = build(spec), image(spec, shape)
    with watching(model) as seen:
        macs = macs_by_path(model, x)
    rows = [
        (s.path, OUR_KIND.get(s.kind, s.kind), s.input, s.output, s.params, macs.get(s.path, 0), s.fresh_bytes)
        for s in seen
    ]
    return rows, macs[""], sum(value.numel() for value in model.parameters())


def check(spec: ResNetSpec, shape: InputShape) -> None:
    analysis = analyse(compile_spec(spec), shape)
    rows, macs, params = theirs(spec, shape)
    assert ours(analysis) == rows
    assert analysis.total.macs == macs
    assert analysis.total.params == params
    assert analysis.total.output == rows[-1][3]


@settings(deadline=None, max_examples=80)
@given(paper_specs(), images())
def test_every_row_of_a_random_network_equals_torch(spec: ResNetSpec, shape: InputShape) -> None:
    check(spec, shape)


KNOWN = {"block", "blocks", "widths", "strides", "expansion", "cardinality", "base_width", "stride", "residual"}
KNOWN |= {"shortcut", "stem", "stem_channels", "stem_pool", "classes"}
"""The axes that the reference knows."""


def _is_known(spec: ResNetSpec) -> bool:
    return spec.stem in (Stem.IMAGENET, Stem.CIFAR) and not set(differences(ResNetSpec(""), spec)) - KNOWN


NAMES = [name for name, entry in CATALOGUE.items() if _is_known(entry.spec)]


@each("name", [name for name in NAMES if "1202" not in name and "1001" not in name])
def test_every_row_of_the_catalogue_equals_torch(name: str) -> None:
    entry = CATALOGUE[name]
    check(entry.spec, InputShape(1, entry.size, entry.size))


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@pytest.mark.parametrize("twin", [False, True])
def test_odd_inputs_of_published_networks_equal_torch(name: str, twin: bool) -> None:
    spec = CATALOGUE[name].spec
    check(spec.plain() if twin else spec, InputShape(3, 225, 97))


@pytest.mark.parametrize("name", ["resnet110", "resnet1202"])
def test_every_row_of_the_deepest_networks_equals_torch(name: str) -> None:
    check(CATALOGUE[name].spec, InputShape(1, 32, 32))


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_rows_equal_torchvisions_own_network(name: str) -> None:
    """torchvision calls one ReLU module several times and adds without a module; all else is named alike."""
    with torch.device("meta"):
        model = getattr(torchvision.models, name)().eval()
    with torch.no_grad(), watching(model) as seen:
        model(torch.empty(2, 3, 256, 192, device="meta"))
    analysis = analyse(compile_spec(CATALOGUE[name].spec), InputShape(2, 256, 192))
    rows = [
        (path.rstrip("123") if kind == "ReLU" else path, kind, before, after, params)
        for path, kind, before, after, params, _, _ in ours(analysis)
        if kind not in ("Add", "Flatten")
    ]
    assert rows == [(s.path, s.kind, s.input, s.output, s.params) for s in seen]


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_paths_are_the_names_of_torchvisions_state_dict(name: str) -> None:
    with torch.device("meta"):
        state = getattr(torchvision.models, name)().state_dict()
    analysis = analyse(compile_spec(CATALOGUE[name].spec), InputShape())
    assert [row.path for row in analysis.rows if row.reading.params] == sorted(
        {key.rpartition(".")[0] for key in state}, key=[key.rpartition(".")[0] for key in state].index
    )
