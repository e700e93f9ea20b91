"""The source file runs alone, is short and formatted, and computes what the module computes."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from specs import small_specs

from resnet_explorer.analysis import analyse
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.export.source import to_source
from resnet_explorer.model import build
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.lookup import default_input

FAMILIES = [
    "resnet18",
    "resnet50",
    "resnet20",
    "plain18",
    "plain20",
    "resnet50-plain",
    "resnext50_32x4d",
    "wide_resnet50_2",
]


def text(spec: ResNetSpec, image: InputShape | None = None) -> str:
    return to_source(analyse(compile_spec(spec), image or default_input(spec)))


def loaded(spec: ResNetSpec, folder: Path) -> torch.nn.Module:
    file = folder / "net.py"
    file.write_text(text(spec), encoding="utf-8")
    model = runpy.run_path(str(file))["ResNet" if spec.residual else "PlainNet"]()
    assert isinstance(model, torch.nn.Module)
    return model


@pytest.mark.parametrize("name", FAMILIES)
def test_it_runs_in_a_fresh_interpreter(name: str, tmp_path: Path) -> None:
    spec = find(name)
    (tmp_path / "net.py").write_text(text(spec), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", "net.py"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (f"(1, {spec.classes})", "")


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_weights_give_the_same_output(name: str, tmp_path: Path) -> None:
    spec = find(name)
    ours, theirs = build(spec).eval(), loaded(spec, tmp_path).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    image = torch.randn(2, 3, 65, 48)
    with torch.no_grad():
        assert torch.allclose(ours(image), theirs(image), atol=1e-5)


@given(spec=small_specs())
@settings(max_examples=40, deadline=None)
def test_random_networks_have_the_same_weights(spec: ResNetSpec) -> None:
    scope: dict[str, object] = {"__name__": "net"}
    exec(compile(text(spec, InputShape(1, 20, 20)), "net.py", "exec"), scope)
    model = scope["ResNet" if spec.residual else "PlainNet"]
    assert callable(model)
    expected = {path: tuple(value.shape) for path, value in build(spec, initialise=False).state_dict().items()}
    assert {path: tuple(value.shape) for path, value in model().state_dict().items()} == expected


def test_resnet18_is_short() -> None:
    assert len(text(find("resnet18")).splitlines()) < 90


@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_formatted_and_clean(name: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(text(find(name)), encoding="utf-8")
    for command in (["check", "--select", "E,F,I,B,UP,SIM"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", file], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + file.read_text(encoding="utf-8")


def test_a_name_from_a_file_cannot_leave_the_docstring() -> None:
    from dataclasses import replace

    spec = replace(find("resnet20"), name='x"""; import os; """\\', width=8)
    scope: dict[str, object] = {"__name__": "net"}
    exec(compile(text(spec), "net.py", "exec"), scope)
    assert "os" not in scope


def test_the_command_prints_or_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from resnet_explorer.cli import main

    assert main(["source", "resnet20", "--set", "classes=7"]) == 0
    printed = capsys.readouterr().out
    assert "nn.Linear(64, 7)" in printed
    assert main(["source", "resnet20", "--set", "classes=7", "-o", str(tmp_path / "net.py")]) == 0
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == printed
