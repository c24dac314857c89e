"""Print the path of a Chromium for the browser tests: the system's, else Debian's package, else Playwright's own.

The headless shell, which draws no window of its own around each page, takes a third of the processor's time; so it is
Debian's package of it before a whole Chromium that is there already.
"""

import os
import shutil
import subprocess
import sys

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Print the path; install a Chromium where there is none."""
    path = find(SHELL) or install_debian_package() or find(*NAMES) or install_from_playwright()
    if path is None:
        sys.exit("the browser tests need Chromium and none could be installed; as root: apt-get install chromium")
    print(path)


def find(*names: str) -> str | None:
    """Return the Chromium named by CHROMIUM, or the first of these programs that is on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in names if (path := shutil.which(name))), None)


def install_debian_package() -> str | None:
    """Install Debian's headless shell where we may."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", SHELL]):
        subprocess.run(["apt-get", "-qq", *arguments], stdout=sys.stderr, check=False)
    return find(SHELL)


def install_from_playwright() -> str | None:
    """Have Playwright download the build that it was made for."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell", "chromium"]
    if subprocess.run(playwright, stdout=sys.stderr, check=False).returncode:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as session:
        return str(session.chromium.executable_path)


if __name__ == "__main__":
    main()
