"""Pictures without a renderer: marks, theme, charts, SVG."""
