"""Mach-O files, made on any Debian with LLVM's compiler, linker and tools, and without Apple's headers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlir_release.run import run
from small_repairs import ensure_installed
from tiny_sources import EXTENSION, FOREIGN

LLVM = Path("/usr/lib/llvm-22/bin")
_PACKAGES = ["clang-22", "lld-22", "llvm-22"]
_PROGRAMS = ("clang", "ld64.lld", "llvm-otool", "llvm-install-name-tool", "llvm-lipo")
_THROWING = (
    "___cxa_allocate_exception, ___cxa_throw, ___cxa_begin_catch, ___cxa_end_catch, ___gxx_personality_v0,"
    " __ZSt9terminatev, __ZTVN10__cxxabiv117__class_type_infoE"
)
# What these programs need of macOS' own libraries, as its SDK says it (TAPI, "Text-based Dynamic Library").
_SYSTEM = {
    "libSystem": ("/usr/lib/libSystem.B.dylib", "dyld_stub_binder, __Unwind_Resume"),
    "libc++": ("/usr/lib/libc++.1.dylib", _THROWING),
}
_TBD = """\
--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '{}'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ {} ]
...
"""
# Delocate wants Apple's names. Llvm-otool has no -m, which is only about names with brackets; and
# llvm-install-name-tool itself renews the signature of what it changes.
_SCRIPTS = {
    "otool": 'for word; do shift; [ "$word" = -m ] || set -- "$@" "$word"; done; exec {}/llvm-otool "$@"',
    "lipo": 'exec {}/llvm-lipo "$@"',
    "install_name_tool": 'exec {}/llvm-install-name-tool "$@"',
    "codesign": "exit 0",
}
_KINDS = {"library": "-dylib", "extension": "-bundle", "program": "-execute"}


@dataclass(frozen=True, kw_only=True)
class MacWorkshop:
    """``folder`` has the system's libraries; ``bin`` the programs of macOS that delocate starts."""

    folder: Path
    bin: Path

    @classmethod
    def furnish(cls, folder: Path) -> MacWorkshop:
        """A workshop in an empty folder."""
        ensure_installed(_PACKAGES, [LLVM / it for it in _PROGRAMS], folder / "apt.log")
        for name, (path, symbols) in _SYSTEM.items():
            (folder / f"{name}.tbd").write_text(_TBD.format(path, symbols))
        (folder / "bin").mkdir()
        for name, text in _SCRIPTS.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{text.format(LLVM)}\n")
            (folder / "bin" / name).chmod(0o755)
        return cls(folder=folder, bin=folder / "bin")

    def compile(self, output: Path, source: str, processor: str = "arm64", minimum: str = "11.0") -> Path:
        """Compile a source, C++, to an object file."""
        output.parent.mkdir(parents=True, exist_ok=True)
        text = output.with_name(f"{output.name}.cpp")
        text.write_text(source)
        target = f"--target={processor}-apple-macos{minimum}"
        run([LLVM / "clang", target, "-nostdinc", "-O1", "-c", text, "-o", output], quiet=True)
        text.unlink()
        return output

    def link(
        self,
        output: Path,
        kind: str,
        source: str,
        *options: str | Path,
        processor: str = "arm64",
        minimum: str = "11.0",
        pad: str = "-headerpad_max_install_names",
    ) -> Path:
        """Compile and link a ``library``, an ``extension`` or a ``program``; for ``universal2``, twice."""
        if processor == "universal2":
            one = [
                self.link(
                    output.with_name(f"{output.name}.{it}"),
                    kind,
                    source,
                    *options,
                    processor=it,
                    minimum=minimum,
                )
                for it in ("arm64", "x86_64")
            ]
            run([LLVM / "llvm-lipo", "-create", *one, "-output", output], quiet=True)
            return output
        compiled = self.compile(output.with_name(f"{output.name}.o"), source, processor, minimum)
        version = ["-platform_version", "macos", minimum, minimum, "-arch", processor]
        command: list[str | Path] = [LLVM / "ld64.lld", _KINDS[kind], *version, pad, compiled]
        command += ["-undefined", "dynamic_lookup"]
        run([*command, f"-L{self.folder}", "-lSystem", "-lc++", *options, "-o", output], quiet=True)
        compiled.unlink()
        return output

    def foreign(self, folder: Path, name: str = "@rpath/libforeign.dylib", **how: str) -> Path:
        """The library that no system has, in a folder."""
        return self.link(folder / Path(name).name, "library", FOREIGN, "-install_name", name, **how)

    def extension(self, folder: Path, library: Path, *options: str | Path, **how: str) -> Path:
        """The extension, linked to a library."""
        return self.link(folder / "_tiny.so", "extension", EXTENSION, library, *options, **how)

    def change(self, *words: str | Path) -> None:
        """Rewrite a file; its signature is renewed."""
        run([LLVM / "llvm-install-name-tool", *words], quiet=True)
