"""Fine-tuning on a module: first weights, head, channels, what trains, images, and what is saved."""
