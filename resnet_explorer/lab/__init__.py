"""Experiments on a module; each is a generator of frozen values that knows no window and no process."""
