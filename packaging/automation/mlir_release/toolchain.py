"""The compiler and the linker that a build uses: the best on this machine, proven to work."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlir_release import apt, developer, log, probe, variables
from mlir_release import sysroot as sysroots
from mlir_release.compilers import Compiler, NoCompiler, available, named
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlir_release.developer import Surroundings
    from mlir_release.store import Store
    from mlir_release.sysroot import Sysroot
    from mlir_release.targets import Target

# They would add the build machine's folders and habits to what is compiled; pyenv's LDFLAGS do.
_NOT_INHERITED = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LD_LIBRARY_PATH", "LD_RUN_PATH")
# The oldest that LLVM takes: llvm/cmake/modules/CheckCompilerVersion.cmake, LLVM 22.
_FLOORS = {"clang": (5, 0), "Apple clang": (10, 0), "gcc": (7, 4)}
# Of Visual Studio 2019 16.8.
_WINDOWS_FLOORS = {"MSVC": (19, 28), "clang-cl": (5, 0)}


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """A compiler that was seen to compile and link C++17.

    ``cc`` and ``cxx`` are absolute paths; ``name`` is for people (``clang 22.1.8``);
    ``linker`` is what ``-fuse-ld=`` takes, ``lld`` or ``mold``, None for the compiler's own choice; ``key``
    (version texts, target triple, libraries) tells one toolchain from another in cache keys;
    ``compile_flags`` and ``link_flags`` are words that every compilation and every link needs, for a
    sysroot or because the user gave them with the compiler; ``environment`` is what else it needs to be
    started with (None: must not be set); ``target`` is the system that it compiles for, None for this
    Linux or the sysroot's.
    """

    cc: Path
    cxx: Path
    name: str
    linker: str | None
    key: Mapping[str, str]
    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    target: Target | None = None

    @property
    def variables(self) -> dict[str, str | None]:
        """The environment in which CMake, and any other build system, takes this toolchain and nothing else.

        With None, a variable must not be set.

        Flags and not ``CMAKE_SYSROOT``: with that, ``find_package`` would look for Python and for
        libraries in the sysroot, too, and nothing but CMake would know of it.
        """
        compiling, linking = shlex.join(self.compile_flags), shlex.join(self.link_flags)
        flags = {"CFLAGS": compiling, "CXXFLAGS": compiling, "LDFLAGS": linking}
        programs = {"CC": str(self.cc), "CXX": str(self.cxx)}
        inherited = {**dict.fromkeys(_NOT_INHERITED), **self.environment}
        return {**inherited, **programs, **(flags if compiling else {})}


def obtain(
    *,
    llvm_major: int,
    store: Store,
    cc: str | None = None,
    cxx: str | None = None,
    sysroot: Path | None = None,
) -> Toolchain:
    """As ``find``; where there is none, root on Debian and Ubuntu gets clang and lld installed.

    Args:
        llvm_major: as for ``find``.
        cc: likewise.
        cxx: likewise.
        store: keeps logs, and what is taken from ``sysroot``.
        sysroot: the root of an older system, to compile and link for (see ``mlir_release.sysroot``).

    Raises:
        UserError: that is no such tree.
        NoCompiler: as ``find``.
        ToolFailed: installing a compiler failed.
    """
    tree = sysroots.obtain(sysroot, store) if sysroot else None
    try:
        return find(llvm_major=llvm_major, cc=cc, cxx=cxx, sysroot=tree)
    except NoCompiler as refusal:
        if cc or cxx or not apt.can_install():
            raise
        log.say(f"   {refusal}")
    packages = _packages(llvm_major)
    if not all(apt.candidate(package) for package in packages):
        packages = ("clang", "lld")
    apt.install(packages, store.log_file("apt-compiler"))
    return find(llvm_major=llvm_major, sysroot=tree)


def find(
    *,
    llvm_major: int,
    cc: str | None = None,
    cxx: str | None = None,
    sysroot: Sysroot | None = None,
    around: Surroundings | None = None,
) -> Toolchain:
    """The best compiler: on Linux of those on PATH, clang before gcc, then the highest version.

    On macOS it is Xcode's, on Windows Visual Studio's.

    Args:
        llvm_major: the LLVM that is built; its clang is the one to advise.
        cc: a C compiler by name or path, to be taken instead (``$CC``).
        cxx: likewise for C++ (``$CXX``); one of the two implies the other.
        sysroot: libraries to take instead of this machine's.
        around: what compilers are started with; by default, this machine's.

    Raises:
        UserError: Xcode or Visual Studio is missing, or set up for something else.
        NoCompiler: none was found that is new enough, compiles and links C++17, and
            takes the sysroot's libraries.
    """
    around = around or developer.here()
    if cc or cxx:
        return _proven(named(cc, cxx, around), sysroot, around)
    refusals: list[str] = []
    for compiler in _ranked(around, refusals):
        try:
            toolchain = _proven(compiler, sysroot, around)
        except NoCompiler as refusal:
            refusals.append(str(refusal))
            continue
        for line in refusals:
            log.say(f"   passed over {line}")
        return toolchain
    raise NoCompiler(
        f"no C++ compiler that can build MLIR: looked on PATH for {_floors(around)}"
        + (f", passed over {'; '.join(refusals)}" if refusals else "")
        + f"; to get one: {_advice(llvm_major)}"
    )


def ensure_links(found: Toolchain, library_dir: Path) -> None:
    """See that LLVM's static libraries find all they need in the C and C++ library of a toolchain.

    Those that were compiled for a newer system would make an extension that works on this machine, gets
    the old system's tag, and does not work there: an extension links with whatever is undefined.

    Args:
        found: a toolchain with a sysroot.
        library_dir: where ``libLLVMSupport.a`` is.

    Raises:
        UserError: something is missing; it is named.
    """
    complaint = probe.link_complaint(found.cxx, (*found.compile_flags, *found.link_flags), library_dir)
    if complaint:
        raise UserError(
            f"the LLVM in {library_dir} was not compiled for the --sysroot: it does not link with what is"
            f" there ({complaint}); take --sdk build, or an SDK wheel that was built with this --sysroot"
        )


def _packages(llvm_major: int) -> tuple[str, ...]:
    return (f"clang-{llvm_major}", f"lld-{llvm_major}")


def _advice(llvm_major: int) -> str:
    if apt.present():
        return apt.command(_packages(llvm_major))
    if sys.platform == "darwin":
        return "xcode-select --install"
    if sys.platform == "win32":
        return "the Visual Studio Installer"
    return "install clang or gcc with the system's package manager"


def _ranked(around: Surroundings, refusals: list[str]) -> list[Compiler]:
    """The compilers, best first: in the system's order where that has one."""
    found = list(available(around, refusals))
    return found if around.compilers else sorted(found, key=_preference, reverse=True)


