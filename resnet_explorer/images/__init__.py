"""Files of images: which there are, of which class and part, and what is in one.

The training script that the app exports holds functions of this room as they stand: they need Python, numpy and Pillow.
"""
