"""The picture says what the papers and the analysis say."""

import re
from collections.abc import Iterator

import pytest

from resnet_explorer.diagram.diagram import diagram, twins
from resnet_explorer.diagram.timeline import timeline
from resnet_explorer.diagram.view import View, foldable
from resnet_explorer.network import compile_spec
from resnet_explorer.picture.marks import Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, address
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.families import FAMILIES
from tests.cases import each
from tests.specs import fitting


def picture(name: str, view: View | None = None, side: int = 224) -> Picture:
    return diagram(analyse(compile_spec(find(name)), InputShape(1, side, side)), view or View())


def groups(marks: tuple[Mark, ...], parent: str = "") -> Iterator[tuple[str, Group]]:
    for mark in marks:
        if isinstance(mark, Group):
            path = address(parent, mark)
            yield path, mark
            yield from groups(mark.marks, path)


def labels(marks: tuple[Mark, ...]) -> list[str]:
    text = [mark.text for mark in marks if isinstance(mark, Label)]
    for mark in marks:
        if isinstance(mark, Group):
            text += labels(mark.marks)
    return text


def arcs(drawn: Picture, kind: str = "shortcut") -> list[Dash]:
    found = [group for _, group in groups(drawn.marks) if group.kind == kind]
    return [mark.dash for group in found for mark in group.marks[:1] if isinstance(mark, Arrow)]


def test_resnet18_has_eight_shortcuts_of_which_three_project() -> None:
    dashes = arcs(picture("resnet18"))
    assert (len(dashes), dashes.count(Dash.DASHED)) == (8, 3)  # He et al. 2015, figure 3, right


def test_resnet50_projects_in_the_first_block_of_every_stage() -> None:
    dashes = arcs(picture("resnet50"))
    assert (len(dashes), dashes.count(Dash.DASHED)) == (16, 4)  # the first stage widens 64 to 256 channels


def test_a_plain_network_has_no_shortcuts() -> None:
    assert arcs(picture("plain34")) == []


def test_resnet152_is_folded_to_two_blocks_and_times_35() -> None:
    drawn = picture("resnet152")
    shown = [path for path, group in groups(drawn.marks) if group.kind == "block" and path.startswith("layer3.")]
    assert shown == ["layer3.0", "layer3.1"]
    assert "× 35" in labels(drawn.marks)


def test_an_unfolded_stage_shows_every_block() -> None:
    drawn = picture("resnet152", View(unfolded=frozenset({"layer3"})))
    shown = [path for path, group in groups(drawn.marks) if group.kind == "block" and path.startswith("layer3.")]
    assert shown == [f"layer3.{index}" for index in range(36)]


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet20", "plain18", "resnet152"])
def test_with_everything_open_every_layer_is_drawn_once(name: str) -> None:
    analysis = analyse(compile_spec(find(name)), InputShape(1, 64, 64))
    drawn = diagram(analysis, View.all_open(analysis.network))
    kinds = {row.part.layer.kind for row in analysis.rows}
    paths = [path for path, group in groups(drawn.marks) if group.kind in kinds]
    assert sorted(paths) == sorted(row.path for row in analysis.rows)


def test_an_opened_block_tells_branch_and_shortcut_apart() -> None:
    words = labels(picture("resnet18", View(frozenset({"layer2.0"}))).marks)
    assert "230,144 parameters" in words
    assert any("F(x) 221,696 · shortcut 8,448 · 179.8 MMACs · 9.9 %" in text for text in words)
    assert "64→128" in words


def test_shapes_on_the_way_follow_the_input() -> None:
    text = labels(picture("resnet18", side=225).marks)
    assert {"64×57²", "128×29²", "256×15²", "512×8²"} <= set(text)  # ceil(225 / 32) = 8


def test_comparing_names_what_the_plain_twin_has_lost() -> None:
    drawn = picture("resnet18", View(compare=True))
    text = " ".join(labels(drawn.marks))
    assert "8 shortcuts are gone, 3 of them projections" in text
    assert "11,515,688 parameters instead of 11,689,512" in text
    assert len(arcs(drawn, "gone")) == 8
    assert "−132,096" in text


def test_comparing_shows_the_same_pair_from_either_side() -> None:
    assert twins(find("plain18"))[0].residual
    assert labels(picture("plain18", View(compare=True)).marks)[0].startswith("ResNet-18")


def test_option_a_loses_no_parameters() -> None:
    text = " ".join(labels(picture("resnet20", View(compare=True), 32).marks))
    assert "they have no parameters: both networks have 269,722" in text


def test_labels_of_a_block_stay_inside_it() -> None:
    from resnet_explorer.picture.marks import width

    for name in CATALOGUE:
        for _, group in groups(picture(name, side=CATALOGUE[name].size).marks):
            if group.kind in ("block", "Conv2d", "BatchNorm2d"):
                wide = [width(mark.text, mark.size, mark.style) for mark in group.marks if isinstance(mark, Label)]
                assert max(wide, default=0) <= group.width + 14, (name, group.path)


def test_a_stage_of_one_odd_block_is_not_folded() -> None:
    long = compile_spec(find("resnet110"))
    assert foldable(long.stages[0])
    everywhere = compile_spec(assign(find("resnet110"), "shortcut=C"))
    assert foldable(everywhere.stages[1])
    assert not foldable(compile_spec(find("resnet18")).stages[0])


