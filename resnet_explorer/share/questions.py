"""Questions as elements: predict, then reveal. Without the page's script the answer opens all the same."""

import json
from html import escape

from resnet_explorer.lessons.values import QuestionKind
from resnet_explorer.share.article import Ask
from resnet_explorer.share.elements import Store, inline


def question(ask: Ask, store: Store, shown: str) -> str:
    """Return a question, its answer closed; ``shown`` are the elements that show why."""
    number = store.number()
    fields = {QuestionKind.CHOICE: _choice, QuestionKind.NUMBER: _number, QuestionKind.CLICK: _click}[ask.kind]
    why = f"<p>{inline(ask.why)}</p>" if ask.why else ""
    right = [repr(ask.value)] if ask.kind is QuestionKind.NUMBER else list(ask.right)
    answers = escape(json.dumps(right, ensure_ascii=False))
    return (
        f'<div class="ask" data-kind="{ask.kind}" data-answers="{answers}" data-within="{ask.within:g}" '
        f'data-unit="{escape(ask.unit)}">'
        f"<form><fieldset><legend>{inline(ask.prompt or 'Predict')}</legend>{fields(ask, number)}</fieldset></form>"
        f'<p class="verdict" role="status"></p>'
        f"<details><summary>Show the answer</summary><p><b>{escape(ask.answer)}</b></p>{why}{shown}</details></div>"
    )


def _choice(ask: Ask, number: int) -> str:
    options = "".join(
        f'<label><input type="radio" name="q{number}" value="{escape(option)}"> {escape(option)}</label>'
        for option in ask.options
    )
    return f'{options}<button type="submit">Check</button>'


def _number(ask: Ask, number: int) -> str:
    unit = escape(ask.unit)
    return (
        f'<label>Your number <input type="text" size="10" autocomplete="off" name="q{number}"> '
        f'{unit}</label><button type="submit">Check</button>'
    )


def _click(ask: Ask, number: int) -> str:
    return "<p>Click the block in the diagram, or go to it by Tab and press Enter.</p>"
