"""No file of the package imports itself by way of others: at the top, in a function, or for its types alone."""

from collections.abc import Mapping, Sequence, Set
from graphlib import CycleError, TopologicalSorter

import grimp


def circle(imports: Mapping[str, Set[str]]) -> Sequence[str]:
    """Return files of which each imports the next, and the last is the first; empty where there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return ()


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("resnet_explorer", cache_dir=None)
    found = circle({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})
    assert not found, " imports ".join(found)


def test_a_circle_is_told_in_the_order_of_its_imports() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) in [[*"abca"], [*"bcab"], [*"cabc"]]
