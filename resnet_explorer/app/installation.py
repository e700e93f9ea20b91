"""PyTorch where it is missing: the bootstrap that opened the app installs it while the window is used."""

from functools import partial

from resnet_explorer.app.main_window import MainWindow
from resnet_explorer.engine import pytorch
from resnet_explorer.engine.requests import InstallPytorch

LABEL = "Install PyTorch"
BEGUN = "PyTorch is being installed; all that is read off the network works meanwhile."


def begin(window: MainWindow) -> bool:
    """Offer to install PyTorch, which is missing; return whether that has begun, by the bootstrap."""
    action = window.actions_by_key["install-pytorch"]
    action.setVisible(True)
    window.jobs.installed.connect(partial(action.setVisible, False))
    window.jobs.installed.connect(partial(window.open_beside, window.jobs_drawer, False))
    window.jobs.installed.connect(window.wake_engine)
    if pytorch.bootstrap():
        install(window)
    return bool(pytorch.bootstrap())


def install(window: MainWindow, checked: bool = False) -> None:
    """Install PyTorch as a job, which Jobs shows; or say how that is done where the app cannot."""
    if not pytorch.bootstrap():
        window.say(str(window.jobs.absent))
        return
    window.open_beside(window.jobs_drawer, True)
    if not any(isinstance(state.job, InstallPytorch) and not state.is_over for state in window.jobs.states):
        window.say(BEGUN)
        window.jobs.submit(InstallPytorch(pytorch.bootstrap()), LABEL, lambda job, result: None)
