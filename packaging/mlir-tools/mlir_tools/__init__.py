"""The programs of MLIR, as files: which there are, and where.

They are on ``PATH`` in an active environment; ``python -m mlir_tools NAME``
starts one without that. What they were made from says :mod:`mlir_tools.release`.
"""

from __future__ import annotations

import csv
import importlib.metadata
from pathlib import Path, PurePosixPath

__all__ = ["UnknownTool", "path", "tools"]

_DISTRIBUTION = "mlir-tools"
# What the folder of scripts is called in the installation schemes of sysconfig.
_SCRIPT_FOLDERS = ("bin", "Scripts")


class UnknownTool(ValueError):
    """No program of this name; the message is one line that names those there are."""


def tools() -> list[str]:
    """The names of all programs, sorted.

    Raises:
        importlib.metadata.PackageNotFoundError: mlir-tools was not installed, only copied.
    """
    return sorted(_scripts())


def path(name: str) -> Path:
    """The file of a program, which is run like any other: ``subprocess.run([path("mlir-opt"), ...])``.

    Raises:
        UnknownTool: there is no such program.
        FileNotFoundError: there was, and it has been removed since.
        importlib.metadata.PackageNotFoundError: mlir-tools was not installed, only copied.
    """
    scripts = _scripts()
    if name not in scripts:
        raise UnknownTool(f"mlir_tools has no '{name}'; it has {', '.join(sorted(scripts))}")
    packages = Path(str(importlib.metadata.distribution(_DISTRIBUTION).locate_file("")))
    recorded = packages / scripts[name]
    # `pip install --target` moves the files after it has recorded them: the folder of scripts is then
    # beside the packages.
    for place in (recorded, packages / recorded.parent.name / recorded.name):
        if place.is_file():
            return place.resolve()
    raise FileNotFoundError(f"{name} is not at {recorded} any more; install {_DISTRIBUTION} again")


def _scripts() -> dict[str, PurePosixPath]:
    """The programs in the record of what was installed (PEP 376), by name.

    Read here, because newer Pythons' ``Distribution.files`` leaves out what is not where it says.
    """
    record = importlib.metadata.distribution(_DISTRIBUTION).read_text("RECORD") or ""
    files = (PurePosixPath(row[0]) for row in csv.reader(record.splitlines()))
    return {file.name.removesuffix(".exe"): file for file in files if file.parent.name in _SCRIPT_FOLDERS}
