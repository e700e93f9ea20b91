"""Runs: their plan and recipe, and the folder that keeps them."""
