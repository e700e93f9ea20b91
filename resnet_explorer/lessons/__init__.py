"""Lessons: steps with a text, a scene and a question, written as Markdown and checked before they are shown."""
