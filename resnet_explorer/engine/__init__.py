"""The process that owns PyTorch, and the messages between it and the window."""
