"""``mlir.release``: what the wheel says about itself, and what is where it says."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from mlir import ir, release

from installed import is_abi3

_DISTRIBUTION = "mlir-python-bindings"
_TEXTS = ("version", "llvm_version", "compiler", "nanobind_version", "nanobind_abi", "nanobind_domain")


def _printed(*arguments: str) -> str:
    command = [sys.executable, "-I", "-m", "mlir.release", *arguments]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8", timeout=60).stdout


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    result: dict[str, Any] = json.loads(_printed("--json"))
    return result


def test_json_and_attributes_are_equal(facts: dict[str, Any]) -> None:
    assert facts == release.as_dict()
    lists = {
        "patches": [patch._asdict() for patch in release.patches],
        "findings": list(release.findings),
    }
    assert {name: getattr(release, name) for name in facts} | lists == facts


def test_text_shows_every_fact(facts: dict[str, Any]) -> None:
    shown = dict(line.split(":", 1) for line in _printed().splitlines())
    assert {name.replace(" ", "_") for name in shown} == set(facts)
    for name in _TEXTS:
        assert shown[name.replace("_", " ")].strip() == facts[name]
    for patch in facts["patches"]:
        assert f"{patch['name']} (sha256 {patch['sha256']})" in shown["patches"]


def test_unknown_option_is_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        _printed("--yaml")
    assert raised.value.returncode == 2
    assert raised.value.stderr.endswith("error: unrecognized arguments: --yaml\n")


def test_values_are_sane(facts: dict[str, Any]) -> None:
    assert facts["version"] == metadata.version(_DISTRIBUTION)
    assert facts["version"].startswith(facts["llvm_version"].removesuffix("git"))
    assert re.fullmatch(r"\d+\.\d+\.\d+(git|-?rc\d+)?", facts["llvm_version"])
    assert facts["llvm_commit"] is None or re.fullmatch("[0-9a-f]{40}", facts["llvm_commit"])
    assert facts["tag"] is None or re.fullmatch(r"snapshot-\d{8}\.\d\d|llvm-.+\.\d\d", facts["tag"])
    assert facts["sdk_provider"] in {"build", "wheel", "system", "unknown"}
    assert facts["local_use_only"] is (facts["sdk_provider"] != "build")
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts["nanobind_version"])
    assert facts["nanobind_abi"].isdigit()
    assert all(facts[name] for name in _TEXTS)


def test_an_untagged_version_names_its_commit(facts: dict[str, Any]) -> None:
    local = facts["version"].partition("+")[2]
    assert bool(local) == (facts["tag"] is None)
    if local and facts["llvm_commit"]:
        assert facts["llvm_commit"].startswith(local.removeprefix("g"))


def test_patches_have_names_and_hashes() -> None:
    for patch in release.patches:
        assert re.fullmatch(r"\d{4}-[\w.-]+\.patch", patch.name)
        assert re.fullmatch("[0-9a-f]{64}", patch.sha256)
    assert len({patch.name for patch in release.patches}) == len(release.patches)


def test_nanobind_domain_is_not_upstreams() -> None:
    # With upstream's, `mlir`, a library of this wheel has the name of one in IREE's.
    assert release.nanobind_domain != "mlir"
    libraries = [path.name for path in Path(release.get_lib_dir()).iterdir() if "nanobind" in path.name]
    assert len(libraries) == 1
    # nanobind adds -ft for an interpreter without the lock, and -abi3 for the stable ABI.
    kind = "-ft" if sysconfig.get_config_var("Py_GIL_DISABLED") else "-abi3" if is_abi3(_DISTRIBUTION) else ""
    assert f"nanobind{kind}-{release.nanobind_domain}." in libraries[0]


def test_headers_are_where_it_says() -> None:
    folder = Path(release.get_include_dir())
    assert "mlirContextCreate" in (folder / "mlir-c" / "IR.h").read_text(encoding="utf-8")
    assert (folder / "mlir-c" / "Bindings" / "Python" / "Interop.h").is_file()


def _c_api() -> Path:
    (library,) = (path for path in Path(release.get_lib_dir()).iterdir() if "MLIRPythonCAPI." in path.name)
    return library


class _Context(ctypes.Structure):
    """MlirContext of mlir-c/IR.h."""

    _fields_ = (("ptr", ctypes.c_void_p),)


def test_c_api_library_works_without_python() -> None:
    library = ctypes.CDLL(str(_c_api()))
    library.mlirContextCreate.restype = _Context
    library.mlirContextDestroy.argtypes = [_Context]
    library.mlirContextGetNumLoadedDialects.argtypes = [_Context]
    library.mlirContextGetNumLoadedDialects.restype = ctypes.c_ssize_t
    context = library.mlirContextCreate()
    assert context.ptr
    assert library.mlirContextGetNumLoadedDialects(context) == 1  # builtin
    library.mlirContextDestroy(context)


_HEADERS = sorted(Path(release.get_include_dir(), "mlir-c").rglob("*.h"))


def _declared(header: Path) -> set[str]:
    """The functions that a header declares."""
    text = re.sub(r"//.*", "", header.read_text(encoding="utf-8"))
    return set(re.findall(r"^MLIR_CAPI_EXPORTED\s+[\w\s*]*?\b(mlir\w+)\s*\(", text, re.MULTILINE))


def test_the_headers_are_all_there() -> None:
    assert sum(len(_declared(header)) for header in _HEADERS) > 1000


@pytest.mark.parametrize("header", _HEADERS, ids=lambda path: path.stem)
def test_what_a_header_declares_is_in_the_library(header: Path) -> None:
    library = ctypes.CDLL(str(_c_api()))
    missing = {name for name in _declared(header) if not hasattr(library, name)}
    assert missing == set()


@pytest.mark.parametrize(
    "symbol",
    [
        "LLVMContextCreate",  # LLVM's C API
        "_ZN4mlir11MLIRContext9ThreadingE",
        "_ZN4mlir9Operation5eraseEv",  # mlir::Operation::erase()
        "_ZN4llvm4errsEv",  # llvm::errs()
    ],
)
def test_only_the_c_api_is_exported(symbol: str) -> None:
    library = ctypes.CDLL(str(_c_api()))
    assert hasattr(library, "mlirOperationDestroy")
    assert not hasattr(library, symbol)


def test_bindings_and_c_api_are_one(context: ir.Context) -> None:
    # A capsule of the bindings is the pointer that the C API takes.
    library = ctypes.CDLL(str(_c_api()))
    library.mlirContextGetNumLoadedDialects.argtypes = [_Context]
    library.mlirContextGetNumLoadedDialects.restype = ctypes.c_ssize_t
    unwrap = ctypes.pythonapi.PyCapsule_GetPointer
    unwrap.restype = ctypes.c_void_p
    unwrap.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = unwrap(context._CAPIPtr, b"mlir.ir.Context._CAPIPtr")  # noqa: SLF001 -- upstream's interface
    loaded = library.mlirContextGetNumLoadedDialects(_Context(pointer))
    assert loaded > 1  # builtin
