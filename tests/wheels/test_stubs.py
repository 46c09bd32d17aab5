"""Each extension module has a stub that says what the module has, in names that exist."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlir
import pytest

from installed import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

(_PACKAGE,) = map(Path, mlir.__path__)
_PROGRAMS = Path(__file__).parent / "programs"


def _module_name(stub: Path) -> str:
    parts = stub.relative_to(_PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_STUBS = {_module_name(path): path for path in sorted(_PACKAGE.rglob("*.pyi"))}
_EXTENSIONS = sorted(
    f"mlir._mlir_libs.{path.name.split('.')[0]}"
    for path in (_PACKAGE / "_mlir_libs").iterdir()
    # On some systems a plain library ends like an extension module.
    if path.name.endswith(tuple(EXTENSION_SUFFIXES)) and path.name.startswith("_")
)
each_stub = pytest.mark.parametrize("name", _STUBS)


def _tree(name: str) -> ast.Module:
    return ast.parse(_STUBS[name].read_text(encoding="utf-8"))


def test_the_package_says_that_it_is_typed() -> None:
    assert (_PACKAGE / "py.typed").is_file()


def test_there_are_extensions() -> None:
    assert "mlir._mlir_libs._mlir" in _EXTENSIONS
    assert len(_EXTENSIONS) >= 15


@pytest.mark.parametrize("name", _EXTENSIONS)
def test_extension_has_a_stub(name: str) -> None:
    assert name in _STUBS


@each_stub
def test_stub_has_a_module(name: str) -> None:
    importlib.import_module(name)


def _members(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """What a module or class of a stub defines, by name; imports are not definitions, nor is ``__all__``."""
    found: dict[str, ast.stmt] = {}
    for statement in body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            found[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
        elif isinstance(statement, ast.Assign):
            found.update(
                (target.id, statement) for target in statement.targets if isinstance(target, ast.Name)
            )
    found.pop("__all__", None)
    return found


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _reexported(tree: ast.Module) -> set[str]:
    """The names that a stub passes on: ``from X import a as a``."""
    imports = (statement for statement in tree.body if isinstance(statement, ast.ImportFrom))
    return {alias.name for each in imports for alias in each.names if alias.asname == alias.name}


def _has(runtime: Any, name: str) -> bool:
    """Whether there is such an attribute; not asked for its value: some have none outside of a context."""
    try:
        inspect.getattr_static(runtime, name)
    except AttributeError:
        return False
    return True


def _is_for_checkers(statement: ast.stmt) -> bool:
    """Whether this makes a type variable, or declares an attribute that only instances have."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    call = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(call, ast.Call) and _dotted(call.func).endswith("TypeVar")


def _only_in_stub(body: list[ast.stmt], runtime: Any, path: str) -> Iterator[str]:
    for name, statement in _members(body).items():
        if not _has(runtime, name):
            if not _is_for_checkers(statement):
                yield f"{path}.{name}"
        elif isinstance(statement, ast.ClassDef):
            yield from _only_in_stub(statement.body, getattr(runtime, name), f"{path}.{name}")


def _only_in_module(body: list[ast.stmt], runtime: Any, path: str, known: set[str]) -> Iterator[str]:
    members = _members(body)
    for name, value in vars(runtime).items():
        if not _is_public(name) or name in known:
            continue
        statement = members.get(name)
        if statement is None:
            yield f"{path}.{name}"
        elif isinstance(value, type) and isinstance(statement, ast.ClassDef):
            yield from _only_in_module(statement.body, value, f"{path}.{name}", set())


@each_stub
def test_what_the_stub_has_is_in_the_module(name: str) -> None:
    assert list(_only_in_stub(_tree(name).body, importlib.import_module(name), name)) == []


@each_stub
def test_what_the_module_has_is_in_the_stub(name: str) -> None:
    tree = _tree(name)
    known = _reexported(tree)
    assert list(_only_in_module(tree.body, importlib.import_module(name), name, known)) == []


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        prefix = _dotted(node.value)
        return prefix and f"{prefix}.{node.attr}"
    return ""


def _bound_by_imports(tree: ast.Module) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {(alias.asname or alias.name).partition(".")[0] for each in imports for alias in each.names}


def _undefined(tree: ast.Module) -> set[str]:
    """The names that a stub uses and nothing in it defines; mypy looks at what comes after a dot."""
    defined = set(_members(tree.body)) | _bound_by_imports(tree) | set(vars(builtins))
    for node in ast.walk(tree):
        # What a class defines can be used inside it.
        if isinstance(node, ast.ClassDef):
            defined |= {name for name in _members(node.body) if not name.startswith("__")}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - defined


@each_stub
def test_every_name_in_the_stub_is_defined(name: str) -> None:
    for left in sorted(_undefined(_tree(name))):
        finding(f"the stub of {name} uses {left}, which nothing defines")


def _imports(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The modules that a stub imports, and what it takes from each."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]


def _unresolved(source: str, names: list[str], package: str) -> list[str]:
    """What cannot be imported."""
    try:
        module = importlib.import_module(source, package)
    except ImportError:
        return [source]
    return [f"{each} of {source}" for each in names if not hasattr(module, each)]


@each_stub
def test_imports_of_the_stub_can_be_resolved(name: str) -> None:
    package = name if _STUBS[name].stem == "__init__" else name.rpartition(".")[0]
    for source, names in _imports(_tree(name)):
        for left in _unresolved(source, names, package):
            finding(f"the stub of {name} imports {left}, which does not exist")


def _mypy(folder: Path, *arguments: str) -> list[str]:
    """What mypy says, one message a line, when it is run in that folder."""
    command = [sys.executable, "-I", "-m", "mypy", f"--cache-dir={os.devnull}", "--config-file=", *arguments]
    ended = subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", cwd=folder, timeout=300
    )
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    return ended.stdout.splitlines()[:-1]


def test_mypy_resolves_the_stubs(tmp_path: Path) -> None:
    # Only what makes a stub useless; that some overloads overlap is upstream's business.
    fatal = (
        "[name-defined]",
        "[import-not-found]",
        "[import-untyped]",
        "[attr-defined]",
        "[syntax]",
        "[valid-type]",
    )
    modules = [argument for name in _STUBS for argument in ("-m", name)]
    for line in _mypy(tmp_path, *modules):
        if ".pyi:" in line and line.endswith(fatal):
            finding(f"mypy of the stubs: {line.partition(str(_PACKAGE.parent) + os.sep)[2] or line}")


def test_mypy_understands_a_users_program(tmp_path: Path) -> None:
    program = _PROGRAMS / "typed_user.py"
    expected = {
        number: line.partition("# says: ")[2]
        for number, line in enumerate(program.read_text(encoding="utf-8").splitlines(), 1)
        if "# says: " in line
    }
    lines = _mypy(tmp_path, "--strict", str(program))
    said = {int(line.split(":")[1]): line for line in lines if "note: See" not in line}
    assert sorted(said) == sorted(expected), "\n".join(lines)
    for number, text in expected.items():
        assert text in said[number]


def test_the_users_program_runs() -> None:
    program = [sys.executable, "-I", str(_PROGRAMS / "typed_user.py")]
    ended = subprocess.run(program, capture_output=True, check=True, encoding="utf-8", timeout=60)
    assert "func.func @answer" in ended.stdout
