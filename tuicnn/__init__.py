"""tuicnn: write a convolutional network in a few words and watch it learn, in a terminal."""

__version__ = "0.1.0"
