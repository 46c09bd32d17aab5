"""Compilers as scripts, for a stand-in machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.conftest import Machine

# They compile anything; {linkers} are the -fuse-ld values that they know.
_SCRIPT = """\
case "$*" in
  *--version) case "$*" in
      -Wl,*) echo "GNU ld 2.40";;
      {linkers}
      -fuse*) echo "error: invalid linker name"; exit 1;;
      *) echo '{banner}'; echo 'Copyright (C) 2022 Free Software Foundation, Inc.';;
    esac;;
  -dumpmachine) echo x86_64-linux-gnu;;
  -E*) echo '#define __GLIBCXX__ {library}';;
  *-std=c++17*) {compile};;
  *) {link};;
esac"""
HEADER_MISSING = "echo \"p.cpp:1:10: fatal error: 'thread' file not found\"; echo 1 error generated.; exit 1"


def compiler(
    machine: Machine,
    name: str,
    banner: str,
    *,
    linkers: dict[str, str] | None = None,
    library: int = 20220819,
    compile_: str = "exit 0",
    link: str = "exit 0",
) -> None:
    """Put a C and a C++ compiler on the machine."""
    known = "\n".join(f"-fuse-ld={key}\\ *) echo '{text}';;" for key, text in (linkers or {}).items())
    script = _SCRIPT.format(linkers=known, banner=banner, library=library, compile=compile_, link=link)
    machine.program(name, script)
    machine.program(name.replace("clang", "clang++").replace("gcc", "g++"), script)


def clang(version: str) -> str:
    return f"Debian clang version {version} (1~deb12u1)"


def gcc(version: str) -> str:
    return f"gcc (Debian {version}-14) {version}"
