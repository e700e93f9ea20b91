"""The training lab: networks trained side by side, in the window and from the command line."""
