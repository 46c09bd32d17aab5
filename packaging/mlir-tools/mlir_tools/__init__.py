"""The programs of MLIR, as files: which there are, and where.

They are on ``PATH`` in an active environment; ``python -m mlir_tools NAME``
starts one without that. What they were made from says :mod:`mlir_tools.release`.
"""

# Nothing is imported that Python has not loaded by itself, not even pathlib: whoever starts a program by
# `python -m mlir_tools` waits for it, and importlib.metadata alone takes as long as five starts of mlir-opt.
# ruff: noqa: PTH100, PTH113, PTH118, PTH119, PTH120, PTH123, PTH208, PLC0415

from __future__ import annotations

import os

# As typing has it; type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["UnknownTool", "path", "tools"]

_PACKAGES, _PACKAGE = os.path.split(os.path.dirname(os.path.abspath(__file__)))
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
    from pathlib import Path

    return Path(_find(name))


def _find(name: str) -> str:
    """The same as text."""
    scripts = _scripts()
    if name not in scripts:
        raise UnknownTool(f"mlir_tools has no '{name}'; it has {', '.join(sorted(scripts))}")
    recorded = os.path.join(_PACKAGES, scripts[name])
    folder, file = os.path.split(recorded)
    # `pip install --target` moves the files after it has recorded them: the folder of scripts is then
    # beside the packages.
    for place in (recorded, os.path.join(_PACKAGES, os.path.basename(folder), file)):
        if os.path.isfile(place):
            return os.path.realpath(place)
    raise FileNotFoundError(f"{name} is not at {recorded} any more; install {_DISTRIBUTION} again")


def _scripts() -> dict[str, str]:
    """The programs in the record of what was installed (PEP 376), by name, seen from the packages."""
    lines = _record().splitlines()
    # Neither a hash nor a size has a comma; a name that has one is in quotes.
    files = [line.rsplit(",", 2)[0].strip('"') for line in lines]
    split = [(file, *file.split("/")[-2:]) for file in files if "/" in file]
    return {name.removesuffix(".exe"): file for file, folder, name in split if folder in _SCRIPT_FOLDERS}


def _record() -> str:
    """The RECORD of this distribution, which is beside this package."""
    for entry in sorted(os.listdir(_PACKAGES), reverse=True):
        record = os.path.join(_PACKAGES, entry, "RECORD")
        if entry.startswith(f"{_PACKAGE}-") and entry.endswith(".dist-info") and os.path.isfile(record):
            with open(record, encoding="utf-8") as stream:
                return stream.read()
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(_DISTRIBUTION)
