"""Small programs that a compiler has to build before it is believed, and what it then says of itself."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.compilers import NoCompiler, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlir_release.compilers import Compiler
    from mlir_release.run import Completed
    from mlir_release.sysroot import Sysroot

    Words = tuple[str | Path, ...]

# The fast ones. A clang looks beside itself first, so Debian's clang-22 has lld-22 as "lld".
_LINKERS = ("lld", "mold")
_LLD = re.compile(r"\bLLD (\d+)")
_LINKER = re.compile(r"^.*\b(?:LLD|mold|GNU ld|GNU gold)\b.*$|PROJECT:ld\S*", re.MULTILINE)
# The C++ library and the C library that a compiler takes are part of what it is.
_LIBRARIES = re.compile(
    r"^#define (__GLIBCXX__|_LIBCPP_VERSION|__GLIBC__|__GLIBC_MINOR__) (\S+)$", re.MULTILINE
)
# What linkers print with --trace: the path of each file that they read.
_TRACED = re.compile(r"^(/\S*\.(?:a|so)(?:\.\d+)*)\b", re.MULTILINE)
# As lld and mold, and as GNU ld say it.
_UNDEFINED = re.compile(r"(?:undefined symbol: |undefined reference to [`'])([^\s']+)")
_NAMED_AT_MOST = 3
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
class Flags:
    """What a compiler is told whenever it compiles, and what when it links (CMake says both there)."""

    compile: tuple[str, ...] = ()
    link: tuple[str, ...] = ()


def flags_for(compiler: Compiler, sysroot: Sysroot | None) -> Flags:
    """The flags with which a compiler takes its libraries from a sysroot, if there is one.

    The C++ library comes along statically, because the system that the result is for may have an
    older one. Each shared object has its own copy then, and keeps it to itself: copies that see each
    other, or another package's, would share some of their variables (STB_GNU_UNIQUE) but not the rest.
    What unwinds the stack (libgcc) stays shared: an exception that leaves one object for another
    ends the process when each has its own. It is much older than any system that counts.
    """
    if sysroot is None:
        return Flags()
    root = f"--sysroot={sysroot.path}"
    static: tuple[str, ...] = ("-static-libstdc++",)
    if compiler.family == "clang":
        # When C is linked, clang warns of it, and checks of flags with -Werror would all fail.
        static = ("--start-no-unused-arguments", *static, "--end-no-unused-arguments")
    return Flags(compile=(root,), link=(root, *static, "-Wl,--exclude-libs,libstdc++.a"))


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The ``-fuse-ld`` name of the linker, None for the compiler's own, and what identifies the toolchain."""

    linker: str | None
    key: Mapping[str, str]


def examine(compiler: Compiler, flags: Flags, sysroot: Sysroot | None) -> Findings:
    """Compile and link small programs in C and C++17, and look at what they were made from.

    Raises:
        NoCompiler: it could not, or took another system's libraries than the sysroot's.
    """
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-") as name:
        folder = Path(name)
        _write_programs(folder)
        if compiler.speaks_msvc:
            return _examine_msvc(compiler, folder)
        compiled = _compile(compiler, flags, folder)
        linker = _linker(compiler, flags, compiled)
        if sysroot:
            _check_origin(compiler, flags, linker, compiled, sysroot)
        macros = compiler.ask(*flags.compile, "-E", "-dM", folder / "program.cpp").output
    # Apple's -dumpmachine says the version of this machine's kernel, which changes nothing.
    target = "-print-effective-triple" if _is_apples(compiler) else "-dumpmachine"
    key = {
        "compiler": compiler.text.partition("\n")[0],
        "target": compiler.ask(target).output.strip(),
        "linker": _linker_text(compiler, linker),
        "libraries": " ".join(f"{macro}={value}" for macro, value in sorted(_LIBRARIES.findall(macros))),
    }
    return Findings(linker=linker, key=key | ({"sysroot": sysroot.key} if sysroot else {}))


def _compile(compiler: Compiler, flags: Flags, folder: Path) -> Path:
    """The object file of the C++ program; a C program was built before it."""
    c_program: Words = (folder / "program.c", "-o", folder / "c-program")
    _must(compiler, compiler.ask_c(*flags.compile, *flags.link, *c_program))
    compiled = folder / "program.o"
    words: Words = ("-std=c++17", "-pthread", "-fPIC", "-c", folder / "program.cpp", "-o", compiled)
    _must(compiler, compiler.ask(*flags.compile, *words))
    return compiled


def _write_programs(folder: Path) -> None:
    (folder / "program.c").write_text(_C_PROGRAM, encoding="utf-8")
    (folder / "program.cpp").write_text(_CXX_PROGRAM, encoding="utf-8")


