"""The Python client of labelapp: `Labelapp` and what it raises (docs/client.md)."""

from labelapp_client.client import Labelapp
from labelapp_client.errors import (
    DamagedDownload,
    LabelappError,
    NotConfigured,
    NotDone,
    Refused,
    Unreachable,
    WaitedTooLong,
)
from labelapp_client.progress import Progress

__version__ = "0.1.0"
__all__ = [
    "DamagedDownload",
    "Labelapp",
    "LabelappError",
    "NotConfigured",
    "NotDone",
    "Progress",
    "Refused",
    "Unreachable",
    "WaitedTooLong",
]
