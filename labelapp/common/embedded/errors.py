"""What the launchers raise."""


class EmbeddedServiceError(Exception):
    """A server cannot be started or used; the message is one line for the person at the console."""
