"""PE files, made on any Debian with mingw-w64's compiler (C++ runtime in DLLs) and LLVM's linker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlir_release.run import run
from small_repairs import ensure_installed
from tiny_sources import EXTENSION, FOREIGN

_LLVM = Path("/usr/lib/llvm-22/bin")
_GXX, _DLLTOOL = Path("/usr/bin/x86_64-w64-mingw32-g++-posix"), Path("/usr/bin/x86_64-w64-mingw32-dlltool")
_STRIP = Path("/usr/bin/x86_64-w64-mingw32-strip")
_PACKAGES = ["g++-mingw-w64-x86-64-posix", "clang-22", "lld-22"]
_PYTHON = "PyModule_Create2 PyLong_FromLong"
_ENTRY = {"library": "-dll", "extension": "-dll", "program": "-subsystem:console"}


@dataclass(frozen=True, kw_only=True)
class WindowsWorkshop:
    """``folder`` is for libraries by which one links to DLLs that are not there."""

    folder: Path

    @classmethod
    def furnish(cls, folder: Path) -> WindowsWorkshop:
        """A workshop in an empty folder."""
        ensure_installed(_PACKAGES, [_GXX, _DLLTOOL, _LLVM / "clang", _LLVM / "lld-link"], folder / "apt.log")
        return cls(folder=folder)

    def runtime(self) -> Path:
        """A folder with the compiler's own DLLs, stripped: delvewheel takes a minute for 20 MB."""
        folder = self.folder / "runtime"
        folder.mkdir(exist_ok=True)
        for name in ("libstdc++-6.dll", "libgcc_s_seh-1.dll", "libwinpthread-1.dll"):
            found = run([_GXX, f"-print-file-name={name}"], quiet=True).output.strip()
            run([_STRIP, found, "-o", folder / name], quiet=True)
        return folder

    def to_link(self, dll: str, functions: str) -> Path:
        """A library by which one links to functions of a DLL, which need not exist."""
        library = self.folder / f"{dll}.a"
        definition = self.folder / f"{dll}.def"
        definition.write_text("EXPORTS\n" + "\n".join(functions.split()) + "\n")
        run([_DLLTOOL, "--dllname", dll, "--def", definition, "--output-lib", library], quiet=True)
        return library

    def link(
        self, output: Path, kind: str, source: str, *options: str | Path, runtime: str = "-static"
    ) -> Path:
        """Compile and link a ``library``, an ``extension`` or a ``program``, C++; the runtime is inside."""
        output.parent.mkdir(parents=True, exist_ok=True)
        text = output.with_name(f"{output.name}.cpp")
        text.write_text(source)
        shared = [] if kind == "program" else ["-shared"]
        # Stripped: delvewheel renames nothing in a file that has something behind its last section.
        run([_GXX, "-O1", "-s", *shared, runtime, text, "-o", output, *options], quiet=True)
        text.unlink()
        return output

    def bare(
        self, output: Path, kind: str, processor: str, *options: str | Path, source: str = "int it = 1;\n"
    ) -> Path:
        """A file for any processor, of C, without a runtime."""
        output.parent.mkdir(parents=True, exist_ok=True)
        text = output.with_name(f"{output.name}.c")
        text.write_text(source)
        compiled = output.with_suffix(".obj")
        run([_LLVM / "clang", f"--target={processor}-windows", "-c", text, "-o", compiled], quiet=True)
        words = [_LLVM / "lld-link", _ENTRY[kind], "-noentry", compiled, f"-out:{output}", *options]
        run(words, quiet=True)
        text.unlink()
        compiled.unlink()
        return output

    def foreign(self, folder: Path, name: str = "foreign.dll", **how: str) -> Path:
        """The library that no system has, in a folder."""
        return self.link(folder / name, "library", FOREIGN, **how)

    def extension(
        self, folder: Path, library: Path, *options: str | Path, python: str = "python311.dll", **how: str
    ) -> Path:
        """The extension, linked to a library and a Python."""
        from_python = self.to_link(python, _PYTHON)
        return self.link(folder / "_tiny.pyd", "extension", EXTENSION, library, from_python, *options, **how)
