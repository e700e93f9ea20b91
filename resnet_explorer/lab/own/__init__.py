"""The user's own code: loaded, identified, and compared with the network that it seems to be."""
