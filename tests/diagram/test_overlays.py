"""Measured values as colours of the diagram's blocks: readable words, signs beside colours, no block left out."""

from collections.abc import Iterator
from math import inf, nan

import pytest

from resnet_explorer.diagram.diagram import diagram
from resnet_explorer.diagram.overlays import BlockValues
from resnet_explorer.diagram.view import View
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.contrast import WASH, text_inks
from resnet_explorer.picture.marks import SCALE, Box, Dash, Group, Ink, Label, Mark, Picture, address
from resnet_explorer.picture.theme import THEMES, Theme
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from tests.cases import each
from tests.narrow import present


def analysed(name: str) -> Analysis:
    spec = find(name)
    side = 32 if spec.stem == "cifar" else 224
    return analyse(compile_spec(spec), InputShape(1, side, side))


def values(paths: list[str], other: dict[str, float] | None = None, log: bool = True) -> BlockValues:
    found = {path: 10.0 ** -(n / 3) for n, path in enumerate(paths)}
    return BlockValues("Gradient at the block's input", "‖∂L/∂x‖₂", found | (other or {}), log, "median of 3 seeds")


def blocks(analysis: Analysis) -> list[str]:
    return [block.path for stage in analysis.network.stages for block in stage.blocks]


def groups(marks: tuple[Mark, ...], parent: str = "") -> Iterator[tuple[str, Group]]:
    for mark in marks:
        if isinstance(mark, Group):
            path = address(parent, mark)
            yield path, mark
            yield from groups(mark.marks, path)


def shown(picture: Picture) -> dict[str, Group]:
    return {path: group for path, group in groups(picture.marks) if group.kind == "block"}


def body(group: Group) -> Box:
    assert isinstance(group.marks[0], Box)
    return group.marks[0]


def text(group: Group) -> list[str]:
    return [mark.text for mark in group.marks if isinstance(mark, Label)]


def luminance(parts: list[float]) -> float:
    """Relative luminance of sRGB (WCAG 2.2, glossary)."""
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def parts(colour: str) -> list[float]:
    return [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]


@each("theme", THEMES.values())
@each("ink", SCALE)
def test_words_can_be_read_on_every_colour(theme: Theme, ink: Ink) -> None:
    """4.5 to 1 (WCAG 2.2, 1.4.3), on the plate over the colour as it is painted."""
    text, wash = text_inks(ink)
    pairs = zip(parts(theme.colours[ink]), parts(theme.colours[wash]), strict=True)
    ground = luminance([colour * (1 - WASH) + over * WASH for colour, over in pairs])
    low, high = sorted((ground, luminance(parts(theme.colours[text]))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_least_and_the_greatest_value_have_the_ends_of_the_scale() -> None:
    tints = values(["layer1.0", "layer1.1", "layer2.0"])
    fills = [present(tints.tint(path)).fill for path in ("layer1.0", "layer1.1", "layer2.0")]
    assert (fills[0], fills[2]) == (SCALE[-1], SCALE[0])
    assert fills[1] in SCALE[6:10], "the middle of a logarithmic scale"


def test_a_block_has_its_value_on_it_and_one_without_stays_as_it_was() -> None:
    analysis = analysed("resnet18")
    found = shown(diagram(analysis, View(), overlays=[values(["layer1.0", "layer1.1"])]))
    assert text(found["layer1.0"]) == ["block 1", "1"]
    assert found["layer1.0"].title.endswith("Gradient at the block's input, ‖∂L/∂x‖₂: 1")
    plain = shown(diagram(analysis, View()))["layer2.0"]
    assert body(found["layer2.0"]).fill is Ink.CARD and text(found["layer2.0"]) == text(plain)


@pytest.mark.parametrize(("odd", "said"), [(nan, "not a number"), (inf, "infinite"), (0.0, "0 (underflow)")])
def test_what_has_no_place_on_the_scale_is_told_by_a_sign_an_outline_and_words(odd: float, said: str) -> None:
    measured = values(["layer1.0"], {"layer1.1": odd})
    found = shown(diagram(analysed("resnet18"), View(), overlays=[measured]))
    assert body(found["layer1.1"]).dash is Dash.DASHED and body(found["layer1.0"]).dash is Dash.SOLID
    assert text(found["layer1.1"]) == ["block 2", said] and measured.value_text("layer1.1") == said
    assert len(found["layer1.1"].marks) == len(found["layer1.0"].marks) + 1


def test_zero_is_a_value_like_others_on_a_linear_scale() -> None:
    measured = values(["layer1.0"], {"layer1.1": 0.0}, log=False)
    assert not present(measured.tint("layer1.1")).odd and measured.value_text("layer1.1") == "0"


@pytest.mark.parametrize("view", [View(), View(unfolded=frozenset({"layer1", "layer2", "layer3"}))])
def test_every_block_of_a_folded_stage_has_its_colour(view: View) -> None:
    analysis = analysed("resnet56")
    measured = values(blocks(analysis))
    found = shown(diagram(analysis, view, overlays=[measured]))
    for path in blocks(analysis):
        assert body(found[path]).fill is present(measured.tint(path)).fill, path
        assert measured.value_text(path) in found[path].title


def test_a_fold_of_200_blocks_shows_what_has_no_place_on_the_scale() -> None:
    analysis = analysed("resnet1202")
    measured = values([], {path: 1.0 + n for n, path in enumerate(blocks(analysis))} | {"layer1.101": nan})
    fold = [
        group for path, group in groups(diagram(analysis, View(), overlays=[measured]).marks) if path == "layer1.101"
    ]
    assert len(fold) == 1 and body(fold[0]).dash is Dash.DASHED and fold[0].width >= 2.9


def test_the_legend_says_what_was_measured_and_names_both_ends() -> None:
    analysis = analysed("resnet18")
    picture = diagram(analysis, View(), overlays=[values(blocks(analysis)[:4], {"layer3.0": 0.0})])
    legend = next(group for _, group in groups(picture.marks) if group.kind == "measured")
    labels = [label for _, group in groups((legend,)) for label in text(group)]
    assert "Gradient at the block's input · median of 3 seeds" in labels
    assert {"0.1", "0.3162", "1"} <= set(labels), "least, middle and greatest"
    assert any("logarithmic" in text for text in labels)
    assert any("▽" in text and "not measured" in text and "×" not in text for text in labels)
    assert "median of 3 seeds" in picture.description
    assert legend.y + legend.height <= picture.height and legend.x + legend.width <= picture.width


def test_beside_its_twin_the_network_that_was_measured_alone_has_colours() -> None:
    analysis = analysed("resnet20")
    picture = diagram(analysis, View(compare=True), overlays=[values(blocks(analysis))])
    ours, theirs = (group for _, group in groups(picture.marks) if group.kind == "network")
    coloured = [
        {body(block).fill for _, block in groups(side.marks) if block.kind == "block"} & set(SCALE)
        for side in (ours, theirs)
    ]
    assert coloured[0] and not coloured[1]
