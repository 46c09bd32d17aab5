from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

import samples
from mlir_release import provenance
from mlir_release.errors import UserError
from mlir_release.sdk import ProviderName, Sdk
from mlir_release.source import SourceTree
from mlir_release.source.patches import Patch

COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
BUILD = "nox -s build-3.11"


def patch(name: str = "0001-test.patch", sha256: str = "1" * 64) -> Patch:
    return Patch(
        name=name,
        sha256=sha256,
        applies_to=SpecifierSet(">=22"),
        why="a test",
        upstream="https://example.org/",
        drop_when="never",
        path=Path(name),
    )


def tree(*patches: Patch, commit: str | None = COMMIT) -> SourceTree:
    return SourceTree(
        path=Path("llvm-project"), commit=commit, version="22.1.8", origin="git", patches=patches, key="k"
    )


def sdk(provider: ProviderName = ProviderName.SYSTEM) -> Sdk:
    return samples.sdk(Path("prefix"), provider)


def wheel(path: Path, facts: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mlir/__init__.py", "# padding\n" * 100)
        archive.writestr("mlir/release.json", json.dumps(facts))
        # Only that of the import package counts.
        archive.writestr("mlir/tests/release.json", "{}")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        provenance.read(path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_described_is_read_and_fresh(tmp_path: Path) -> None:
    facts = provenance.describe(tree(patch()), sdk(), tag=None, ref="llvmorg-22.1.8", compiler="clang 22.1.8")
    assert facts == {
        "tag": None,
        "llvm_commit": COMMIT,
        "llvm_ref": "llvmorg-22.1.8",
        "patches": [{"name": "0001-test.patch", "sha256": "1" * 64}],
        "sdk_provider": "system",
        "source": "git",
        "compiler": "clang 22.1.8",
    }
    made = wheel(tmp_path / "x.whl", facts)
    assert provenance.read(made) == facts
    provenance.ensure_fresh(made, tree(patch()), tag=None, build=BUILD)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (
            tree(patch(), commit="b" * 40),
            r"llvm-project commit differ.*\(ca7933e47d3a instead of bbbbbbbbbbbb\)",
        ),
        (tree(patch(), commit=None), r"llvm-project commit differ.*\(ca7933e47d3a instead of None\)"),
        (tree(), r"patches differ.*\(0001-test.patch 111111111111 instead of none\)"),
        (
            tree(patch(sha256="2" * 64)),
            r"patches differ.*\(0001-test.patch 1{12} instead of 0001-test.patch 2{12}\)",
        ),
        (
            tree(patch(), patch("0002-more.patch")),
            r"patches differ.*0001-test.patch 1{12}, 0002-more.patch 1{12}\)",
        ),
    ],
)
def test_stale_says_in_what_and_how_to_renew(tmp_path: Path, now: SourceTree, why: str) -> None:
    made = wheel(
        tmp_path / "x.whl", provenance.describe(tree(patch()), sdk(), tag=None, ref=None, compiler="x")
    )
    with pytest.raises(UserError, match=rf"x.whl is stale: its {why}; run {BUILD}$"):
        provenance.ensure_fresh(made, now, tag=None, build=BUILD)


@pytest.mark.parametrize(
    ("made_for", "wanted", "why"),
    [
        ("snapshot-20261123.01", None, "is of snapshot-20261123.01, not an untagged build"),
        (None, "llvm-22.1.8.01", "is an untagged build, not of llvm-22.1.8.01"),
        ("llvm-22.1.8.01", "llvm-22.1.8.02", "is of llvm-22.1.8.01, not of llvm-22.1.8.02"),
    ],
)
def test_of_another_release(tmp_path: Path, made_for: str | None, wanted: str | None, why: str) -> None:
    facts = provenance.describe(tree(), sdk(), tag=made_for, ref=None, compiler="x")
    made = wheel(tmp_path / "x.whl", facts)
    provenance.ensure_fresh(made, tree(), tag=made_for, build=BUILD)
    with pytest.raises(UserError, match=rf"^x.whl {why}; run {BUILD}$"):
        provenance.ensure_fresh(made, tree(), tag=wanted, build=BUILD)


def test_no_wheel_and_no_zip(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.whl")
    (tmp_path / "text.whl").write_text("not a wheel\n")
    assert "build it again" in refusal(tmp_path / "text.whl")


def test_a_wheel_of_another_project(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("other/__init__.py", "")
    assert "it has 0 files PACKAGE/release.json" in refusal(tmp_path / "other.whl")


@pytest.mark.parametrize("facts", [[], None, "text", {}, {"llvm_commit": COMMIT, "patches": []}])
def test_facts_that_are_none(tmp_path: Path, facts: Any) -> None:
    assert "does not say tag, llvm_commit, patches, sdk_provider" in refusal(wheel(tmp_path / "x.whl", facts))


@given(data=st.data())
def test_a_damaged_wheel_is_one_line_or_reads_as_before(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    facts = provenance.describe(tree(patch()), sdk(), tag=None, ref=None, compiler="x")
    path = wheel(tmp_path_factory.getbasetemp() / "damaged.whl", facts)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    try:
        read = provenance.read(path)
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 -- either outcome is right
    else:
        assert read == facts
