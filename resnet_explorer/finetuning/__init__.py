"""The fine-tuning lab: a network with weights on the user's own images."""
