from __future__ import annotations

from pathlib import Path

import pytest

from mlir_release.errors import UserError
from mlir_release.expectations import Circumstances, expected, load

FILE = Path(__file__).parents[1] / "expected-failures.toml"
ENTRY = """\
[[expected]]
tests = ["MLIR :: python/a.py", "MLIR :: python/b.py"]
reason = "it needs a newer Python"
link = "https://example.org/"
"""


def now(
    *, llvm: str = "22.1.8", python: str | None = "3.9.18", free_threaded: bool = False, sdk: str = "system"
) -> Circumstances:
    return Circumstances(llvm=llvm, python=python, free_threaded=free_threaded, sdk=sdk)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "expected.toml"


def refusal(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_an_entry_without_conditions_always_holds(path: Path) -> None:
    path.write_text(ENTRY)
    reasons = dict.fromkeys(["MLIR :: python/a.py", "MLIR :: python/b.py"], "it needs a newer Python")
    for circumstances in (now(), now(llvm="23.0.0git", python="3.13.0", sdk="build")):
        assert expected(path, circumstances) == reasons


def test_a_run_expects_of_its_own_suite(path: Path) -> None:
    path.write_text(ENTRY.replace("python/a.py", "CAPI/a.c"))
    assert set(expected(path, now())) == {"MLIR :: python/b.py"}
    assert set(expected(path, now(python=None))) == {"MLIR :: CAPI/a.c"}


@pytest.mark.parametrize(
    ("condition", "circumstances", "holds"),
    [
        ('python = "<3.10"', now(), True),
        ('python = "<3.10"', now(python="3.10.0"), False),
        ('python = "<3.10"', now(python=None), False),  # tools have no interpreter
        ('python = ">=3.13"', now(python="3.14.0rc2"), True),
        ("free-threaded = true", now(), False),
        ("free-threaded = true", now(free_threaded=True), True),
        ("free-threaded = false", now(), True),
        ("free-threaded = false", now(free_threaded=True), False),
        ('llvm = "==22.*"', now(), True),
        ('llvm = "==22.*"', now(llvm="23.0.0git"), False),
        ('llvm = "==23.*"', now(llvm="23.0.0git"), True),
        ('llvm = ">=23.1"', now(llvm="23.1.0rc1"), True),
        ('llvm = ">=23.1"', now(llvm="23.1.0-rc1"), True),
        ('sdk = ["system"]', now(), True),
        ('sdk = ["build", "wheel"]', now(), False),
        ('python = "<3.10"\nsdk = ["build"]', now(), False),
    ],
)
def test_conditions(path: Path, condition: str, circumstances: Circumstances, *, holds: bool) -> None:
    path.write_text(f"{ENTRY}{condition}\n")
    assert bool(expected(path, circumstances)) == holds


def test_entries_add_up(path: Path) -> None:
    path.write_text(f'{ENTRY}sdk = ["build"]\n{ENTRY.replace("/a.py", "/c.py")}')
    assert set(expected(path, now())) == {"MLIR :: python/b.py", "MLIR :: python/c.py"}
    assert set(expected(path, now(sdk="build"))) == {f"MLIR :: python/{name}.py" for name in "abc"}


def test_an_empty_file_expects_nothing(path: Path) -> None:
    path.write_text("# nothing fails\n")
    assert expected(path, now()) == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[expected]", "Expected"),
        ("[[expect]]\n", "something else than"),
        ("expected = 3", "something else than"),
        ('expected = ["a"]', "something else than"),
        ("[[expected]]\n", "key 'link'"),
        (ENTRY.replace("reason", "why"), "unknown key 'why'"),
        (ENTRY.replace('"it needs a newer Python"', '" "'), "reason is ' '"),
        (ENTRY.replace('"https://example.org/"', "3"), "link is 3"),
        (ENTRY.replace('["MLIR :: python/a.py", "MLIR :: python/b.py"]', '"MLIR :: a.py"'), "tests is 'MLIR"),
        (ENTRY.replace('["MLIR :: python/a.py", "MLIR :: python/b.py"]', "[]"), "tests is []"),
        (f'{ENTRY}sdk = "system"\n', "sdk is 'system', not a list"),
        (f'{ENTRY}sdk = ["sytem"]\n', "'sytem', not one of build, wheel, system"),
        (f'{ENTRY}python = "3.9"\n', "python is '3.9', not a version specifier"),
        (f"{ENTRY}llvm = 22\n", "llvm is 22, not a version specifier"),
        (f"{ENTRY}free-threaded = 1\n", "free-threaded is 1, not true or false"),
    ],
)
def test_mistakes_are_one_line(path: Path, text: str, complaint: str) -> None:
    assert complaint in refusal(path, text)


def test_a_file_that_is_not_there_or_not_text(path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="decode"):
        load(path)


def test_this_projects_file_has_entries_with_links() -> None:
    for entry in load(FILE):
        assert entry.link.startswith("https://")
        assert all(" :: " in test for test in entry.tests)
