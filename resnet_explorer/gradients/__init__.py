"""The gradient lab: gradients block by block, residual beside plain, and experiments about them."""
