"""What cibuildwheel calls before each build, for the repair and for the tests: hands on to the automation.

    python cibuildwheel_step.py before | repair WHEEL FOLDER | test WHEEL

Runs in the Python that the wheel is for (3.9 or newer). The automation needs 3.11 or newer and packages:
`nox -s wheels` says where it is (``MLIR_RELEASE_RUN``, a JSON file with ``python`` and ``root``); for any
other cibuildwheel, an environment of it is made once, beside this folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent
# What lasts from one step to the next; build_backend.py reads from it.
FOLDER = PACKAGE.parent / ".cibuildwheel"
_OLDEST = (3, 11)
_NAMES = [f"python3.{minor}" for minor in range(_OLDEST[1], 20)]
_ASK = f"import sys; sys.exit(sys.version_info < {_OLDEST})"


def automation() -> tuple[str, Path]:
    """The automation's Python, and the root of the project that it is to take."""
    told = os.environ.get("MLIR_RELEASE_RUN")
    if told:
        run = json.loads(Path(told).read_text(encoding="utf-8"))
        return run["python"], Path(run["root"])
    root = PACKAGE.parents[1]
    return str(_environment(root)), root


def _environment(root: Path) -> Path:
    """The Python of an environment with all that the automation needs."""
    place = FOLDER / "automation"
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    whole = place / "whole"
    if not whole.exists():
        subprocess.run([_new_enough(), "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
        # Dependency groups (PEP 735) are known to pip from 25.1 on.
        subprocess.run([*pip, "pip>=25.1"], check=True)
        subprocess.run([*pip, "--group", f"{root / 'pyproject.toml'}:automation"], check=True)
        whole.touch()
    return python


def _new_enough() -> str:
    """A Python that can run the automation: this one, or one of PATH or of a manylinux image."""
    images = map(str, sorted(Path("/opt/python").glob("cp3??-cp3??/bin/python")))
    for name in [sys.executable, *images, *_NAMES, "python3"]:
        program = shutil.which(name)
        if program and subprocess.run([program, "-c", _ASK], check=False).returncode == 0:
            return program
    raise SystemExit("the release automation needs a Python 3.11 or newer: put one on PATH")


def owner() -> tuple[int, int] | None:
    """Who is to own what is written, if it is not us: a container's root works for whoever started it."""
    told = os.environ.get("MLIR_RELEASE_RUN")
    if not told or sys.platform == "win32" or os.getuid() != 0:
        return None
    found = Path(told).stat()
    return (found.st_uid, found.st_gid) if found.st_uid else None


def main(step: str, *paths: str) -> int:
    """Do a step; the exit status."""
    FOLDER.mkdir(exist_ok=True)
    python, root = automation()
    who: dict[str, Any] = {}
    found = owner()
    if found:
        for path in [FOLDER, *map(Path, paths)]:
            os.chown(path, *found)
        who = {"user": found[0], "group": found[1], "extra_groups": []}
    words = [python, "-m", "mlir_release.wheels", step, str(root), PACKAGE.name, sys.executable, str(FOLDER)]
    env = {**os.environ, "PYTHONPATH": str(root / "packaging" / "automation")}
    return subprocess.run([*words, *paths], env=env, check=False, **who).returncode


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
