"""Kill -9 before, in, and after each upload to a real index: the next run ends with each file there once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

import child
from mlir_release.publishing import to_pypi
from upload_servers import CREDENTIALS, PROJECTS, SERVERS, Fault, Gate, When, small_set

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest

UPLOADS = 6
PUBLISH = """\
import sys
from pathlib import Path
from mlir_release.publishing import manifest, to_pypi
folder = Path(sys.argv[1])
to_pypi.publish(folder, manifest.read(folder / "manifest.json"), url=sys.argv[2], new=sys.argv[3:])
"""


@pytest.fixture(autouse=True)
def uploader(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("server", SERVERS)
def test_two_at_once(server: str, tmp_path: Path) -> None:
    with SERVERS[server](tmp_path / "data") as port, Gate(port) as gate:
        folder, manifest = small_set(tmp_path / "sets")
        both = [child.start(PUBLISH, folder, gate.url, *PROJECTS) for _ in range(2)]
        said = [process.communicate()[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert_once(gate, manifest)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("when", When)
def test_killed_at_each_upload_and_run_again(server: str, when: When, tmp_path: Path) -> None:
    with SERVERS[server](tmp_path / "data") as port, Gate(port) as gate:
        for number in range(1, UPLOADS + 1):
            gate.accepted.clear()
            folder, manifest = small_set(tmp_path / "sets", f"22.1.{number}")
            publishing = child.start(PUBLISH, folder, gate.url, *PROJECTS)
            gate.faults = [None] * (number - 1) + [Fault(when=when, kill=publishing)]
            publishing.communicate()
            assert publishing.returncode == -signal.SIGKILL, number
            landed = number if when is When.AFTER else number - 1
            assert gate.accepted.total() == landed, number
            to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
            assert_once(gate, manifest)
            writes = gate.writes
            to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
            assert gate.writes == writes


def assert_once(gate: Gate, manifest: Manifest) -> None:
    for file in manifest.files:
        assert gate.sums(file.distribution)[file.name] == file.sha256
        assert gate.accepted[file.name] == 1
