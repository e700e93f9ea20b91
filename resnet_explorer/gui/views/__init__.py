"""One widget a file; a view gets results, proposes changes, and knows no other view."""
