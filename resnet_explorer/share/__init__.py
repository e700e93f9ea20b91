"""Scenes and lessons to take home: one HTML page, a printed hand-out."""
