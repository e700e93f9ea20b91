"""The autograd graph: recorded by PyTorch, drawn in clusters, exported as DOT."""
