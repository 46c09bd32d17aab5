"""What a tree and an installation say of themselves, and what differs between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drift_trees import BINDINGS, DETECT, MLIR, REQUIREMENTS, install, write
from mlir_release.errors import UserError
from mlir_release.sdk import prefix
from mlir_release.source.facts import Facts, Kind, of_tree
from mlir_release.source.installed_facts import of_prefix
from mlir_release.source.layout import VERSION_FILE, is_wanted
from mlir_release.train.differences import Difference, differences, lines, not_compared

if TYPE_CHECKING:
    from pathlib import Path


class TestTree:
    def test_what_it_says(self, tmp_path: Path) -> None:
        facts = of_tree(write(tmp_path, {}))
        assert (facts.version, facts.complete, facts.unread) == ("22.1.8", True, ())
        found = facts.found
        assert found[Kind.PYTHON] == {"Python": "3.10"}
        assert found[Kind.REQUIREMENTS] == {"numpy": "<=2.1.2,>=1.19.5", "nanobind": ">=2.9"}
        assert found[Kind.DIALECTS].keys() == {"affine", "transform: loop_transform"}
        assert found[Kind.EXTENSIONS].keys() == {"_mlir"}
        assert found[Kind.TARGETS].keys() == {"MLIRIR", "LLVMX86CodeGen"}
        assert found[Kind.TOOLS] == {"llc": "llvm/tools/llc"}
        assert found[Kind.OPTIONS] == {"MLIR_ENABLE_X": "OFF", "MLIR_Y": "a"}
        assert found[Kind.LIT].keys() == {"host_os"}

    @pytest.mark.parametrize(
        ("file", "text", "kind"),
        [
            (REQUIREMENTS, None, Kind.REQUIREMENTS),
            (REQUIREMENTS, "-r other.txt\n", Kind.REQUIREMENTS),
            (REQUIREMENTS, "numpy>=x.y\n", Kind.REQUIREMENTS),
            (DETECT, "set(MLIR_PYTHON 3.10)\n", Kind.PYTHON),
            ("mlir/test/lit.site.cfg.py.in", None, Kind.LIT),
        ],
    )
    def test_what_cannot_be_read_is_said_and_the_rest_is_read(
        self, tmp_path: Path, file: str, text: str | None, kind: Kind
    ) -> None:
        facts = of_tree(write(tmp_path, {file: text}))
        assert kind not in facts.found
        assert Kind.DIALECTS in facts.found
        (said,) = facts.unread
        assert kind in said
        assert str(tmp_path) not in said

    def test_a_file_that_is_cut_short_is_named(self, tmp_path: Path) -> None:
        facts = of_tree(
            write(tmp_path, {BINDINGS: "declare_mlir_dialect_python_bindings(DIALECT_NAME affine"})
        )
        (said,) = facts.unread
        assert BINDINGS in said

    def test_a_name_that_a_variable_has_is_a_form_of_its_own(self, tmp_path: Path) -> None:
        found = of_tree(
            write(tmp_path, {"llvm/tools/lto/CMakeLists.txt": "add_llvm_library(${NAME} x.cpp)"})
        ).found
        assert found[Kind.COMMANDS]["add_llvm_library(${NAME})"] == "llvm/tools/lto/CMakeLists.txt"
        assert "${NAME}" not in found[Kind.TARGETS]

    def test_no_llvm_project(self, tmp_path: Path) -> None:
        with pytest.raises(UserError):
            of_tree(write(tmp_path, {VERSION_FILE: None}))

    def test_several_lines_of_one_requirement_and_several_defaults(self, tmp_path: Path) -> None:
        twice = 'a>=1; python_version < "3.13"\na>=2; python_version >= "3.13"\n'
        options = 'if(X)\noption(LLVM_T "t" ON)\nelse()\noption(LLVM_T "t")\nendif()\n'
        found = of_tree(write(tmp_path, {REQUIREMENTS: twice, MLIR: options})).found
        assert found[Kind.REQUIREMENTS] == {
            "a": '>=1 if python_version < "3.13" | >=2 if python_version >= "3.13"'
        }
        assert found[Kind.OPTIONS] == {"LLVM_T": "ON or OFF"}


def test_an_installation_says_less(tmp_path: Path) -> None:
    settings = "set(LLVM_ENABLE_LZMA 1)\nset(LLVM_DIR /usr/lib)\nset(LLVM_VERSION_MAJOR 24)\n"
    facts = of_prefix(prefix.read(install(tmp_path, targets="MLIRIR Polly", settings=settings)))
    assert (facts.version, facts.complete, facts.unread) == ("24.0.0", False, ())
    assert facts.found == {
        Kind.PYTHON: {"Python": "3.10"},
        Kind.TOOLS: {"mlir-opt": ""},
        Kind.TARGETS: {"MLIRIR": "", "LLVMX86CodeGen": ""},
        Kind.SETTINGS: {"LLVM_ENABLE_LZMA": "1"},
        Kind.EXPRESSIONS: {"LINK_ONLY": ""},
    }


def facts(*, complete: bool, **found: dict[str, str]) -> Facts:
    return Facts(version="1", complete=complete, found={Kind[kind]: it for kind, it in found.items()})


class TestDifferences:
    def test_of_trees(self) -> None:
        before = facts(complete=True, OPTIONS={"a": "ON", "b": "", "c": "1"}, LIT={"x": ""})
        after = facts(complete=True, OPTIONS={"a": "OFF", "c": "1", "d": ""}, DIALECTS={"x86": ""})
        (only,) = differences(before, after)
        assert only == Difference(kind=Kind.OPTIONS, new=("d",), gone=("b",), changed=(("a", "ON", "OFF"),))
        assert not_compared(before, after) == [Kind.DIALECTS, Kind.LIT]

    @pytest.mark.parametrize(
        ("before", "after", "new", "gone"),
        [(True, False, True, False), (False, True, False, True), (False, False, True, True)],
    )
    def test_what_an_installation_lacks_may_be_upstream(
        self, *, before: bool, after: bool, new: bool, gone: bool
    ) -> None:
        old, now = facts(complete=before, TOOLS={"a": ""}), facts(complete=after, TOOLS={"b": ""})
        (only,) = differences(old, now)
        assert (bool(only.new), bool(only.gone)) == (new, gone)

    def test_nothing(self) -> None:
        same = facts(complete=True, TOOLS={"a": "x"}, COMMANDS={"add_mlir_x": "here"})
        moved = facts(complete=True, TOOLS={"a": ""}, COMMANDS={"add_mlir_x": "there"})
        assert differences(same, moved) == []

    def test_a_form_that_is_new_is_named_with_its_file(self) -> None:
        old, new = facts(complete=True, COMMANDS={}), facts(complete=True, COMMANDS={"add_mlir_y": "a/b"})
        assert [it.new for it in differences(old, new)] == [("add_mlir_y (a/b)",)]

    def test_lines_are_short_and_lists_are_cut(self) -> None:
        names = tuple(f"MLIRLibrary{number:03}" for number in range(100))
        said = list(lines(Difference(kind=Kind.TARGETS, new=names)))
        assert all(len(line) <= 110 for line in said)
        assert sum(line.count("MLIRLibrary") for line in said) < 50


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("mlir/python/CMakeLists.txt", True),
        ("mlir/CMakeLists.txt", True),
        ("mlir/a/b/c/CMakeLists.txt", True),
        ("mlir/a/xCMakeLists.txt", False),
        ("mlir/CMakeLists.txt/x", False),
        ("llvm/CMakeLists.txt", False),
        ("cmake/x.cmake", True),
        ("cmake/a/x.cmake", False),
    ],
)
def test_patterns_of_parts(path: str, *, wanted: bool) -> None:
    assert is_wanted(path, ("mlir/**/CMakeLists.txt", "cmake/*.cmake")) is wanted
