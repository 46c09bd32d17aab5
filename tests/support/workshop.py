"""Small wheels with a real extension, which links to a library that no system has."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import environments
from mlir_release.run import run
from wheels import SmallWheel

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain

FOREIGN = "int foreign(void) { return 42; }\n"
EXTENSION = """\
#include <Python.h>
int foreign(void);
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(foreign()); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "42"}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_tiny", 0, -1, methods};
PyMODINIT_FUNC PyInit__tiny(void) { return PyModule_Create(&module); }
"""
_GRAFT = re.compile(r"tiny\.libs/libforeign-[0-9a-f]{8}\.so")


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A compiler and an interpreter; ``foreign`` is the folder of the library that no system has."""

    cc: Path
    interpreter: Interpreter
    include: str
    suffix: str
    foreign: Path

    @classmethod
    def furnish(cls, compiler: Toolchain, interpreter: Interpreter, foreign: Path) -> Workshop:
        """A workshop; the library is made, in an empty folder."""
        asked = "s.get_path('include'), s.get_config_var('EXT_SUFFIX')"
        question = f"import json, sysconfig as s; print(json.dumps([{asked}]))"
        include, suffix = json.loads(run([interpreter.path, "-c", question], quiet=True).output)
        made = cls(cc=compiler.cc, interpreter=interpreter, include=include, suffix=suffix, foreign=foreign)
        made.link(foreign / "libforeign.so", FOREIGN, "-Wl,-soname,libforeign.so")
        return made

    def link(self, output: Path, source: str, *options: str | Path) -> Path:
        """Compile and link a shared object."""
        output.parent.mkdir(parents=True, exist_ok=True)
        text = output.with_name(f"{output.name}.c")
        text.write_text(source)
        run([self.cc, "-shared", "-fPIC", f"-I{self.include}", text, "-o", output, *options], quiet=True)
        text.unlink()
        return output

    def raw(self, folder: Path, *options: str | Path, ballast: bytes = b"") -> Path:
        """A wheel as a build makes it; ``options`` are the linker's, ``ballast`` makes it larger."""
        options = (f"-L{self.foreign}", "-lforeign", *options)
        extension = self.link(folder / "build" / f"_tiny{self.suffix}", EXTENSION, *options)
        files = {
            f"tiny/{extension.name}": extension.read_bytes(),
            "tiny/__init__.py": b"from tiny._tiny import answer\n",
            "tiny/ballast": ballast,
        }
        tag = f"{self.interpreter.tag}-{self.interpreter.tag}-linux_x86_64"
        return SmallWheel(name="tiny", version="1.0", tag=tag, files=files).write(folder / "raw")

    def assert_works(self, wheel: Path, folder: Path) -> None:
        """Install a wheel into a clean environment, and have its extension call the library."""
        environment = environments.create(self.interpreter, folder, log=folder.with_suffix(".log"))
        environment.install(["--no-index", "--no-deps", wheel], log=folder.with_suffix(".log"))
        said = run([environment.python, "-I", "-c", "import tiny; print(tiny.answer())"], quiet=True)
        assert said.output == "42\n"


def grafts(wheel: Path) -> list[str]:
    """The copies of the library that a wheel carries, under the names that auditwheel gives them."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return [name for name in archive.namelist() if _GRAFT.fullmatch(name)]
