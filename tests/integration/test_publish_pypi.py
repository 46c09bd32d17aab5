"""A release set to real package indexes on loopback."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import stamina

from child import wait_until
from mlir_release.errors import UserError
from mlir_release.publishing import to_pypi, upload
from mlir_release.publishing.index_trouble import IndexTrouble
from mlir_release.store import file_sha256
from upload_servers import (
    CREDENTIALS,
    PASSWORD,
    PLATFORM,
    PROJECTS,
    SERVERS,
    Fault,
    Gate,
    When,
    pypiron,
    small_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest

ORDER = ["llvm_sdk", "mlir_sdk", "mlir_tools", *["mlir_python_bindings"] * 3]
BEFORE, DURING, AFTER = When.BEFORE, When.DURING, When.AFTER


@pytest.fixture(scope="module", params=SERVERS)
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server for all tests; each has a version of its own."""
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as port:
        yield port


@pytest.fixture
def gate(port: int) -> Iterator[Gate]:
    with Gate(port) as made:
        yield made


@pytest.fixture(autouse=True)
def uploader(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody who may upload, and does not wait between attempts."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


_numbers = iter(range(1, 1000))


@pytest.fixture
def release(tmp_path: Path, port: int) -> tuple[Path, Manifest]:
    """A release set in a version that no server has."""
    return small_set(tmp_path / "sets", f"{port}.1.{next(_numbers)}")


def assert_whole(gate: Gate, manifest: Manifest) -> None:
    """The server has all files, each uploaded once."""
    for file in manifest.files:
        assert gate.sums(file.distribution)[file.name] == file.sha256
        assert gate.accepted[file.name] == 1


def refusal(gate: Gate, folder: Path, manifest: Manifest) -> str:
    with pytest.raises(UserError) as caught:
        to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert PASSWORD not in line
    return line


def test_all_of_it_then_nothing(
    gate: Gate, release: tuple[Path, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, manifest = release
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert_whole(gate, manifest)
    assert [name.partition("-")[0] for name in gate.order] == ORDER
    said = capsys.readouterr().out
    assert f"read from {gate.url}simple/" in said
    assert f"[6/6] mlir_python_bindings-{manifest.version}-cp312" in said
    assert PASSWORD not in said
    # The second run only looks.
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert gate.writes == 6
    assert "0 of 6 files are to be uploaded" in capsys.readouterr().out


def test_what_others_than_pip_put_there(gate: Gate, release: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, manifest = release
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    wanted = [file for file in manifest.files if file.distribution in ("llvm-sdk", "mlir-sdk")]
    hashes = [f"{file.distribution}=={file.version} --hash=sha256:{file.sha256}\n" for file in wanted]
    (tmp_path / "requirements.txt").write_text("".join(hashes))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--index-url", f"{gate.url}simple/"]
    command += ["--no-cache-dir", "--only-binary", ":all:", "--platform", PLATFORM, "--require-hashes"]
    command += ["--target", str(tmp_path / "site"), "--requirement", str(tmp_path / "requirements.txt")]
    subprocess.run(command, check=True, env={**env, "PIP_CONFIG_FILE": os.devnull})
    assert (tmp_path / "site/llvm_sdk/who.py").read_bytes() == b"ours"


def test_changed_bytes_stop_before_the_first_write(
    gate: Gate, release: tuple[Path, Manifest], tmp_path: Path
) -> None:
    folder, manifest = release
    gate.faults = [None, None, Fault(when=BEFORE, status=403)]
    assert f"refuses mlir_tools-{manifest.version}" in refusal(gate, folder, manifest)
    wait_until(lambda: gate.shows(manifest, "llvm-sdk") and gate.shows(manifest, "mlir-sdk"))
    other, changed = small_set(tmp_path / "other", manifest.version, says="somebody else")
    line = refusal(gate, other, changed)
    # The other one that is there already has the same bytes.
    assert f"its llvm_sdk-{manifest.version}-py3-none-{PLATFORM}.whl has other bytes" in line
    assert line.count("has other bytes") == 1
    assert gate.writes == 3
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert_whole(gate, manifest)
    # Now four of them are others, and all are named.
    line = refusal(gate, other, changed)
    assert line.count("has other bytes") == 4
    assert gate.writes == 7


def test_files_of_the_version_that_nobody_listed(gate: Gate, release: tuple[Path, Manifest]) -> None:
    folder, manifest = release
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    fewer = dataclasses.replace(manifest, files=(manifest.files[0], *manifest.files[2:]))
    line = refusal(gate, folder, fewer)
    assert f"its {manifest.files[1].name} is no file of this release" in line


@pytest.mark.parametrize(
    "fault",
    [
        Fault(when=BEFORE, status=502),
        Fault(when=AFTER, status=503),
        Fault(when=BEFORE, status=429),
        Fault(when=BEFORE),
        Fault(when=DURING),
        Fault(when=AFTER),
        # The server has it, and says that it does not take it.
        Fault(when=AFTER, status=409),
    ],
    ids=str,
)
def test_faults_that_are_survived(gate: Gate, release: tuple[Path, Manifest], fault: Fault) -> None:
    folder, manifest = release
    gate.faults = [None, fault, None, fault]
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert_whole(gate, manifest)


@pytest.mark.parametrize("fault", [Fault(when=BEFORE, status=502), Fault(when=DURING)], ids=str)
def test_faults_that_last(gate: Gate, release: tuple[Path, Manifest], fault: Fault) -> None:
    folder, manifest = release
    gate.faults = [None, None, *[fault] * 3]
    line = refusal(gate, folder, manifest)
    assert "what is there is not sent twice" in line
    assert len(gate.accepted) == 2
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert_whole(gate, manifest)


def test_a_server_that_falls_silent(gate: Gate, release: tuple[Path, Manifest]) -> None:
    folder, manifest = release
    gate.faults = [Fault(when=BEFORE, wait=2.0)]
    package = upload.read(folder / manifest.files[0].name)
    with pytest.raises(IndexTrouble, match=f"does not answer the upload of {manifest.files[0].name}"):
        upload.upload(package, gate.url, silence=0.2)


def test_a_refusal_says_what_the_server_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: tuple[Path, Manifest]
) -> None:
    monkeypatch.setenv("TWINE_PASSWORD", "another")
    with pypiron(tmp_path / "data") as port, Gate(port) as gate:
        line = refusal(gate, *release)
        assert f"{gate.url} refuses llvm_sdk-" in line
        assert "401" in line
        assert "TWINE_PASSWORD" in line
        assert gate.writes == 0


def test_an_index_that_shows_late(
    gate: Gate, release: tuple[Path, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, manifest = release
    # Four projects are looked at before the uploads, then four more times.
    gate.stale = 8
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert "not listed yet: llvm_sdk-" in capsys.readouterr().out
    assert_whole(gate, manifest)


def test_an_index_that_never_shows(gate: Gate, release: tuple[Path, Manifest]) -> None:
    folder, manifest = release
    gate.stale = 1000
    with pytest.raises(UserError, match=r"took all files and does not list llvm_sdk-.*run this again later"):
        to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS, patience=0.1)
    gate.stale = 0
    to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
    assert_whole(gate, manifest)


def test_a_server_without_an_index(gate: Gate, release: tuple[Path, Manifest]) -> None:
    folder, manifest = release
    with pytest.raises(UserError, match="has no index at simple/ or"):
        to_pypi.publish(folder, manifest, url=f"{gate.url}some/where/")
    assert gate.writes == 0


def test_a_server_that_is_not_there(release: tuple[Path, Manifest]) -> None:
    with Gate(0) as gone:
        url = gone.url
    with pytest.raises(IndexTrouble, match="does not answer"):
        to_pypi.publish(*release, url=url)


def test_files_that_are_not_those_of_the_manifest(gate: Gate, release: tuple[Path, Manifest]) -> None:
    folder, manifest = release
    gone, longer, changed, *_ = (folder / file.name for file in manifest.files)
    gone.unlink()
    longer.write_bytes(longer.read_bytes() + b"x")
    changed.write_bytes(changed.read_bytes()[::-1])
    line = refusal(gate, folder, manifest)
    assert f"{gone.name} cannot be read" in line
    assert f"{longer.name} has" in line
    assert f"{changed.name} has another sha256" in line
    assert not gate.asked


def test_a_file_that_is_no_wheel(gate: Gate, release: tuple[Path, Manifest]) -> None:
    folder, manifest = release
    file = manifest.files[3]
    (folder / file.name).write_bytes(b"not a wheel")
    listed = dataclasses.replace(file, size=11, sha256=file_sha256(folder / file.name))
    files = tuple(listed if it is file else it for it in manifest.files)
    line = refusal(gate, folder, dataclasses.replace(manifest, files=files))
    assert line.startswith(f"{file.name} is no wheel that an index takes (")
    assert not gate.asked