def _floors(around: Surroundings) -> str:
    known = _WINDOWS_FLOORS if _is_windows(around) else _FLOORS
    floors = [f"{family} {major}.{minor}" for family, (major, minor) in known.items()]
    return f"{', '.join(floors)} or newer"


def _preference(compiler: Compiler) -> tuple[bool, tuple[int, ...]]:
    return compiler.family != "gcc", compiler.numbers


def _is_windows(around: Surroundings) -> bool:
    return around.target is not None and around.target.family == "win"


def _proven(compiler: Compiler, sysroot: Sysroot | None, around: Surroundings) -> Toolchain:
    """The toolchain of this compiler, which has compiled and linked small programs.

    Raises:
        NoCompiler: it is too old, or could not; a line that starts with its name and path.
    """
    if _is_windows(around) != compiler.speaks_msvc:
        raise NoCompiler(
            f"{compiler.name} ({compiler.cxx}): Python's extensions on Windows, and no others, are"
            " compiled with cl or clang-cl"
        )
    floor = (_FLOORS | _WINDOWS_FLOORS)[compiler.family]
    if compiler.numbers < floor:
        raise NoCompiler(
            f"{compiler.name} ({compiler.cxx}): LLVM needs {compiler.family} {floor[0]}.{floor[1]} or newer"
        )
    flags = probe.flags_for(compiler, sysroot)
    found = probe.examine(compiler, flags, sysroot)
    flagged = {"flags": shlex.join(compiler.flags)} if compiler.flags else {}
    languages = ("C", "CXX") if compiler.launcher else ()
    launched = {f"CMAKE_{language}_COMPILER_LAUNCHER": str(compiler.launcher) for language in languages}
    return Toolchain(
        cc=compiler.cc,
        cxx=compiler.cxx,
        name=compiler.name,
        linker=found.linker,
        key={**found.key, **flagged, **around.facts, **variables.in_keys(os.environ)},
        compile_flags=(*compiler.flags, *flags.compile),
        link_flags=flags.link,
        environment={**around.variables, **launched},
        target=around.target,
    )
