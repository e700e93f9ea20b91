"""Random scenes: networks of the catalogue, what is open of them, and what every lab shows."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from resnet_explorer.autograd.part import GraphPart
from resnet_explorer.diagram.view import View, foldable
from resnet_explorer.finetuning.choices import MNIST_WEIGHTS, NO_WEIGHTS, BnMode, Strategy, TuneData, TuneKind
from resnet_explorer.finetuning.part import TuningPart, TuningView
from resnet_explorer.finetuning.recorded import first_plan
from resnet_explorer.gradients.part import BESIDE, DEPTHS, WINDOW, Conditions, DescentView, GradientPart, Scaling, When
from resnet_explorer.gradients.presets import PRESETS as EXPERIMENTS
from resnet_explorer.images.choice import DataChoice, DataKind
from resnet_explorer.insight.part import Inside, InsidePart
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.readings.quantities import Loss, Mode, Precision, Quantity
from resnet_explorer.runs.recipe import Optimiser, Recipe
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.timing.part import REPEATS, TimingPart
from resnet_explorer.training.part import CURVES, MAX_SEED, Across, OwnNetwork, OwnSetup, TrainingPart, TrainingView
from resnet_explorer.training.presets import PRESETS as TRAININGS

NETWORKS = ("resnet18", "resnet50", "resnet101", "resnet20", "plain20", "seresnet50")
DRAWERS = {
    DIAGRAM: ("Build", "Inspector", "Layers", "Code"),
    "gradients": ("Conditions", "Experiments", "Reading this plot"),
    "timing": ("Layers and blocks",),
    "graph": (),
    "tuning": ("Steps", "Groups", "Runs", "Reading this plot", "Test images"),
    "training": ("Runs", "Experiment and recipe", "Reading this plot", "Test images", "Saved runs"),
}
"""The drawers of each page by their titles."""


def some(paths: Any) -> st.SearchStrategy[frozenset[str]]:
    """Return sets of some paths."""
    return st.frozensets(st.sampled_from(sorted(paths)), max_size=4) if paths else st.just(frozenset())


def views(network: Network) -> st.SearchStrategy[View]:
    """Return what may be open of a network."""
    stages = {stage.path for stage in network.stages if foldable(stage)}
    blocks = {block.path for block in network.blocks}
    return st.builds(View, some(blocks), some(stages), st.booleans(), st.booleans())


images = st.sampled_from([DataChoice(kind) for kind in (DataKind.DIGITS, DataKind.MNIST, DataKind.NOISE)])
shares = st.integers(0, 40).map(lambda place: place / 40)
conditions = st.builds(
    Conditions,
    st.sampled_from((WINDOW, *DEPTHS[:4])),
    st.sampled_from((WINDOW, *BESIDE[:2])),
    st.sampled_from(When),
    st.integers(1, 5000),
    st.integers(1, 1000),
    st.sampled_from((0.001, 0.1, 3.0)),
    st.sampled_from(("", "batch", "none")),
    st.sampled_from(("", "he-fan-in", "xavier")),
    st.sampled_from(("", "relu")),
    st.sampled_from(Scaling),
    st.booleans(),
    st.sampled_from(Mode),
    images,
    st.integers(1, 4096),
    st.integers(1, 1024),
    st.sampled_from(Loss),
    st.integers(1, 100),
    st.sampled_from(Precision),
)
gradient_parts = st.builds(
    GradientPart,
    st.sampled_from(("", *EXPERIMENTS)),
    st.sampled_from((None, *Quantity)),
    st.integers(-1, 300),
    st.sampled_from(DescentView),
    st.booleans(),
    st.just(Conditions()) | conditions,
)
inside = st.builds(
    InsidePart, st.sampled_from(Inside), st.sampled_from(("", "conv1", "layer1.0.conv1", "layer2")), st.integers(0, 300)
)
CURVE_PARTS: dict[str, st.SearchStrategy[Any]] = {
    "replay": shares,
    "live": st.booleans(),
    "show": st.lists(st.sampled_from(("plain-20", "resnet-56", "from MNIST", "nobody")), unique=True).map(tuple),
    "run": st.sampled_from(("", "plain-56", "from scratch", "nobody")),
    "curve": st.sampled_from(CURVES),
    "second": st.sampled_from(("", *CURVES)),
    "across": st.sampled_from(Across),
    "log": st.booleans(),
    "smoothing": st.integers(0, 99).map(lambda part: part / 100),
    "inside": inside,
}
own_setups = st.builds(
    OwnSetup,
    st.lists(st.sampled_from(NETWORKS), min_size=1, unique=True).map(
        lambda names: tuple(OwnNetwork(f"my {name}", find(name)) for name in names)
    ),
    st.builds(Recipe, st.integers(0, 900), st.integers(1, 99), st.sampled_from(Optimiser)),
    st.integers(1, 64),
    st.sampled_from((None, find("resnet20"))),
)
training_parts = st.builds(
    TrainingPart,
    **CURVE_PARTS,
    preset=st.sampled_from(tuple(TRAININGS)),
    view=st.sampled_from(TrainingView),
    saved=st.just(()) | st.just(("degradation/5 plain-20-seed-1", "init/1 He")),
    seed=st.integers(0, MAX_SEED),
    images=images,
) | st.builds(TrainingPart, **CURVE_PARTS, preset=st.just(""), own=own_setups, images=images)
mnist = compile_spec(first_plan().spec)
plans = st.builds(
    replace,
    st.just(first_plan()),
    strategy=st.sampled_from((Strategy.A, Strategy.C, Strategy.PROBE, Strategy.FULL)),
    frozen=some({"conv1", "layer1", "layer2.0", "layer3.2.conv1"}),
    epochs=st.integers(5, 20),
    bn=st.sampled_from(BnMode),
    seed=st.integers(0, 9),
    data=st.sampled_from((TuneData(TuneKind.DIGITS), TuneData(TuneKind.MNIST, per_class=3))),
    weights=st.sampled_from((MNIST_WEIGHTS, NO_WEIGHTS)),
    dropout=st.sampled_from((0.0, 0.5)),
) | st.builds(replace, st.just(first_plan()), spec=st.sampled_from([find(name) for name in NETWORKS[:3]]))
tuning_parts = st.builds(
    TuningPart,
    **CURVE_PARTS,
    view=st.sampled_from(TuningView),
    epoch=st.integers(1, 5),
    plan=plans,
    diagram=views(mnist),
)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "gradients": gradient_parts,
    "timing": st.builds(TimingPart, st.sampled_from(REPEATS)),
    "training": training_parts,
    "tuning": tuning_parts,
    "graph": st.builds(
        GraphPart,
        st.integers(0, 100),  # every graph of NETWORKS has more operations
        some(("input", "stem", "layer1.0", "layer2.0", "layer3.1", "head", "loss")),
        some(("layer1", "layer2", "layer3")),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
}


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Return random scenes."""
    spec = find(draw(st.sampled_from(NETWORKS)))
    network = compile_spec(spec)
    image = draw(st.builds(InputShape, st.integers(1, 4), st.sampled_from((32, 64, 224)), st.sampled_from((32, 224))))
    paths = [path for block in network.blocks for path in (block.path, *block.layer_paths)]
    page = draw(st.sampled_from(tuple(DRAWERS)))
    drawers = draw(st.dictionaries(st.sampled_from(DRAWERS[page]), st.booleans())) if DRAWERS[page] else {}
    selection = draw(st.sampled_from(("", *paths)))
    scene = Scene(State(spec, image), draw(views(network)), selection, "cpu", page, drawers)
    for key in draw(st.lists(st.sampled_from(sorted(PARTS)), unique=True)):
        scene = scene.with_part(key, draw(PARTS[key]))
    return scene
