"""A scene as an article: its network's diagram, what each block costs, what its page shows, and all layers."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate

from resnet_explorer import features
from resnet_explorer.diagram.diagram import difference, twins
from resnet_explorer.diagram.nodes import changes
from resnet_explorer.network import Block, Network, Stage, compile_spec
from resnet_explorer.picture.chart import RESIDUAL, Axis, Chart, Kind, Point, Series, Span
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.read import depth
from resnet_explorer.readings.results import Sums
from resnet_explorer.readings.text import si
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State
from resnet_explorer.share.article import Article, Diagram, Drawing, Figure, Layers, Part, Section, Text
from resnet_explorer.spec.catalogue import entry_of, title


def analysis_of(scene: Scene) -> Analysis:
    """Return what is read of a scene's network at its input; equal scenes share it."""
    return _analysis(scene.state)


@lru_cache(maxsize=32)
def _analysis(state: State) -> Analysis:
    return analyse(compile_spec(state.spec), state.image)


def scene_article(scene: Scene) -> Article:
    """Return what is taken home of a scene; raises ExplorerError where its network cannot take its input."""
    analysis = analysis_of(scene)
    network = analysis.network
    entry = entry_of(network.spec)
    lead = f"{entry.family.title}, {entry.family.year}. {entry.family.source}" if entry else ""
    sections = [Section("Diagram", diagrams(scene, analysis))]
    if page := page_parts(scene):
        sections.append(Section(page_title(scene), page))
    sections.append(Section("What each block costs", tuple(map(Figure, cost_charts(analysis)))))
    sections.append(Section("Layers", (Layers(analysis),)))
    return Article(title(network.spec), lead, facts(analysis), end=tuple(sections))


def facts(analysis: Analysis) -> tuple[str, ...]:
    """Return a network's figures, each with its unit."""
    total = analysis.total
    return (
        f"input {' × '.join(map(str, total.input))}",
        f"{total.params:,} parameters",
        f"{total.macs:,} MACs ({si(total.macs).strip()}; 1 MAC = 2 FLOPs)",
        f"{depth(analysis.network).weight_layers:,} weight layers",
    )


def diagrams(scene: Scene, analysis: Analysis) -> tuple[Part, ...]:
    """Return the diagram of a scene; with its plain twin and what differs where the scene compares them."""
    view = scene.view
    if view.compare:
        residual, plain = (analyse(compile_spec(spec), analysis.input) for spec in twins(analysis.network.spec))
        return (
            Diagram(residual, view, scene.selection, title(residual.network.spec)),
            Diagram(plain, view, "", title(plain.network.spec), residual, difference(residual, plain)),
        )
    marked = changes(analysis.network) if view.changes else None
    texts = (Text(". ".join(marked.text)),) if marked else ()
    return (*texts, Diagram(analysis, view, scene.selection))


def page_parts(scene: Scene) -> tuple[Part, ...]:
    """Return what the scene's page shows of recorded results; nothing for the diagram, or where none is recorded."""
    row = next((row for row in features.pages() if row.key == scene.page), None)
    if scene.page == DIAGRAM or row is None or not row.charts:
        return ()
    make: Callable[[Scene], tuple[Chart | Drawing | Text, ...]] = features.resolve(row.charts)
    return tuple(Figure(part) if isinstance(part, Chart) else part for part in make(scene))


def page_title(scene: Scene) -> str:
    """Return the title of the page that a scene shows."""
    return next((row.title for row in features.pages() if row.key == scene.page), "Block diagram")


def cost_charts(analysis: Analysis) -> tuple[Chart, ...]:
    """Return the parameters and the MACs of each block as bars, from the input to the output."""
    return (
        _cost_chart(analysis, "parameters", "Parameters of each block", lambda sums: sums.params),
        _cost_chart(analysis, "MACs", "Multiply-accumulates of each block", lambda sums: sums.macs),
    )


def _cost_chart(analysis: Analysis, unit: str, heading: str, cost: Callable[[Sums], int]) -> Chart:
    network, blocks = analysis.network, analysis.network.blocks
    points = [Point(block.path, _name(network, block)) for block in blocks]
    values = [float(cost(analysis.sums[block.path])) for block in blocks]
    places = [float(place) for place in range(len(blocks))]
    ticks = tuple((place, "" if block.number else block.path) for place, block in zip(places, blocks, strict=True))
    return Chart(
        heading,
        Axis("block, from the input (left) to the output (right)", ticks=ticks),
        Axis(unit),
        (Series(unit, unit, places, values, RESIDUAL, Kind.BARS, points=points),),
        subtitle=f"{title(network.spec)}: {cost(analysis.total):,} {unit}",
        spans=_spans(network.stages),
        key=unit,
    )


def _name(network: Network, block: Block) -> str:
    stage: Stage | None = network.stage_at(block.path)
    return f"{stage.title}, block {block.number}" if stage else block.path.capitalize()


def _spans(stages: Sequence[Stage]) -> tuple[Span, ...]:
    ends = accumulate((len(stage.blocks) for stage in stages), initial=1)
    return tuple(
        Span(start - 0.5, start + len(stage.blocks) - 0.5, stage.title, stage.path)
        for start, stage in zip(ends, stages, strict=False)
    )
