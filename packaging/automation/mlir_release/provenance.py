"""What a wheel says about where it came from, written before and read after its build.

The form is ``mlir/release.json`` inside the wheel; its other half, what only
the build itself knows (compiler, nanobind), is added by the wheel project.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree

MEMBER = "mlir/release.json"
# What reading a member of a damaged archive raises.
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, ValueError)
# What the other rooms read of it.
_NEEDED = ("llvm_commit", "patches", "sdk_provider")


def describe(tree: SourceTree, sdk: Sdk, *, ref: str | None) -> dict[str, Any]:
    """The facts that are known before the build, as JSON values.

    Args:
        tree: the source, with its commit and the patches on it.
        sdk: the LLVM and MLIR that are built against.
        ref: the upstream name of the commit, if it has one.
    """
    return {
        "tag": None,
        "llvm_commit": tree.commit,
        "llvm_ref": ref,
        "patches": [{"name": patch.name, "sha256": patch.sha256} for patch in tree.patches],
        "sdk_provider": sdk.provider.value,
        "source": tree.origin,
    }


def read(wheel: Path) -> dict[str, Any]:
    """What the wheel says of itself.

    Raises:
        UserError: it is not a wheel of ours, or is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            facts = json.loads(archive.read(MEMBER))
    except _UNREADABLE as error:
        raise UserError(f"{wheel} is not a whole wheel of this project ({error}); build it again") from None
    if not isinstance(facts, dict) or any(name not in facts for name in _NEEDED):
        raise UserError(f"{wheel}: its {MEMBER} does not say {', '.join(_NEEDED)}; build it again")
    return facts


def ensure_fresh(wheel: Path, tree: SourceTree, *, build: str) -> None:
    """Check that a wheel was made from this source.

    Args:
        wheel: the file.
        tree: what it should have been made from.
        build: the command that makes it anew, for the message.

    Raises:
        UserError: it is stale.
    """
    facts = read(wheel)
    patches = [{"name": patch.name, "sha256": patch.sha256} for patch in tree.patches]
    for name, found, wanted in (
        ("llvm-project commit", facts["llvm_commit"], tree.commit),
        ("patches", facts["patches"], patches),
    ):
        if found != wanted:
            raise UserError(
                f"{wheel.name} is stale: its {name} differ from the pin's "
                f"({_brief(found)} instead of {_brief(wanted)}); run {build}"
            )


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{patch['name']} {patch['sha256'][:12]}" for patch in value) or "none"
    return str(value)[:12]
