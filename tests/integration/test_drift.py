"""What is new for us in another commit, tree, archive or installation: tiny ones, and LLVM's own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import real_trees
from drift_trees import BINDINGS, DETECT, MLIR, REQUIREMENTS, TEST, TREE, install, write
from git_world import Bare, version_file
from llvm_tree import archive, content
from mlir_release.errors import UserError
from mlir_release.sdk import prefix
from mlir_release.source.facts import Kind, of_tree
from mlir_release.source.installed_facts import of_prefix
from mlir_release.source.layout import VERSION_FILE
from mlir_release.source.patches import select
from mlir_release.train import drift
from mlir_release.train.differences import differences
from mlir_release.train.sides import Side, patched

if TYPE_CHECKING:
    from collections.abc import Mapping

NEXT = {VERSION_FILE: version_file("23.0.0git")}
PATCH = """\
Why: a test
Upstream: https://example.org/
Drop-when: never
Applies-to: {applies}

--- a/{path}
+++ b/{path}
@@ -1 +1 @@
-{old}
+{new}
"""
EXPECTED = '[[expected]]\ntests = ["MLIR :: CAPI/ir.c", "MLIR-Unit :: x"]\nreason = "r"\nlink = "l"\n{more}'


@dataclass(frozen=True)
class Project:
    """A project with a pin, patches and expectations, and the llvm-project that the pin is of."""

    root: Path
    upstream: Bare

    def drift(self, *words: str | Path) -> dict[str, Any]:
        """All that the session finds."""
        report = self.root / "report.json"
        own = ["--json", report, "--cache", self.root / "cache"]
        drift.run([str(word) for word in (*words, *own)], self.root, self.upstream.url)
        found: dict[str, Any] = json.loads(report.read_text())
        return found

    def patch(self, name: str, *, path: str = MLIR, old: str, new: str = "new", applies: str) -> None:
        text = PATCH.format(path=path, old=old, new=new, applies=applies)
        (self.root / "patches" / name).write_text(text)

    def expect(self, more: str = "") -> None:
        (self.root / "tests").mkdir(exist_ok=True)
        (self.root / "tests/expected-failures.toml").write_text(EXPECTED.format(more=more))

    def tree(self, files: Mapping[str, str | None]) -> Path:
        return write(self.root / "other", {**NEXT, **files})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    upstream = Bare.make(tmp_path / "upstream.git")
    pinned = upstream.commit("pinned", TREE)
    (tmp_path / "patches").mkdir()
    (tmp_path / "llvm-project.version").write_text(f"{pinned}\n")
    return Project(tmp_path, upstream)


def by_kind(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {it["kind"]: it for it in found["differences"]}


class TestSides:
    def test_a_commit(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        commit = project.upstream.commit("next", {**NEXT, BINDINGS: "", "llvm/lib/x.cpp": "x"})
        found = project.drift(commit)
        assert found["after"] == f"LLVM 23.0.0git ({commit[:9]})"
        assert by_kind(found)[Kind.DIALECTS]["gone"] == ["affine", "transform: loop_transform"]
        assert by_kind(found)[Kind.EXTENSIONS]["gone"] == ["_mlir"]
        said = capsys.readouterr().out
        report = said.partition("== drift")[2]
        assert all(len(line) <= 112 for line in report.splitlines())
        assert "affine" in report

    def test_a_checkout_is_only_read(self, project: Project) -> None:
        other = project.tree(
            {REQUIREMENTS: "numpy>=2.1\n", DETECT: "set(MLIR_MINIMUM_PYTHON_VERSION 3.11)\n"}
        )
        before = content(other, times=True)
        found = by_kind(project.drift(other))
        assert content(other, times=True) == before
        assert found[Kind.PYTHON]["changed"] == [["Python", "3.10", "3.11"]]
        assert found[Kind.REQUIREMENTS]["gone"] == ["nanobind"]
        assert found[Kind.REQUIREMENTS]["changed"] == [["numpy", "<=2.1.2,>=1.19.5", ">=2.1"]]

    def test_an_archive(self, project: Project) -> None:
        other = project.tree({"llvm/tools/llc/CMakeLists.txt": "add_llvm_tool(llc2 llc.cpp)"})
        archive(project.root / "other.tar.xz", other)
        found = project.drift(project.root / "other.tar.xz")
        (tools,) = found["differences"]
        assert (tools["kind"], tools["new"], tools["gone"]) == (Kind.TOOLS, ["llc2"], ["llc"])

    def test_an_installation(self, project: Project) -> None:
        place = install(project.root / "lib/llvm", targets="MLIRIR MLIRNew", lowest="3.12")
        found = by_kind(project.drift(place))
        assert found[Kind.PYTHON]["changed"] == [["Python", "3.10", "3.12"]]
        assert (found[Kind.TARGETS]["new"], found[Kind.TARGETS]["gone"]) == (["MLIRNew"], [])

    def test_two_installations(self, project: Project) -> None:
        old = install(project.root / "a", targets="MLIRIR", settings="set(LLVM_ENABLE_Z OFF)\n")
        new = install(project.root / "b", targets="MLIRNew", settings="set(LLVM_ENABLE_Z ON)\n")
        found = by_kind(project.drift(new, "--from", old))
        assert (found[Kind.TARGETS]["new"], found[Kind.TARGETS]["gone"]) == (["MLIRNew"], ["MLIRIR"])
        assert found[Kind.SETTINGS]["changed"] == [["LLVM_ENABLE_Z", "OFF", "ON"]]

    def test_the_pin_itself(self, project: Project) -> None:
        found = project.drift((project.root / "llvm-project.version").read_text().strip())
        assert not any(found[name] for name in ("differences", "patches", "tests", "remarks"))

    @pytest.mark.parametrize("what", ["", "0123456", "no-such-folder", "a b", "f" * 40])
    def test_what_is_none_of_these_is_a_mistake(self, project: Project, what: str) -> None:
        with pytest.raises(UserError):
            project.drift(what)

    def test_an_empty_folder_and_a_file_that_is_no_archive(self, project: Project) -> None:
        (project.root / "empty").mkdir()
        for name in ("empty", "llvm-project.version"):
            with pytest.raises(UserError) as caught:
                project.drift(project.root / name)
            assert len(str(caught.value).splitlines()) == 1
        for words in ([], ["a", "b"], ["a", "--unknown"]):
            with pytest.raises(UserError):
                drift.run(words, project.root)

    def test_a_tree_whose_requirements_cannot_be_read_is_said(self, project: Project) -> None:
        found = project.drift(project.tree({REQUIREMENTS: "-r others.txt\n"}))
        assert any(Kind.REQUIREMENTS in line for line in found["remarks"])


class TestOurs:
    def test_patches(self, project: Project) -> None:
        project.patch("0001-a.patch", path=TEST, old=TREE[TEST].strip(), applies=">=22,<24")
        project.patch("0002-b.patch", path="mlir/new.txt", old="x", applies=">=22,<24")
        project.patch("0003-c.patch", path=TEST, old=TREE[TEST].strip(), applies="==22.*")
        found = project.drift(project.tree({}))["patches"]
        assert found.keys() == {"0002-b.patch", "0003-c.patch"}
        assert "mlir/new.txt" in found["0002-b.patch"]
        assert "==22.*" in found["0003-c.patch"]

    def test_the_lowest_python_is_what_patches_make_it(self, project: Project) -> None:
        line = "set(MLIR_MINIMUM_PYTHON_VERSION 3.{})".format
        project.patch("0001-a.patch", path=DETECT, old=line(10), new=line(9), applies="==22.*")
        found = by_kind(project.drift(project.tree({})))
        assert found[Kind.PYTHON]["changed"] == [["Python", "3.9", "3.10"]]

    def test_tests_that_expectations_name(self, project: Project) -> None:
        project.expect()
        other = project.tree({TEST: None})
        assert project.drift(other)["tests"] == ["MLIR :: CAPI/ir.c"]
        project.expect('llvm = "==22.*"\n')
        assert project.drift(other)["tests"] == []


@pytest.fixture(scope="module")
def ours() -> drift.Ours:
    return drift.Ours.read(real_trees.ROOT)


@pytest.fixture(scope="module")
def llvm_23(ours: drift.Ours, tmp_path_factory: pytest.TempPathFactory) -> Side:
    folder = real_trees.bring(real_trees.LLVM_23, ours.paths, tmp_path_factory.mktemp("real") / "23")
    return Side(name="23", facts=of_tree(folder), folder=folder)


@pytest.fixture(scope="module")
def llvm_22(ours: drift.Ours, tmp_path_factory: pytest.TempPathFactory) -> Side:
    folder = real_trees.bring(real_trees.LLVM_22, ours.paths, tmp_path_factory.mktemp("real") / "22")
    return Side(name="22", facts=of_tree(folder), folder=folder)


@pytest.mark.timeout(600)
class TestReal:
    def test_23_is_read_without_anything_unknown(self, llvm_23: Side) -> None:
        facts = llvm_23.facts
        assert facts.unread == ()
        assert facts.found[Kind.PYTHON] == {"Python": "3.10"}
        assert {"numpy", "ml_dtypes", "PyYAML", "nanobind"} <= facts.found[Kind.REQUIREMENTS].keys()
        assert "MLIR_ENABLE_PYTHON_STABLE_ABI" in facts.found[Kind.OPTIONS]
        assert {"mlir-opt", "mlir-tblgen", "llc", "FileCheck"} <= facts.found[Kind.TOOLS].keys()
        assert {"MLIRCallInterfaces", "LLVMX86CodeGen"} <= facts.found[Kind.TARGETS].keys()

    def test_what_patches_say_of_23_is_true(self, ours: drift.Ours, llvm_23: Side) -> None:
        states = patched(ours.patches, llvm_23)[1]
        belonging = {patch.name for patch in select(ours.patches, llvm_23.facts.version)}
        assert {name for name, state in states.items() if state == "applies"} == belonging
        assert "0002-export-runtime-functions.patch" in belonging

    def test_from_22_to_23(self, ours: drift.Ours, llvm_22: Side, llvm_23: Side) -> None:
        found = drift.compare(ours, llvm_22, llvm_23)
        kinds = {it.kind: it for it in found.differences}
        assert kinds[Kind.PYTHON].changed == (("Python", "3.9", "3.10"),)
        assert ("numpy", "<=2.1.2,>=1.19.5", "<=2.1.2,>=2.1.0") in kinds[Kind.REQUIREMENTS].changed
        assert "x86" in kinds[Kind.DIALECTS].new
        assert {"MLIRX86Dialect", "LLVMHTTP"} <= set(kinds[Kind.TARGETS].new)
        assert "MLIRX86VectorDialect" in kinds[Kind.TARGETS].gone
        assert "MLIR_ENABLE_PYTHON_STABLE_ABI" in kinds[Kind.OPTIONS].new
        assert "enable_python_stable_abi" in kinds[Kind.LIT].new
        # What is tried on 23 applies to it; and 0001 is known not to be for it.
        assert "0001-python-3.9.patch" in found.patches
        assert not any(state.startswith("does not") for state in found.patches.values())
        assert found.tests == []
        assert drift.compare(ours, llvm_22, llvm_22).differences == []

    def test_an_installed_23_has_what_its_source_declares(self, llvm_23: Side) -> None:
        place = Path(os.environ.get("MLIR_TEST_PREFIX_23", "/usr/lib/llvm-23"))
        if not (place / "lib/cmake/mlir/MLIRConfig.cmake").is_file():
            pytest.skip("no MLIR 23 is installed; MLIR_TEST_PREFIX_23 names one")
        assert differences(llvm_23.facts, of_prefix(prefix.read(place))) == []
