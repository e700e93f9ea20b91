"""The Markdown of the user guide as HTML: headings, paragraphs, lists, tables, code, emphasis and links."""

import re
from collections.abc import Callable, Iterator
from html import escape

Link = Callable[[str], str]
"""What a link of a text leads to on the page."""
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^]]+)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")
_EMPHASIS = re.compile(r"\*(\S(?:[^*]*\S)?)\*")
_BLOCK = re.compile(
    r"```(?P<language>\w*)\n(?P<code>.*?)^```$"
    r"|(?P<heading>#{1,6}) (?P<title>[^\n]+)"
    r"|(?P<bullets>(?:- [^\n]+\n?)+)"
    r"|(?P<numbers>(?:\d+\. [^\n]+\n?)+)"
    r"|(?P<table>(?:\|[^\n]+\|\n?)+)"
    r"|(?P<text>(?:[^\n]+\n?)+)",
    re.MULTILINE | re.DOTALL,
)


def to_html(text: str, link: Link) -> str:
    """Return a text as HTML; ``link`` says what its links lead to."""
    return "\n".join(_block(match, link) for match in _BLOCK.finditer(text))


def _block(match: re.Match[str], link: Link) -> str:
    kind, block = match.lastgroup, match[0]
    if kind == "code":
        return f"<pre><code>{escape(match['code'])}</code></pre>"
    if kind == "title":
        level = len(match["heading"])
        return f"<h{level}>{inline(match['title'], link)}</h{level}>"
    if kind in ("bullets", "numbers"):
        element = "ul" if kind == "bullets" else "ol"
        lines = (line.partition(" ")[2] for line in block.splitlines())
        return f"<{element}>{''.join(f'<li>{inline(line, link)}</li>' for line in lines)}</{element}>"
    return _table(block, link) if kind == "table" else f"<p>{inline(' '.join(block.split()), link)}</p>"


def _table(block: str, link: Link) -> str:
    head, _, *rows = [list(_cells(line, link)) for line in block.splitlines()]
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr></thead><tbody>{body}</tbody></table>"


def _cells(line: str, link: Link) -> Iterator[str]:
    return (inline(cell.strip(), link) for cell in line.strip().strip("|").split("|"))


def inline(text: str, link: Link) -> str:
    """Return a line as HTML: escaped, with its **strong**, *emphasised*, `code` and linked parts."""
    pieces = enumerate(_CODE.split(text))
    return "".join(f"<code>{escape(piece)}</code>" if place % 2 else _plain(piece, link) for place, piece in pieces)


def _plain(text: str, link: Link) -> str:
    text = _LINK.sub(lambda match: f'<a href="{escape(link(match[2]))}">{match[1]}</a>', escape(text))
    return _EMPHASIS.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", text))