def _examine_msvc(compiler: Compiler, folder: Path) -> Findings:
    """The same with cl's options; which linker and libraries it takes, its environment says."""
    for source, standard in (("program.c", ()), ("program.cpp", ("/std:c++17", "/EHsc"))):
        outputs = (f"/Fo{folder / source}.obj", f"/Fe{folder / source}.exe")
        _must(compiler, compiler.ask("/nologo", "/MT", *standard, folder / source, *outputs))
    return Findings(linker=None, key={"compiler": compiler.text.partition("\n")[0]})


def _is_apples(compiler: Compiler) -> bool:
    return compiler.family == "Apple clang"


def _linker(compiler: Compiler, flags: Flags, compiled: Path) -> str | None:
    """The ``-fuse-ld`` name of the best linker with which the program links; None for the default."""
    link: Words = (
        *flags.compile,
        *flags.link,
        "-pthread",
        compiled,
        "-o",
        compiled.with_name("program"),
    )
    # Apple's own is fast, and knows what Apple's compiler asks of it.
    for name in () if _is_apples(compiler) else _LINKERS:
        if _fits(compiler, name) and compiler.ask(*link, f"-fuse-ld={name}").status == 0:
            return name
    _must(compiler, compiler.ask(*link))
    return None


def _check_origin(
    compiler: Compiler, flags: Flags, linker: str | None, compiled: Path, sysroot: Sysroot
) -> None:
    """Link a shared object, and see that no library in it is this machine's own."""
    words: Words = ("-shared", "-pthread", compiled, "-o", compiled.with_name("library.so"), "-Wl,--trace")
    choice = (f"-fuse-ld={linker}",) if linker else ()
    attempt = compiler.ask(*flags.compile, *flags.link, *words, *choice)
    _must(compiler, attempt)
    taken = [Path(path) for path in _TRACED.findall(attempt.output)]
    foreign = [path for path in taken if not path.resolve().is_relative_to(sysroot.path.resolve())]
    if foreign or not taken:
        what = foreign[0] if foreign else "nothing"
        raise NoCompiler(
            f"{compiler.name} ({compiler.cxx}): links {what} instead of the --sysroot's libraries, as a gcc"
            " does that was not built for a sysroot; take clang"
        )


def link_complaint(cxx: Path, flags: tuple[str, ...], library_dir: Path) -> str | None:
    """Why LLVM's lowest libraries do not link with the libraries of a toolchain; None when they do."""
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-") as name:
        libraries: Words = tuple(library_dir / f"libLLVM{part}.a" for part in ("Support", "Demangle"))
        whole: Words = ("-Wl,--whole-archive", *libraries, "-Wl,--no-whole-archive", "-ldl", "-lm")
        attempt = ask(
            cxx, *flags, "-shared", "-pthread", "-Wl,-z,defs", *whole, "-o", Path(name) / "library.so"
        )
    if attempt.status == 0:
        return None
    undefined = sorted(set(_UNDEFINED.findall(attempt.output)))
    return f"undefined: {', '.join(undefined[:_NAMED_AT_MOST])}" if undefined else _reason(attempt)


def _fits(compiler: Compiler, linker: str) -> bool:
    """Whether the compiler finds this linker, and it is none of another LLVM than clang's own."""
    version = _ask_linker(compiler, linker)
    lld = _LLD.search(version.output)
    same_llvm = compiler.family != "clang" or lld is None or int(lld[1]) == compiler.numbers[0]
    return version.status == 0 and same_llvm


def _ask_linker(compiler: Compiler, linker: str | None) -> Completed:
    question = "-Wl,-v" if _is_apples(compiler) else "-Wl,--version"
    return compiler.ask(*([f"-fuse-ld={linker}"] if linker else []), question)


def _linker_text(compiler: Compiler, linker: str | None) -> str:
    """The line in which the linker says its version; gcc prints others around it."""
    found = _LINKER.search(_ask_linker(compiler, linker).output)
    return found[0] if found else ""


def _must(compiler: Compiler, attempt: Completed) -> None:
    """Go on only if an attempt at the small programs succeeded."""
    if attempt.status:
        raise NoCompiler(
            f"{compiler.name} ({compiler.cxx}): cannot build a small C++17 program ({_reason(attempt)})"
        )


def _reason(attempt: Completed) -> str:
    """The first error that a compiler or a linker named."""
    lines = attempt.output.splitlines()
    errors = [line for line in lines if "error" in line] or lines[-1:] or [f"status {attempt.status}"]
    return errors[0].rpartition("error: ")[2]
