"""Mend the type stubs of an installed ``mlir`` package, in place: ``mend_stubs.py FOLDER``.

nanobind writes the names of C++ signatures as they are, and upstream makes the stubs of ``_mlir`` as if that
were a package of its own; so names are used that no stub imports. Run on the finished package by the target
interpreter; run twice, it changes nothing. Names that are left although nothing defines them are printed, and
added to the package's ``release.json`` as findings.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import shutil
import sys
import typing
from pathlib import Path

_LIBS = "mlir._mlir_libs"
_IR = f"{_LIBS}._mlir.ir"
# Written by mlir/_mlir_libs/__init__.py when it is imported, which the generator does not see.
_ERROR = '''
class MLIRError(Exception):
    """
    An exception with diagnostic information. Has the following fields:
      message: str
      error_diagnostics: List[ir.DiagnosticInfo]
    """

    message: str

    error_diagnostics: list[DiagnosticInfo]

    def __init__(self, message: str, error_diagnostics: list[DiagnosticInfo]) -> None: ...
'''
_QUOTED = re.compile(r'(?<=[:>|] )"(\w+)"')
_CONTEXT = (
    "(self, load_on_create_dialects: Sequence[str] | None = None, thread_pool: ThreadPool | None = None)"
)


def _definitions(body: list[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _undefined(text: str) -> set[str]:
    """The names that a stub uses and nothing in it defines."""
    tree = ast.parse(text)
    known = _definitions(tree.body) | set(vars(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            known |= _definitions(node.body)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - known


def _without_enum_internals(text: str) -> str:
    """Drop ``_boundary_`` and the like, and a ``__str__`` that is made from what is defined only after it."""
    lines = text.splitlines(keepends=True)
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    enums = [node for node in classes if any(_is_enum(base) for base in node.bases)]
    for child in (child for node in enums for child in node.body):
        if isinstance(child, (ast.Assign, ast.AnnAssign)) and _is_internal(child):
            for number in range(child.lineno - 1, child.end_lineno or child.lineno):
                lines[number] = ""
    return re.sub(r"\n{3,}(?=    )", "\n\n", "".join(lines))


def _is_enum(base: ast.expr) -> bool:
    return isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and base.value.id == "enum"


def _is_internal(node: ast.stmt) -> bool:
    return all(re.fullmatch(r"_.*_", name) for name in _definitions([node]))


def _with_method(text: str, method: str, old: str, new: str) -> str:
    """Replace ``old`` in the first line of that method of all classes; ``{}`` in ``new`` is the class."""
    lines = text.splitlines(keepends=True)
    for node in (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)):
        for child in node.body:
            if isinstance(child, ast.FunctionDef) and child.name == method:
                lines[child.lineno - 1] = lines[child.lineno - 1].replace(old, new.format(node.name))
    return "".join(lines)


def _with_site_classes(text: str) -> str:
    """Add what mlir/_mlir_libs/__init__.py adds to ``ir``."""
    text = re.sub(
        r"^class Context:\n(?: .*\n|\n)+",
        lambda found: _with_method(found[0], "__init__", "(self) ->", f"{_CONTEXT} ->"),
        text,
        flags=re.MULTILINE,
    )
    return text + ("" if "class MLIRError" in text else _ERROR)


def _without_foreign_types(text: str, known: set[str]) -> str:
    """Say ``object`` where nanobind quotes the name of a C++ type, because no Python type stands for it."""

    def plain(signature: re.Match[str]) -> str:
        return _QUOTED.sub(lambda name: name[0] if name[1] in known else "object", signature[0])

    return re.sub(r"^ *def .*$", plain, text, flags=re.MULTILINE)


def _with_imports(text: str, sources: dict[str, set[str]]) -> str:
    """Import what is used from the modules that have it; the first that does is taken."""
    # As if it were a package of its own.
    text = re.sub(r"^import _mlir(\.\w+)*$", f"from {_LIBS} import _mlir", text, flags=re.MULTILINE)
    # mlir.ir passes on what is public; the rest is in the extension alone.
    text = re.sub(r"^import mlir$", f"import {_IR}\nimport mlir.ir", text, flags=re.MULTILINE)
    text = re.sub(r"(?<![\w.])mlir\.ir\.(?=_)", f"{_IR}.", text)
    missing, imports = _undefined(text), []
    for module, names in sources.items():
        if found := sorted(missing & names):
            imports.append(f"from {module} import {', '.join(found)}\n")
            missing -= names
    if imports:
        tree = ast.parse(text)
        place = (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) else 0
        lines = text.splitlines(keepends=True)
        text = "".join([*lines[:place], "\n", *imports, *lines[place:]])
    return text


def _mend(package: Path) -> list[str]:
    """Mend all stubs; what cannot be is returned."""
    # Upstream installs these beside their successors; the modules are gone.
    shutil.rmtree(package / "_mlir_libs" / "_mlir" / "dialects", ignore_errors=True)
    ir_stub = package.parent / f"{_IR.replace('.', '/')}.pyi"
    in_ir = _definitions(ast.parse(ir_stub.read_text(encoding="utf-8")).body)
    sources = {_IR: in_ir, _LIBS: {"_mlir"}, "typing": set(typing.__all__)}
    findings = []
    for stub in sorted(package.rglob("*.pyi")):
        text = _without_enum_internals(stub.read_text(encoding="utf-8"))
        text = _with_method(text, "__enter__", "-> object:", "-> {}:")
        text = _without_foreign_types(text, in_ir | _definitions(ast.parse(text).body))
        if stub == ir_stub:
            text = _with_site_classes(text)
        text = _with_imports(text, sources)
        stub.write_text(text, encoding="utf-8")
        name = stub.relative_to(package.parent).as_posix()
        findings += [f"{name}: nothing defines {left}" for left in sorted(_undefined(text))]
    return findings


def main(package: Path) -> None:
    """Mend all stubs of the package in that folder, and report what cannot be."""
    findings = _mend(package)
    release = package / "release.json"
    facts = json.loads(release.read_text(encoding="utf-8"))
    facts["findings"] = sorted({*facts.get("findings", []), *findings})
    release.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    for finding in findings:
        sys.stdout.write(f"{finding}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
