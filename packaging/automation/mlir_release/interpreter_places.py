"""Where Pythons are on people's machines, as far as python-discovery does not look there."""

from __future__ import annotations

import os
import re
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.series import SERIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Where installations are, each a folder with a bin/ (on Windows, with a python.exe).
_CONDA_ROOTS = ("~/miniconda3", "~/anaconda3", "~/miniforge3", "~/mambaforge", "~/micromamba", "/opt/conda")
_INSTALLATIONS: tuple[tuple[str, str], ...] = (
    ("pyenv", "$PYENV_ROOT/versions/*"),
    ("pyenv", "~/.pyenv/versions/*"),
    ("pyenv", "~/.pyenv/pyenv-win/versions/*"),
    ("conda", "$CONDA_PREFIX"),
    *(("conda", f"{root}{below}") for root in _CONDA_ROOTS for below in ("", "/envs/*")),
    ("/opt/python", "/opt/python/*"),
    ("python.org", "/Library/Frameworks/Python.framework/Versions/*"),
    ("python.org", "/Library/Frameworks/PythonT.framework/Versions/*"),
)
# Beside their shims/, pyenv, and asdf and mise, keep what the shims stand for.
_BEHIND_SHIMS = ("versions/*", "installs/python/*")
# Looked through even when PATH is a short one, as that of services is.
_USUAL_FOLDERS = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")

# As programs are called: python3.9, python3.13t.
_NAMES = tuple(f"python{it.name}" for it in SERIES)
_SUFFIX = ".exe" if os.name == "nt" else ""
_BIN = "" if os.name == "nt" else "bin"
# "3.6.15", "3.13.0t" and "3.14-dev" say what they are; "myenv" has to be asked.
_VERSION_NAME = re.compile(r"\d+\.\d+")


def candidates() -> list[tuple[str, Path]]:
    """Programs to ask, and the place of each; every file once, under its first place."""
    unique: dict[str, tuple[str, Path]] = {}
    for place, program in _programs():
        if program.is_file():
            unique.setdefault(os.path.realpath(program), (place, program))
    return list(unique.values())


def _programs() -> Iterator[tuple[str, Path]]:
    on_path = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    behind = {folder: installed for folder in on_path if (installed := _behind_shims(folder))}
    for folder in on_path:
        # A shim refuses when its manager's settings do not name its version, and is slow about it.
        if folder not in behind:
            yield from (("PATH", program) for program in _in_folder(folder))
    for place, pattern in _INSTALLATIONS:
        # Not pathlib's: these leave alone, and so find nothing for, what has no value on this machine.
        folders = glob(os.path.expanduser(os.path.expandvars(pattern)))  # noqa: PTH111, PTH207
        yield from ((place, program) for program in _in_installations(map(Path, folders)))
    for shims, installed in behind.items():
        place = shims.parent.name.lstrip(".")
        yield from ((place, program) for program in _in_installations(installed))
    for usual in _USUAL_FOLDERS:
        yield from ((usual, program) for program in _in_folder(Path(usual)))


def _behind_shims(folder: Path) -> list[Path]:
    """The installations that a folder of shims stands for; none when it is no such folder."""
    if folder.name != "shims":
        return []
    return [found for pattern in _BEHIND_SHIMS for found in folder.parent.glob(pattern)]


def _in_folder(folder: Path) -> Iterator[Path]:
    for name in (*_NAMES, "python3", "python"):
        yield folder / f"{name}{_SUFFIX}"


def _in_installations(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        named = _VERSION_NAME.match(folder.name)
        if not named or f"python{named[0]}" in _NAMES:
            yield folder / _BIN / ("python.exe" if os.name == "nt" else "python3")
            # python.org's installers put the free-threaded one beside the other, or where it is alone.
            yield from (folder / _BIN / f"{name}{_SUFFIX}" for name in _NAMES if name.endswith("t"))
