"""An article as one HTML file that needs nothing else: no network, no font, no framework.

It can be read without its script: closed blocks, charts, formulas and tables stand as they are, and an answer opens. A
content security policy lets nothing load, and nothing run but the page's own script, whatever a name or a text holds.
"""

from html import escape

from resnet_explorer import assets
from resnet_explorer.share.article import Article, Ask, Diagram, Drawing, Figure, Formula, Layers, Part, Section, Text
from resnet_explorer.share.blocks import diagram
from resnet_explorer.share.elements import Store, inline
from resnet_explorer.share.figures import drawing, figure
from resnet_explorer.share.layers import layers
from resnet_explorer.share.questions import question
from resnet_explorer.share.stylesheet import digest, themed


def to_html(article: Article) -> str:
    """Return the text of the page."""
    style, script = themed("page.css"), assets.path("share", "page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    store = Store()
    body = _body(article, store)
    title = escape(article.title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="generator" content="ResNet Explorer">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<main>\n{body}\n</main>\n<p id="said" class="unseen" role="status"></p>\n{store.definitions()}\n'
        f'<script type="application/json" id="data">{store.script_data()}</script>\n<script>{script}</script>\n'
        "</body>\n</html>\n"
    )


def _body(article: Article, store: Store) -> str:
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in article.facts)
    lead = f'<p class="lead">{escape(article.lead)}</p>' if article.lead else ""
    steps = "".join(
        _section(section, store, f"step{number}", f'<span class="number">{number}</span> ')
        for number, section in enumerate(article.steps, start=1)
    )
    end = "".join(_section(section, store, f"part{number}") for number, section in enumerate(article.end, start=1))
    return (
        f"<header><h1>{escape(article.title)}</h1>{lead}"
        f'<ul class="facts">{facts}</ul></header>{_contents(article)}{steps}{end}'
    )


def _contents(article: Article) -> str:
    links = [f'<li><a href="#step{n}">{escape(step.title)}</a></li>' for n, step in enumerate(article.steps, start=1)]
    return f'<nav aria-label="Steps"><ol>{"".join(links)}</ol></nav>' if links else ""


def _section(section: Section, store: Store, name: str, number: str = "") -> str:
    parts = "".join(element(part, store) for part in section.parts)
    return f'<section id="{name}"><h2>{number}{escape(section.title)}</h2>{parts}</section>'


def element(part: Part, store: Store) -> str:
    """Return what shows a part of an article."""
    match part:
        case Text():
            return f'<p class="quiet">{inline(part.text)}</p>' if part.quiet else f"<p>{inline(part.text)}</p>"
        case Formula():
            return f'<div class="formulas large">{store.formula(part.key)}</div>'
        case Diagram():
            return diagram(part, store)
        case Figure():
            return figure(part.chart, store)
        case Drawing():
            return drawing(part)
        case Layers():
            return layers(part.analysis, store)
        case Ask():
            return question(part, store, "".join(element(shown, store) for shown in part.shown))
