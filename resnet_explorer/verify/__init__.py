"""Figures checked against PyTorch and fvcore, and modules of the user's own code."""
