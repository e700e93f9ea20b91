"""The window: an immutable document, views that show readings of it, and the wiring between them."""
