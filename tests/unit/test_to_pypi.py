"""What may be uploaded where, what is missing there, and in which order it goes."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_samples import file_of, manifest_of
from mlir_release.errors import UserError
from mlir_release.publishing import to_pypi
from mlir_release.publishing.place import Place
from mlir_release.publishing.simple_api import Listed
from mlir_release.publishing.standing import compare, in_order

if TYPE_CHECKING:
    from mlir_release.publishing.manifest import File, Manifest

ELSEWHERE = "https://index.example/upload/"
LOOPBACK = ("http://127.0.0.1:8080/", "http://localhost/", "http://127.9.9.9/", "http://[::1]:80/")
PYTHONS = ("cp310", "cp311")
REQUIRES = {"mlir-sdk": ["llvm-sdk==22.1.8", "typing_extensions>=4"], "mlir-tools": [], "llvm-sdk": ["numpy"]}


def wheel(distribution: str, python: str = "py3", version: str = "22.1.8") -> File:
    abi = "none" if python == "py3" else python
    name = f"{distribution.replace('-', '_')}-{version}-{python}-{abi}-manylinux_2_28_x86_64.whl"
    return file_of(name, 1000, hashlib.sha256(name.encode()).hexdigest(), "0" * 64)


def release(version: str = "22.1.8", *, rehearsal: bool = False) -> Manifest:
    files = [wheel(name, version=version) for name in ("llvm-sdk", "mlir-sdk", "mlir-tools")]
    files += [wheel("mlir-python-bindings", python, version) for python in PYTHONS]
    return dataclasses.replace(manifest_of(version, files), rehearsal=rehearsal)


def listed(*files: File) -> dict[str, dict[str, Listed]]:
    """An index that has these files."""
    found: dict[str, dict[str, Listed]] = {file.distribution: {} for file in release().files}
    for file in files:
        found[file.distribution][file.name] = Listed(name=file.name, sha256=file.sha256, size=file.size)
    return found


@pytest.mark.parametrize("url", [to_pypi.PYPI, to_pypi.TESTPYPI])
@pytest.mark.parametrize("version", ["24.0.0.dev2026112301", "22.1.8+local"])
def test_what_public_indexes_do_not_get(url: str, version: str) -> None:
    manifest = dataclasses.replace(release(), version=version)
    with pytest.raises(UserError, match="is not a numbered release, and only these go to"):
        Place.at(url).ensure_takes(manifest)


@pytest.mark.parametrize("version", ["22.1.8", "22.1.8.post1", "23.1.0rc1"])
def test_what_public_indexes_get(version: str) -> None:
    for url in (to_pypi.PYPI, to_pypi.TESTPYPI):
        Place.at(url).ensure_takes(release(version))


def test_snapshots_go_elsewhere() -> None:
    for url in (ELSEWHERE, *LOOPBACK):
        Place.at(url).ensure_takes(release("24.0.0.dev2026112301"))


def test_rehearsals_stay_on_this_machine() -> None:
    for url in LOOPBACK:
        Place.at(url).ensure_takes(release(rehearsal=True))
    others = (ELSEWHERE, to_pypi.PYPI, "https://127.0.0.1.index.example/", "https://localhost.example/")
    for url in others:
        with pytest.raises(UserError, match="was gathered as a rehearsal"):
            Place.at(url).ensure_takes(release(rehearsal=True))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://index.example/", "is not https://HOST/"),
        ("ftp://index.example/", "is not https://HOST/"),
        ("https:///upload/", "is not https://HOST/"),
        ("https://index.example/?to=1", "is not https://HOST/"),
        ("https://index.example/#to", "is not https://HOST/"),
        ("index", "is not https://HOST/"),
        ("", "is not https://HOST/"),
        ("https://index.example:port/", "is no URL"),
        ("https://me:secret@index.example/", "put them into TWINE_USERNAME"),
        (to_pypi.PYPI.rstrip("/"), "say --to pypi"),
        (to_pypi.PYPI.replace("upload.", ""), "say --to pypi"),
        (to_pypi.TESTPYPI.replace("legacy", "simple"), "say --to pypi"),
    ],
)
def test_urls_that_are_of_no_use(url: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        Place.at(url)
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_index_that_has_nothing() -> None:
    standing = compare(release(), listed())
    assert (standing.missing, standing.problems) == (release().files, ())


@given(st.sets(st.sampled_from(release().files)))
def test_missing_is_what_is_not_there(there: set[File]) -> None:
    standing = compare(release(), listed(*there))
    assert set(standing.missing) == set(release().files) - there
    assert not standing.problems


@given(st.sets(st.sampled_from(release().files)))
def test_all_that_has_other_bytes_is_named(changed: set[File]) -> None:
    there = [
        dataclasses.replace(file, sha256="f" * 64) if file in changed else file for file in release().files
    ]
    standing = compare(release(), listed(*there))
    assert not standing.missing
    assert len(standing.problems) == len(changed)
    assert all(
        any(file.name in text and "other bytes" in text for text in standing.problems) for file in changed
    )


def test_other_versions_are_nobodys_business() -> None:
    standing = compare(
        release(), listed(wheel("mlir-sdk", version="22.1.7"), wheel("mlir-sdk", "py3", "23.1.0"))
    )
    assert not standing.problems


@pytest.mark.parametrize("name", ["mlir_sdk-22.1.8.tar.gz", "mlir_sdk-22.1.8-1-py3-none-any.whl"])
def test_files_of_this_version_that_are_not_ours(name: str) -> None:
    there = listed()
    there["mlir-sdk"][name] = Listed(name=name, sha256="0" * 64, size=1)
    there["mlir-sdk"]["readme.txt"] = Listed(name="readme.txt", sha256=None, size=None)
    assert compare(release(), there).problems == (f"its {name} is no file of this release",)


def test_a_sha256_that_is_not_said() -> None:
    file = release().files[0]
    there = listed()
    there[file.distribution][file.name] = Listed(name=file.name, sha256=None, size=None)
    assert compare(release(), there).problems == (f"it does not say the sha256 of its {file.name}",)


def test_room_is_counted_by_project() -> None:
    old = wheel("mlir-python-bindings", version="22.1.7")
    there = listed(dataclasses.replace(old, size=500), wheel("mlir-python-bindings", "cp310"))
    # 500 and 1000 are there, 1000 come.
    assert not compare(release(), there, quota=2500).problems
    (problem,) = compare(release(), there, quota=2499).problems
    assert problem.startswith("mlir-python-bindings would have")


def test_what_others_need_goes_first() -> None:
    names = [file.distribution for file in in_order(reversed(release().files), REQUIRES)]
    assert names == ["llvm-sdk", "mlir-sdk", "mlir-tools", *["mlir-python-bindings"] * 2]
    needed = {**REQUIRES, "llvm-sdk": ["MLIR_Tools>=1; python_version > '3'"], "mlir-tools": []}
    assert [file.distribution for file in in_order(release().files, needed)][:3] == [
        "mlir-tools",
        "llvm-sdk",
        "mlir-sdk",
    ]


@given(st.permutations(release().files), st.integers(0, 5))
def test_the_order_is_always_the_same(files: list[File], count: int) -> None:
    rest = files[:count]
    whole = in_order(files, REQUIRES)
    assert set(in_order(rest, REQUIRES)) == set(rest)
    assert whole == in_order(release().files, REQUIRES)


def test_requirements_that_nothing_fits() -> None:
    with pytest.raises(UserError, match=r"needs .*, so none can be published first"):
        in_order(release().files, {"mlir-sdk": ["llvm-sdk"], "llvm-sdk": ["mlir-sdk"]})
    with pytest.raises(UserError, match="is no requirement"):
        in_order(release().files, {"mlir-sdk": ["=="]})
