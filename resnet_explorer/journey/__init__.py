"""A tensor's way through the network: its box drawn to scale, stop by stop."""
