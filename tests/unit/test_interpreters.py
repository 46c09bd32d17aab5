from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import UserError
from mlir_release.interpreters import SUPPORTED, Found, Interpreter, Search, find, find_all, search

if TYPE_CHECKING:
    from collections.abc import Mapping

# Newer than any that the machine may have beside these.
NEWEST = "3.9.99"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any Python, and a PATH with nothing on it."""
    for name in ("PYENV_ROOT", "CONDA_PREFIX", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home / "bin"))
    return home


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path


def python(
    path: Path, version: str = NEWEST, *, headers: bool = True, edits: Mapping[str, str] | None = None
) -> Path:
    """A program that answers as the Python that runs the tests would, but with another version and place.

    ``edits`` are further keys of the answer, and their values in JSON.
    """
    _, minor, micro = version.split(".")
    include = path.parent / f"include-{path.name}"
    include.mkdir(parents=True, exist_ok=True)
    if headers:
        (include / "Python.h").touch()
    values = {
        "minor": minor,
        "micro": micro,
        "include": f'"{include}"',
        "original_executable": f'"{path}"',
        "system_executable": f'"{path}"',
        **(edits or {}),
    }
    edit = " ".join(rf"""-e 's|"{key}": [^,]*|"{key}": {value}|'""" for key, value in values.items())
    real = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    assert real.is_file()
    return script(path, f'"{real}" "$@" | {shutil.which("sed", path="/usr/bin:/bin")} {edit}')


def of_series(path: Path, series: str) -> Path:
    """One of a series: ``3.13t`` is free-threaded."""
    edits = {"free_threaded": str(series.endswith("t")).lower()}
    return python(path, f"{series.removesuffix('t')}.99", edits=edits)


def refusing(path: Path) -> Path:
    """A program like pyenv's shim for a version that no setting names; it notes that it was called."""
    return script(
        path, f"echo called >> '{path}.called'", 'echo "pyenv: python3.9: command not found" >&2', "exit 127"
    )


def found_at(path: Path) -> Found:
    (found,) = [it for it in search().found if it.interpreter.path == path]
    return found


def test_on_path(home: Path) -> None:
    path = python(home / "bin" / "python3.9")
    assert find("3.9") == Interpreter(path=path, version=NEWEST, tag="cp39", found_in="PATH")


@pytest.mark.parametrize("name", ["python3", "python"])
def test_on_path_under_a_name_without_version(home: Path, name: str) -> None:
    path = python(home / "bin" / name, "3.12.99")
    assert (find("3.12").path, find("3.12").tag) == (path, "cp312")


