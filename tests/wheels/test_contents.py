"""What is installed: nothing but the package, whole, and described by its metadata."""

from __future__ import annotations

import hashlib
import re
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Callable

import mlir
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from installed import check_record, check_sbom, is_abi3, tags_of

_NAME = "mlir-python-bindings"
_DISTRIBUTION = metadata.distribution(_NAME)
_FILES = _DISTRIBUTION.files or []


def test_files_are_those_of_the_record(measured: Callable[[str], None]) -> None:
    measured(check_record("mlir-python-bindings"))


def test_the_sbom_says_what_is_in_it() -> None:
    check_sbom("mlir-python-bindings")


def test_nothing_lies_outside_the_package() -> None:
    allowed = re.compile(r"mlir|mlir_python_bindings\.libs|mlir_python_bindings-[^/]+\.dist-info")
    assert [str(file) for file in _FILES if not allowed.fullmatch(file.parts[0])] == []


def test_everything_in_the_package_is_in_the_record() -> None:
    (package,) = map(Path, mlir.__path__)
    recorded = {Path(str(file.locate())).resolve() for file in _FILES}
    found = {path.resolve() for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert found - recorded == set()


def test_no_library_is_there_twice() -> None:
    libraries = [
        Path(str(file.locate())) for file in _FILES if re.search(r"\.(so|dylib|dll|pyd)\b", file.name)
    ]
    hashes = [hashlib.sha256(path.read_bytes()).digest() for path in libraries]
    assert len(set(hashes)) == len(libraries)
    assert len({path.name for path in libraries}) == len(libraries)


def test_no_sources_or_build_files() -> None:
    unwanted = {".cpp", ".td", ".a", ".lib", ".o", ".obj", ".cmake", ".d", ".in", ".map"}
    assert [str(file) for file in _FILES if file.suffix in unwanted or "CMakeLists" in file.name] == []


def test_license_is_there() -> None:
    expression = "Apache-2.0 WITH LLVM-exception AND BSD-3-Clause AND MIT"
    assert _DISTRIBUTION.metadata["License-Expression"] == expression
    names = _DISTRIBUTION.metadata.get_all("License-File") or []
    texts = {
        name: file.read_text(encoding="utf-8")
        for name in names
        for file in _FILES
        if file.as_posix().endswith(f".dist-info/licenses/{name}")
    }
    assert texts.keys() == set(names) == {"LICENSE.TXT", "licenses/nanobind.txt", "licenses/robin-map.txt"}
    assert "Wenzel Jakob" in texts["licenses/nanobind.txt"]
    assert "MIT License" in texts["licenses/robin-map.txt"]
    text = texts["LICENSE.TXT"]
    assert "Apache License" in text
    assert "LLVM Exceptions" in text


def test_classifiers_name_this_python() -> None:
    classifiers = _DISTRIBUTION.metadata.get_all("Classifier") or []
    assert (
        f"Programming Language :: Python :: {sys.version_info.major}.{sys.version_info.minor}" in classifiers
    )
    assert "Typing :: Typed" in classifiers
    here = {"linux": "POSIX :: Linux", "darwin": "MacOS", "win32": "Microsoft :: Windows"}[sys.platform]
    assert f"Operating System :: {here}" in classifiers


def test_this_python_is_allowed() -> None:
    assert ".".join(map(str, sys.version_info[:3])) in SpecifierSet(_DISTRIBUTION.metadata["Requires-Python"])


def test_tag_is_for_this_interpreter() -> None:
    assert "Root-Is-Purelib: false" in (_DISTRIBUTION.read_text("WHEEL") or "")
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    if is_abi3(_NAME):
        # Upstream's stable ABI is that of 3.12, and a free-threaded Python has none before 3.15.
        assert tags_of(_NAME) == {"cp312-abi3"}
        assert sys.version_info >= (3, 12)
        assert "t" not in sys.abiflags
    else:
        assert tags_of(_NAME) == {f"{python}-{python}{sys.abiflags}"}


def test_extensions_are_of_the_tags_abi() -> None:
    extensions = [
        file.name for file in _FILES if file.name.startswith("_mlir") and file.suffix in {".so", ".pyd"}
    ]
    assert extensions
    # Windows names no ABI in the file names of the stable one.
    endings = (".abi3.so", ".pyd") if is_abi3(_NAME) else (sysconfig.get_config_var("EXT_SUFFIX"),)
    assert [name for name in extensions if not name.endswith(endings)] == []


@pytest.mark.parametrize("name", ["numpy", "ml-dtypes"])
def test_requirements_have_a_lowest_version_and_no_cap(name: str) -> None:
    every = [Requirement(text) for text in _DISTRIBUTION.requires or []]
    ours = [
        each
        for each in every
        if each.name.replace("_", "-") == name
        and (each.marker is None or each.marker.evaluate({"extra": ""}))
    ]
    together = SpecifierSet(",".join(str(each.specifier) for each in ours))
    assert {each.operator for each in together} == {">="}
    assert together.contains(metadata.version(name))


def test_nothing_else_is_required() -> None:
    every = [Requirement(text) for text in _DISTRIBUTION.requires or []]
    assert {each.name.replace("_", "-") for each in every if "extra" not in str(each.marker)} == {
        "numpy",
        "ml-dtypes",
    }
    assert _DISTRIBUTION.metadata.get_all("Provides-Extra") == ["opdsl"]


def test_links_and_description() -> None:
    links = dict(text.split(", ") for text in _DISTRIBUTION.metadata.get_all("Project-URL") or [])
    assert {"Homepage", "Documentation", "Source", "Issues"} <= set(links)
    assert all(link.startswith("https://") for link in links.values())
    assert _DISTRIBUTION.metadata["Summary"]
    assert "python -m mlir.release" in (_DISTRIBUTION.read_text("METADATA") or "")
