"""Repositories on this disk: a small llvm-project, this project as its server has it, clones of that."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import pin as pins
from mlir_release.pin import FILE_NAME
from mlir_release.source.layout import VERSION_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

_ROOT = Path(__file__).parents[2]
_NAME = "A Committer"
_ADDRESS = "committer@example.org"
IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", _NAME), ("EMAIL", _ADDRESS))
}
# When the first commit of a repository was made; each next one is an hour later.
START = dt.datetime(2026, 11, 22, 0, tzinfo=dt.UTC)
RELEASE = "llvmorg-22.1.8"


def git(folder: Path, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    """What a git command prints, without the ends; the machine's and the user's settings do not count."""
    return _exact(folder, *words, stdin=stdin, env=env).strip()


def _exact(folder: Path, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **IDENTITY, **(env or {})}
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env=os.environ | own,
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def assume_another_owner(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Have git take every repository for another user's, by a program in a new folder."""
    real = shutil.which("git")
    folder.mkdir()
    program = folder / "git"
    # What git's own tests say for that (setup.c, ensure_valid_ownership).
    program.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n')
    program.chmod(0o755)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def version_file(version: str) -> str:
    """LLVMVersion.cmake for ``22.1.8``, ``23.1.0-rc1`` or ``24.0.0git``."""
    numbers = version.replace("-", "git").split("git")[0].split(".")
    suffix = version.removeprefix(".".join(numbers))
    settings = zip(("MAJOR", "MINOR", "PATCH", "SUFFIX"), (*numbers, suffix), strict=True)
    sets = ((f"LLVM_VERSION_{name}", f" {value}".rstrip()) for name, value in settings)
    return "".join(f"if(NOT DEFINED {name})\n  set({name}{value})\nendif()\n" for name, value in sets)


@dataclass(frozen=True)
class Bare:
    """A bare repository that serves any commit, as GitHub does; its branch is ``main``."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> Bare:
        """A new, empty one."""
        path.mkdir(parents=True)
        git(path, "init", "--quiet", "--bare", "--initial-branch=main")
        git(path, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(path, "config", "uploadpack.allowFilter", "true")
        return cls(path)

    @property
    def url(self) -> str:
        return f"file://{self.path}"

    def commit(
        self,
        subject: str,
        files: Mapping[str, str | None] | None = None,
        *,
        branch: str = "main",
        parent: str | None = None,
        merged: str | None = None,
        when: dt.datetime | None = None,
    ) -> str:
        """A new commit on a branch; its 40 digits.

        Args:
            subject: its message.
            files: what it changes: paths, and their text or None when they are removed.
            branch: where it goes; made if it is not there.
            parent: by default the branch's head.
            merged: a second parent.
            when: by default an hour after the parent.
        """
        parent = parent or self.refs().get(f"refs/heads/{branch}")
        seconds = int(when.timestamp()) if when else self._next_second(parent)
        lines = [f"commit refs/heads/{branch}"]
        lines += [f"{role} {_NAME} <{_ADDRESS}> {seconds} +0000" for role in ("author", "committer")]
        lines += [_data(subject)]
        lines += [f"from {parent}"] if parent else []
        lines += [f"merge {merged}"] if merged else []
        for name, text in (files or {}).items():
            lines += [f"D {name}"] if text is None else [f"M 100644 inline {name}", _data(text)]
        git(self.path, "fast-import", "--quiet", "--force", stdin="\n".join(lines) + "\n")
        return self.refs()[f"refs/heads/{branch}"]

    def tag(self, name: str, commit: str, *, annotated: bool = True) -> str:
        """A new tag; the digits that its ref has."""
        git(self.path, "tag", *(("--annotate", "--message", name) if annotated else ()), name, commit)
        return self.refs()[f"refs/tags/{name}"]

    def refs(self) -> dict[str, str]:
        """All refs, and what they have; of an annotated tag that is the tag's object."""
        lines = git(self.path, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)

    def head(self, branch: str = "main") -> str:
        """The commit of a branch."""
        return self.refs()[f"refs/heads/{branch}"]

    def tags(self) -> dict[str, str]:
        """The tags by name, and the commit of each."""
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
        lines = [line.split() for line in git(self.path, "for-each-ref", form, "refs/tags").splitlines()]
        return {words[0]: words[-1] for words in lines}

    def log(self, branch: str = "main") -> list[str]:
        """The commits of a branch, newest first."""
        return git(self.path, "rev-list", "--first-parent", branch).split()

    def text(self, commit: str, name: str) -> str:
        """A file of a commit."""
        return _exact(self.path, "show", f"{commit}:{name}")

    def _next_second(self, parent: str | None) -> int:
        if not parent:
            return int(START.timestamp())
        return int(git(self.path, "show", "--no-patch", "--format=%ct", parent)) + 3600


class World:
    """A small llvm-project, and this project, which pins its release 22.1.8.

    As upstream's, the release is on a branch of its own; main is at 24.0.0git, with a commit of
    1:00 (``cut``) and one of 2:00 (``newest``) on ``START``'s day.
    """

    def __init__(self, root: Path) -> None:
        """Make both, with this project's own pin file (another commit in it) and patches."""
        self.root = root
        self.upstream = Bare.make(root / "upstream.git")
        self.project = Bare.make(root / "project.git")
        first = self.upstream.commit("Bump version to 23.0.0git", _llvm("23.0.0git"))
        self.pinned = self.upstream.commit(
            "Release 22.1.8", _llvm("22.1.8"), branch="release/22.x", parent=first
        )
        self.upstream.tag(RELEASE, self.pinned)
        self.cut = self.upstream.commit("Bump version to 24.0.0git", _llvm("24.0.0git"))
        self.newest = self.upstream.commit("[mlir] Change something", {"mlir/python/x.py": "x = 1\n"})
        own = (_ROOT / FILE_NAME).read_text()
        self.pin_text = own.replace(pins.parse(own, FILE_NAME).commit, self.pinned)
        patches = sorted((_ROOT / "patches").glob("*.patch"))
        self.project.commit(
            "Start",
            {FILE_NAME: self.pin_text, **{f"patches/{path.name}": path.read_text() for path in patches}},
        )

    def clone(self, name: str, *options: str) -> Path:
        """A clone of the project that has an identity; with options of ``git clone`` (``--depth=1``)."""
        folder = self.root / name
        git(self.root, "clone", "--quiet", *options, self.project.url, name)
        git(folder, "config", "user.name", _NAME)
        git(folder, "config", "user.email", _ADDRESS)
        return folder


def _llvm(version: str) -> dict[str, str | None]:
    """What a commit of llvm-project has, as little as the release train looks at."""
    return {
        VERSION_FILE: version_file(version),
        "mlir/CMakeLists.txt": "project(mlir)\n",
        "mlir/cmake/modules/MLIRDetectPythonEnv.cmake": "set(MLIR_MINIMUM_PYTHON_VERSION 3.9)\n",
        "mlir/python/x.py": f"# {version}\n",
    }


def _data(text: str) -> str:
    """Text in the form of ``git fast-import``."""
    return f"data {len(text.encode())}\n{text}"