@pytest.mark.parametrize("root", [".pyenv", "elsewhere/my-pyenv"])
def test_in_pyenv_although_its_shim_refuses(home: Path, root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if root != ".pyenv":
        monkeypatch.setenv("PYENV_ROOT", str(home / root))
    shim = refusing(home / root / "shims" / "python3.9")
    monkeypatch.setenv("PATH", f"{shim.parent}:{home / 'bin'}")
    path = python(home / root / "versions" / NEWEST / "bin" / "python3")
    assert find("3.9") == Interpreter(path=path, version=NEWEST, tag="cp39", found_in="pyenv")
    assert not Path(f"{shim}.called").exists(), "a shim takes long to refuse, and need not be asked"


def test_behind_the_shims_of_other_managers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = refusing(home / "x" / ".asdf" / "shims" / "python3.9")
    monkeypatch.setenv("PATH", str(shim.parent))
    path = python(home / "x" / ".asdf" / "installs" / "python" / NEWEST / "bin" / "python3")
    assert (find("3.9").path, find("3.9").found_in) == (path, "asdf")


@pytest.mark.parametrize("base", ["miniconda3", "anaconda3", "miniforge3"])
@pytest.mark.parametrize("below", ["", "envs/work"])
def test_in_condas_environments(home: Path, base: str, below: str) -> None:
    path = python(home / base / below / "bin" / "python3")
    assert (find("3.9").path, find("3.9").found_in) == (path, "conda")


def test_in_the_active_conda_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_PREFIX", str(home / "somewhere"))
    path = python(home / "somewhere" / "bin" / "python3")
    assert (find("3.9").path, find("3.9").found_in) == (path, "conda")


@pytest.mark.parametrize(
    ("variable", "folder"),
    [("UV_PYTHON_INSTALL_DIR", ""), ("XDG_DATA_HOME", "uv/python"), (None, ".local/share/uv/python")],
)
def test_in_uvs_folder(
    home: Path, variable: str | None, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, str(home))
    path = python(home / folder / f"cpython-{NEWEST}-linux-x86_64-gnu" / "bin" / "python")
    assert (find("3.9").path, find("3.9").found_in) == (path, "uv")


def test_the_newest_patch_version_wins_wherever_it_is(home: Path) -> None:
    python(home / "bin" / "python3.9", "3.9.97")
    newest = python(home / ".pyenv" / "versions" / "3.9.99" / "bin" / "python3", "3.9.99")
    python(home / "miniconda3" / "bin" / "python3", "3.9.98")
    assert find("3.9").path == newest


def test_two_names_of_one_program_are_one(home: Path) -> None:
    path = python(home / "bin" / "python3.9")
    for name in ("python3", "python"):
        (home / "bin" / name).symlink_to(path)
    assert found_at(path).flaw is None


@pytest.mark.parametrize(
    "lines",
    [
        ["echo 'no such version' >&2", "exit 127"],
        ["exit 0"],
        ["echo Python 3.9.99"],
        ["echo '{}'"],
        ["kill -9 $$"],
        [r"printf '\377\000'"],
    ],
)
def test_what_gives_no_good_answer_is_passed_over_without_a_word(
    home: Path,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    script(home / "bin" / "python3.9", *lines)
    path = python(home / "second" / "python3.9")
    monkeypatch.setenv("PATH", f"{home / 'bin'}:{path.parent}")
    assert find("3.9").path == path
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_a_file_that_cannot_be_started_is_passed_over(home: Path) -> None:
    (home / "bin" / "python3").write_text("no program")
    (home / "bin" / "python3.10").symlink_to("nowhere")
    (home / "bin" / "python3.11").mkdir()
    path = python(home / "bin" / "python3.9")
    assert find("3.9").path == path


@pytest.mark.parametrize(
    ("edits", "flaw"),
    [
        ({"implementation": '"PyPy"'}, "is PyPy"),
        ({"architecture": "32"}, "has 32 bits"),
        ({"debug_build": "true"}, "is a debug build"),
    ],
)
def test_what_cannot_be_built_for_is_passed_over(home: Path, edits: dict[str, str], flaw: str) -> None:
    refused = python(home / "bin" / "python3.9", "3.9.99", edits=edits)
    served = python(home / "miniconda3" / "bin" / "python3", "3.9.98")
    assert found_at(refused).flaw == flaw
    assert find("3.9").path == served


def test_one_without_headers_is_passed_over_if_another_has_them(home: Path) -> None:
    refused = python(home / "bin" / "python3.9", "3.9.99", headers=False)
    served = python(home / "miniconda3" / "bin" / "python3", "3.9.98")
    assert found_at(refused).flaw == "has no Python.h: install its development files"
    assert find("3.9").path == served


def test_debians_headers_are_a_package(home: Path) -> None:
    script(home / "bin" / "apt-get")
    path = python(
        home / "bin" / "python3.9", headers=False, edits={"prefix": '"/usr"', "base_prefix": '"/usr"'}
    )
    assert found_at(path).flaw == "has no Python.h: apt-get install python3.9-dev"


def test_what_is_too_old_by_its_name_is_not_asked(home: Path) -> None:
    old = refusing(home / ".pyenv" / "versions" / "3.6.15" / "bin" / "python3")
    search()
    assert not Path(f"{old}.called").exists()


def test_what_does_not_say_its_version_is_asked(home: Path) -> None:
    path = python(home / ".pyenv" / "versions" / "my-tools" / "bin" / "python3")
    assert find("3.9").path == path


@pytest.mark.parametrize("version", ["3.8", "3.12t", "3", "3.9.18", "py39", "", "3.9\n"])
def test_a_version_that_has_no_session(version: str) -> None:
    with pytest.raises(UserError, match=r"the versions are 3\.9, 3\.10, .*3\.15, 3\.15t$"):
        find(version)


def test_a_missing_version_says_where_was_looked_and_how_to_get_it() -> None:
    with pytest.raises(UserError) as caught:
        Search(found=()).best("3.9")
    for part in ("CPython 3.9", "PATH", "pyenv", "uv", "conda", "pyenv install 3.9", "uv python install 3.9"):
        assert part in str(caught.value)


def test_a_missing_version_names_what_was_passed_over() -> None:
    flawed = Interpreter(path=Path("/usr/bin/python3.9"), version="3.9.2", tag="cp39", found_in="PATH")
    other = Interpreter(path=Path("/usr/bin/python3.11"), version="3.11.2", tag="cp311", found_in="PATH")
    found = Search(
        found=(Found(interpreter=other, flaw="is odd"), Found(interpreter=flawed, flaw="lacks much"))
    )
    with pytest.raises(UserError, match=r"\(/usr/bin/python3\.9 lacks much\)"):
        found.best("3.9")


def test_all_versions_at_once(home: Path) -> None:
    paths = {version: of_series(home / "bin" / f"python{version}", version) for version in SUPPORTED}
    assert {version: it and it.path for version, it in find_all().items()} == paths


@pytest.mark.parametrize(
    ("program", "place"),
    [
        ("bin/python3.13t", "PATH"),
        ("bin/python3", "PATH"),
        (".pyenv/versions/3.13t/bin/python3", "pyenv"),
        (".pyenv/versions/3.13.0t/bin/python3", "pyenv"),
        ("miniforge3/envs/nogil/bin/python3.13t", "conda"),
        (".local/share/uv/python/cpython-3.13.9+freethreaded-linux-x86_64-gnu/bin/python", "uv"),
    ],
)
def test_a_free_threaded_one_is_found(home: Path, program: str, place: str) -> None:
    path = of_series(home / program, "3.13t")
    assert find("3.13t") == Interpreter(path=path, version="3.13.99", tag="cp313t", found_in=place)


@pytest.mark.parametrize(("here", "asked"), [("3.13", "3.13t"), ("3.13t", "3.13")])
def test_with_and_without_the_lock_neither_serves_as_the_other(home: Path, here: str, asked: str) -> None:
    path = of_series(home / "bin" / "python3", here)
    assert find_all()[here]
    there = find_all()[asked]
    assert there is None or there.path != path


def test_a_free_threaded_debug_build_is_passed_over(home: Path) -> None:
    edits = {"free_threaded": "true", "debug_build": "true"}
    refused = python(home / "bin" / "python3.14t", "3.14.99", edits=edits)
    assert found_at(refused).flaw == "is a debug build"
    assert found_at(refused).interpreter.series == "3.14t"
