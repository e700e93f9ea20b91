"""What experiments share: images, equal initial weights, hooks on blocks, clocks, progress."""
