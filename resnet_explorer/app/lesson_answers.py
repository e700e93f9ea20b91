"""Answers to the questions of a lesson: what was given, what is right, and both as a text to be saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.lessons import questions
from resnet_explorer.lessons.expressions import render
from resnet_explorer.lessons.formats import formatted
from resnet_explorer.lessons.readings import analysis_of
from resnet_explorer.lessons.values import Lesson, Question, QuestionKind
from resnet_explorer.readings.explain import explain
from resnet_explorer.scenes.scene import Scene

RIGHT, WRONG = "✓", "✗"


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered: its text, empty where the answer was only shown, and whether it is right.

    ``right`` holds the options or paths that are right, ``answer`` says the right one, and ``why`` says why it is.
    """

    text: str
    is_right: bool
    right: tuple[str, ...]
    answer: str
    why: str

    @property
    def verdict(self) -> str:
        """Return whether the answer is right, in words."""
        if not self.text:
            return f"The answer: {self.answer}"
        return f"{RIGHT} Right: {self.answer}" if self.is_right else f"{WRONG} {self.text}? The answer: {self.answer}"

    def mark(self, option: str) -> str:
        """Return the sign of an option of a choice: right, chosen and wrong, or empty."""
        return RIGHT if option in self.right else WRONG if option == self.text else ""


def judge(question: Question, text: str, scene: Scene) -> Given:
    """Return what an answer is worth in the scene of its step; an empty one is only told what is right.

    Raises ExplorerError where the text is no answer to the question, such as no number.
    """
    right = questions.answer(question, scene)
    texts = right if isinstance(right, tuple) else (str(right),)
    is_right = bool(text) and questions.check(question, text, scene).right
    answer = questions.answer_text(question, right)
    if question.kind is QuestionKind.CLICK:
        answer = formatted(tuple(_name(path, scene) for path in texts), "or")
        text = _name(text, scene) if text else ""
    return Given(text, is_right, texts, answer, render(question.why, scene))


def _name(path: str, scene: Scene) -> str:
    """Return what the diagram calls a part."""
    return explain(analysis_of(scene), path).title


def answers_text(lesson: Lesson, answers: Mapping[int, Given], prompts: Mapping[int, str]) -> str:
    """Return what was answered in a lesson as a text: each question, the answer, what is right, and why."""
    lines = [lesson.title, ""]
    for place, given in sorted(answers.items()):
        lines.append(f"{place + 1}. {lesson.steps[place].title}")
        lines += [f"   Question: {prompts[place]}"] if prompts[place] else []
        lines.append(f"   My answer: {given.text or 'none'}{' (right)' if given.is_right else ''}")
        lines.append(f"   The answer: {given.answer}")
        lines += [f"   {given.why}"] if given.why else []
        lines.append("")
    return "\n".join(lines)
