"""LLVM's lines: the table, what a tree says itself, and what follows from both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llvm_facts
import llvm_lines
from mlir_release import lines
from mlir_release.errors import UserError
from mlir_release.pin import FILE_NAME, Pin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {
    "cmake/Modules/LLVMVersion.cmake": "set(LLVM_VERSION_MAJOR 23)\n  set(LLVM_VERSION_MINOR 1)\n"
    "  set(LLVM_VERSION_PATCH 1)\n",
    "mlir/cmake/modules/MLIRDetectPythonEnv.cmake": "set(MLIR_MINIMUM_PYTHON_VERSION 3.10)\n",
    "mlir/CMakeLists.txt": "set(MLIR_ENABLE_PYTHON_STABLE_ABI 0 CACHE BOOL)\n",
    "mlir/python/requirements.txt": "# BUILD\nnanobind>=2.9, <3.0\n\nnumpy>=2.1.0, <=2.1.2 # RUN\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


class TestTable:
    def test_ours_has_each_line_once_the_oldest_first(self) -> None:
        known = llvm_lines.read()
        assert list(known) == sorted(known)
        assert all(major == line.major for major, line in known.items())

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "22 = 1",
            "[main]\nnanobind = '2'\nabi3 = true",
            "[22]\nnanobind = '2.12.0'",
            "[22]\nnanobind = 2.12\nabi3 = true",
            "[22]\nnanobind = '2.12.0'\nabi3 = 1",
            "[22]\nnanobind = '2.12.0'\nabi3 = true\nother = 1",
            "[22",
        ],
    )
    def test_one_that_is_malformed_is_named(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "lines.toml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(llvm_lines.BadLines, match=r"lines\.toml"):
            llvm_lines.read(file)

    def test_one_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(llvm_lines.BadLines, match="cannot be read"):
            llvm_lines.read(tmp_path / "lines.toml")

    @given(
        known=st.lists(st.integers(1, 99), unique=True, min_size=1),
        major=st.integers(1, 120),
        suffix=st.sampled_from(["git", "rc1", ""]),
    )
    def test_a_version_is_of_the_newest_line_not_after_it(
        self, known: list[int], major: int, suffix: str
    ) -> None:
        table = {it: llvm_lines.Line(it, "2", abi3=False) for it in sorted(known)}
        if major < min(known):
            with pytest.raises(llvm_lines.BadLines):
                llvm_lines.line_of(f"{major}.1.0{suffix}", table)
        else:
            found = llvm_lines.line_of(f"{major}.1.0{suffix}", table).major
            assert found == max(it for it in known if it <= major)


class TestLineOf:
    def test_one_that_is_new_is_built_as_the_newest_with_a_warning(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        newest = max(llvm_lines.read())
        assert lines.line_of(f"{newest}.1.0rc1").major == newest
        assert capsys.readouterr().out == ""
        assert lines.line_of("99.0.0git").major == newest
        assert "99.0.0git" in capsys.readouterr().out

    def test_one_that_is_too_old(self) -> None:
        with pytest.raises(UserError, match=r"LLVM 14\.0\.6 "):
            lines.line_of("14.0.6")

    def test_a_pin_says_for_which_pythons_wheels_are_made(self) -> None:
        made = {
            (version, python): [
                it.name for it in lines.abis_of(Pin(commit="a" * 40, version=version, python=python))
            ]
            for version, python in (("22.1.8", "3.9"), ("23.1.1", "3.10"))
        }
        assert "cp39" in made["22.1.8", "3.9"]
        assert "cp313" in made["22.1.8", "3.9"]
        assert made["23.1.1", "3.10"] == ["cp310", "cp311", "cp312-abi3", "cp313t", "cp314t", "cp315t"]

    def test_sessions_are_those_of_the_pin_whatever_it_is(self, tmp_path: Path) -> None:
        every = [it.name for it in lines.served(tmp_path)]
        text = f'commit = "{"a" * 40}"\nversion = "23.1.1"\nref = "main"\npython = "3.14"\n'
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        assert [it.name for it in lines.served(tmp_path)] == ["3.14", "3.14t", "3.15", "3.15t"]
        (tmp_path / FILE_NAME).write_text("broken", encoding="utf-8")
        assert [it.name for it in lines.served(tmp_path)] == every

    def test_without_a_stable_abi_when_that_is_asked_for(self) -> None:
        pin = Pin(commit="a" * 40, version="23.1.1", python="3.12")
        made = [it.name for it in lines.abis_of(pin, per_version=True)]
        assert made == ["cp312", "cp313", "cp313t", "cp314", "cp314t", "cp315", "cp315t"]


class TestTree:
    def test_what_it_says(self, tree: Path) -> None:
        assert llvm_facts.numbers(tree) == "23.1.1"
        assert llvm_facts.lowest_python(tree) == "3.10"
        assert llvm_facts.offers_abi3(tree)
        assert llvm_facts.requirements(tree) == ["nanobind>=2.9, <3.0", "numpy>=2.1.0, <=2.1.2"]
        lines.ensure_agrees(llvm_lines.Line(23, "2", abi3=True), tree)

    def test_the_table_must_not_contradict_it(self, tree: Path) -> None:
        (tree / "mlir/CMakeLists.txt").write_text("", encoding="utf-8")
        lines.ensure_agrees(llvm_lines.Line(22, "2", abi3=False), tree)
        with pytest.raises(UserError, match="MLIR_ENABLE_PYTHON_STABLE_ABI"):
            lines.ensure_agrees(llvm_lines.Line(22, "2", abi3=True), tree)

    @pytest.mark.parametrize(
        ("name", "ask"),
        [
            ("cmake/Modules/LLVMVersion.cmake", llvm_facts.numbers),
            ("mlir/cmake/modules/MLIRDetectPythonEnv.cmake", llvm_facts.lowest_python),
            ("mlir/python/requirements.txt", llvm_facts.requirements),
        ],
    )
    @pytest.mark.parametrize("text", [None, "", "what(is this)\n"])
    def test_a_form_that_is_not_known_is_named(
        self, tree: Path, name: str, ask: Callable[[Path], object], text: str | None
    ) -> None:
        (tree / name).unlink() if text is None else (tree / name).write_text(text, encoding="utf-8")
        with pytest.raises(llvm_facts.UnknownForm) as caught:
            ask(tree)
        assert name in str(caught.value)
        if ask is not llvm_facts.numbers:
            with pytest.raises(UserError, match=name):
                lines.ensure_agrees(llvm_lines.Line(23, "2", abi3=True), tree)
