"""Files of weights: read as data, recognised by the shapes of their tensors, written."""
