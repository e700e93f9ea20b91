"""The autograd graph as a picture: its nodes in the clusters of the tree, laid out in linear time."""
