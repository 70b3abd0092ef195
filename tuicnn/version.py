"""The version of tuicnn, for all that writes it down."""

__all__ = ["__version__"]

__version__ = "0.1.0"
