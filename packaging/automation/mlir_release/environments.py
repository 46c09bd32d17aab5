"""Virtual environments of target interpreters, apart from nox's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.interpreters import Interpreter


@dataclass(frozen=True)
class Environment:
    """A virtual environment; ``folder`` is its root."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def install(self, arguments: Sequence[str | Path], *, log: Path) -> None:
        """Run ``pip install`` in it; the output goes to ``log``."""
        pip: list[str | Path] = [
            self.python,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
        ]
        run([*pip, *arguments], log=log, isolated=True)


def create(interpreter: Interpreter, folder: Path, *, log: Path) -> Environment:
    """A new, empty environment with pip in ``folder``; an older one there is replaced."""
    # virtualenv brings pip along for every interpreter; `venv` is missing in Debian's Pythons.
    command = [sys.executable, "-m", "virtualenv", "--quiet", "--clear", "--no-download"]
    run([*command, "--python", interpreter.path, folder], log=log, quiet=True, isolated=True)
    return Environment(folder)


def silence_nox() -> None:
    """Have pip say only what goes wrong in nox's own environment, if this process runs there.

    Nox installs the noxfile's dependencies at every start: from the second on, a hundred lines less.
    """
    prefix = Path(sys.prefix)
    if prefix.name == "_nox_script_mode":
        name = "pip.ini" if sys.platform == "win32" else "pip.conf"
        (prefix / name).write_text("[install]\nquiet = 2\n", encoding="utf-8")
