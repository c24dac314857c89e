"""How much memory a measured process has held. It imports nothing of the project: TRL's environments use it too."""

import re
from pathlib import Path


def peak_resident_bytes() -> int:
    """Return the most that this process has had in memory since its program began, in bytes.

    `getrusage` would also count the process that started it, up to the exec: a big one makes every child look big.
    """
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found, "Linux says it"
    return int(found[1]) * 1024
