"""An SDK as data, for tests that build against nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release.sdk import ProviderName, Sdk

if TYPE_CHECKING:
    from pathlib import Path


def sdk(prefix: Path, provider: ProviderName = ProviderName.SYSTEM) -> Sdk:
    return Sdk(
        provider=provider,
        prefix=prefix,
        version="22.1.8",
        library_dir=prefix / "lib",
        tools_dir=prefix / "bin",
        key="sdk",
        description="a test's",
    )
