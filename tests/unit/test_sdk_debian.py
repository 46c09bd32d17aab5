"""The MLIR that Debian and Ubuntu package: installed, completed, or what to say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import ToolFailed
from samples import NO_PLACE as VERSION
from samples import make_prefix, obtain_installed, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import Machine

    from mlir_release.store import Store

LLVM_PACKAGES = ("libmlir-99-dev", "mlir-99-tools", "llvm-99-dev", "llvm-99-tools")
PACKAGES = dict.fromkeys(LLVM_PACKAGES, f"1:{VERSION}-1") | {
    "zlib1g-dev": "1:1.2.13.dfsg-1",
    "libzstd-dev": "1.5.4+dfsg2-5",
}


@pytest.fixture
def arriving(tmp_path: Path, machine: Machine) -> str:
    """A script that puts the files of the packages in place."""
    make_prefix(tmp_path / "arriving")
    config = machine.program("llvm-config-99", f"echo {tmp_path / 'installed'}")
    config.rename(tmp_path / "arriving/bin/llvm-config-99")
    return (
        f"/bin/cp -R {tmp_path / 'arriving'} {tmp_path / 'installed'}\n"
        f"/bin/cp {tmp_path / 'arriving/bin/llvm-config-99'} {machine.bin}\n"
    )


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("choice", ["auto", "system"])
def test_root_gets_it_installed(
    machine: Machine, arriving: str, tmp_path: Path, store: Store, choice: str
) -> None:
    # The package lists are empty, as in a container that was just started.
    machine.has_apt(news=PACKAGES, hook=arriving)
    assert obtain_installed(choice, version=VERSION, store=store).prefix == tmp_path / "installed"
    update, install = machine.calls("apt-get")
    assert update == "update"
    assert install.endswith(" ".join(PACKAGES))


@pytest.mark.usefixtures("root")
def test_old_lists_are_renewed_before_giving_up(
    machine: Machine, arriving: str, tmp_path: Path, store: Store
) -> None:
    old = dict.fromkeys(LLVM_PACKAGES, "1:99.0.9-1")
    machine.has_apt(archive=old, news=PACKAGES, hook=arriving)
    assert obtain_installed("auto", version=VERSION, store=store).prefix == tmp_path / "installed"


@pytest.mark.usefixtures("root")
def test_other_version_in_the_distribution(machine: Machine, store: Store) -> None:
    machine.has_apt(archive=PACKAGES)
    line = refusal("auto", store, version="99.1.1")
    assert "this distribution offers 99.1.0: install MLIR 99.1.1" in line or "brew install" in line
    assert machine.calls("apt-get") == ["update"]


@pytest.mark.usefixtures("user")
def test_user_is_given_the_command(machine: Machine, store: Store) -> None:
    machine.has_apt(archive=PACKAGES)
    line = refusal("auto", store)
    assert f"`sudo apt-get install {' '.join(PACKAGES)}` brings it in minutes" in line
    assert machine.calls("apt-get") == []


@pytest.mark.usefixtures("root")
def test_failed_installation_is_not_passed_over(machine: Machine, store: Store) -> None:
    machine.has_apt(archive=PACKAGES, hook="echo no space left on device; exit 100")
    with pytest.raises(ToolFailed, match="no space left on device"):
        obtain_installed("auto", version=VERSION, store=store)


def incomplete(machine: Machine, prefix: Path, *missing: str, hook: str = "") -> None:
    """A machine whose packages own a prefix, without some of them."""
    present = {name: version for name, version in PACKAGES.items() if name not in missing}
    machine.has_apt(archive=PACKAGES, installed=present, hook=hook)
    machine.owns("libmlir-99-dev", prefix / "lib/cmake/mlir/MLIRConfig.cmake")
    machine.program("llvm-config-99", f"echo {prefix}")


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("by_hand", [True, False])
def test_root_gets_missing_packages_completed(
    machine: Machine, prefix: Path, store: Store, *, by_hand: bool
) -> None:
    (prefix / "bin/mlir-opt").rename(prefix / "mlir-opt")
    hook = f"/bin/mv {prefix}/mlir-opt {prefix}/bin/mlir-opt"
    incomplete(machine, prefix, "mlir-99-tools", "libzstd-dev", hook=hook)
    choice = str(prefix) if by_hand else "auto"
    assert obtain_installed(choice, version=VERSION, store=store).prefix == prefix
    (install,) = machine.calls("apt-get")
    assert install.endswith(" mlir-99-tools libzstd-dev")


@pytest.mark.usefixtures("user")
def test_user_is_told_the_missing_packages(machine: Machine, prefix: Path, store: Store) -> None:
    incomplete(machine, prefix, "libzstd-dev")
    for choice in (str(prefix), "auto", "system"):
        line = refusal(choice, store)
        assert f"the MLIR in {prefix} misses packages: libzstd-dev" in line
        assert "`sudo apt-get install libzstd-dev` brings it in minutes" in line


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("tools", ["99~++20261025103442+7e3c57157096-1", "99~++20261024-1"])
def test_packages_of_a_snapshot_are_compared_with_each_other(
    machine: Machine, prefix: Path, store: Store, tools: str
) -> None:
    newest = dict.fromkeys(LLVM_PACKAGES, "1:99~++20261025103442+7e3c57157096-1")
    packages = {**PACKAGES, **newest, "mlir-99-tools": f"1:{tools}"}
    machine.has_apt(archive=packages, installed=packages)
    machine.owns("libmlir-99-dev", prefix / "lib/cmake/mlir/MLIRConfig.cmake")

    if packages["mlir-99-tools"] == newest["mlir-99-tools"]:
        assert obtain_installed(str(prefix), version=VERSION, store=store).prefix == prefix
    else:
        assert f"the MLIR in {prefix} misses packages: mlir-99-tools;" in refusal(str(prefix), store)


@pytest.mark.usefixtures("root")
def test_a_wrong_prefix_by_hand_installs_nothing(machine: Machine, tmp_path: Path, store: Store) -> None:
    machine.has_apt(archive=PACKAGES)
    line = refusal(tmp_path, store)
    assert f"`apt-get install {' '.join(PACKAGES)}` brings it in minutes" in line
    assert machine.calls("apt-get") == []


@pytest.mark.usefixtures("root")
def test_damaged_package_is_to_be_repaired(machine: Machine, prefix: Path, store: Store) -> None:
    incomplete(machine, prefix)
    (prefix / "lib/libMLIRCAPIIR.a").unlink()
    assert "repair them with `apt-get install --reinstall libmlir-99-dev" in refusal("auto", store)
    assert machine.calls("apt-get") == []
