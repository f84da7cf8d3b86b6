"""Brings a fresh clone to where Amends runs: virtual environment, packages, catalogues.

`python3 scripts/prepare.py` prepares for running, `python3 scripts/prepare.py dev` for testing too.
It needs Python alone, does only what is missing, and does nothing, at once, when nothing is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
OLDEST_PYTHON = (3, 11)


class Problem(Exception):
    """One sentence on what stands in the way."""


def main(arguments: list[str]) -> int:
    try:
        require_python()
        make_environment()
        install_requirements("requirements-dev.txt" if "dev" in arguments else "requirements.txt")
        install_front_end()
        compile_catalogues()
    except Problem as problem:
        print(f"Amends can't be prepared: {problem}", file=sys.stderr)
        return 1
    return 0


def require_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Problem(
            f"it needs Python 3.11 or newer, and this is {found}; make PYTHON=python3.12 names another."
        )


def make_environment() -> None:
    """Makes `.venv`, also again where a moved or copied one no longer works."""
    if PYTHON.exists():
        probe = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False)
        if probe.returncode == 0:
            return
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        raise Problem(
            "this Python has no ensurepip; install it (Debian and Ubuntu: apt-get install python3-venv)."
        ) from None
    step("Creating the virtual environment")
    venv.create(VENV, clear=VENV.exists(), with_pip=True, symlinks=True)


def install_requirements(name: str) -> None:
    """Installs exactly the pinned versions, each file checked against its hash."""
    requirements = ROOT / name
    stamp = VENV / f".installed-{name}"
    if is_stamped(stamp, requirements):
        return
    step(f"Installing Python packages ({name})")
    run(pip("install", "--require-hashes", "-r", str(requirements)), "the Python packages can't be installed")
    if name == "requirements-dev.txt":
        # It holds everything that running takes, at the same versions.
        write_stamp(VENV / ".installed-requirements.txt", ROOT / "requirements.txt")
    write_stamp(stamp, requirements)


def install_front_end() -> None:
    """Installs the npm packages of the lock file; where there is no npm, a Python package brings one."""
    stamp = NODE_MODULES / ".installed"
    lock = ROOT / "package-lock.json"
    if is_stamped(stamp, lock):
        return
    npm = shutil.which("npm") or bring_npm()
    step("Installing front-end packages")
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}{os.pathsep}{VENV / 'bin'}"}
    run([npm, "ci", "--loglevel=error"], "the front-end packages can't be installed", environment)
    write_stamp(stamp, lock)


def bring_npm() -> str:
    step("Installing Node.js, as there is no npm")
    requirements = ROOT / "requirements-node.txt"
    run(pip("install", "--require-hashes", "-r", str(requirements)), "Node.js can't be installed")
    return str(VENV / "bin" / "npm")


def compile_catalogues() -> None:
    """Compiles translations that changed since they were compiled."""
    sources = list(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
    if all(is_newer(source.with_suffix(".mo"), source) for source in sources):
        return
    step("Compiling translations")
    run([str(PYTHON), "manage.py", "compilemessages"], "the translations can't be compiled")


def pip(*arguments: str) -> list[str]:
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    return [str(PYTHON), "-m", "pip", arguments[0], *quiet, *arguments[1:]]


def run(command: list[str], failure: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        raise Problem(f"{failure}; the lines above say why.")


def is_newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime_ns >= source.stat().st_mtime_ns


def is_stamped(stamp: Path, source: Path) -> bool:
    return stamp.exists() and stamp.read_text(encoding="ascii") == digest(source)


def write_stamp(stamp: Path, source: Path) -> None:
    stamp.write_text(digest(source), encoding="ascii")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def step(text: str) -> None:
    print(f"· {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
