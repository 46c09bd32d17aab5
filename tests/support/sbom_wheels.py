"""A small wheel that has one of everything that an SBOM names, and changed forms of it."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from typing import TYPE_CHECKING, Any

from wheels import FACTS, VERSION, SmallWheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATCH = {"name": "0001-x.patch", "sha256": "ab" * 32}
INFO = f"mlir_tiny-{VERSION}.dist-info"
MEMBER = f"{INFO}/sboms/mlir-py-release.cdx.json"
GRAFT, LIBRARY = "mlir_tiny.libs/libz-0a1b2c3d.so.1", b"\x7fELF, almost"
OTHER, OTHERS = f"{INFO}/sboms/auditwheel.cdx.json", b'{"bomFormat": "CycloneDX"}'
FACTS_OF_ALL = {**FACTS, "tag": None, "version": VERSION, "patches": [PATCH], "nanobind_version": "2.12.0"}
ALL = SmallWheel(
    name="mlir-tiny",
    files={
        "mlir_tiny/tool": b"#!/bin/sh\n" * 100,
        "mlir_tiny/ünder.txt": b"text",
        GRAFT: LIBRARY,
        OTHER: OTHERS,
    },
    programs=("mlir_tiny/tool",),
    facts=FACTS_OF_ALL,
)


def with_facts(**changes: Any) -> SmallWheel:
    """The wheel, with another release.json."""
    return dataclasses.replace(ALL, facts={**FACTS_OF_ALL, **changes})


def said_by(wheel: Path) -> dict[str, Any]:
    """The SBOM of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        document: dict[str, Any] = json.loads(archive.read(MEMBER))
    return document


def repacked(wheel: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Pack a wheel in another order, of another time, with a folder and other modes.

    ``change`` gives the new content of a file, None for one that is left out.
    """
    with zipfile.ZipFile(wheel) as old:
        members = {it: old.read(it) for it in old.infolist() if not it.is_dir()}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as new:
        new.mkdir(INFO)
        for member, data in reversed(members.items()):
            changed = change(member.filename, data)
            if changed is not None:
                info = zipfile.ZipInfo(member.filename, date_time=(2026, 1, 2, 3, 4, 6))
                info.external_attr = member.external_attr | 0o020 << 16
                new.writestr(info, changed, zipfile.ZIP_DEFLATED)
    return wheel
