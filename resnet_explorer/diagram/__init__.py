"""Diagrams of a network: what is open, blocks and their layers, overlays of measured values, the timeline."""
