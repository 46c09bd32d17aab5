"""What a wheel says about where it came from, written before and read after its build.

The form is ``PACKAGE/release.json`` inside the wheel; its other half, what only
the build itself knows (versions, nanobind), is added by the wheel project
(``packaging/common/cmake/Provenance.cmake``).
"""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError
from mlir_release.wheel_record import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree
    from mlir_release.source.patches import Patch

NAME = "release.json"
# The import package of a distribution, or what is left of one, has it.
_MEMBER = re.compile(rf"\w+/{re.escape(NAME)}")
# What the other rooms read of it.
_NEEDED = ("tag", "llvm_commit", "patches", "sdk_provider")


def describe(
    tree: SourceTree, sdk: Sdk, *, tag: str | None, ref: str | None, compiler: str
) -> dict[str, Any]:
    """The facts that are known before the build, as JSON values.

    Args:
        tree: the source, with its commit and the patches on it.
        sdk: the LLVM and MLIR that are built against.
        tag: the release that it belongs to; None for an untagged build.
        ref: the upstream name of the commit, if it has one.
        compiler: its name; a wheel project that compiles says it in CMake's words instead.
    """
    return {
        "tag": tag,
        "llvm_commit": tree.commit,
        "llvm_ref": ref,
        "patches": _listed(tree.patches),
        "sdk_provider": sdk.made_by.value,
        "source": tree.origin,
        "compiler": compiler,
    }


def read(wheel: Path, *, advice: str = "build it again") -> dict[str, Any]:
    """What the wheel says of itself.

    Args:
        wheel: the file.
        advice: what to do about one that is of no use, for the message.

    Raises:
        UserError: it is not a wheel of ours, or is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            facts = json.loads(archive.read(_member(archive)))
    except UNREADABLE as error:
        raise UserError(f"{wheel} is not a whole wheel of this project ({error}); {advice}") from None
    if not isinstance(facts, dict) or any(name not in facts for name in _NEEDED):
        raise UserError(f"{wheel}: its {NAME} does not say {', '.join(_NEEDED)}; {advice}")
    return facts


def findings(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What was found wrong upstream while a wheel was built, in its facts; a line of text each."""
    found = facts.get("findings", [])
    return tuple(" ".join(str(it).split()) for it in found) if isinstance(found, list) else ()


def _member(archive: zipfile.ZipFile) -> str:
    members = [name for name in archive.namelist() if _MEMBER.fullmatch(name)]
    if len(members) != 1:
        raise ValueError(f"it has {len(members)} files PACKAGE/{NAME}")
    return members[0]


def ensure_fresh(wheel: Path, tree: SourceTree, *, tag: str | None, build: str) -> None:
    """Check that a wheel was made from this source, and for this release.

    Args:
        wheel: the file.
        tree: what it should have been made from.
        tag: the release that it should be of; None for an untagged build.
        build: the command that makes it anew, for the message.

    Raises:
        UserError: it is stale.
    """
    facts = read(wheel)
    different = difference(facts, tree.commit, tree.patches)
    if different:
        raise UserError(f"{wheel.name} is stale: its {different}; run {build}")
    if facts["tag"] != tag:
        raise UserError(f"{wheel.name} is {_release(facts['tag'])}, not {_release(tag)}; run {build}")


def difference(facts: Mapping[str, Any], commit: str | None, patches: Iterable[Patch]) -> str | None:
    """In what the facts of a wheel differ from a source, as the end of a sentence; None if in nothing."""
    for name, found, wanted in (
        ("llvm-project commit", facts["llvm_commit"], commit),
        ("patches", facts["patches"], _listed(patches)),
    ):
        if found != wanted:
            return f"{name} differ from the pin's ({_brief(found)} instead of {_brief(wanted)})"
    return None


def _release(tag: str | None) -> str:
    return f"of {tag}" if tag else "an untagged build"


def _listed(patches: Iterable[Patch]) -> list[dict[str, str]]:
    return [{"name": patch.name, "sha256": patch.sha256} for patch in patches]


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_brief_patch(patch) for patch in value) or "none"
    return str(value)[:12]


def _brief_patch(patch: Any) -> str:
    # A wheel from elsewhere can say anything.
    known = isinstance(patch, dict) and patch.keys() >= {"name", "sha256"}
    return f"{patch['name']} {str(patch['sha256'])[:12]}" if known else str(patch)[:40]
