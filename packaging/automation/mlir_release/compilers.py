"""The compilers on PATH, as they describe themselves; ``toolchain`` proves and chooses."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.run import Completed, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlir_release.developer import Surroundings

_NAMES = re.compile(r"(?:clang|gcc)(?:-\d+)?(?:\.exe)?")
_CLANG = re.compile(r"^.*?(Apple )?clang version (\d+(?:\.\d+)*)")
_GCC = re.compile(r"^\S+ \(.*\) (\d+(?:\.\d+)+)")
_MSVC = re.compile(r"^Microsoft \(R\) .*?\b(\d+(?:\.\d+){2,3})\b.*", re.MULTILINE)
# Compilers of Windows: each is one program for C and C++.
_BOTH = re.compile(r"(?:cl|clang-cl)(?:-\d+)?(?:\.exe)?", re.IGNORECASE)
_CXX_OF = {"clang": "clang++", "gcc": "g++", "cc": "c++"}
_C_OF = {cxx: c for c, cxx in _CXX_OF.items()}
# The part of a compiler's name that says its language: clang-22, x86_64-linux-gnu-gcc-12, c++.
_C_NAME = re.compile(r"(?:clang|gcc|cc)(?=(?:-[\d.]+)?(?:\.exe)?$)")
_CXX_NAME = re.compile(r"(?:clang|g|c)\+\+(?=(?:-[\d.]+)?(?:\.exe)?$)")


class NoCompiler(UserError):
    """There is no compiler that can build MLIR, or not the one that was named."""


@dataclass(frozen=True, kw_only=True)
class Compiler:
    """A compiler as it describes itself: nothing about it is proven yet.

    ``cc`` and ``cxx`` are absolute paths; ``family`` is clang, Apple clang, gcc, MSVC or clang-cl;
    ``text`` is what ``--version`` printed, less the name that gcc was called by;
    ``variables`` is the environment that it needs; ``flags`` are words that it is always told, and
    ``launcher`` is a program that is to start it, where the user has said so.
    """

    cc: Path
    cxx: Path
    family: str
    version: str
    text: str
    variables: Mapping[str, str | None] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    launcher: Path | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def name(self) -> str:
        """What people call it: ``clang 22.1.8``."""
        return f"{self.family} {self.version}"

    @property
    def speaks_msvc(self) -> bool:
        """Whether it takes cl's options, and makes objects for Microsoft's linker."""
        return self.family in {"MSVC", "clang-cl"}

    def ask(self, *words: str | Path) -> Completed:
        """Run it for C++ without a word on the screen; it may fail."""
        return ask(self.cxx, *self.flags, *words, variables=self.variables)

    def ask_c(self, *words: str | Path) -> Completed:
        """The same for C."""
        return ask(self.cc, *self.flags, *words, variables=self.variables)


def ask(*command: str | Path, variables: Mapping[str, str | None] | None = None) -> Completed:
    """Run a compiler without a word on the screen; it may fail.

    Args:
        command: its path, and what it is told.
        variables: the environment that it needs.
    """
    return run(command, env={**(variables or {}), "LC_ALL": "C"}, check=False, quiet=True, isolated=True)


def named(cc: str | None, cxx: str | None, around: Surroundings) -> Compiler:
    """The compiler that the user named, by its C side, its C++ side or both.

    Args:
        cc: a program by name or path; as for CMake, with its flags behind it, or behind a launcher
            (``gcc -m64``, ``ccache gcc``).
        cxx: likewise.
        around: what it is started with.

    Raises:
        NoCompiler: there is no such program, or it is not a compiler that we know.
    """
    sides = [_read(text, language, around) for text, language in ((cc, "C"), (cxx, "C++")) if text]
    if len({(side.flags, side.launcher) for side in sides}) > 1:
        raise NoCompiler(f"CC ({cc}) and CXX ({cxx}) have different launchers or flags; give both the same")
    c_path = sides[0].program if cc else None
    cxx_path = sides[-1].program if cxx else None
    c_path = c_path or (cxx_path and _partner(cxx_path, around))
    cxx_path = cxx_path or (c_path and _partner(c_path, around))
    if c_path is None or cxx_path is None:
        raise NoCompiler(f"no {'C++' if cc else 'C'} compiler goes with {cc or cxx}; set both CC and CXX")
    compiler = _described(c_path, cxx_path, around)
    if compiler is None:
        raise NoCompiler(f"{cxx_path} is none of clang, gcc, cl and clang-cl; set CC and CXX to one that is")
    return replace(compiler, flags=sides[0].flags, launcher=sides[0].launcher)


def available(around: Surroundings, refusals: list[str]) -> Iterator[Compiler]:
    """Every different compiler to choose from: those that the system prescribes, else those on PATH.

    Args:
        around: what they are started with.
        refusals: gets a line for each that cannot be one.
    """
    seen = set()
    found = (shutil.which(name, path=around.path) for name in around.compilers)
    for path in [Path(program).absolute() for program in found if program] or _programs(around):
        cxx = _partner(path, around)
        if cxx is None:
            refusals.append(f"{path}: it has no C++ compiler beside it")
            continue
        compiler = _described(path, cxx, around)
        if compiler is None:
            refusals.append(f"{path}: it does not say its version")
        elif compiler.text not in seen:
            seen.add(compiler.text)
            yield compiler


def _programs(around: Surroundings) -> Iterator[Path]:
    """The programs on PATH that are called like a C compiler, where the system prescribes none."""
    if around.compilers:
        return
    for folder in dict.fromkeys(Path(entry).resolve() for entry in os.get_exec_path() if entry):
        try:
            files = sorted(folder.iterdir())
        except OSError:
            continue  # PATH often names folders that are not there
        yield from (file for file in files if _NAMES.fullmatch(file.name) and shutil.which(file))


@dataclass(frozen=True)
class _Side:
    """What CC or CXX says: the compiler, its flags, and what is to start it."""

    program: Path
    flags: tuple[str, ...] = ()
    launcher: Path | None = None


def _read(text: str, language: str, around: Surroundings) -> _Side:
    """A compiler as the user writes it: the path of a program that has spaces, or words."""
    words = [text]
    if shutil.which(text, path=around.path) is None:
        with suppress(ValueError):  # a quote that nothing ends: then it is no program
            words = shlex.split(text, posix=os.name != "nt")
    programs = [shutil.which(word, path=around.path) for word in words]
    if not any(programs[:1]):
        raise NoCompiler(f"{text!r}, given as the {language} compiler, is not a program on this machine")
    # As CMake does: what comes after the first word is flags, unless that word starts another program.
    first = int(len(words) > 1 and not words[1].startswith("-") and programs[1] is not None)
    paths = [Path(found).absolute() for found in programs[: first + 1] if found]
    return _Side(paths[-1], tuple(words[first + 1 :]), paths[0] if first else None)


def _partner(path: Path, around: Surroundings) -> Path | None:
    """The compiler of the other language (of ``clang-22``: ``clang++-22``): beside this one, else on PATH."""
    if _BOTH.fullmatch(path.name):
        return path
    pattern, names = (_CXX_NAME, _C_OF) if _CXX_NAME.search(path.name) else (_C_NAME, _CXX_OF)
    name = pattern.sub(lambda found: names[found[0]], path.name)
    search = os.pathsep.join([str(path.parent), around.path])
    found = shutil.which(name, path=search) if name != path.name else None
    return Path(found).absolute() if found else None


def _described(cc: Path, cxx: Path, around: Surroundings) -> Compiler | None:
    """What a compiler says of itself; None if it is not one that we know."""
    text = ask(cxx, "--version", variables=around.variables).output
    found = _recognized(text, cxx)
    if found is None:
        return None
    family, version, text = found
    return Compiler(cc=cc, cxx=cxx, family=family, version=version, text=text, variables=around.variables)


def _recognized(text: str, program: Path) -> tuple[str, str, str] | None:
    """Family, version, and the text that tells this compiler from others."""
    clang, gcc, msvc = _CLANG.search(text), _GCC.search(text), _MSVC.search(text)
    if clang:
        plain = "clang-cl" if _BOTH.fullmatch(program.name) else "clang"
        return "Apple clang" if clang[1] else plain, clang[2], text
    if gcc and "Free Software Foundation" in text:
        return "gcc", gcc[1], f"gcc {text.partition(' ')[2]}"
    if msvc:
        return "MSVC", msvc[1], msvc[0]
    return None
