"""The course that comes with the app covers every topic, and its first four lessons are short."""

from resnet_explorer.lessons import course
from resnet_explorer.lessons.topics import TITLES


def test_every_topic_is_covered() -> None:
    listed = course.lessons()
    covered = {topic for entry in listed if entry.lesson for topic in entry.lesson.topics}
    assert 12 <= len(listed) <= 15 and all(entry.lesson for entry in listed)
    assert covered == set(range(1, 38))


def test_the_lessons_that_every_teacher_needs_come_first_and_take_five_minutes() -> None:
    first = [entry.lesson for entry in course.lessons()[:4]]
    assert [lesson.title for lesson in first if lesson] == [
        "Deeper is worse", "What a residual block computes", "How the gradient gets home", "From 18 to 152",
    ]  # fmt: skip
    assert all(lesson and lesson.minutes == 5 for lesson in first)
    assert len(TITLES) == 37
