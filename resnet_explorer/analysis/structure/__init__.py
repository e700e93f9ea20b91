"""The layers of a file of weights, and the residual network that they form, whatever their names."""
