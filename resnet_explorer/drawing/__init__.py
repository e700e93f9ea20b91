"""Pictures without a renderer: marks, the layout that places them, and the theme that colours them."""