def test_the_largest_network_is_laid_out() -> None:
    spec = assign(ResNetSpec("largest"), "width=16", "blocks=" + "400," * 8)
    analysis = analyse(compile_spec(spec), InputShape())
    drawn = diagram(analysis, View(unfolded=frozenset(stage.path for stage in analysis.network.stages)))
    assert sum(group.kind == "block" for _, group in groups(drawn.marks)) == 3200 + 2


def test_every_ink_of_a_picture_is_a_colour_of_every_theme() -> None:
    from resnet_explorer.picture.theme import THEMES

    for theme in THEMES.values():
        assert set(theme.colours) == set(Ink)
        assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in theme.colours.values())


@each("name", CATALOGUE)
def test_every_layer_of_every_network_is_drawn_once_where_its_block_is_open(name: str) -> None:
    network = compile_spec(find(name))
    view = View(frozenset({"stem", "layer1.0", "layer2.0", "layer2.1", "head"}))
    analysis = analyse(network, fitting(network.spec, InputShape(1, 64, 64)))
    shown = [path for path, group in groups(diagram(analysis, view).marks) if group]
    for block in network.blocks:
        if block.path in view.expanded:
            for path in (*block.layer_paths, *block.gate_paths, *block.fork_paths):
                assert shown.count(path) == 1, path


@each(
    "name,text",
    [
        ("seresnet50", "squeeze-and-excitation"),
        ("ecaresnet50d", "efficient channel attention"),
        ("cbam_resnet50", "spatial attention"),
        ("resnet110_exclusive_gate", "gate g(x)"),
        ("resnetblur50", "blur /2"),
        ("resnetv2_50x1_bit", "3×3 std conv /2"),
        ("resnetv2_50d_frn", "FRN + TLU"),
        ("skipinit_resnet110", "× α"),
        ("resnet110_sd", "stochastic depth"),
        ("resnet50d", "2×2 avg-pool /2"),
        ("res2net50_26w_4s", "slices side by side"),
        ("skresnet50", "selective kernels"),
        ("resnest50d", "split attention"),
        ("resnest50d_1s4x24d", "attention of one split"),
        ("shake26_2x32d", "two branches, mixed at random in training"),
    ],
)
def test_what_is_particular_is_named(name: str, text: str) -> None:
    assert text in labels(picture(name, View(frozenset({"layer2.0", "stem"})), 64).marks)


@pytest.mark.parametrize(
    ("name", "dash"), [("resnet110_scaled", Dash.DOTTED), ("resnet110_conv_shortcut", Dash.DASHED)]
)
def test_an_altered_shortcut_is_not_drawn_as_the_identity(name: str, dash: Dash) -> None:
    assert set(arcs(picture(name, side=32))) == ({dash, Dash.DASHED})


def test_the_words_say_how_many_changes_a_network_is() -> None:
    text = labels(picture("resnet50d", View(changes=True)).marks)
    assert "ResNet-50-D = ResNet-50 with 2 changes" in text
    assert "Stem: deep: three 3×3 instead of 7×7 / 2" in text
    assert not [
        word for word in labels(picture("resnet18", View(changes=True)).marks) if word.startswith("ResNet-18 =")
    ]


def marked(name: str, *paths: str) -> set[str]:
    """Return the layers that have the frame of what changed."""
    drawn = picture(name, View(frozenset(paths), changes=True))
    return {path for path, group in groups(drawn.marks) if any(_is_frame(mark) for mark in group.marks)}


def _is_frame(mark: Mark) -> bool:
    return isinstance(mark, Box) and mark.line is Ink.CHANGED and mark.fill is None


def test_what_changed_is_framed_and_nothing_else() -> None:
    framed = marked("resnet50d", "layer2.0", "layer2.1")
    assert {path for path in framed if path.startswith("layer2.0.")} == {
        f"layer2.0.downsample.{number}" for number in range(3)
    }
    assert "layer2.0" in framed and "layer2.1" not in framed and "stem" in framed and "head" not in framed
    added = marked("seresnet50", "layer2.1")
    assert {path.rpartition(".")[2] for path in added if path.startswith("layer2.1.se.")} == {
        *("pool", "fc1", "relu", "fc2", "gate", "scale"),
    }


def test_new_blocks_are_framed() -> None:
    framed = marked("resnet34")
    assert "layer1.2" in framed and "layer1.1" not in framed
    assert "+1" in labels(picture("resnet34", View(changes=True)).marks)


@each("key", ["", *FAMILIES])
def test_the_timeline_shows_every_family_under_its_year(key: str) -> None:
    drawn = timeline(key)
    cards = {group.path: group for group in drawn.marks if isinstance(group, Group)}
    assert set(cards) == set(FAMILIES)
    for one in cards.values():
        assert one.x + one.width <= drawn.width and one.y + one.height <= drawn.height
    years = sorted(FAMILIES.values(), key=lambda family: family.year)
    assert [cards[family.key].x for family in years] == sorted(cards[family.key].x for family in years)
    heavy = [path for path, card in cards.items() if isinstance(card.marks[0], Box) and card.marks[0].thickness > 2]
    assert heavy == ([key] if key else [])
