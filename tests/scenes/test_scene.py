"""What is shown is a value: going to a scene and reading it back gives the same one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from resnet_explorer import features
from resnet_explorer.app.app import build
from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine.requests import Device, FindDevices
from resnet_explorer.errors import ExplorerError
from resnet_explorer.scenes.change import changed
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State, decode, encode, first_part
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.ui.document import Document
from tests import pages
from tests.geometry.desk import DeskJobs
from tests.scenes.values import PARTS, scenes

MANY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
KEYS = [page.key for page in features.pages()]


@contextmanager
def opened(app: QApplication) -> Iterator[MainWindow]:
    """A window on ResNet-18; its jobs go on only when they are told to."""
    window = build(app)
    window.__dict__["jobs"] = DeskJobs()
    window.resize(1280, 800)
    window.show()
    window.build_panels()
    window.set_reduced_motion()
    app.processEvents()
    yield window
    window.end()
    delete(window)


@pytest.fixture(scope="module")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window for all scenes, its pages built as they are first looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_EXPLORER_CONFIG", str(tmp_path_factory.mktemp("config")))
        with opened(qapp) as window:
            yield window


@pytest.fixture
def fresh(qapp: QApplication) -> Iterator[MainWindow]:
    """A window with no page built."""
    with opened(qapp) as window:
        yield window


def answer(window: MainWindow) -> None:
    """Let every job that was asked for come to its result."""
    jobs = window.jobs
    assert isinstance(jobs, DeskJobs)
    jobs.finish()


@MANY
@given(scenes())
def test_going_to_a_scene_and_reading_it_gives_the_same(shared: MainWindow, scene: Scene) -> None:
    shared.go_to(scene)
    assert shared.scene() == scene


@MANY
@given(scenes())
def test_a_scene_comes_back_equal_from_its_json(scene: Scene) -> None:
    assert decode(encode(scene)) == scene


@given(st.fixed_dictionaries(PARTS))
@settings(deadline=None, max_examples=1, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_that_are_not_built_keep_what_they_shall_show(fresh: MainWindow, parts: dict[str, object]) -> None:
    scene = fresh.scene()
    for key, part in parts.items():
        scene = scene.with_part(key, part)
    fresh.go_to(scene)
    assert fresh.scene() == scene
    for key in KEYS:
        fresh.show_page(key)
        assert fresh.scene().part(key) == scene.part(key), key
    fresh.show_page(DIAGRAM)
    assert fresh.scene().parts == scene.parts


def test_a_part_s_defaults_are_what_a_page_shows_at_first(fresh: MainWindow) -> None:
    for key in KEYS:
        assert fresh.page(key).part() == first_part(key), f"{key}, built"
        fresh.show_page(key)
        assert fresh.page(key).part() == first_part(key), f"{key}, looked at"
    assert fresh.scene().parts == {}


def test_what_is_there_later_is_shown_then(shared: MainWindow) -> None:
    """A graph half played, and a training at a step: the jobs are answered after the scene is shown."""
    first = Scene(State(find("resnet18"), InputShape()))
    shared.go_to(first)
    graph = changed(first, {"network": "resnet34", "page": "graph", "step": 30, "clusters": ["layer2.0", "loss"]})
    shared.go_to(graph)
    page = pages.graph(shared)
    assert shared.scene() == graph, "the graph is read at once"
    answer(shared)
    assert shared.scene() == graph
    assert page.steps.slider.value() == 30 and page.steps.text.text().startswith("30 of")
    assert page.canvas.view.blocks == {"layer2.0", "loss"}

    measured = changed(graph, {"page": "gradients", "conditions": {"when": "during training", "network": 20}})
    measured = changed(measured, {"step": 12, "quantity": "measured-update", "view": "heat map"})
    shared.go_to(measured)
    assert shared.scene() == measured
    answer(shared)
    bar = pages.gradients(shared).pictures.bar
    assert shared.scene() == measured and bar.step is not None and bar.step.number <= 12
    assert pages.gradients(shared).quantity.currentData() == "measured-update"

    shared.go_to(first)
    shared.go_to(graph)
    answer(shared)
    assert shared.scene() == graph and page.steps.slider.value() == 30


def test_a_replay_is_shown_again_in_the_middle(shared: MainWindow) -> None:
    page = pages.training(shared)
    shared.go_to(Scene(State(find("resnet18"), InputShape()), page="training"))
    page.setup.choose(page.setup.presets._experiments["vanishing"])  # type: ignore[arg-type]  # a preset
    page.replay.go(page.replay.length / 3)
    page.table.select_run("resnet-20")
    page.table.hide_rows({0})
    middle = shared.scene()
    steps = [len(run.metrics) for run in page.runs]
    assert middle.part("training").replay == 0.3333 and middle.part("training").run == "resnet-20"
    shared.go_to(Scene(middle.state))
    assert page.setup.preset and page.setup.preset.key == "degradation" and shared.shown_page() is None
    shared.go_to(middle)
    answer(shared)
    assert shared.scene() == middle and shared.shown_page() is page
    assert [len(run.metrics) for run in page.runs] == pytest.approx(steps, abs=1)
    assert page.table.hidden == {0} and page.table.place == 2


def test_the_diagram_is_coloured_where_a_scene_says_so(shared: MainWindow) -> None:
    """The page is not looked at: its recording gives the values, and another network takes them away."""
    plain = Scene(State(find("resnet56"), InputShape(1, 32, 32)))
    coloured = changed(changed(plain, {"page": "gradients", "colours": True}), {"page": DIAGRAM})
    shared.go_to(coloured)
    assert shared.scene() == coloured and shared.document.measured is not None
    shared.go_to(plain)
    assert shared.scene() == plain and shared.document.measured is None
    shared.go_to(coloured)
    shared.document.propose(State(find("resnet20"), InputShape(1, 32, 32)), "choose ResNet-20")
    assert shared.scene().parts == {} and shared.document.measured is None


def test_going_to_a_scene_is_one_step_to_undo(shared: MainWindow) -> None:
    document, stack = shared.document, shared.document.undo_stack
    stack.clear()
    shared.go_to(Scene(State(find("resnet18"), InputShape())))
    document.propose(State(find("resnet34"), InputShape()), "choose ResNet-34")
    before = shared.scene()
    after = changed(before, {"network": "resnet50", "page": "training", "replay": 0.5, "select": "layer1.0"})
    shared.go_to(after, "go to the lesson")
    assert (stack.count(), stack.undoText()) == (2, "go to the lesson")
    shared.go_to(after, "go to the lesson")
    assert stack.count() == 2, "nothing else is shown"
    for side in (100, 101, 102):
        document.propose(State(find("resnet50"), InputShape(1, side, side)), "size", gesture=3)
    assert stack.count() == 3

    history = document.history
    assert [state.spec.name for state in history.states] == ["resnet18", "resnet34", "resnet50", "resnet50"]
    other = Document(document.state)
    other.restore(history)
    assert other.history == history

    stack.undo()
    assert shared.scene() == after
    stack.undo()
    assert shared.scene() == before
    assert (document.history.place, document.history.states[1]) == (1, before.state)
    stack.redo()
    assert shared.scene() == after


def test_steps_before_a_way_without_a_step_are_kept_no_longer_than_the_window(shared: MainWindow) -> None:
    document, stack = shared.document, shared.document.undo_stack
    stack.clear()
    shared.go_to(Scene(State(find("resnet18"), InputShape())))
    document.propose(State(find("resnet34"), InputShape()), "choose ResNet-34")
    shared.go_to(Scene(State(find("resnet50"), InputShape())))
    document.propose(State(find("resnet101"), InputShape()), "choose ResNet-101")
    assert document.history.labels == ("choose ResNet-101",)
    stack.undo()
    assert (document.state.spec.name, document.history.place) == ("resnet50", 0)
    stack.undo()
    assert document.state.spec.name == "resnet18"


def test_a_step_that_shows_another_page_alone_is_none_of_the_network(shared: MainWindow) -> None:
    stack = shared.document.undo_stack
    stack.clear()
    before = shared.scene()
    page = "timing" if before.page != "timing" else DIAGRAM
    shared.go_to(changed(before, {"page": page}), "go to the page")
    assert stack.count() == 1 and shared.document.history.labels == ()
    stack.undo()
    assert shared.scene() == before


def test_a_device_that_this_machine_lacks_gives_way_to_the_cpu(shared: MainWindow) -> None:
    """Before PyTorch has said which devices there are a scene's own is kept."""
    box, scene = shared.build.device, replace(shared.scene(), device="cuda:0")
    shared.go_to(scene)
    assert shared.scene() == scene
    box._on_found(FindDevices(), (Device("cpu", "CPU"), Device("cuda:0", "GPU")))
    assert (shared.document.device, box.currentData()) == ("cuda:0", "cuda:0")
    shared.go_to(replace(scene, device="cuda:1"))
    assert (shared.document.device, box.currentData()) == ("cpu", "cpu")
    shared.go_to(scene)
    assert shared.scene() == scene and box.currentData() == "cuda:0"
    shared.go_to(replace(scene, device="cpu"))


def test_a_network_that_cannot_take_its_input_changes_nothing(shared: MainWindow) -> None:
    before = shared.scene()
    impossible = Scene(State(find("resnetblur50"), InputShape(1, 3, 3)))
    with pytest.raises(ExplorerError):
        shared.go_to(impossible, "go to the lesson")
    assert shared.scene() == before
