from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.errors import ToolFailed, UserError
from mlir_release.sdk import CannotServe, ProviderName
from mlir_release.sdk.prefix import BadPrefix, read
from mlir_release.store import Store
from samples import NO_PLACE as VERSION
from samples import make_prefix, obtain_installed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import Machine

LLVM_PACKAGES = ("libmlir-99-dev", "mlir-99-tools", "llvm-99-dev", "llvm-99-tools")
PACKAGES = dict.fromkeys(LLVM_PACKAGES, f"1:{VERSION}-1") | {
    "zlib1g-dev": "1:1.2.13.dfsg-1",
    "libzstd-dev": "1.5.4+dfsg2-5",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return make_prefix(tmp_path / "mlir")


def refusal(choice: str | Path, store: Store, version: str = VERSION) -> str:
    """The one line with which a choice is refused."""
    with pytest.raises(CannotServe) as caught:
        obtain_installed(str(choice), version=version, store=store)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# A prefix given by hand.


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("inside", ["", "lib/cmake/mlir", "lib/cmake/llvm"])
def test_prefix_by_hand(prefix: Path, store: Store, inside: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = obtain_installed(str(prefix / inside), version=VERSION, store=store)
    assert found.provider is ProviderName.SYSTEM
    assert (found.prefix, found.version) == (prefix, VERSION)
    assert (found.library_dir, found.tools_dir) == (prefix / "lib", prefix / "bin")
    assert capsys.readouterr().out == (
        f"   SDK: system, MLIR {VERSION} in {prefix}, given by hand (as --sdk says)\n"
    )


@pytest.mark.usefixtures("machine")
def test_libraries_in_lib64(tmp_path: Path, store: Store) -> None:
    prefix = make_prefix(tmp_path / "fedora", lib="lib64")
    assert obtain_installed(str(prefix), version=VERSION, store=store).library_dir == prefix / "lib64"


@pytest.mark.usefixtures("machine")
def test_objects_serve_for_an_archive(prefix: Path, store: Store) -> None:
    (prefix / "lib/libMLIRCAPIDebug.a").unlink()
    (prefix / "lib/objects-Release/obj.MLIRCAPIDebug").mkdir(parents=True)
    assert obtain_installed(str(prefix), version=VERSION, store=store).prefix == prefix


@pytest.mark.usefixtures("machine")
def test_release_candidate_is_spelled_as_python_does(tmp_path: Path, store: Store) -> None:
    prefix = make_prefix(tmp_path / "rc", version="99.1.0-rc2")
    assert obtain_installed(str(prefix), version="99.1.0rc2", store=store).version == "99.1.0rc2"


@pytest.mark.usefixtures("machine")
def test_not_an_mlir(tmp_path: Path, store: Store) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"\0\xff")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "empty is not an MLIR prefix: it has no lib/cmake/mlir" in refusal(tmp_path / "empty", store)
    assert "file is not a folder" in refusal(tmp_path / "file", store)
    assert "nowhere does not exist" in refusal(tmp_path / "nowhere", store)
    assert "circle cannot be read" in refusal(tmp_path / "circle", store)
    assert "cannot be read" in refusal("~no-such-user-at-all/mlir", store)
    assert "cannot be read" in refusal(tmp_path / ("x" * 5000), store)


@pytest.mark.usefixtures("machine")
def test_other_version_says_which_and_how_to_get_it(tmp_path: Path, store: Store) -> None:
    prefix = make_prefix(tmp_path / "old", version="99.0.5")
    line = refusal(prefix, store)
    assert f"the MLIR in {prefix} is 99.0.5, and 99.1.0 is needed; " in line
    assert "install MLIR 99.1.0 and name its folder with --sdk" in line or "brew install llvm@99" in line


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("cmake/mlir/MLIRConfig.cmake", b"", "does not say its version"),
        ("cmake/mlir/MLIRConfig.cmake", b"\x7fELF\0\xff\xfe" * 99, "does not say its version"),
        ("cmake/mlir/MLIRConfig.cmake", b"set(LLVM_VERSION 99.1.0)\n", "no C API"),
        ("cmake/mlir/MLIRConfig.cmake", b"set(LLVM_VERSION 99.1.0", "does not say its version"),
        ("cmake/mlir/MLIRTargets.cmake", None, "MLIRTargets.cmake is missing"),
        ("cmake/llvm/LLVMConfigVersion.cmake", b"if(", "does not say its version"),
        ("cmake/llvm/LLVMConfigVersion.cmake", None, "cannot be read (No such file or directory)"),
        (
            "cmake/llvm/LLVMConfigVersion.cmake",
            b'set(PACKAGE_VERSION "99.1.1")\n',
            "is a mixture: its MLIR is 99.1.0, its LLVM 99.1.1",
        ),
        ("libMLIRCAPIIR.a", None, "no complete C API: MLIRCAPIIR is missing"),
    ],
)
def test_damaged_prefix(prefix: Path, store: Store, file: str, content: bytes | None, complaint: str) -> None:
    path = prefix / "lib" / file
    path.unlink() if content is None else path.write_bytes(content)
    assert complaint in refusal(prefix, store)


