"""The compilers on PATH, as they describe themselves; ``toolchain`` proves and chooses."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.run import Completed, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = re.compile(r"(?:clang|gcc)(?:-\d+)?(?:\.exe)?")
_CLANG = re.compile(r"^.*?(Apple )?clang version (\d+(?:\.\d+)*)")
_GCC = re.compile(r"^\S+ \(.*\) (\d+(?:\.\d+)+)")
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

    ``cc`` and ``cxx`` are absolute paths; ``family`` is clang, Apple clang or gcc;
    ``text`` is what ``--version`` printed, less the name that gcc was called by.
    """

    cc: Path
    cxx: Path
    family: str
    version: str
    text: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def name(self) -> str:
        """What people call it: ``clang 22.1.8``."""
        return f"{self.family} {self.version}"


def ask(*command: str | Path) -> Completed:
    """Run a compiler without a word on the screen; it may fail."""
    return run(command, env={"LC_ALL": "C"}, check=False, quiet=True)


def named(cc: str | None, cxx: str | None) -> Compiler:
    """The compiler that the user named, by its C side, its C++ side or both.

    Raises:
        NoCompiler: there is no such program, or it is not a compiler that we know.
    """
    c_path = _program(cc, "C") if cc else None
    cxx_path = _program(cxx, "C++") if cxx else None
    c_path = c_path or (cxx_path and _partner(cxx_path))
    cxx_path = cxx_path or (c_path and _partner(c_path))
    if c_path is None or cxx_path is None:
        raise NoCompiler(f"no {'C++' if cc else 'C'} compiler goes with {cc or cxx}; set both CC and CXX")
    compiler = _described(c_path, cxx_path)
    if compiler is None:
        raise NoCompiler(f"{cxx_path} is neither a clang nor a gcc; set CC and CXX to one that is")
    return compiler


def on_path(refusals: list[str]) -> Iterator[Compiler]:
    """Every different clang and gcc on PATH, in PATH's order.

    Args:
        refusals: gets a line for each that cannot be one.
    """
    seen = set()
    for path in _programs():
        cxx = _partner(path)
        if cxx is None:
            refusals.append(f"{path}: it has no C++ compiler beside it")
            continue
        compiler = _described(path, cxx)
        if compiler is None:
            refusals.append(f"{path}: it does not say its version")
        elif compiler.text not in seen:
            seen.add(compiler.text)
            yield compiler


def _programs() -> Iterator[Path]:
    """The programs on PATH that are called like a C compiler."""
    for folder in dict.fromkeys(Path(entry).resolve() for entry in os.get_exec_path() if entry):
        try:
            files = sorted(folder.iterdir())
        except OSError:
            continue  # PATH often names folders that are not there
        yield from (file for file in files if _NAMES.fullmatch(file.name) and shutil.which(file))


def _program(command: str, language: str) -> Path:
    found = shutil.which(command)
    if found is None:
        raise NoCompiler(f"{command!r}, given as the {language} compiler, is not a program on this machine")
    return Path(found).absolute()


def _partner(path: Path) -> Path | None:
    """The compiler of the other language (of ``clang-22``: ``clang++-22``): beside this one, else on PATH."""
    pattern, names = (_CXX_NAME, _C_OF) if _CXX_NAME.search(path.name) else (_C_NAME, _CXX_OF)
    name = pattern.sub(lambda found: names[found[0]], path.name)
    search = os.pathsep.join([str(path.parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=search) if name != path.name else None
    return Path(found).absolute() if found else None


def _described(cc: Path, cxx: Path) -> Compiler | None:
    """What a compiler says of itself; None if it is not one that we know."""
    text = ask(cxx, "--version").output
    clang, gcc = _CLANG.search(text), _GCC.search(text)
    if clang:
        family = "Apple clang" if clang[1] else "clang"
        return Compiler(cc=cc, cxx=cxx, family=family, version=clang[2], text=text)
    if gcc and "Free Software Foundation" in text:
        return Compiler(cc=cc, cxx=cxx, family="gcc", version=gcc[1], text=f"gcc {text.partition(' ')[2]}")
    return None
