"""What the tests of an installed mlir-tools wheel share.

They know nothing of this project: only the wheel, on any interpreter that it supports (Python 3.9
and newer).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Callable
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

DISTRIBUTION = "mlir-tools"
_MEASURED = pytest.StashKey[list[str]]()

Tool = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_report_header() -> str:
    """Say which wheel this is about."""
    machine = f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    return f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)} on {machine}"


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
def scripts() -> Path:
    """The folder of this environment's programs, which is first on PATH in an active one."""
    return Path(sysconfig.get_path("scripts"))


@pytest.fixture
def tool(scripts: Path, tmp_path: Path) -> Tool:
    """Runs a program as somebody does in an active environment: ``tool("mlir-opt", "--help", input="")``.

    The working folder is ``tmp_path``. Its status is not checked; what it reads and prints is text.
    """
    environment = {**os.environ, "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]])}

    def run(name: str, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:  # noqa: A002 -- as subprocess has it
        return subprocess.run(
            [str(scripts / name), *arguments],
            input=input,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The file that was installed (PEP 610 says where it was)."""
    text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    assert text, "the wheel was not installed from a file"
    return Path(url2pathname(urlparse(json.loads(text)["url"]).path))
