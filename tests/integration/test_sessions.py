"""The sessions as people call them: what is wrong is said in one line, with status 2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from typing import TYPE_CHECKING

import pytest

from session_project import PATCH, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from session_project import Project


class TestPin:
    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (None, "there is no such file"),
            (b"", "it is empty"),
            (b"\x7fELF\0\xff", "it is not text"),
            (b"commit = \n", "not TOML"),
            (b'commit = "ca7933e4"\n', "not 40 lower-case hexadecimal digits"),
        ],
    )
    def test_a_bad_one(self, project: Project, content: bytes | None, complaint: str) -> None:
        if content is None:
            project.pin.unlink()
        else:
            project.pin.write_bytes(content)
        line = project.refusal("lit")
        assert line.startswith(f"{project.pin}: ")
        assert complaint in line

    def test_one_that_was_cut_off_stops_a_build_before_anything_else(self, project: Project) -> None:
        whole = project.pin.read_bytes()
        project.pin.write_bytes(whole[: len(whole) // 2])
        assert str(project.pin) in project.refusal(f"build-{project.series}")
        assert not project.wheelhouse.exists()


def test_what_nox_needs_and_has_is_passed_over_in_silence(project: Project) -> None:
    """Nox has pip install it at every start, in an environment of this name that knows the noxfile."""
    folder = project.root / ".nox" / "_nox_script_mode"
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", "--no-download", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))

    def said(*words: str) -> str:
        command = [str(folder / "bin/python"), "-m", *words]
        env = os.environ | {"NOX_SCRIPT_MODE": "none"}
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
        return done.stdout + done.stderr

    assert "build-" in said("nox", "-f", str(project.root / "noxfile.py"), "--list")
    assert said("pip", "install", "nox", "packaging") == ""


class TestCommandLine:
    @pytest.mark.parametrize(
        "words", [["-s", "build-3.99"], ["--session=tset-3.11"], ["-s", "lint", "no-such"]]
    )
    def test_unknown_session(self, project: Project, words: list[str]) -> None:
        done = project.nox(*words)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"there is no session {words[-1].removeprefix('--session=')}; did you mean ")

    @pytest.mark.parametrize("session", ["lit", "doctor"])
    def test_unknown_option(self, project: Project, session: str) -> None:
        line = project.refusal(session, "--llvm-projct", "x")
        assert line.startswith(
            "unrecognized arguments: --llvm-projct x; the options are: [--llvm-project DIR]"
        )

    def test_option_without_its_value(self, project: Project) -> None:
        done = project.nox("-s", "lit", "--", "--sdk", "--cache")
        assert done.returncode == 2
        assert "aborted: argument --sdk: expected one argument" in done.stdout + done.stderr


def test_a_failure_beside_a_mistake_is_a_failure(project: Project) -> None:
    # There are no such tests in the copy, so pytest fails; the other session is told what it does not know.
    done = project.nox("--no-venv", "--no-install", "-s", "unit", "lit", "--", "--llvm-projct", "x")
    said = done.stdout + done.stderr
    assert "Session lit aborted: unrecognized arguments" in said
    assert "* unit: failed" in said
    assert done.returncode == 1


class TestMachine:
    def test_no_compiler_and_nothing_that_brings_one(self, project: Project, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        line = project.refusal(f"build-{project.series}", *project.here(), path=str(tmp_path / "empty"))
        assert line.startswith("no C++ compiler that can build MLIR: looked on PATH for clang")

    @pytest.mark.parametrize("option", ["--cache", "--wheelhouse"])
    def test_a_folder_that_cannot_be_written(self, project: Project, option: str) -> None:
        # Below a regular file nobody can write, root included.
        folder = project.pin / "folder"
        options = () if option == "--cache" else (option, folder)
        cache = folder if option == "--cache" else None
        line = project.refusal(f"build-{project.series}", *project.here(), *options, cache=cache)
        assert line.startswith(f"cannot write to {folder} (Not a directory); ")

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        """A file system of 1 MB."""
        disk = tmp_path / "disk"
        disk.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
        mounted = subprocess.run(words, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        yield disk
        subprocess.run(["umount", str(disk)], check=True)

    def test_a_small_disk_is_seen_before_the_build(self, project: Project, small_disk: Path) -> None:
        line = project.refusal(f"build-{project.series}", *project.here(), cache=small_disk / "cache")
        assert line.startswith(f"a build needs 3.0 GB in {small_disk / 'cache'}, where 0.0 GB are free; ")
        line = project.refusal(f"build-{project.series}", *project.here(), "--wheelhouse", small_disk)
        assert line.startswith(f"a set of wheels needs 0.5 GB in {small_disk}, where 0.0 GB are free; ")

    # In pages of memory, of which files in a tmpfs are made: what the first file takes, and no more.
    @pytest.mark.parametrize("free", [0, 1])
    def test_a_disk_that_is_full(self, project: Project, small_disk: Path, free: int) -> None:
        room = shutil.disk_usage(small_disk).free - free * os.sysconf("SC_PAGE_SIZE")
        (small_disk / "ballast").write_bytes(b"x" * room)
        line = project.refusal("lit", *project.here(), cache=small_disk / "cache")
        assert "No space left on device" in line

    def test_no_network(self, project: Project) -> None:
        alone = ("unshare", "--net")
        tried = subprocess.run([*alone, "true"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            pytest.skip(f"the network cannot be taken away here: {tried.stderr.strip()}")
        line = project.refusal("lit", "--sdk", project.sdk, before=alone)
        assert line.startswith("the source of llvm-project 22.1.8 is out of reach: git fetch from https://")
        assert "Give a checkout with --llvm-project DIR, or put llvm-project-22.1.8.src.tar.xz or" in line


def test_a_patch_that_does_not_apply_is_named_with_file_and_hunk(project: Project) -> None:
    patch = write(project.root / "patches/0001-test.patch", PATCH)
    line = project.refusal(f"build-{project.series}", *project.here())
    assert line.startswith(f"{patch} does not apply: mlir/CMakeLists.txt, hunk 1 (line 1)")
    assert not (project.root.parent / "cache/raw").exists()
    assert (project.checkout / "mlir/CMakeLists.txt").read_text() == "project(mlir)\n"


class TestWheelhouse:
    def wheel(self, project: Project, **facts: object) -> Path:
        """A wheel that says where it came from, and little else."""
        name = f"mlir_python_bindings-22.1.8-{project.tag}-{project.tag}-manylinux_2_36_x86_64.whl"
        project.wheelhouse.mkdir(exist_ok=True)
        with zipfile.ZipFile(project.wheelhouse / name, "w") as archive:
            archive.writestr("mlir/release.json", json.dumps(facts))
        return project.wheelhouse / name

    def refusal(self, project: Project) -> str:
        return project.refusal(f"test-{project.series}", *project.here())

    def test_no_wheel(self, project: Project) -> None:
        # Of a session that took long, nox adds how long.
        assert self.refusal(project).startswith(
            f"{project.wheelhouse} has no wheel of mlir_python_bindings for {project.tag};"
            f" run nox -s build-{project.series}"
        )

    def test_a_wheel_of_another_commit(self, project: Project) -> None:
        wheel = self.wheel(project, tag=None, llvm_commit="b" * 40, patches=[], sdk_provider="system")
        line = self.refusal(project)
        assert line.startswith(f"{wheel.name} is stale: its llvm-project commit differ")
        assert f"run nox -s build-{project.series}" in line
        assert wheel.exists()

    def test_a_wheel_with_other_patches(self, project: Project) -> None:
        self.wheel(
            project,
            tag=None,
            llvm_commit=None,
            patches=[{"name": "0001-old.patch", "sha256": "0" * 64}],
            sdk_provider="system",
        )
        assert (
            "stale: its patches differ from the pin's (0001-old.patch 000000000000 instead"
            in self.refusal(project)
        )

    def test_a_wheel_that_was_cut_off(self, project: Project) -> None:
        wheel = self.wheel(project, tag=None, llvm_commit=None, patches=[], sdk_provider="system")
        wheel.write_bytes(wheel.read_bytes()[:-10])
        assert "is not a whole wheel of this project" in self.refusal(project)
