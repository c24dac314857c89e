"""What keeps `manage.py serve` from serving."""


class ServingError(Exception):
    """The product cannot be served; the message is one line for the person at the console."""
