"""The arrow keys, Enter and Esc lead where a person expects."""

from resnet_explorer.diagram.view import View, closed, move, shown_blocks, toggled
from resnet_explorer.network import compile_spec
from resnet_explorer.network.tree import Network
from resnet_explorer.spec.catalogue import find

RESNET18 = compile_spec(find("resnet18"))
RESNET152 = compile_spec(find("resnet152"))


def walk(network: Network, view: View, path: str, *directions: str) -> str:
    for direction in directions:
        path = move(network, view, path, direction)
    return path


def test_right_walks_from_the_stem_to_the_head() -> None:
    seen = [walk(RESNET18, View(), "", "right")]
    while seen[-1] != "head":
        seen.append(move(RESNET18, View(), seen[-1], "right"))
    assert seen == ["stem", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1", "layer4.0",
                    "layer4.1", "head"]  # fmt: skip


def test_left_stops_at_the_stem() -> None:
    assert walk(RESNET18, View(), "layer1.0", "left", "left", "left") == "stem"


def test_a_folded_stage_shows_two_of_its_blocks() -> None:
    inside = [path for path in shown_blocks(RESNET152, View()) if path.startswith("layer3")]
    assert inside == ["layer3.0", "layer3.1"]


def test_down_goes_into_an_open_block_and_right_along_its_layers() -> None:
    view = View(frozenset({"layer2.0"}))
    assert walk(RESNET18, view, "layer2.0", "down") == "layer2.0.conv1"
    assert walk(RESNET18, view, "layer2.0", "down", "right", "right") == "layer2.0.relu1"
    assert walk(RESNET18, view, "layer2.0.conv1", "up") == "layer2.0"


def test_the_identity_shortcut_is_a_stop_between_branch_and_addition() -> None:
    view = View(frozenset({"layer1.0"}))
    assert move(RESNET18, view, "layer1.0.bn2", "right") == "layer1.0.shortcut"
    assert move(RESNET18, view, "layer1.0.shortcut", "right") == "layer1.0.add"


def test_down_stays_on_a_closed_block() -> None:
    assert move(RESNET18, View(), "layer2.0", "down") == "layer2.0"


def test_enter_opens_a_block_and_esc_closes_it_from_the_inside_out() -> None:
    view = toggled(RESNET18, View(), "layer2.0")
    assert view.expanded == {"layer2.0"}
    assert closed(RESNET18, view, "layer2.0.conv1") == (view, "layer2.0")
    assert closed(RESNET18, view, "layer2.0") == (View(), "layer2.0")
    assert closed(RESNET18, View(), "layer2.0") == (View(), "layer2")
    assert closed(RESNET18, View(), "layer2") == (View(), "")


def test_enter_unfolds_a_long_stage_and_nothing_else() -> None:
    assert toggled(RESNET152, View(), "layer3").unfolded == {"layer3"}
    assert toggled(RESNET152, View(), "layer1") == View()
