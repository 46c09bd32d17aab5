"""A release set goes to GitHub's stand-in, is checked and indexed, and is installed from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from uv import find_uv_bin

from github_server import GitHubServer
from index_world import StaticServer
from mlir_release import interpreters
from mlir_release.lines import line_of
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing import publish, verify
from mlir_release.publishing.index import session as index
from mlir_release.publishing.page import commands
from mlir_release.series import SERIES, abis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.publishing.manifest import Manifest

HOME = "somebody/mlir-py-release"
BINDINGS = "mlir-python-bindings"
PARSE = "from mlir import ir; print(ir.Module.parse('module {}', ir.Context()).operation.name)"


@dataclass(frozen=True, kw_only=True)
class Published:
    """A release that is public: its manifest, and the URL that installers are given."""

    manifest: Manifest
    simple: str

    def command(self, tool: str) -> str:
        """The line that the page for people shows."""
        shown = commands.of(self.simple, BINDINGS, self.manifest.version, foreign=True)
        (line,) = (command.line for command in shown if command.tool == tool)
        return line


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each interpreter here that the set has bindings for; there is one for each wheel."""
    manifest = manifests.read(metafunc.config.getoption("--set") / manifests.NAME)
    served = {abi.name: abi.serves for abi in abis(SERIES, stable=line_of(manifest.llvm_version).abi3)}
    here = {name for name, interpreter in interpreters.find_all().items() if interpreter}
    pythons: list[str] = []
    for file in (it for it in manifest.files if it.distribution == BINDINGS):
        found = [series.name for series in served[file.python] if series.name in here]
        assert found, f"there is no interpreter here for {file.name}"
        pythons += found
    assert pythons, f"the set has no wheel of {BINDINGS}"
    metafunc.parametrize("python", pythons)


@pytest.fixture(scope="session")
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    folder: Path = request.config.getoption("--set").resolve()
    manifest = manifests.read(folder / manifests.NAME)
    site, root = (tmp_path_factory.mktemp(name) for name in ("site", "project"))
    (root / "pyproject.toml").write_text("")
    with GitHubServer() as github, StaticServer(site) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in {**github.environment, "GITHUB_REPOSITORY": HOME}.items():
            patch.setenv(name, value)
        github.repository(HOME).tag(manifest.tag, manifest.project_commit)
        publish.run(["--to", "github", "--set", str(folder)], root)
        # The stand-in has no pages of the web: what was downloaded and checked is put where they would be.
        verify.run([manifest.tag, "--output", str(site / "download" / manifest.tag)], root)
        places = ["--output", str(site / "index"), "--cache", str(root / "cache")]
        urls = ["--base-url", f"{server.url}/download", "--url", f"{server.url}/index"]
        index.run([*places, *urls], root)
        yield Published(manifest=manifest, simple=f"{server.url}/index/simple/")


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_installed_and_imported(published: Published, python: str, tool: str, tmp_path: Path) -> None:
    interpreter = interpreters.find(python)
    environment = tmp_path / "environment"
    words = ["--quiet", "--python", str(interpreter.path), str(environment)]
    subprocess.run([sys.executable, "-m", "virtualenv", *words], check=True)
    folders = [str(environment / "bin"), str(Path(find_uv_bin()).parent), os.environ["PATH"]]
    env = os.environ | {"PATH": os.pathsep.join(folders), "VIRTUAL_ENV": str(environment)}

    def run(*words: str) -> str:
        return subprocess.run(words, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout

    run("sh", "-ec", published.command(tool))
    facts: dict[str, Any] = json.loads(run("python", "-m", "mlir.release", "--json"))
    manifest = published.manifest
    assert (facts["tag"], facts["version"]) == (manifest.tag, manifest.version)
    assert facts["llvm_commit"] == manifest.llvm_commit
    assert run("python", "-c", PARSE) == "builtin.module\n"
