"""The timing page: how long each layer takes on this machine, and what bounds it."""
