"""Stand-in machines: a private PATH with small programs on it, nothing else in reach."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import stamina
from hypothesis import HealthCheck, settings

from asking_github import NAME
from github_server import GitHubServer
from mlir_release import apt
from mlir_release.store import Store
from samples import make_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How long an example takes, or is in the making, says more about the machine than about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# apt-get, apt-cache and dpkg-query in one: they share ARCHIVE and INSTALLED (lines "package version")
# and OWNED (lines "package: path"). "install" runs HOOK, a shell script, as a package's files arriving.
_PACKAGE_TOOLS = """\
#!{python} -IS
import os, subprocess, sys
state = {state!r}
def table(name):
    with open(state + "/" + name) as lines:
        return dict(line.split() for line in lines)
program, words = os.path.basename(sys.argv[0]), sys.argv[1:]
with open(state + "/CALLS", "a") as calls:
    print(program, *words, file=calls)
options = ("-o", "--showformat")
packages = [w for i, w in enumerate(words[1:], 1) if w[0] != "-" and words[i - 1] not in options]
if program == "apt-cache":
    archive = dict(table("INSTALLED"), **table("ARCHIVE"))
    for package in packages:
        if package in archive:
            print(package + ":\\n  Installed: (none)\\n  Candidate: " + archive[package])
elif program == "dpkg-query" and words[0] == "--show":
    if packages[0] not in table("INSTALLED"):
        sys.exit("dpkg-query: no packages found matching " + packages[0])
    print("ii ", table("INSTALLED")[packages[0]])
elif program == "dpkg-query":
    with open(state + "/OWNED") as lines:
        found = [line for line in lines if line.split(": ")[1].strip() == packages[0]]
    print("".join(found) or "dpkg-query: no path found matching pattern", end="")
    sys.exit(not found)
elif words[0] == "update":
    if os.path.exists(state + "/NEWS"):
        os.rename(state + "/NEWS", state + "/ARCHIVE")
else:
    for package in packages:
        if package not in table("ARCHIVE"):
            print("E: Unable to locate package " + package)
            sys.exit(100)
    with open(state + "/INSTALLED", "a") as out:
        for package in packages:
            print(package, table("ARCHIVE")[package], file=out)
    sys.exit(subprocess.call(["/bin/sh", state + "/HOOK"]))
"""


@dataclass(frozen=True)
class Machine:
    """A machine with nothing on PATH but ``bin``, and a state of its package manager."""

    bin: Path
    state: Path

    def program(self, name: str, text: str) -> Path:
        """Put a shell script on PATH."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def has_apt(
        self,
        *,
        archive: dict[str, str] | None = None,
        news: dict[str, str] | None = None,
        installed: dict[str, str] | None = None,
        hook: str = "",
    ) -> None:
        """Make it a Debian.

        Args:
            archive: packages to be had, and their versions.
            news: those to be had after an update.
            installed: those that are there.
            hook: a shell script that is run by an installation.
        """
        tables = {"ARCHIVE": archive or {}, "INSTALLED": installed or {}, "OWNED": {}}
        if news is not None:
            tables["NEWS"] = news
        for name, table in tables.items():
            (self.state / name).write_text("".join(f"{key} {value}\n" for key, value in table.items()))
        (self.state / "HOOK").write_text(hook)
        (self.state / "CALLS").touch()
        for name in ("apt-get", "apt-cache", "dpkg-query"):
            path = self.bin / name
            path.write_text(_PACKAGE_TOOLS.format(python=sys.executable, state=str(self.state)))
            path.chmod(0o755)

    def owns(self, package: str, path: Path) -> None:
        """Make a file one of an installed package's."""
        with (self.state / "OWNED").open("a") as out:
            out.write(f"{package}: {path}\n")

    def calls(self, program: str) -> list[str]:
        """What a program of the package manager was asked so far."""
        lines = (self.state / "CALLS").read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if line.split()[0] == program]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any of the tools and settings of the one that tests run on."""
    made = Machine(tmp_path / "bin", tmp_path / "state")
    made.bin.mkdir()
    made.state.mkdir()
    monkeypatch.setenv("PATH", str(made.bin))
    for variable in ("MLIR_DIR", "LLVM_DIR", "CMAKE_PREFIX_PATH", "HOMEBREW_PREFIX", "CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    apt.refresh.cache_clear()
    return made


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as the administrator."""
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as somebody who is not the administrator."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An installed MLIR, as far as one looks at it from outside."""
    return make_prefix(tmp_path / "mlir")


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """The stand-in with one repository; whoever tries again does so at once."""
    with GitHubServer() as made, stamina.set_testing(True, attempts=5, cap=True):
        made.repository(NAME)
        yield made
