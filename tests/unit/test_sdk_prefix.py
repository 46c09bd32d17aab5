"""A prefix that is given by hand: what is looked at in it, and its key."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.sdk import ProviderName
from mlir_release.sdk.prefix import BadPrefix, read
from samples import NO_PLACE as VERSION
from samples import make_prefix, obtain_installed, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("inside", ["", "lib/cmake/mlir", "lib/cmake/llvm"])
def test_prefix_by_hand(prefix: Path, store: Store, inside: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = obtain_installed(str(prefix / inside), version=VERSION, store=store)
    assert found.provider is ProviderName.SYSTEM
    assert (found.prefix, found.version) == (prefix, VERSION)
    assert (found.library_dir, found.tools_dir) == (prefix / "lib", prefix / "bin")
    assert capsys.readouterr().out == (
        f"   SDK: system, MLIR {VERSION} in {prefix}, given by hand (as --sdk says)\n"
    )


@pytest.mark.usefixtures("machine")
def test_libraries_in_lib64(tmp_path: Path, store: Store) -> None:
    prefix = make_prefix(tmp_path / "fedora", lib="lib64")
    assert obtain_installed(str(prefix), version=VERSION, store=store).library_dir == prefix / "lib64"


@pytest.mark.usefixtures("machine")
def test_objects_serve_for_an_archive(prefix: Path, store: Store) -> None:
    (prefix / "lib/libMLIRCAPIDebug.a").unlink()
    (prefix / "lib/objects-Release/obj.MLIRCAPIDebug").mkdir(parents=True)
    assert obtain_installed(str(prefix), version=VERSION, store=store).prefix == prefix


@pytest.mark.usefixtures("machine")
def test_release_candidate_is_spelled_as_python_does(tmp_path: Path, store: Store) -> None:
    prefix = make_prefix(tmp_path / "rc", version="99.1.0-rc2")
    assert obtain_installed(str(prefix), version="99.1.0rc2", store=store).version == "99.1.0rc2"


@pytest.mark.usefixtures("machine")
def test_not_an_mlir(tmp_path: Path, store: Store) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"\0\xff")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "empty is not an MLIR prefix: it has no lib/cmake/mlir" in refusal(tmp_path / "empty", store)
    assert "file is not a folder" in refusal(tmp_path / "file", store)
    assert "nowhere does not exist" in refusal(tmp_path / "nowhere", store)
    assert "circle cannot be read" in refusal(tmp_path / "circle", store)
    assert "cannot be read" in refusal("~no-such-user-at-all/mlir", store)
    assert "cannot be read" in refusal(tmp_path / ("x" * 5000), store)


@pytest.mark.usefixtures("machine")
def test_other_version_says_which_and_how_to_get_it(tmp_path: Path, store: Store) -> None:
    prefix = make_prefix(tmp_path / "old", version="99.0.5")
    line = refusal(prefix, store)
    assert f"the MLIR in {prefix} is 99.0.5, and 99.1.0 is needed; " in line
    assert "install MLIR 99.1.0 and name its folder with --sdk" in line or "brew install llvm@99" in line


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("cmake/mlir/MLIRConfig.cmake", b"", "does not say its version"),
        ("cmake/mlir/MLIRConfig.cmake", b"\x7fELF\0\xff\xfe" * 99, "does not say its version"),
        ("cmake/mlir/MLIRConfig.cmake", b"set(LLVM_VERSION 99.1.0)\n", "no C API"),
        ("cmake/mlir/MLIRConfig.cmake", b"set(LLVM_VERSION 99.1.0", "does not say its version"),
        ("cmake/mlir/MLIRTargets.cmake", None, "MLIRTargets.cmake is missing"),
        ("cmake/llvm/LLVMConfigVersion.cmake", b"if(", "does not say its version"),
        ("cmake/llvm/LLVMConfigVersion.cmake", None, "cannot be read (No such file or directory)"),
        (
            "cmake/llvm/LLVMConfigVersion.cmake",
            b'set(PACKAGE_VERSION "99.1.1")\n',
            "is a mixture: its MLIR is 99.1.0, its LLVM 99.1.1",
        ),
        ("libMLIRCAPIIR.a", None, "no complete C API: MLIRCAPIIR is missing"),
    ],
)
def test_damaged_prefix(prefix: Path, store: Store, file: str, content: bytes | None, complaint: str) -> None:
    path = prefix / "lib" / file
    path.unlink() if content is None else path.write_bytes(content)
    assert complaint in refusal(prefix, store)


@pytest.mark.usefixtures("machine")
def test_many_missing_libraries_are_counted(prefix: Path, store: Store) -> None:
    config = prefix / "lib/cmake/mlir/MLIRConfig.cmake"
    config.write_text(config.read_text().replace("MLIRCAPIDebug;", "A;B;C;D;E;"))
    assert "A, B, C and 2 more are missing" in refusal(prefix, store)


@pytest.mark.usefixtures("machine")
def test_missing_tools_are_named(prefix: Path, store: Store) -> None:
    (prefix / "bin/FileCheck").unlink()
    (prefix / "bin/count").chmod(0o644)
    assert f"{prefix / 'bin'} does not have FileCheck, count;" in refusal(prefix, store)


@pytest.mark.usefixtures("machine")
def test_what_cmake_would_miss_is_named(prefix: Path, store: Store) -> None:
    (prefix / "lib/cmake/mlir/MLIRTargets-release.cmake").write_text(
        'list(APPEND _cmake_import_check_files_for_MLIRIR "${_IMPORT_PREFIX}/lib/libMLIRIR.a" )\n'
        'list(APPEND _IMPORT_CHECK_FILES_FOR_obj.A "${_IMPORT_PREFIX}/lib/a.o;${_IMPORT_PREFIX}/lib/b.o" )\n'
        '#list(APPEND _cmake_import_check_files_for_mlir-lsp "${_IMPORT_PREFIX}/bin/mlir-lsp" )\n'
    )
    assert f"{prefix} is damaged: lib/a.o, lib/b.o are missing;" in refusal(prefix, store)
    for name in ("a.o", "b.o"):
        (prefix / "lib" / name).touch()
    assert obtain_installed(prefix, version=VERSION, store=store).prefix == prefix
    (prefix / "lib/libMLIRIR.a").unlink()
    shutil.rmtree(prefix / "include/llvm")
    assert "is damaged: include/llvm, lib/libMLIRIR.a are missing;" in refusal(prefix, store)


@given(config=st.binary(max_size=200), version=st.binary(max_size=200))
def test_no_content_of_the_files_is_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, config: bytes, version: bytes
) -> None:
    prefix = make_prefix(tmp_path_factory.mktemp("any") / "mlir")
    (prefix / "lib/cmake/mlir/MLIRConfig.cmake").write_bytes(b"set(LLVM_VERSION " + config)
    (prefix / "lib/cmake/llvm/LLVMConfigVersion.cmake").write_bytes(version)
    outcome = ""
    try:
        outcome = read(prefix).version
    except BadPrefix as error:
        outcome = str(error)
    assert re.match(r"\d", outcome) or str(prefix) in outcome


@pytest.mark.usefixtures("machine")
def test_key_follows_the_content(prefix: Path, store: Store, tmp_path: Path) -> None:
    def key(place: Path) -> str:
        return obtain_installed(str(place), version=VERSION, store=store).key

    first = key(prefix)
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert key(prefix) == first
    (tmp_path / "link").symlink_to(prefix)
    assert key(tmp_path / "link") == first
    keys = {first}
    for name in ("libMLIRIR.a", "libMLIRCAPIIR.a", "libLLVMSupport.a", "cmake/mlir/MLIRTargets.cmake"):
        os.utime(prefix / "lib" / name, ns=(1, 1))
        keys.add(key(prefix))
    (prefix / "lib/libMLIRIR.a").write_text("!<arch>\nmore")
    os.utime(prefix / "lib/libMLIRIR.a", ns=(1, 1))
    keys.add(key(prefix))
    shutil.copytree(prefix, tmp_path / "copy")
    keys.add(key(tmp_path / "copy"))
    assert len(keys) == 7
