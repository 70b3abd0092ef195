"""The error whose message is meant for the person who gave the command."""

__all__ = ["UserError"]


class UserError(Exception):
    """Something that was asked for cannot be done; the message is a sentence for the user."""
