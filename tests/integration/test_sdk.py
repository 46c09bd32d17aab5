"""The pin's MLIR as this machine has it; root on Debian and Ubuntu gets it installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlir_release import pin
from mlir_release.run import run
from mlir_release.sdk import CannotServe, ProviderName, Sdk
from mlir_release.store import Store
from samples import obtain_installed

PIN = Path(__file__).parents[2] / pin.FILE_NAME


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.open(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def version() -> str:
    version = pin.read(PIN).version
    assert version
    return version


@pytest.fixture(scope="module")
def system(version: str, store: Store) -> Sdk:
    return obtain_installed("system", version=version, store=store)


def test_it_is_the_pins(system: Sdk, version: str) -> None:
    assert (system.provider, system.version) == (ProviderName.SYSTEM, version)
    opt = run([system.tools_dir / "mlir-opt", "--version"], quiet=True)
    assert f"LLVM version {version}" in opt.output


def test_its_tools_run(system: Sdk, tmp_path: Path) -> None:
    module = tmp_path / "module.mlir"
    module.write_text("// CHECK: func.func private @hello\nfunc.func private @hello()\n")
    output = tmp_path / "output.mlir"
    run([system.tools_dir / "mlir-opt", module, "-o", output], quiet=True)
    run([system.tools_dir / "FileCheck", module, "--input-file", output], quiet=True)
    run([system.tools_dir / "not", system.tools_dir / "mlir-opt", PIN], quiet=True)


def test_it_has_the_c_api(system: Sdk) -> None:
    archive = system.library_dir / "libMLIRCAPIIR.a"
    symbols = run([system.tools_dir / "llvm-nm", "--defined-only", archive], quiet=True)
    assert "mlirContextCreate" in symbols.output


def test_all_ways_lead_to_the_same(system: Sdk, version: str, store: Store) -> None:
    for choice in ("auto", str(system.prefix), str(system.library_dir / "cmake/mlir")):
        found = obtain_installed(choice, version=version, store=store)
        assert (found.prefix, found.key) == (system.prefix, system.key)


def test_other_version_is_refused(system: Sdk, version: str, store: Store) -> None:
    with pytest.raises(CannotServe, match=f"is {version}, and 1.2.3 is needed; "):
        obtain_installed(str(system.prefix), version="1.2.3", store=store)


@pytest.mark.parametrize(
    ("without", "complaint"),
    [
        ("bin/FileCheck", "does not have FileCheck"),
        ("lib/libMLIRCAPIIR.a", "no complete C API: MLIRCAPIIR is missing"),
        ("lib/cmake", "is not an MLIR prefix"),
    ],
)
def test_incomplete_copy_is_refused(
    system: Sdk, store: Store, tmp_path: Path, without: str, complaint: str
) -> None:
    copy = tmp_path / "copy"
    for folder in (system.tools_dir, system.library_dir):
        (copy / folder.name).mkdir(parents=True)
        for file in folder.iterdir():
            (copy / folder.name / file.name).symlink_to(file)
    (copy / without).unlink()
    with pytest.raises(CannotServe, match=complaint):
        obtain_installed(str(copy), version=system.version, store=store)
