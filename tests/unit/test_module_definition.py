"""The script that lists what the C API's DLL exports."""

from __future__ import annotations

import importlib.util
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "packaging/mlir-python-bindings/cmake/module_definition.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("module_definition", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def library(*names: str, count: int | None = None) -> bytes:
    """A static library with no members but its index ("First Linker Member")."""
    numbers = [len(names) if count is None else count, *([0] * len(names))]
    index = struct.pack(f">{len(numbers)}I", *numbers) + b"".join(name.encode() + b"\0" for name in names)
    header = f"{'/':<16}{0:<12}{'':<6}{'':<6}{0:<8}{len(index):<10}`\n"
    return b"!<arch>\n" + header.encode() + index


def test_the_c_functions_of_all_libraries_and_nothing_else(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "IR.lib").write_bytes(library("mlirContextCreate", "?wrap@@YAXXZ", "mlirModuleGetBody"))
    (tmp_path / "Func.lib").write_bytes(
        library("mlirGetDialectHandle__func__", "LLVMFoo", "mlirContextCreate")
    )
    arguments = [str(tmp_path / name) for name in ("exports.def", "IR.lib", "Func.lib")]
    assert script.main([arguments[0], "mlir", *arguments[1:]]) == 0
    assert (tmp_path / "exports.def").read_text().splitlines() == [
        "EXPORTS", "mlirContextCreate", "mlirGetDialectHandle__func__", "mlirModuleGetBody",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a static library"),
        (b"!<arch>\n" + b"__.SYMDEF       " + b" " * 44, "not a static library"),
        (library("mlirA", count=2), "its index is cut off"),
        (library("mlirA")[:68], "its index is cut off"),
        (library("?wrap@@YAXXZ"), "begins with mlir"),
    ],
    ids=["empty", "of-another-system", "fewer-names", "no-count", "no-c-function"],
)
def test_what_cannot_be_exported_from(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, complaint: str
) -> None:
    (tmp_path / "IR.lib").write_bytes(content)
    assert script.main([str(tmp_path / "exports.def"), "mlir", str(tmp_path / "IR.lib")]) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert "IR.lib" in said
    assert not (tmp_path / "exports.def").exists()


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)))
def test_every_symbol_is_found(script: ModuleType, names: list[str]) -> None:
    assert script.symbols(library(*names)) == names


@given(st.binary())
def test_any_bytes_are_read_or_refused(script: ModuleType, content: bytes) -> None:
    for archive in (content, library("mlirA")[:68] + content):
        with suppress(ValueError):
            assert isinstance(script.symbols(archive), list)
