"""The table of all layers, as text, CSV, JSON and Markdown."""
