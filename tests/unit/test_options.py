from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.errors import UserError
from mlir_release.options import Options, parse

ROOT = Path("/project")
_NAMES = (
    "--llvm-project",
    "--sdk",
    "--index",
    "--targets",
    "--assertions",
    "--cc",
    "--cache",
    "--wheelhouse",
)


def test_without_options() -> None:
    options = parse([], ROOT)
    assert options.wheelhouse == ROOT / "wheelhouse"
    assert options.targets == ("host", "NVPTX", "AMDGPU")
    assert not options.assertions
    others = (options.llvm_project, options.sdk, options.index, options.cc, options.launcher, options.cache)
    assert set(others) == {None}


def test_all_options() -> None:
    words = ["--llvm-project", "/llvm", "--sdk=/usr/lib/llvm-22", "--cache", "/c", "--wheelhouse", "/wheels"]
    words += [
        "--index",
        "http://i/simple",
        "--targets=X86;AArch64",
        "--assertions",
        "--cc=gcc",
        "--cxx",
        "g++",
    ]
    options = parse([*words, "--launcher", "none"], ROOT)
    assert options.llvm_project == Path("/llvm")
    assert options.cache == Path("/c")
    assert options.wheelhouse == Path("/wheels")
    assert (options.sdk, options.index) == ("/usr/lib/llvm-22", "http://i/simple")
    assert (options.targets, options.assertions) == (("X86", "AArch64"), True)
    assert (options.cc, options.cxx, options.launcher) == ("gcc", "g++", "none")


def test_folders_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    options = parse(["--cache", "~/cache", "--llvm-project=../llvm", "--wheelhouse", "out"], ROOT)
    assert options.cache == tmp_path / "home" / "cache"
    assert options.llvm_project == tmp_path.parent / "llvm"
    assert options.wheelhouse == tmp_path / "out"


@pytest.mark.parametrize("columns", ["20", "80", "500"])
@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        (["--no-such"], "--no-such"),
        (["--cach", "x"], "--cach"),
        (["stray"], "stray"),
        (["--help"], "--help"),
        (["--cache"], "--cache"),
        (["--wheelhouse="], "--wheelhouse"),
        (["--targets", "X86;;AArch64"], "'' is no name of a target; say X86;AArch64, host or all"),
        (["--assertions=no"], "--assertions"),
        (["--cache=~no-such-user-here/x"], "no-such-user-here"),
    ],
)
def test_a_mistake_is_one_line_that_lists_the_options(
    words: list[str], quoted: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(UserError) as caught:
        parse(words, ROOT)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    what, _, known = message.partition("; the options are: ")
    assert quoted in what
    assert all(f"[{name}" in known for name in _NAMES)


def _read(words: list[str]) -> Options | str:
    """The options, or what was said instead."""
    try:
        return parse(words, ROOT)
    except UserError as error:
        return str(error)


def test_links_in_a_circle_are_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    # From Python 3.13 on such a path passes as it is; the first write there then says it.
    assert str(tmp_path / "a") in str(_read(["--cache", str(tmp_path / "a")]))


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=4))
def test_any_words_are_read_or_refused_in_one_line(words: list[str]) -> None:
    outcome = _read(words)
    if isinstance(outcome, str):
        assert len(outcome.splitlines()) == 1
    else:
        assert outcome.wheelhouse.is_absolute()
