"""Random sessions for property tests."""

from dataclasses import replace

from hypothesis import strategies as st

from resnet_explorer import features
from resnet_explorer.diagram.view import View
from resnet_explorer.scenes.scene import DIAGRAM, State
from resnet_explorer.scenes.session import MOST_NARROW, MOST_WIDE, History, SavedResult, SavedSession
from tests.scenes.values import scenes
from tests.specs import readable

PAGES = (DIAGRAM, *(page.key for page in features.pages()))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
TITLES = st.sampled_from(["Layers", "Code", "Runs", "Überblick"])
NUMBERS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    NUMBERS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=9
)
FOLDERS = st.lists(st.text("abcxyz0189-_ ü", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=3).map(
    "/".join
)


@st.composite
def states(draw: st.DrawFn) -> State:
    """Return a network with an input that it takes."""
    return State(*draw(readable()))


@st.composite
def sessions(draw: st.DrawFn) -> SavedSession:
    """Return a session with steps to undo, results and runs of any page."""
    steps = draw(st.lists(states(), max_size=3))
    scene = draw(scenes())
    if draw(st.booleans()):
        scene = replace(scene, state=draw(states()), view=View(), selection="")
    state = scene.state
    place = draw(st.integers(0, len(steps)))
    history = History((*steps[:place], state, *steps[place:]), tuple(draw(TEXTS) for _ in steps), place)
    layout = st.dictionaries(
        TITLES, st.tuples(st.sampled_from(["auto", "open", "closed"]), st.integers(MOST_NARROW, MOST_WIDE)), max_size=3
    )
    results = st.builds(SavedResult, st.sampled_from(PAGES), st.dictionaries(TEXTS, JSON, max_size=3))
    return SavedSession(
        scene,
        draw(st.dictionaries(st.sampled_from(PAGES), layout, max_size=3)),
        history,
        tuple(draw(st.lists(results, max_size=12))),
        draw(st.dictionaries(st.sampled_from(PAGES), st.lists(FOLDERS, max_size=3).map(tuple), max_size=3)),
        draw(TEXTS),
    )
