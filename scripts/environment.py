"""Make .venv. Python 3.6 must be able to read this file: it is where an old Python learns that it is too old."""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
# The locks were resolved for the first; the others are tried where it is missing.
NAMES = ("python3.11", "python3.12", "python3.13", "python3.14")
FOLDER = ".venv"
PYTHON = os.path.join(FOLDER, "bin", "python")
VERSION = "{}.{}".format(*sys.version_info)


def main() -> None:
    """Make .venv unless a whole one is there."""
    if sys.version_info[:2] < OLDEST:
        use_newer_python()
    if not is_whole():
        make_environment()


def use_newer_python() -> None:
    """Run this file again with a Python that is new enough, if there is one."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            os.execv(path, [path, *sys.argv])
    sys.exit(f"Python 3.11 or newer is needed and this is {VERSION}: install it, or name one with PYTHON=")


def is_whole() -> bool:
    """Tell whether .venv has a Python that is new enough and pip."""
    program = f"import pip, sys; sys.exit(sys.version_info[:2] < {OLDEST})"
    if not os.path.exists(PYTHON):
        return False
    return subprocess.call([PYTHON, "-c", program], stderr=subprocess.DEVNULL) == 0


def make_environment() -> None:
    """Make the virtual environment; Debian has the part of Python that this needs in a package of its own."""
    if try_to_make():
        return
    package = f"python{VERSION}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing Debian's package {package}", flush=True)
        subprocess.call(["apt-get", "-qq", "update"])
        subprocess.call(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package])
        if try_to_make():
            return
    sys.exit(f"cannot make {FOLDER}: Python's venv module is incomplete; as root: apt-get install {package}")


def try_to_make() -> bool:
    """Make .venv with this Python; False when its venv module cannot."""
    return subprocess.call([sys.executable, "-m", "venv", "--clear", FOLDER], stdout=subprocess.DEVNULL) == 0


if __name__ == "__main__":
    main()
