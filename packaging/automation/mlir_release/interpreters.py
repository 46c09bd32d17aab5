"""Target interpreters, found where people have them.

Asking a program which Python it is (through environments to their base, with a
time limit) and looking through uv's folders and the Windows registry is the work
of python-discovery, the library that nox and virtualenv use. It does not know
the pyenv versions that no ``global`` names, nor conda, nor the manylinux images'
folder, and asks one candidate after the other: those parts are here.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from python_discovery import PythonInfo, iter_interpreters

from mlir_release import apt, log
from mlir_release.errors import UserError
from mlir_release.run import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlir_release.store import Store

SUPPORTED: tuple[str, ...] = ("3.9", "3.10", "3.11", "3.12", "3.13")

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
)
# Beside their shims/, pyenv, and asdf and mise, keep what the shims stand for.
_BEHIND_SHIMS = ("versions/*", "installs/python/*")
# Looked through even when PATH is a short one, as that of services is.
_USUAL_FOLDERS = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
_LOOKED = "PATH, /usr/local/bin, /usr/bin, /opt/python and the folders of pyenv, uv and conda"

# "3.6.15" and "3.14-dev" say what they are; "myenv" has to be asked.
_VERSION_NAME = re.compile(r"\d+\.\d+")

_BITS = 64

# In seconds, as python-discovery reads it; it asks a program that failed once more.
_TIME_LIMIT = {"PY_DISCOVERY_TIMEOUT": "5"}

# It warns of every program called python that is none: here that is no news.
logging.getLogger("python_discovery").setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A CPython that bindings can be built for; never that of an environment.

    ``version`` is the full one (``3.9.18``), ``tag`` its PEP 425 form (``cp39``)
    and ``found_in`` the place that had it, for people (``PATH``, ``pyenv``, …).
    """

    path: Path
    version: str
    tag: str
    found_in: str

    @property
    def series(self) -> str:
        """Major and minor version, as the sessions are named: ``3.9``."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, kw_only=True)
class Found:
    """An interpreter of this machine, and the ``flaw`` for which it does not serve, if it has one.

    The flaw ends a sentence that begins with the interpreter's path.
    """

    interpreter: Interpreter
    flaw: str | None = None


@dataclass(frozen=True, kw_only=True)
class Search:
    """What one look through this machine found, newest first."""

    found: tuple[Found, ...]

    def best(self, version: str) -> Interpreter:
        """The newest interpreter of a series (``3.11``) that serves.

        Raises:
            UserError: there is none; it says what was passed over, and where was looked.
        """
        series = [it for it in self.found if it.interpreter.series == version]
        for it in series:
            if not it.flaw:
                return it.interpreter
        passed_over = "; ".join(f"{it.interpreter.path} {it.flaw}" for it in series)
        raise UserError(
            f"no CPython {version} that can be built for"
            + (f" ({passed_over})" if passed_over else "")
            + f": looked on {_LOOKED}; get one with 'pyenv install {version}', 'uv python install {version}'"
            " or the system's package manager"
        )


def obtain(version: str, store: Store) -> Interpreter:
    """As ``find``; where there is none, root on Debian and Ubuntu gets the distribution's, with headers.

    Raises:
        UserError: there is none, and the distribution has none either.
        ToolFailed: installing it failed.
    """
    try:
        return find(version)
    except UserError as refusal:
        package = f"python{version}-dev"
        if version not in SUPPORTED or not apt.can_install() or not apt.candidate(package):
            raise
        log.say(f"   {refusal}")
    apt.install([package], store.log_file("apt-python"))
    return find(version)


def find(version: str) -> Interpreter:
    """The interpreter to build for.

    Args:
        version: major and minor, one of ``SUPPORTED``.

    Raises:
        UserError: there is no such session, or no such interpreter here.
    """
    if version not in SUPPORTED:
        raise UserError(f"there is nothing for Python {version!r}; the versions are {', '.join(SUPPORTED)}")
    return search().best(version)


def find_all() -> dict[str, Interpreter | None]:
    """For each supported version the interpreter that ``find`` takes, or None."""
    usable = [it.interpreter for it in search().found if not it.flaw]
    return {version: next((it for it in usable if it.series == version), None) for version in SUPPORTED}


def search() -> Search:
    """Ask every Python of this machine, several at a time; takes about a second."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        # First, because it is the longest: these are asked one after the other.
        others = pool.submit(_asked_by_library)
        candidates = _candidates()
        answers = list(pool.map(_asked, (program for _, program in candidates)))
    places = (place for place, _ in candidates)
    answered = [(place, info) for place, info in zip(places, answers, strict=True) if info] + others.result()
    answered.sort(key=lambda answer: answer[1].version_info, reverse=True)
    unique: dict[str, Found] = {}
    for place, info in answered:
        unique.setdefault(
            os.path.realpath(info.system_exe), Found(interpreter=_described(place, info), flaw=_flaw(info))
        )
    return Search(found=tuple(unique.values()))


def _candidates() -> list[tuple[str, Path]]:
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
    suffix = ".exe" if os.name == "nt" else ""
    for name in (*(f"python{version}" for version in SUPPORTED), "python3", "python"):
        yield folder / f"{name}{suffix}"


def _in_installations(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        named = _VERSION_NAME.match(folder.name)
        if not named or named[0] in SUPPORTED:
            yield folder / ("python.exe" if os.name == "nt" else "bin/python3")


def _asked(program: Path) -> PythonInfo | None:
    """What a program says of the base that it belongs to; None when it is no Python, or does not answer."""
    return PythonInfo.from_exe(str(program), raise_on_error=False, env=environment(_TIME_LIMIT))


def _asked_by_library() -> list[tuple[str, PythonInfo]]:
    """The Python that runs us, uv's, and on Windows those in the registry (which the launcher reads, too)."""
    without_path = environment({**_TIME_LIMIT, "PATH": ""})
    return [(_place(info), info) for info in iter_interpreters("cpython", env=without_path)]


def _place(info: PythonInfo) -> str:
    # The names of uv's folders begin so: cpython-3.12.8-linux-x86_64-gnu.
    if any(part.startswith("cpython-") for part in Path(info.executable).parts):
        return "uv"
    return "registry" if os.name == "nt" else "running"


def _described(place: str, info: PythonInfo) -> Interpreter:
    major, minor = info.version_info[:2]
    return Interpreter(
        path=Path(info.system_exe),
        version=info.version_str,
        tag=f"cp{major}{minor}",
        found_in=place,
    )


def _flaw(info: PythonInfo) -> str | None:
    """Why no bindings can be built for it, as the end of a sentence that begins with its path."""
    if info.implementation != "CPython":
        return f"is {info.implementation}"
    if info.architecture != _BITS:
        return f"has {info.architecture} bits"
    if info.free_threaded or info.debug_build:
        return "is free-threaded" if info.free_threaded else "is a debug build"
    if not Path(info.sysconfig_path("include"), "Python.h").is_file():
        return f"has no Python.h: {_headers_advice(info)}"
    return None


def _headers_advice(info: PythonInfo) -> str:
    if info.system_prefix == "/usr" and shutil.which("apt-get"):
        return f"apt-get install {info.python_name}-dev"
    return "install its development files"
