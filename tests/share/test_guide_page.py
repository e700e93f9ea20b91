"""The guide as one page: every text is there under its key, links lead somewhere, nothing is loaded, it fits."""

import re
from pathlib import Path

import pytest

from resnet_explorer.share.guide import topics
from resnet_explorer.share.guide_page import guide_page
from resnet_explorer.share.markdown import inline, to_html
from tests.share.browser import PROGRAM, browser
from tests.share.html import read


def test_the_page_holds_every_text_and_its_links_lead_somewhere() -> None:
    page = read(guide_page())
    articles = {article.attributes["id"]: article for article in page.all("article")}
    assert list(articles) == list(topics())
    for key, topic in topics().items():
        assert next(articles[key].all("h2")).text == topic.title
        titles = [heading.text for heading in articles[key].all("h3")]
        prose = re.sub(r"```.*?```", "", topic.text, flags=re.DOTALL)
        assert titles == re.findall(r"^## (.+)$", prose, re.MULTILINE)
        marks = re.compile(r"\]\([^)]*\)|```\w*\n|^\d+\. ", re.MULTILINE)
        written, shown = marks.sub("] ", topic.text), articles[key].text
        assert re.sub(r"\W", "", shown) == re.sub(r"\W", "", written), key
    links = [link.attributes["href"] for link in page.all("a")]
    assert all(link.startswith("https://") or link.removeprefix("#") in articles for link in links)
    contents = [link.attributes["href"] for link in next(page.all("nav")).all("a")]
    assert contents == [f"#{key}" for key in topics()]


def test_it_needs_nothing_else_and_loads_nothing() -> None:
    page = guide_page()
    assert "default-src 'none'" in page and not re.search(r"<(?:img|link|script|iframe)|src=|url\(|@import", page)
    assert page.isascii() or '<meta charset="utf-8">' in page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A `b` & *c*", "<h1>A <code>b</code> &amp; <em>c</em></h1>"),
        ("one\ntwo **three**", "<p>one two <strong>three</strong></p>"),
        ("- a\n- [b](c.md)", '<ul><li>a</li><li><a href="to c.md">b</a></li></ul>'),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("| a | b |\n|---|---|\n| `c` | d |", None),
        ("```python\nx = [1](2)\n\n# **no** title\n```", "<pre><code>x = [1](2)\n\n# **no** title\n</code></pre>"),
        ("`a*b` and *c* <d>", "<p><code>a*b</code> and <em>c</em> &lt;d&gt;</p>"),
        ("**[Diagram](d.md)**: x", '<p><strong><a href="to d.md">Diagram</a></strong>: x</p>'),
    ],
)
def test_markdown_becomes_html(text: str, html: str | None) -> None:
    cells = "<tr><td><code>c</code></td><td>d</td></tr>"
    table = f"<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>{cells}</tbody></table>"
    assert to_html(text, "to {}".format) == (html or table)


def test_a_name_cannot_become_an_element() -> None:
    assert inline('<b onclick="x">`<i>`', str) == "&lt;b onclick=&quot;x&quot;&gt;<code>&lt;i&gt;</code>"


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium or Chrome is installed")
@pytest.mark.xdist_group("browser")
def test_it_fits_a_desk_and_a_phone_in_light_and_dark(tmp_path: Path) -> None:
    file = tmp_path / "guide.html"
    file.write_text(guide_page(), encoding="utf-8")
    colours = set()
    with browser(tmp_path / "profile") as seen:
        for wide, dark in ((1280, False), (1280, True), (360, False)):
            seen.open(file, wide, dark=dark)
            assert seen.value("document.documentElement.scrollWidth <= innerWidth"), wide
            assert seen.logged == [] and seen.requests == [file.as_uri()]
            colours.add(seen.value("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2
