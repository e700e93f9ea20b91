"""The user guide as one HTML file that needs nothing else: all texts under a table of contents."""

from html import escape

from resnet_explorer import __version__
from resnet_explorer.share import markdown
from resnet_explorer.share.guide import Topic, topics
from resnet_explorer.share.stylesheet import digest, themed

TITLE = "ResNet Explorer: user guide"


def guide_page() -> str:
    """Return the text of the page."""
    style = themed("guide.css")
    policy = f"default-src 'none'; style-src '{digest(style)}'; base-uri 'none'; form-action 'none'"
    contents = "".join(f'<li><a href="#{topic.key}">{escape(topic.title)}</a></li>' for topic in topics().values())
    articles = "\n".join(map(_article, topics().values()))
    about = f"Version {escape(__version__)}. The same texts open in the app with F1."
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="generator" content="ResNet Explorer">\n'
        f"<title>{TITLE}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header><h1>{TITLE}</h1><p>{about}</p></header>\n"
        f'<nav aria-label="Contents"><ol>{contents}</ol></nav>\n<main>\n{articles}\n</main>\n</body>\n</html>\n'
    )


def _article(topic: Topic) -> str:
    lower = markdown.to_html(topic.text.replace("\n## ", "\n### ").replace("# ", "## ", 1), _target)
    return f'<article id="{topic.key}">\n{lower}\n</article>'


def _target(link: str) -> str:
    return link if link.startswith("https://") else f"#{link.removesuffix('.md')}"
