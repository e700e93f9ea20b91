"""The page that is taken home: one file, small, well-formed, with the tree's own figures, and safe."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from resnet_explorer.diagram.view import FOLD_ABOVE
from resnet_explorer.share.article import Article, Section, Text
from resnet_explorer.share.page import to_html
from resnet_explorer.share.scene import analysis_of, scene_article
from tests.share.html import Element, read
from tests.share.scenes import scene

LARGEST = 1_500_000
"""Bytes of the page of ResNet-50 with all its blocks open."""


def page(*arguments: str, **values: Any) -> Element:
    return read(to_html(scene_article(scene(*arguments, **values))))


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet50-plain", "se_resnet50", "resnet110", "resnetv2_50"])
def test_every_row_is_the_trees(name: str) -> None:
    analysis = analysis_of(scene(name))
    rows = list(next(page(name).all("tbody")).all("tr"))
    cells = [[cell.text for cell in row.children if isinstance(cell, Element)] for row in rows]
    assert [row[0] for row in cells] == [row.path for row in analysis.rows]
    assert [number(row[5]) for row in cells] == [row.reading.params for row in analysis.rows]
    assert sum(number(row[7]) for row in cells) == analysis.total.macs


def test_every_block_opens_to_its_own_layers() -> None:
    made, shown = page("resnet50"), analysis_of(scene("resnet50"))
    templates = {template.attributes["id"]: template for template in made.all("template")}
    for button in made.all("button", "block"):
        block = shown.network.block_at(button.attributes["data-path"])
        assert block
        names = {layer.attributes["data-path"] for layer in templates[button.attributes["data-form"]].all("g", "layer")}
        shortcut = set() if block.form.shortcut is None else {block.shortcut_path}
        paths = {f"{block.path}{name}" if block.number else name for name in names}
        assert paths == set(block.layer_paths) | shortcut
    assert len(templates) == len({block.form for block in shown.network.blocks}), "equal blocks share a template"


def test_blocks_that_differ_in_their_chance_alone_share_a_template() -> None:
    spec = scene("resnet110_sd", open=["layer3.1"]).state.spec
    made = page("resnet110_sd", open=["layer3.1"])
    assert len(list(made.all("template"))) <= 2 * len(spec.blocks) + 2
    block = next(block for block in analysis_of(scene("resnet110_sd")).network.blocks if block.path == "layer3.1")
    panel = next(made.all("li", "open"))
    assert f"skipped with a chance of {100 * block.skip:.1f} %." in panel.text
    assert len({button.attributes.get("data-skip") for button in made.all("button", "block")}) > 50


def test_size() -> None:
    everything = scene("resnet50", open="all", compare=True)
    assert len(to_html(scene_article(everything)).encode()) < LARGEST
    assert len(to_html(scene_article(scene("resnet50"))).encode()) < LARGEST / 3
    assert len(to_html(scene_article(scene("resnet152"))).encode()) < LARGEST


def test_charts_read_out_what_each_block_costs() -> None:
    shown, made = analysis_of(scene("resnet50")), page("resnet50")
    data = json.loads(next(script.text for script in made.all("script") if script.attributes.get("id") == "data"))
    params, macs = (chart["read"] for chart in data["charts"])
    for block, param, mac in zip(shown.network.blocks, params, macs, strict=True):
        sums = shown.sums[block.path]
        assert (block.path in param[0] and (number(param[1]), number(mac[1])) == (sums.params, sums.macs)) or (
            max(sums.params, sums.macs) < 1000
        )


def test_what_the_scene_has_open_stands_open_without_the_script() -> None:
    made = page("resnet50", open=["layer2.0", "stem"], select="layer2.0.conv2")
    assert [panel.attributes["data-path"] for panel in made.all("li", "open")] == ["stem", "layer2.0"]
    chosen = [button for button in made.all("button", "block") if button.attributes.get("aria-current")]
    assert [button.attributes["data-path"] for button in chosen] == ["layer2.0"]


def test_long_stages_are_folded_unless_the_scene_unfolds_them() -> None:
    def hidden(**values: Any) -> int:
        return sum("hidden" in cell.attributes for cell in page("resnet152", **values).all("li", "cell"))

    blocks = [len(stage.blocks) for stage in analysis_of(scene("resnet152")).network.stages]
    assert hidden() == sum(count - 2 for count in blocks if count > FOLD_ABOVE)
    assert hidden(unfold=["layer3"]) == hidden() - (blocks[2] - 2)


def test_twins_stand_under_each_other() -> None:
    made = page("resnet34", compare=True)
    first, second = made.all("div", "diagram")
    assert list(first.all("li", "identity")) and not list(first.all("li", "gone"))
    assert list(second.all("li", "gone")) and not list(second.all("li", "identity"))


def test_nothing_is_loaded_and_nothing_else_runs() -> None:
    text = to_html(scene_article(scene("resnet50", open="all")))
    made = read(text)
    policy = next(meta for meta in made.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy.attributes["content"]
    for element in made.all():
        assert not {name for name in element.attributes if name.startswith("on") or name in ("src", "style")}
        assert element.attributes.get("href", "#").startswith("#")
    assert not re.search(r"https?://(?!www\.w3\.org)", text), "an address on the network"
    assert "@import" not in text and "url(" not in text


EVIL = "</title><script>alert(1)</script><img src=x onerror='alert(2)'>\"'&\u2028]]>"


def test_names_and_texts_of_a_stranger_stay_text() -> None:
    def named(name: str) -> str:
        plain = scene("resnet18")
        return to_html(
            scene_article(replace(plain, state=replace(plain.state, spec=replace(plain.state.spec, name=name))))
        )

    tags = {element.tag for element in read(named("Net")).all()}
    assert {element.tag for element in read(named(EVIL)).all()} <= {*tags, "br"}  # a long line under a chart
    assert "<script>alert" not in named(EVIL) and "<img" not in named(EVIL)
    article = Article(EVIL, EVIL, (EVIL,), (Section(EVIL, (Text(EVIL),)),))
    tree = read(to_html(article))
    assert [element.tag for element in tree.all("script")] == ["script", "script"] and not list(tree.all("img"))
    assert next(tree.all("h1")).text == EVIL


def test_it_is_read_on_a_phone_by_keyboard_and_by_a_screen_reader() -> None:
    made = page("resnet50", open=["layer2.0"])
    assert any(meta.attributes.get("name") == "viewport" for meta in made.all("meta"))
    for button in made.all("button"):
        assert button.text.strip() and button.attributes["type"] == "button"
    for picture in made.all("svg"):
        assert picture.attributes.get("aria-label") or picture.attributes.get("aria-hidden")
    for layer in made.all("g", "layer"):
        assert layer.attributes["tabindex"] == "0" and layer.attributes["aria-label"]
    ids = [element.attributes["id"] for element in made.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    targets = {use.attributes["href"][1:] for use in made.all("use")}
    assert targets and targets <= set(ids)
