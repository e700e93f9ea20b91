"""Pictures of what is inside trained networks, as marks."""
