"""What the tests of all our wheels share: they are about what is installed, on Python 3.9 and newer."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Callable
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

__all__ = [
    "check_record",
    "check_sbom",
    "finding",
    "header",
    "is_abi3",
    "measured",
    "pytest_configure",
    "pytest_terminal_summary",
    "run_program",
    "tags_of",
    "wheel_of",
]

_FINDINGS = "MLIR_TEST_FINDINGS"
_MEASURED = pytest.StashKey[list[str]]()
# Written by the installer, not by the wheel.
_BY_INSTALLERS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


def header(*distributions: str) -> list[str]:
    """Which wheels a run is about."""
    machine = f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    return [f"{name} {metadata.version(name)} on {machine}" for name in distributions]


def pytest_configure(config: pytest.Config) -> None:
    """Make a place for what the tests measure."""
    config.stash[_MEASURED] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured; no test depends on it."""
    terminalreporter.section("measured")
    for line in config.stash[_MEASURED]:
        terminalreporter.write_line(line)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes lines for the summary at the end."""
    return request.config.stash[_MEASURED].append


@pytest.fixture(scope="session")
def run_program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``programs/NAME.py`` of the tests with this interpreter; its status is not checked."""
    # An empty folder, so that nothing but what is installed can be imported.
    folder = tmp_path_factory.mktemp("run")
    programs = request.config.rootpath / "programs"

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(programs / f"{name}.py"), *arguments],
            capture_output=True,
            check=False,
            cwd=folder,
            encoding="utf-8",
            timeout=300,
        )

    return run


def finding(text: str) -> None:
    """Report in one line what is wrong or unknown upstream, and is no defect of the wheel.

    The file that the environment variable ``MLIR_TEST_FINDINGS`` names takes the line; without one, the
    test fails.
    """
    line = " ".join(text.split())
    file = os.environ.get(_FINDINGS)
    if not file:
        pytest.fail(line)
    with Path(file).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")


def tags_of(distribution: str) -> set[str]:
    """The interpreters and ABIs (PEP 425) that a distribution's wheel is for: ``cp312-abi3``."""
    lines = (metadata.distribution(distribution).read_text("WHEEL") or "").splitlines()
    tags = (line.partition(": ")[2] for line in lines if line.startswith("Tag: "))
    return {tag.rpartition("-")[0] for tag in tags}


def is_abi3(distribution: str) -> bool:
    """Whether a distribution's wheel serves several Pythons."""
    return any(tag.endswith("-abi3") for tag in tags_of(distribution))


def wheel_of(distribution: str) -> Path:
    """The file that was installed (PEP 610 says where it was)."""
    text = metadata.distribution(distribution).read_text("direct_url.json")
    assert text, f"{distribution} was not installed from a file"
    return Path(url2pathname(urlparse(json.loads(text)["url"]).path))


def check_record(distribution: str) -> str:
    """See that every file of a distribution is the one in its RECORD; return how many, and their size."""
    files = metadata.files(distribution) or []
    assert files
    size = 0
    for file in files:
        path = Path(str(file.locate()))
        assert path.is_file(), file
        size += path.stat().st_size
        if file.hash is None:
            # The record itself, and bytecode that the installer made.
            assert file.suffix == ".pyc" or file.name in _BY_INSTALLERS
            continue
        assert (file.hash.mode, file.hash.value, file.size) == ("sha256", _sha256(path), path.stat().st_size)
    return f"installed: {len(files)} files, {size / 1e6:.1f} MB"


def check_sbom(distribution: str) -> None:
    """See that a distribution has its SBOM (PEP 770), and that it agrees with its release.json and files."""
    files = metadata.files(distribution) or []
    (sbom,) = (file for file in files if file.match("*.dist-info/sboms/mlir-py-release.cdx.json"))
    (release,) = (file for file in files if file.name == "release.json")
    document, facts = json.loads(sbom.read_text()), json.loads(release.read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    wheel = document["metadata"]["component"]
    assert (wheel["name"], wheel["version"]) == (distribution, metadata.version(distribution))
    parts = {part["name"]: part for part in document["components"]}
    _check_llvm(parts.pop("llvm-project"), facts)
    if "nanobind_version" in facts:
        assert parts.pop("nanobind")["version"] == facts["nanobind_version"]
        assert parts.pop("robin-map")
    # The rest is what a repair has put in.
    grafted = {file.name: file for file in files if file.parent.name.endswith((".libs", ".dylibs"))}
    assert parts.keys() == grafted.keys()
    for name, part in parts.items():
        content = Path(str(grafted[name].locate())).read_bytes()
        assert part["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]


def _check_llvm(part: dict[str, Any], facts: dict[str, Any]) -> None:
    pedigree = part.get("pedigree", {})
    commits = [commit["uid"] for commit in pedigree.get("commits", [])]
    assert part["version"] == facts["llvm_version"]
    assert commits == [facts["llvm_commit"]] * bool(facts["llvm_commit"])
    patches = {f"{patch['name']}#sha256={patch['sha256']}" for patch in facts["patches"]}
    assert {patch["diff"]["url"] for patch in pedigree.get("patches", [])} == patches


def _sha256(path: Path) -> str:
    """A file's hash as RECORD has it: base64 for URLs, without padding."""
    digest = hashlib.sha256(path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
