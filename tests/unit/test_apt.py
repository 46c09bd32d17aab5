from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release import apt
from mlir_release.errors import ToolFailed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import Machine


@pytest.mark.parametrize(
    ("debian", "upstream"),
    [
        ("1:22.1.8-1~deb12u1", "22.1.8"),
        ("22.1.8-1ubuntu1", "22.1.8"),
        ("1.5.4+dfsg2-5", "1.5.4"),
        ("1:1.2.13.dfsg-1", "1.2.13"),
        ("2.0~ds1-3", "2.0"),
        ("1:23.1.0~+rc2-1~exp1", "23.1.0~+rc2"),
        ("7.0", "7.0"),
        ("1.0-rc1-2", "1.0-rc1"),
    ],
)
def test_upstream_version(debian: str, upstream: str) -> None:
    assert apt.upstream_version(debian) == upstream


@given(
    st.integers(0, 9),
    st.from_regex(r"[0-9]+(\.[0-9]+){0,3}", fullmatch=True),
    st.from_regex(r"[0-9][a-z0-9+.~]*", fullmatch=True),
)
def test_epoch_and_revision_go(epoch: int, upstream: str, revision: str) -> None:
    assert apt.upstream_version(f"{epoch}:{upstream}-{revision}") == upstream
    assert apt.upstream_version(f"{upstream}-{revision}") == upstream
    assert apt.upstream_version(upstream) == upstream


@pytest.mark.usefixtures("root", "machine")
def test_machine_without_apt(tmp_path: Path) -> None:
    assert not apt.can_install()
    assert apt.candidate("hello") is None
    assert apt.installed("hello") is None
    assert apt.owner(tmp_path) is None


@pytest.mark.usefixtures("user")
def test_user_cannot_install_and_is_told_to_use_sudo(machine: Machine) -> None:
    machine.has_apt(news={"hello": "1.0-1"})
    assert not apt.can_install()
    assert apt.candidate("hello") is None
    assert machine.calls("apt-get") == []
    assert apt.command(["hello"]) == "`sudo apt-get install hello`"


@pytest.mark.usefixtures("root")
def test_root_asks_the_archive_once_for_unknown_packages(machine: Machine) -> None:
    machine.has_apt(news={"hello": "1:2.10-3"})
    assert apt.candidate("hello") == "2.10"
    assert apt.candidate("nothing-like-it") is None
    assert machine.calls("apt-get") == ["update"]
    assert apt.command(["hello"]) == "`apt-get install hello`"


@pytest.mark.usefixtures("root")
def test_install_renews_old_lists(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.has_apt(news={"hello": "2.10-3"})
    log = tmp_path / "log"
    apt.install(["hello"], log)
    assert apt.installed("hello") == "2.10"
    assert [call.split()[0] for call in machine.calls("apt-get")] == ["install", "update", "install"]
    assert "Unable to locate package" in log.read_text()
    assert "out of date" in capsys.readouterr().out


@pytest.mark.usefixtures("root")
def test_a_failure_is_not_tried_again(machine: Machine, tmp_path: Path) -> None:
    machine.has_apt(archive={"hello": "2.10-3"}, hook="echo disk is full; exit 100")
    with pytest.raises(ToolFailed, match="disk is full"):
        apt.install(["hello"], tmp_path / "log")
    assert len(machine.calls("apt-get")) == 1


@pytest.mark.usefixtures("root")
def test_install_asks_nothing_and_waits(machine: Machine, tmp_path: Path) -> None:
    machine.has_apt(archive={"hello": "2.10-3"}, hook="echo frontend=$DEBIAN_FRONTEND; echo path=$PATH")
    apt.install(["hello"], tmp_path / "log")
    (call,) = machine.calls("apt-get")
    assert "--yes" in call
    assert "--no-install-recommends" in call
    assert "DPkg::Lock::Timeout=600" in call
    written = (tmp_path / "log").read_text()
    assert "frontend=noninteractive" in written
    assert written.rstrip().endswith(":/usr/local/sbin:/usr/sbin:/sbin")


@pytest.mark.usefixtures("root")
def test_failed_update_is_said(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.has_apt()
    machine.program("apt-get", "echo 'W: Failed to fetch something'; exit 0")
    apt.refresh()
    assert "could not bring all package lists: W: Failed to fetch" in capsys.readouterr().out


def test_owner(machine: Machine, tmp_path: Path) -> None:
    machine.has_apt()
    machine.owns("libhello:amd64", tmp_path / "file")
    assert apt.owner(tmp_path / "file") == "libhello"
    assert apt.owner(tmp_path / "other") is None
