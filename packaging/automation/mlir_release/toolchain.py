"""The compiler and the linker that a build uses: the best on this machine, proven to work."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import apt, log
from mlir_release.compilers import Compiler, NoCompiler, ask, named, on_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlir_release.run import Completed
    from mlir_release.store import Store

# The oldest that LLVM takes: llvm/cmake/modules/CheckCompilerVersion.cmake, LLVM 22.
_FLOORS = {"clang": (5, 0), "Apple clang": (10, 0), "gcc": (7, 4)}
# The fast ones. A clang looks beside itself first, so Debian's clang-22 has lld-22 as "lld".
_LINKERS = ("lld", "mold")
_LLD = re.compile(r"\bLLD (\d+)")
_LINKER = re.compile(r"^.*\b(?:LLD|mold|GNU ld|GNU gold)\b.*$", re.MULTILINE)
# The C++ library and the C library that a compiler takes are part of what it is.
_LIBRARIES = re.compile(
    r"^#define (__GLIBCXX__|_LIBCPP_VERSION|__GLIBC__|__GLIBC_MINOR__) (\S+)$", re.MULTILINE
)
_C_PROGRAM = "#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n"
_CXX_PROGRAM = """\
#include <thread>
#include <vector>
int main() {
  std::vector<int> results(1, 1);
  std::thread worker([&results] { if constexpr (sizeof(int) > 1) results.at(0) = 0; });
  worker.join();
  return results.at(0);
}
"""


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """A compiler that was seen to compile and link C++17.

    ``cc`` and ``cxx`` are absolute paths; ``name`` is for people (``clang 22.1.8``);
    ``linker`` is what ``-fuse-ld=`` takes, ``lld`` or ``mold``, None for the compiler's own choice; ``key``
    (version texts, target triple, libraries) tells one toolchain from another in cache keys.
    """

    cc: Path
    cxx: Path
    name: str
    linker: str | None
    key: Mapping[str, str]


def obtain(*, llvm_major: int, store: Store, cc: str | None = None, cxx: str | None = None) -> Toolchain:
    """As ``find``; where there is none, root on Debian and Ubuntu gets clang and lld installed."""
    try:
        return find(llvm_major=llvm_major, cc=cc, cxx=cxx)
    except NoCompiler as refusal:
        if cc or cxx or not apt.can_install():
            raise
        log.say(f"   {refusal}")
    packages = _packages(llvm_major)
    if not all(apt.candidate(package) for package in packages):
        packages = ("clang", "lld")
    apt.install(packages, store.log_file("apt-compiler"))
    return find(llvm_major=llvm_major)


def find(*, llvm_major: int, cc: str | None = None, cxx: str | None = None) -> Toolchain:
    """The best compiler on PATH: clang before gcc, then the highest version.

    Args:
        llvm_major: the LLVM that is built; its clang is the one to advise.
        cc: a C compiler by name or path, to be taken instead (``$CC``).
        cxx: likewise for C++ (``$CXX``); one of the two implies the other.

    Raises:
        NoCompiler: none was found that is new enough and compiles and links C++17.
    """
    if cc or cxx:
        return _proven(named(cc, cxx))
    refusals: list[str] = []
    for compiler in sorted(on_path(refusals), key=_preference, reverse=True):
        try:
            toolchain = _proven(compiler)
        except NoCompiler as refusal:
            refusals.append(str(refusal))
            continue
        for line in refusals:
            log.say(f"   passed over {line}")
        return toolchain
    raise NoCompiler(
        f"no C++ compiler that can build MLIR: looked on PATH for {_floors()}"
        + (f", passed over {'; '.join(refusals)}" if refusals else "")
        + f"; to get one: {_advice(llvm_major)}"
    )


def _packages(llvm_major: int) -> tuple[str, ...]:
    return (f"clang-{llvm_major}", f"lld-{llvm_major}")


def _advice(llvm_major: int) -> str:
    if apt.present():
        return apt.command(_packages(llvm_major))
    if sys.platform == "darwin":
        return "xcode-select --install"
    return "install clang or gcc with the system's package manager"


def _floors() -> str:
    floors = [f"{family} {major}.{minor}" for family, (major, minor) in _FLOORS.items()]
    return f"{', '.join(floors)} or newer"


def _preference(compiler: Compiler) -> tuple[bool, tuple[int, ...]]:
    return compiler.family != "gcc", compiler.numbers


def _proven(compiler: Compiler) -> Toolchain:
    """The toolchain of this compiler, which has compiled and linked small programs.

    Raises:
        NoCompiler: it is too old, or could not; a line that starts with its name and path.
    """
    floor = _FLOORS[compiler.family]
    if compiler.numbers < floor:
        raise NoCompiler(
            f"{compiler.name} ({compiler.cxx}): LLVM needs {compiler.family} {floor[0]}.{floor[1]} or newer"
        )
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-") as name:
        folder = Path(name)
        compiled = _compile(compiler, folder)
        linker = _linker(compiler, compiled)
        macros = ask(compiler.cxx, "-E", "-dM", folder / "program.cpp").output
    key = {
        "compiler": compiler.text.partition("\n")[0],
        "target": ask(compiler.cxx, "-dumpmachine").output.strip(),
        "linker": _linker_text(compiler, linker),
        "libraries": " ".join(f"{macro}={value}" for macro, value in sorted(_LIBRARIES.findall(macros))),
    }
    return Toolchain(cc=compiler.cc, cxx=compiler.cxx, name=compiler.name, linker=linker, key=key)


def _compile(compiler: Compiler, folder: Path) -> Path:
    """The object file of the C++ program; a C program was built before it."""
    (folder / "program.c").write_text(_C_PROGRAM, encoding="utf-8")
    (folder / "program.cpp").write_text(_CXX_PROGRAM, encoding="utf-8")
    _must(compiler, ask(compiler.cc, folder / "program.c", "-o", folder / "c-program"))
    compiled = folder / "program.o"
    _must(compiler, ask(compiler.cxx, "-std=c++17", "-pthread", "-c", folder / "program.cpp", "-o", compiled))
    return compiled


def _linker(compiler: Compiler, compiled: Path) -> str | None:
    """The ``-fuse-ld`` name of the best linker with which the program links; None for the default."""
    link = (compiler.cxx, "-pthread", compiled, "-o", compiled.with_name("program"))
    for name in _LINKERS:
        if _fits(compiler, name) and ask(*link, f"-fuse-ld={name}").status == 0:
            return name
    _must(compiler, ask(*link))
    return None


def _fits(compiler: Compiler, linker: str) -> bool:
    """Whether the compiler finds this linker, and it is none of another LLVM than clang's own."""
    version = _ask_linker(compiler, linker)
    lld = _LLD.search(version.output)
    same_llvm = compiler.family != "clang" or lld is None or int(lld[1]) == compiler.numbers[0]
    return version.status == 0 and same_llvm


def _ask_linker(compiler: Compiler, linker: str | None) -> Completed:
    return ask(compiler.cxx, *([f"-fuse-ld={linker}"] if linker else []), "-Wl,--version")


def _linker_text(compiler: Compiler, linker: str | None) -> str:
    """The line in which the linker says its version; gcc prints others around it."""
    found = _LINKER.search(_ask_linker(compiler, linker).output)
    return found[0] if found else ""


def _must(compiler: Compiler, attempt: Completed) -> None:
    """Go on only if an attempt at the small programs succeeded."""
    if attempt.status:
        lines = attempt.output.splitlines()
        errors = [line for line in lines if "error" in line] or lines[-1:] or [f"status {attempt.status}"]
        reason = errors[0].rpartition("error: ")[2]
        raise NoCompiler(f"{compiler.name} ({compiler.cxx}): cannot build a small C++17 program ({reason})")
