from __future__ import annotations

import dataclasses
import shutil
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest

from mlir_release import doctor, findings
from mlir_release.errors import UserError
from mlir_release.findings import Finding, State
from mlir_release.interpreters import SUPPORTED
from mlir_release.options import Options, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PIN = f'commit = "{"1a" * 20}"\nversion = "22.1.8"\nref = "llvmorg-22.1.8"\n'


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine that has no program and no index; where a test puts its programs."""
    for name in ("PYENV_ROOT", "CONDA_PREFIX", "CC", "CXX", "GITHUB_STEP_SUMMARY", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    (tmp_path / "llvm-project.version").write_text(PIN, encoding="utf-8")
    return programs


@pytest.fixture
def options(tmp_path: Path) -> Options:
    words = {"--sdk": tmp_path / "mlir", "--cache": tmp_path / "cache", "--wheelhouse": tmp_path / "out"}
    return parse([f"{name}={path}" for name, path in words.items()], tmp_path)


def program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)


def of(findings: Sequence[Finding], topic: str) -> Finding:
    (finding,) = [it for it in findings if it.topic == topic]
    return finding


def test_every_topic_is_there_once_and_in_one_line(options: Options, tmp_path: Path) -> None:
    findings = doctor.examine(options, tmp_path)
    topics = [finding.topic for finding in findings]
    assert len(set(topics)) == len(topics)
    assert set(topics) >= {"machine", "pin", "compiler", "sdk", "store", "wheelhouse", "memory", "github"}
    assert [topic for topic in topics if topic.startswith("python ")] == [f"python {it}" for it in SUPPORTED]
    assert all(len(finding.text.splitlines()) == 1 for finding in findings)


def test_a_bare_machine_is_told_what_it_lacks(options: Options, tmp_path: Path) -> None:
    findings = doctor.examine(options, tmp_path)
    assert of(findings, "pin").text == "LLVM 22.1.8, 1a1a1a1a1"
    assert of(findings, "compiler").state is State.MISSING
    assert "clang" in of(findings, "compiler").text
    sdk = of(findings, "sdk")
    assert sdk.state is State.MISSING
    assert str(tmp_path / "mlir") in sdk.text
    assert sdk.advice
    assert of(findings, "compiler cache").state is State.OK


@pytest.mark.parametrize(
    ("choice", "state", "said"),
    [
        ("build", State.OK, "LLVM 22.1.8 is to be compiled, in about "),
        ("no/mlir_sdk-1-py3-none-any.whl", State.MISSING, "mlir_sdk-1-py3-none-any.whl does not exist"),
    ],
)
def test_what_is_said_of_each_provider(
    options: Options, tmp_path: Path, choice: str, state: State, said: str
) -> None:
    found = of(doctor.examine(dataclasses.replace(options, sdk=choice), tmp_path), "sdk")
    assert found.state is state
    assert said in found.text


def test_compiled_sdks_are_listed(options: Options, tmp_path: Path) -> None:
    assert of(doctor.examine(options, tmp_path), "compiled sdk").text.startswith("none; `nox -s sdk` makes")
    assert options.cache
    box = options.cache / "sdk" / "0123456789abcdef"
    box.mkdir(parents=True)
    (box / "manifest.json").write_text("{}")
    assert of(doctor.examine(options, tmp_path), "compiled sdk").text == str(box)


def test_what_needs_the_network_is_a_warning_that_says_it_is_not_fatal(
    options: Options, tmp_path: Path
) -> None:
    findings = doctor.examine(options, tmp_path)
    for topic in ("github", "package index"):
        finding = of(findings, topic)
        assert finding.state is State.WARNING
        assert "not fatal" in (finding.advice or "")


def test_a_network_that_does_not_answer_is_not_waited_for(
    options: Options, tmp_path: Path, machine: Path
) -> None:
    program(machine / "git", 'case "$*" in *ls-remote*) exec /bin/sleep 60 ;; esac')
    github = of(doctor.examine(options, tmp_path), "github")
    assert (github.state, github.text) == (State.WARNING, "no answer within 3.0 s")


def test_what_git_says_is_passed_on(options: Options, tmp_path: Path, machine: Path) -> None:
    program(machine / "git", "echo first; echo 'fatal: Could not resolve host'; echo", "exit 128")
    github = of(doctor.examine(options, tmp_path), "github")
    assert github.text == "not reachable: fatal: Could not resolve host"


def test_a_network_that_answers(options: Options, tmp_path: Path, machine: Path) -> None:
    program(machine / "git", 'case "$*" in *llvm/llvm-project*HEAD) ;; *) exit 2 ;; esac')
    project = tmp_path / "index" / "nanobind"
    project.mkdir(parents=True)
    (project / "index.html").write_text('<a href="nanobind-2.12.0-py3-none-any.whl">nanobind</a>')
    findings = doctor.examine(options, tmp_path)
    assert of(findings, "github").state is State.OK
    assert of(findings, "package index").state is State.OK


def test_a_compiler_cache_is_named(options: Options, tmp_path: Path, machine: Path) -> None:
    program(machine / "ccache")
    assert of(doctor.examine(options, tmp_path), "compiler cache").text == str(machine / "ccache")


@pytest.mark.parametrize(
    ("chosen", "state", "said"),
    [
        ("none", State.OK, "none, as --launcher says"),
        ("zcache", State.MISSING, "'zcache', given as the comp"),
    ],
)
def test_what_launcher_says_is_looked_at(
    options: Options, tmp_path: Path, chosen: str, state: State, said: str
) -> None:
    finding = of(doctor.examine(dataclasses.replace(options, launcher=chosen), tmp_path), "compiler cache")
    assert finding.state is state
    assert finding.text.startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no such file"), ("", "it is empty"), ("1a" * 20, "does not say its LLVM version")],
)
def test_without_a_good_pin_the_rest_is_still_looked_at(
    options: Options, tmp_path: Path, content: str | None, said: str
) -> None:
    if content is None:
        (tmp_path / "llvm-project.version").unlink()
    else:
        (tmp_path / "llvm-project.version").write_text(content, encoding="utf-8")
    findings = doctor.examine(options, tmp_path)
    assert said in of(findings, "compiler").text
    assert said in of(findings, "sdk").text
    assert of(findings, "store").state is State.OK


def test_the_store_is_measured(options: Options, tmp_path: Path) -> None:
    assert options.cache
    (options.cache / "sdk").mkdir(parents=True)
    with (options.cache / "sdk" / "large").open("wb") as sparse:
        sparse.truncate(2_100_000_000)
    assert f"{options.cache}, 2.1 GB used, " in of(doctor.examine(options, tmp_path), "store").text


def test_a_report_is_a_table_with_the_advice_below(capsys: pytest.CaptureFixture[str]) -> None:
    findings.report(
        [
            Finding(topic="pin", state=State.OK, text="LLVM 22.1.8"),
            Finding(topic="compiler", state=State.MISSING, text="none", advice="install clang"),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "== this machine",
        "   pin       ok       LLVM 22.1.8",
        "   compiler  missing  none",
        "                      -> install clang",
    ]


def test_preflight_makes_the_folders_that_a_build_writes_to(options: Options) -> None:
    doctor.preflight(options)
    assert options.cache
    assert options.cache.is_dir()
    assert options.wheelhouse.is_dir()


@pytest.mark.parametrize("folder", ["cache", "out"])
def test_a_folder_that_cannot_be_written_to(options: Options, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).write_text("in the way", encoding="utf-8")
    with pytest.raises(UserError, match=f"cannot write to {tmp_path / folder} "):
        doctor.preflight(options)
    topic = {"cache": "store", "out": "wheelhouse"}[folder]
    assert of(doctor.examine(options, tmp_path), topic).state is State.MISSING


def test_a_disk_that_is_too_full(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**11, free=2_900_000_000))
    with pytest.raises(UserError, match=r"a build needs 3\.0 GB in .*cache, where 2\.9 GB are free"):
        doctor.preflight(options)


def test_what_is_in_the_store_already_needs_no_room_again(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert options.cache
    options.cache.mkdir()
    with (options.cache / "large").open("wb") as sparse:
        sparse.truncate(3_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**11, free=600_000_000))
    doctor.preflight(options)


def test_too_little_memory(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**9, total=4 * 10**9))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=0))
    with pytest.raises(UserError, match=r"1\.0 GB of memory are free, and compiling needs 2\.0 GB"):
        doctor.preflight(options)
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=10**9))
    doctor.preflight(options)


def test_a_python_without_pip_is_said(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    index = of(doctor.examine(options, tmp_path), "package index")
    assert (index.state, index.text) == (State.WARNING, f"not checked: {sys.executable} has no pip")
