"""The real apt and dpkg, on an archive and a system of their own in a temporary folder."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import threading
from pathlib import Path

import pytest

from mlir_release import apt
from mlir_release.errors import ToolFailed
from mlir_release.run import run

pytestmark = pytest.mark.skipif(not apt.present(), reason="this system has no apt")

PACKAGE = "mlir-py-release-hello"
FILE = Path("usr/share/mlir-py-release-hello/hello")
# Where programs of the distribution keep others out (apt's and dpkg's source, lock files).
LISTS_LOCK = "var/lib/apt/lists/lock"
DPKG_LOCK = "var/lib/dpkg/lock-frontend"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a small Debian system; its archive has one package, its package lists are empty."""
    root, archive = tmp_path / "root", tmp_path / "archive"
    for folder in ("var/lib/dpkg/updates", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (root / folder).mkdir(parents=True)
    for folder in ("etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "var/log/apt"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] copy:{archive} ./\n")
    config = root / "apt.conf"
    config.write_text(
        f'Dir "{root}";\nDir::Bin::dpkg "{shutil.which("dpkg")}";\nAPT::Sandbox::User "";\n'
        f'Dir::State::status "{root}/var/lib/dpkg/status";\n'
        f'DPkg::Options {{ "--root={root}"; "--force-not-root"; "--force-bad-path"; }};\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(config))
    monkeypatch.setenv("DPKG_ADMINDIR", str(root / "var/lib/dpkg"))
    publish(archive, "1:22.1.7+dfsg-1~deb12u1")
    apt.refresh.cache_clear()
    return root


def publish(archive: Path, version: str) -> None:
    """Put the package into the archive, in place of an older one."""
    content = archive.with_name("content")
    for folder in (archive, content):
        shutil.rmtree(folder, ignore_errors=True)
    archive.mkdir()
    (content / FILE).parent.mkdir(parents=True)
    (content / FILE).write_text(version)
    control = (
        f"Package: {PACKAGE}\nVersion: {version}\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: nothing\n"
    )
    (content / "DEBIAN").mkdir()
    (content / "DEBIAN/control").write_text(control)
    deb = archive / f"hello-{hashlib.sha256(version.encode()).hexdigest()}.deb"
    run(["dpkg-deb", "--root-owner-group", "--build", content, deb], quiet=True)
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    (archive / "Packages").write_text(
        f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"
    )


def test_from_empty_lists_to_an_installed_file(system: Path, tmp_path: Path) -> None:
    assert apt.installed(PACKAGE) is None
    apt.refresh()
    assert apt.candidate(PACKAGE) == "22.1.7"
    apt.install([PACKAGE], tmp_path / "log")
    assert apt.installed(PACKAGE) == "22.1.7"
    assert (system / FILE).is_file()
    assert apt.owner(Path("/") / FILE) == PACKAGE
    assert f"Setting up {PACKAGE}" in (tmp_path / "log").read_text()


def test_lists_older_than_the_archive(system: Path, tmp_path: Path) -> None:
    run(["apt-get", "update"], quiet=True)
    publish(tmp_path / "archive", "1:22.1.8-1")
    apt.install([PACKAGE], tmp_path / "log")
    assert (system / FILE).read_text() == "1:22.1.8-1"


@pytest.mark.usefixtures("system")
def test_unknown_package(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="Unable to locate package no-such-package-at-all"):
        apt.install(["no-such-package-at-all"], tmp_path / "log")


@pytest.mark.parametrize("lock", [LISTS_LOCK, DPKG_LOCK])
def test_waits_for_another_program(
    system: Path, tmp_path: Path, lock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["apt-get", "update"], quiet=True)
    with (system / lock).open("w") as held:
        # POSIX locks belong to a process: ours keeps out the apt-get that we start.
        fcntl.lockf(held, fcntl.LOCK_EX)
        threading.Timer(2, fcntl.lockf, [held, fcntl.LOCK_UN]).start()
        apt.refresh()
        apt.install([PACKAGE], tmp_path / "log")
    assert apt.installed(PACKAGE) == "22.1.7"
    assert ("waiting for another program" in capsys.readouterr().out) == (lock == LISTS_LOCK)
