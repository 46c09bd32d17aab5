"""Target interpreters, found where people have them.

Asking a program which Python it is (through environments to their base, with a
time limit) and looking through uv's folders and the Windows registry is the work
of python-discovery, the library that nox and virtualenv use. It does not know
the pyenv versions that no ``global`` names, nor conda, nor the manylinux images'
folder, and asks one candidate after the other: ``interpreter_places`` names these,
and here several are asked at a time.
"""

from __future__ import annotations

import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from python_discovery import PythonInfo, iter_interpreters

from mlir_release import apt, interpreter_places, log
from mlir_release.errors import UserError
from mlir_release.run import environment
from mlir_release.series import SERIES, name_of, tag_of

if TYPE_CHECKING:
    from mlir_release.store import Store

SUPPORTED = tuple(it.name for it in SERIES)

_LOOKED = "PATH, /usr/local/bin, /usr/bin, /opt/python and the folders of pyenv, uv and conda"

_BITS = 64

# It warns of every program called python that is none: here that is no news.
logging.getLogger("python_discovery").setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A CPython that bindings can be built for; never that of an environment.

    ``version`` is the full one (``3.9.18``), ``tag`` that of its series (``cp39``,
    ``cp313t`` when it is free-threaded) and ``found_in`` the place that had it, for
    people (``PATH``, ``pyenv``, …).
    """

    path: Path
    version: str
    tag: str
    found_in: str

    @property
    def series(self) -> str:
        """What its series is called, as the sessions are: ``3.9``, ``3.13t``."""
        return f"{self.minor_version}{'t' if self.tag.endswith('t') else ''}"

    @property
    def minor_version(self) -> str:
        """Major and minor version, which environment markers are about: ``3.13``."""
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
        """The newest interpreter of a series (``3.11``, ``3.13t``) that serves.

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
        version: that of a series, one of ``SUPPORTED``.

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


def at(program: Path) -> Interpreter:
    """The interpreter that a program is, or whose environment it belongs to.

    Raises:
        UserError: it is no Python, or one that nothing can be built for.
    """
    info = _asked(program)
    flaw = _flaw(info) if info else "is no Python that answers"
    if flaw or info is None:
        raise UserError(f"{program} {flaw}; name another interpreter")
    return _described("named", info)


def search() -> Search:
    """Ask every Python of this machine, several at a time; takes about a second.

    One that is late counts as missing; how late it may be is python-discovery's setting, 15 seconds.
    """
    # More of them at a time than processors, because some only wait; many more would all be late.
    with ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        # First, because it is the longest: these are asked one after the other.
        others = pool.submit(_asked_by_library)
        candidates = interpreter_places.candidates()
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


def _asked(program: Path) -> PythonInfo | None:
    """What a program says of the base that it belongs to; None when it is no Python, or does not answer."""
    return PythonInfo.from_exe(str(program), raise_on_error=False, env=environment())


def _asked_by_library() -> list[tuple[str, PythonInfo]]:
    """The Python that runs us, uv's, and on Windows those in the registry (which the launcher reads, too)."""
    without_path = environment({"PATH": ""})
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
        tag=tag_of(name_of((major, minor), free_threaded=info.free_threaded)),
        found_in=place,
    )


def _flaw(info: PythonInfo) -> str | None:
    """Why no bindings can be built for it, as the end of a sentence that begins with its path."""
    if info.implementation != "CPython":
        return f"is {info.implementation}"
    if info.architecture != _BITS:
        return f"has {info.architecture} bits"
    if info.debug_build:
        return "is a debug build"
    if not Path(info.sysconfig_path("include"), "Python.h").is_file():
        return f"has no Python.h: {_headers_advice(info)}"
    return None


def _headers_advice(info: PythonInfo) -> str:
    if info.system_prefix == "/usr" and shutil.which("apt-get"):
        return f"apt-get install {info.python_name}-dev"
    return "install its development files"
