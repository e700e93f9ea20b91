"""Spec files: what goes out comes back, and nothing else gets in."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import SpecError, SpecFileError
from resnet_explorer.spec import Block, ResNetSpec, codec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE
from tests.cases import each
from tests.specs import any_specs, small_specs

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3)
)


def parsed(text: str) -> ResNetSpec | None:
    """Return the spec, or None where the one allowed error was raised, in a sentence."""
    try:
        return codec.loads(text, "net.json")
    except SpecFileError as error:
        assert error.where == "net.json"
        assert error.what.endswith(".") and error.remedy
        assert len(str(error)) < 400
        return None


@settings(deadline=None)
@given(any_specs())
def test_what_is_written_is_read_back(spec: ResNetSpec) -> None:
    assert codec.loads(codec.dumps(spec), "net.json") == spec


@each("name", CATALOGUE)
def test_every_row_of_the_catalogue_survives(name: str) -> None:
    spec = CATALOGUE[name].spec
    assert codec.loads(codec.dumps(spec), "net.json") == spec
    assert codec.loads(codec.dumps(spec.plain()), "net.json") == spec.plain()


def test_values_come_back_with_their_types() -> None:
    spec = codec.loads(codec.dumps(CATALOGUE["resnet50"].spec), "net.json")
    assert spec.block == (Block.BOTTLENECK,) * 4 and spec.block[0] is Block.BOTTLENECK
    assert isinstance(spec.blocks, tuple) and type(spec.widths[0]) is int and spec.residual is True


@settings(deadline=None)
@given(st.text(max_size=200))
def test_foreign_text_is_refused(text: str) -> None:
    assert parsed(text) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_foreign_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "net.json"
    file.write_bytes(content)
    with pytest.raises(SpecFileError):
        codec.read(file)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(spec=small_specs(), data=st.data())
def test_a_damaged_file_is_refused_or_still_a_network(tmp_path: Path, spec: ResNetSpec, data: st.DataObject) -> None:
    whole = codec.dumps(spec).encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 20)) :]
    file = tmp_path / "net.json"
    file.write_bytes(damaged)
    try:
        assert isinstance(codec.read(file), ResNetSpec)
    except SpecFileError as error:
        assert error.where == str(file)


@settings(deadline=None)
@given(json_values)
def test_foreign_json_is_refused(value: object) -> None:
    assert parsed(json.dumps(value)) is None


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(["name", *AXES]), json_values, max_size=5))
def test_foreign_values_of_the_axes_are_refused_or_read(values: dict[str, object]) -> None:
    parsed(json.dumps({"format": codec.FORMAT, "version": codec.VERSION, "spec": values}))


@each(
    "values",
    [
        {"blocks": [0, 2]},
        {"blocks": []},
        {"blocks": [401]},
        {"blocks": [1] * 17},
        {"blocks": [[2, 2], [2, 2]]},
        {"blocks": 2.5},
        {"width": [6, 4]},
        {"width": 64.5},
        {"width": True},
        {"width": 10**9},
        {"width": {"stage": 1}},
        {"residual": "perhaps"},
        {"residual": 2},
        {"block": "dense"},
        {"shortcut": "D"},
        {"stem": None},
        {"classes": 0},
        {"classes": float("inf")},
        {"doubling": [True]},
        {"strides": [1, 2]},
        {"widht": 64},
        {"name": ""},
        {"name": "x" * 81},
        {"name": "two\nlines"},
        {"name": 5},
    ],
)
def test_values_that_describe_no_network(values: dict[str, object]) -> None:
    with pytest.raises(SpecError) as caught:
        codec.from_dict(values)
    assert caught.value.what.endswith(".")
    assert parsed(json.dumps({"format": codec.FORMAT, "version": codec.VERSION, "spec": values})) is None


def test_axes_left_out_keep_their_defaults() -> None:
    assert codec.from_dict({}) == ResNetSpec("custom")
    assert codec.from_dict({"blocks": [1, 1]}).widths == (64, 128)
    assert codec.from_dict({"block": "bottleneck"}).block == (Block.BOTTLENECK,) * 4


@each(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"format": "resnet-explorer spec"}',
        '{"format": "other", "version": 1, "spec": {}}',
        '{"format": "resnet-explorer spec", "version": 1, "spec": []}',
        '{"format": "resnet-explorer spec", "spec": {}}',
        "[" * 100_000,
        "1" * 5000,
        '{"format": "resnet-explorer spec", "version": 1, "spec": {"width": ' + "1" * 5000 + "}}",
        '{"format": "resnet-explorer spec", "version": 1, "spec": {"blocks": ' + "[" * 300 + "]" * 300 + "}}",
        '{"format": "resnet-explorer spec", "version": 1, "spec": {"width": "' + "9" * 100_000 + '"}}',
        '{"format": "resnet-explorer spec", "version": 1, "spec": {"name": "\\ud800"}}',
        '{"format": "resnet-explorer spec", "version": 1, "spec": {"\\ud800": 1}}',
    ],
)
def test_broken_and_hostile_files_are_explained(text: str) -> None:
    assert parsed(text) is None


def test_a_newer_version_is_named_as_such() -> None:
    with pytest.raises(SpecFileError, match="newer version"):
        codec.loads('{"format": "resnet-explorer spec", "version": 3, "spec": {}}', "net.json")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "large.json").write_bytes(b" " * (codec.MAX_BYTES + 1))
    (tmp_path / "latin.json").write_bytes("{é}".encode("latin-1"))
    for name, text in (
        ("missing.json", "No such file"),
        ("large.json", "too large"),
        ("latin.json", "not a text file"),
        (".", "is a folder, not a file"),
    ):
        with pytest.raises(SpecFileError, match=text):
            codec.read(tmp_path / name)


def test_what_never_ends_or_never_begins_is_not_read(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo") or not Path("/dev/zero").exists():
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.json")
    for path, text in ((Path("/dev/zero"), "zero is a device"), (tmp_path / "pipe.json", "pipe.json is a named pipe")):
        with pytest.raises(SpecFileError, match=text):
            codec.read(path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "net.json"
    file.write_bytes(b"\xef\xbb\xbf" + codec.dumps(CATALOGUE["resnet18"].spec).encode())
    assert codec.read(file) == CATALOGUE["resnet18"].spec


def test_a_file_of_the_first_version_is_still_the_same_network() -> None:
    """As it was written when a spec had one width, and told for each later stage whether it doubles it."""
    values = {
        "name": "resnet20",
        **{"block": "basic", "blocks": [3, 3, 3], "width": 16, "doubling": [True, True], "expansion": 4},
        **{"cardinality": 1, "base_width": 64, "stride": "3x3", "shortcut": "A", "residual": True},
        **{"stem": "cifar", "in_channels": 3, "classes": 10},
    }
    text = json.dumps({"format": codec.FORMAT, "version": 1, "spec": values})
    assert codec.loads(text, "net.json") == CATALOGUE["resnet20"].spec


@pytest.mark.parametrize(
    "values", [{"blocks": 3}, {"width": "wide"}, {"width": [64]}, {"doubling": [1] * 17, "blocks": [1] * 17}]
)
def test_a_damaged_file_of_the_first_version_is_explained(values: dict[str, object]) -> None:
    assert parsed(json.dumps({"format": codec.FORMAT, "version": 1, "spec": values})) is None
