"""Small wheels with real contents: of an SDK, in two parts, and of its tools."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from samples import make_prefix

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
LLVM = "22.1.8"
VERSION = "22.1.8.dev0+gca7933e47"
FACTS: dict[str, Any] = {
    "tag": None,
    "llvm_commit": COMMIT,
    "llvm_version": LLVM,
    "patches": [],
    "sdk_provider": "build",
}


@dataclass(frozen=True, kw_only=True)
class SmallWheel:
    """What a wheel is made of: ``files`` by name, those of ``programs`` can be run."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    programs: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    version: str = VERSION
    tag: str = "py3-none-any"
    facts: dict[str, Any] | None = field(default_factory=lambda: FACTS)

    def write(self, folder: Path) -> Path:
        """The wheel in a folder, with a RECORD that is right."""
        package, info = self.name.replace("-", "_"), f"{self.name.replace('-', '_')}-{self.version}.dist-info"
        content = dict(self.files)
        if self.facts is not None:
            content[f"{package}/release.json"] = json.dumps(self.facts).encode()
        needs = "".join(f"Requires-Dist: {text}\n" for text in self.requires)
        content[f"{info}/METADATA"] = (
            f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\nRequires-Python: >=3.9\n"
            f"{needs}Description-Content-Type: text/plain\n\nA test's.\n".encode()
        )
        content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {self.tag}\n".encode()
        content[f"{info}/RECORD"] = record(content, info).encode()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{package}-{self.version}-{self.tag}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                member = zipfile.ZipInfo(name)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = (0o100755 if name in self.programs else 0o100644) << 16
                archive.writestr(member, data)
        return path


def record(content: dict[str, bytes], info: str) -> str:
    """The RECORD of a wheel with this content (PEP 427)."""
    lines = []
    for name, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return "".join(lines) + f"{info}/RECORD,,\n"


def sdk_wheels(folder: Path) -> tuple[SmallWheel, SmallWheel, SmallWheel]:
    """MLIR's part of an SDK, LLVM's part, and the tools, made in an empty folder."""
    prefix = make_prefix(folder / "prefix", version=LLVM)
    parts: dict[str, dict[str, bytes]] = {"mlir": {}, "llvm": {}}
    for path in sorted(path for path in prefix.rglob("*") if path.is_file()):
        name = path.relative_to(prefix).as_posix()
        if name != "bin/mlir-opt":
            part = "llvm" if "llvm" in name or "LLVM" in name or "FileCheck" in name else "mlir"
            parts[part][f"{part}_sdk/{name}"] = path.read_bytes()
    for part, files in parts.items():
        files[f"{part}_sdk/__init__.py"] = part.encode()
    mlir = SmallWheel(
        name="mlir-sdk",
        files=parts["mlir"],
        programs=tuple(name for name in parts["mlir"] if "/bin/" in name),
        requires=(f"llvm-sdk=={VERSION}", "typing_extensions>=4; python_version < '3.10'"),
    )
    llvm = SmallWheel(name="llvm-sdk", files=parts["llvm"], programs=("llvm_sdk/bin/FileCheck",))
    scripts = f"mlir_tools-{VERSION}.data/scripts"
    tools = SmallWheel(
        name="mlir-tools",
        files={f"{scripts}/{name}": b"#!/bin/sh\necho tools\n" for name in ("mlir-opt", "FileCheck")},
    )
    return mlir, llvm, tools
