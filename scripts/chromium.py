"""Print the path of a Chromium for the browser tests: the system's, else Debian's package, else Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Print the path; install a Chromium where there is none."""
    path = find() or install_debian_package() or install_from_playwright()
    if path is None:
        sys.exit("the browser tests need Chromium and none could be installed; as root: apt-get install chromium")
    print(path)


def find() -> str | None:
    """Return the Chromium named by CHROMIUM, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def install_debian_package() -> str | None:
    """Install Debian's chromium where we may."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "-qq", *arguments], stdout=sys.stderr, check=False)
    return find()


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
