"""An SDK as data, for tests that build against nothing, and one that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import sdk as sdks
from mlir_release.errors import UserError
from mlir_release.sdk import CannotServe, ProviderName, Sdk
from mlir_release.sdk.system import System

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store


# A version whose place, /usr/lib/llvm-99, no machine has.
NO_PLACE = "99.1.0"
_TOOLS = ("FileCheck", "mlir-tblgen", "mlir-opt", "not", "count", "llvm-config")
_C_API = 'set_property(GLOBAL PROPERTY MLIR_UPSTREAM_CAPI_LIBS "MLIRCAPIDebug;MLIRCAPIIR")\n'


def obtain_installed(choice: str | Path, *, version: str, store: Store) -> Sdk:
    """What ``--sdk CHOICE`` gives where installed MLIRs are all there is."""
    read = sdks.read_choice(str(choice))
    provider = System(prefix=read.prefix)
    return sdks.obtain((provider,), chosen=read.provider, version=version, store=store)


def refusal(choice: str | Path, store: Store, version: str = NO_PLACE) -> str:
    """The one line with which ``--sdk CHOICE`` is refused there."""
    with pytest.raises(CannotServe) as caught:
        obtain_installed(choice, version=version, store=store)
    assert isinstance(caught.value, UserError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def sdk(prefix: Path, provider: ProviderName = ProviderName.SYSTEM) -> Sdk:
    return Sdk(
        provider=provider,
        made_by=provider,
        prefix=prefix,
        version="22.1.8",
        library_dir=prefix / "lib",
        tools_dir=prefix / "bin",
        key="sdk",
        description="a test's",
    )


def make_prefix(path: Path, version: str = NO_PLACE, *, lib: str = "lib", api: str = _C_API) -> Path:
    """What an installed MLIR looks like from outside; ``api`` is where its CMake lists the C API."""
    cmake = path / lib / "cmake"
    (cmake / "mlir").mkdir(parents=True)
    (cmake / "llvm").mkdir()
    (path / "bin").mkdir()
    (cmake / "mlir/MLIRConfig.cmake").write_text(
        f"set(LLVM_VERSION {version})\nfind_package(LLVM ${{LLVM_VERSION}} EXACT REQUIRED CONFIG)\n{api}"
    )
    (cmake / "mlir/MLIRTargets.cmake").write_text("# targets\n")
    (cmake / "llvm/LLVMConfig.cmake").write_text("set(LLVM_NATIVE_ARCH X86)\n")
    (cmake / "llvm/LLVMConfigVersion.cmake").write_text(f'set(PACKAGE_VERSION "{version}")\n')
    for name in ("mlir", "llvm"):
        (path / "include" / name).mkdir(parents=True)
        (path / "include" / name / f"{name}.h").write_text("// headers\n")
    for name in ("MLIRIR", "MLIRCAPIIR", "MLIRCAPIDebug", "LLVMSupport"):
        (path / lib / f"lib{name}.a").write_text("!<arch>\n")
    for tool in _TOOLS:
        (path / "bin" / tool).write_text("#!/bin/sh\n")
        (path / "bin" / tool).chmod(0o755)
    return path
