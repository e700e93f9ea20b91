"""What the labs add to the app, as rows: pages with their actions, commands, and readings for lessons.

Each lab has one ``FEATURE`` in its module ``feature``; importing it imports neither Qt nor PyTorch. The window and the
command line ask ``features`` and know no lab by name. Jobs are rows too: ``engine.jobs.job`` stands at each request.
"""

from importlib import import_module
from typing import Any

from resnet_explorer.dataclass import dataclass

LABS = (
    "resnet_explorer.journey.feature",
    "resnet_explorer.autograd.feature",
    "resnet_explorer.timing.feature",
    "resnet_explorer.gradients.feature",
    "resnet_explorer.training.feature",
    "resnet_explorer.finetuning.feature",
)
"""Where the features are, in the order of their pages."""


def resolve(reference: str) -> Any:
    """Return what ``module:name`` refers to, imported now."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


@dataclass(frozen=True, slots=True)
class Action:
    """An action by its key: its menu, text, shortcut and tip; ``group`` is the radio group of a checkable one.

    ``run`` is ``module:function``, which takes the window and whether the action is checked; without it the action
    shows the page of its key.
    """

    key: str
    menu: str
    text: str
    shortcut: str
    tip: str
    checkable: bool = False
    group: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A tab: its title, the sentence that explains it, and ``module:class`` of its widget.

    The widget takes the document and the jobs. ``action`` shows it. ``stage`` is ``module:name`` of what makes its
    presentation on the whole screen from the window and the page. ``part`` is ``module:class`` of what a scene holds of
    it: a frozen dataclass of JSON's values, enumerations and such dataclasses, which imports no Qt and no PyTorch. Its
    defaults are what the page shows when it is first looked at, and its fields are the keys by which lessons name them:
    none may be one of ``scenes.change.KEYS``. It may have two properties: ``on_diagram`` is true where something of it
    lies over the diagram, so that the page is built though it is not looked at; ``files`` are the user's files that it
    names, which nobody else's scene may. ``charts`` is ``module:function`` that takes a scene and returns the charts,
    drawings and texts of what the page shows of recorded results.
    """

    key: str
    title: str
    tip: str
    widget: str
    action: Action
    stage: str = "resnet_explorer.ui.slide:PictureShow"
    part: str = ""
    charts: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: ``module:function`` of what adds its parser, and of what runs it and returns the exit status."""

    name: str
    options: str
    run: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that a lesson may name: ``module:function``, which takes the scene and the arguments.

    It returns a number, a string, a truth or a tuple of strings, and raises ExplorerError where there is no such value.
    Its signature with its types is what a lesson is checked against. ``sentence`` says what it gives, ``example`` how
    it is written. ``of_network`` says that the value is one of the scene's network, so that a lesson may ask for that
    of another one.
    """

    name: str
    function: str
    sentence: str
    example: str
    of_network: bool = False


@dataclass(frozen=True, slots=True)
class Cache:
    """What a lab keeps on disk to save work: a title, and a sentence on what it is and what clearing it costs.

    The others are ``module:function``: ``size`` returns the bytes that it takes, ``clear`` deletes all of it,
    ``budget`` returns the most bytes that it may take, and ``choose_budget`` takes another number of them.
    """

    title: str
    tip: str
    size: str
    clear: str
    budget: str
    choose_budget: str


@dataclass(frozen=True, slots=True)
class Feature:
    """What a lab adds; ``entries`` are ``module:function`` of what the palette finds, which take the window."""

    pages: tuple[Page, ...] = ()
    actions: tuple[Action, ...] = ()
    commands: tuple[Command, ...] = ()
    entries: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    caches: tuple[Cache, ...] = ()


def features() -> tuple[Feature, ...]:
    """Return the features of all labs."""
    return tuple(resolve(f"{module}:FEATURE") for module in LABS)


def pages() -> tuple[Page, ...]:
    """Return the pages of all labs, in the order of their tabs."""
    return tuple(page for feature in features() for page in feature.pages)


def actions() -> tuple[Action, ...]:
    """Return the actions of all labs: those that show pages, then the others."""
    shows = tuple(page.action for page in pages())
    return (*shows, *(action for feature in features() for action in feature.actions))


def commands() -> tuple[Command, ...]:
    """Return the subcommands of all labs."""
    return tuple(command for feature in features() for command in feature.commands)


def entries() -> tuple[str, ...]:
    """Return ``module:function`` of what the palette finds of each lab."""
    return tuple(reference for feature in features() for reference in feature.entries)


def caches() -> tuple[Cache, ...]:
    """Return what the labs keep on disk to save work."""
    return tuple(cache for feature in features() for cache in feature.caches)


def readings() -> tuple[Reading, ...]:
    """Return what all labs let lessons read."""
    return tuple(reading for feature in features() for reading in feature.readings)
