"""What the window's actions do with the gradient lab: its table saved, the diagram coloured, an experiment shown."""

from dataclasses import replace

from resnet_explorer.gradients.page import GradientPage
from resnet_explorer.gradients.presets import Preset
from resnet_explorer.gradients.tables import file_name, to_csv, to_json
from resnet_explorer.scenes.scene import State
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.dialogs import Texts, save_text
from resnet_explorer.ui.window import Window


def save_gradients(window: Window, checked: bool) -> None:
    """Save what is shown as a table, once it is measured."""
    page = window.page("gradients")
    assert isinstance(page, GradientPage)
    result = page.shown
    if result is None:
        window.show_page("gradients")
        window.say("The gradients are still being measured. Save them when they are done.")
        return
    kinds: Texts = {"CSV (*.csv)": lambda: to_csv(result), "JSON (*.json)": lambda: to_json(result)}
    save_text(window, f"{file_name(result)}.csv", kinds)


def colour_diagram(window: Window, checked: bool) -> None:
    """Colour the diagram by what the page shows, of the network that it is about; or take the colours away."""
    if not checked:
        window.document.show_overlay("gradients", None)
        return
    page = window.page("gradients")
    assert isinstance(page, GradientPage)
    shown = page.values_shown()
    if shown is None:
        window.actions_by_key["measured"].setChecked(False)
        window.show_page("gradients")
        window.say("No block has been measured yet. Try again when the plot is shown.")
        return
    spec, image, values = shown
    if spec != window.document.state.spec:
        before = title(window.document.state.spec)
        window.say(f"{title(spec)}, which was measured, is shown in place of {before}. Ctrl+Z brings it back.")
    window.document.propose(State(spec, replace(image, batch=1)), f"show {title(spec)}")
    window.document.show_overlay("gradients", values)
    window.show_page("diagram")


def show_experiment(window: Window, preset: Preset) -> None:
    """Show an experiment, as a click in the list does."""
    page = window.page("gradients")
    assert isinstance(page, GradientPage)
    page.choose(preset)
    window.show_page("gradients")
