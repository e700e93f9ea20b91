"""A lesson to take home, with a question of every kind."""

from pathlib import Path

from resnet_explorer.lessons.course import load
from resnet_explorer.share.article import Article
from resnet_explorer.share.lesson import lesson_article

FILE = Path(__file__).with_name("lesson.md")


def article() -> Article:
    """Return the lesson as an article."""
    return lesson_article(load(FILE))