@pytest.mark.usefixtures("machine")
def test_many_missing_libraries_are_counted(prefix: Path, store: Store) -> None:
    config = prefix / "lib/cmake/mlir/MLIRConfig.cmake"
    config.write_text(config.read_text().replace("MLIRCAPIDebug;", "A;B;C;D;E;"))
    assert "A, B, C and 2 more are missing" in refusal(prefix, store)


@pytest.mark.usefixtures("machine")
def test_missing_tools_are_named(prefix: Path, store: Store) -> None:
    (prefix / "bin/FileCheck").unlink()
    (prefix / "bin/count").chmod(0o644)
    assert f"{prefix / 'bin'} does not have FileCheck, count;" in refusal(prefix, store)


@given(config=st.binary(max_size=200), version=st.binary(max_size=200))
def test_no_content_of_the_files_is_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, config: bytes, version: bytes
) -> None:
    prefix = make_prefix(tmp_path_factory.mktemp("any") / "mlir")
    (prefix / "lib/cmake/mlir/MLIRConfig.cmake").write_bytes(b"set(LLVM_VERSION " + config)
    (prefix / "lib/cmake/llvm/LLVMConfigVersion.cmake").write_bytes(version)
    outcome = ""
    try:
        outcome = read(prefix).version
    except BadPrefix as error:
        outcome = str(error)
    assert re.match(r"\d", outcome) or str(prefix) in outcome


# The key.


@pytest.mark.usefixtures("machine")
def test_key_follows_the_content(prefix: Path, store: Store, tmp_path: Path) -> None:
    def key(place: Path) -> str:
        return obtain_installed(str(place), version=VERSION, store=store).key

    first = key(prefix)
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert key(prefix) == first
    (tmp_path / "link").symlink_to(prefix)
    assert key(tmp_path / "link") == first
    keys = {first}
    for name in ("libMLIRIR.a", "libMLIRCAPIIR.a", "libLLVMSupport.a", "cmake/mlir/MLIRTargets.cmake"):
        os.utime(prefix / "lib" / name, ns=(1, 1))
        keys.add(key(prefix))
    (prefix / "lib/libMLIRIR.a").write_text("!<arch>\nmore")
    os.utime(prefix / "lib/libMLIRIR.a", ns=(1, 1))
    keys.add(key(prefix))
    shutil.copytree(prefix, tmp_path / "copy")
    keys.add(key(tmp_path / "copy"))
    assert len(keys) == 7


# An MLIR that is found.


@pytest.mark.parametrize("variable", ["MLIR_DIR", "LLVM_DIR", "CMAKE_PREFIX_PATH", "HOMEBREW_PREFIX"])
@pytest.mark.parametrize("choice", ["auto", "system"])
@pytest.mark.usefixtures("machine")
def test_found_by_variable(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, variable: str, choice: str
) -> None:
    prefix = make_prefix(tmp_path / "opt/llvm@99")
    values = {
        "MLIR_DIR": str(prefix / "lib/cmake/mlir"),
        "LLVM_DIR": str(prefix / "lib/cmake/llvm"),
        "CMAKE_PREFIX_PATH": f"{tmp_path}/nothing{os.pathsep}{prefix}",
        "HOMEBREW_PREFIX": str(tmp_path),
    }
    monkeypatch.setenv(variable, values[variable])
    assert obtain_installed(choice, version=VERSION, store=store).prefix == prefix


@pytest.mark.parametrize("program", ["llvm-config", "llvm-config-99"])
def test_found_by_llvm_config(
    machine: Machine, prefix: Path, store: Store, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.program(program, f"echo {prefix}")
    assert obtain_installed("auto", version=VERSION, store=store).prefix == prefix
    assert f"{program} on PATH (the first that can serve)" in capsys.readouterr().out


def test_what_is_passed_over_is_said(
    machine: Machine,
    tmp_path: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = make_prefix(tmp_path / "old", version="98.1.0")
    monkeypatch.setenv("MLIR_DIR", str(tmp_path / "gone"))
    monkeypatch.setenv("CMAKE_PREFIX_PATH", str(old))
    machine.program("llvm-config-99", "exit 1")
    new = make_prefix(tmp_path / "new")
    machine.program("llvm-config", f"echo {new}")
    assert obtain_installed("system", version=VERSION, store=store).prefix == new
    said = capsys.readouterr().out
    assert f"passed over: {tmp_path / 'gone'} does not exist" in said
    assert f"passed over: the MLIR in {old} is 98.1.0, and 99.1.0 is needed" in said


# The distribution's packages.


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


def test_errors_are_the_users() -> None:
    assert issubclass(CannotServe, UserError)
    assert issubclass(BadPrefix, UserError)
