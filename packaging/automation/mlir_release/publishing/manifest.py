"""``manifest.json``: what the files of one release are, and what they were made from.

JSON in one form only: keys sorted, files by name. What is read is checked as if a stranger had written it::

    {"schema": 1, "tag": "llvm-22.1.8.01", "version": "22.1.8", "project_commit": "<40 digits>",
     "llvm_commit": "<40 digits>", "llvm_version": "22.1.8", "llvm_ref": "llvmorg-22.1.8",
     "patches": [{"name": "0001-x.patch", "sha256": "<64 digits>"}], "rehearsal": false,
     "files": [{"name": "mlir_sdk-22.1.8-py3-none-manylinux_2_28_x86_64.whl", ...}]}
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError
from mlir_release.publishing import rules, values
from mlir_release.publishing.values import Malformed, Table

if TYPE_CHECKING:
    from pathlib import Path

# The files of a release set besides its wheels.
NAME = "manifest.json"
SUMS = "SHA256SUMS"
NOTES = "RELEASE_NOTES.md"
# Beside a wheel lies its metadata, under the wheel's name with this at its end (PEP 658).
METADATA_SUFFIX = ".metadata"

SCHEMA = 1
# A thousand files are listed in less.
_LONGEST = 4 * 2**20


class BadManifest(UserError):
    """A text is no manifest of a release; the message says where it came from and what is wrong."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where} is no manifest of a release: {reason}; get it again, or make it again")


@dataclass(frozen=True, kw_only=True)
class TestRun:
    """A run of tests that a wheel has passed: the name of the suite, and how many tests did what."""

    # It is no test class, whatever its name looks like.
    __test__ = False

    suite: str
    passed: int
    failed: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class PatchFile:
    """A patch that was applied: the name of its file and its sha256, 64 hexadecimal digits."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class File:
    """A wheel.

    ``size`` is in bytes, ``sha256`` that of the file and ``metadata_sha256`` that of the METADATA in it;
    ``distribution`` the normalized name (``mlir-sdk``); ``python`` the interpreter (``cp311``, ``cp313t``,
    ``cp312-abi3``, ``py3`` for any) and ``target`` the system (``linux-x86_64``) that it is for; ``tags``
    those of its name, one by one and sorted (PEP 425); ``requires_python`` what its metadata says;
    ``sdk_provider`` and ``compiler`` what its provenance says; ``tests`` those that exactly these bytes have
    passed.
    """

    name: str
    size: int
    sha256: str
    metadata_sha256: str
    distribution: str
    version: str
    python: str
    target: str
    tags: tuple[str, ...]
    requires_python: str | None
    sdk_provider: str
    compiler: str
    tests: tuple[TestRun, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A release: its tag, the version of its wheels, what they were made from, and these by name.

    ``project_commit`` is of this project, ``llvm_commit`` of llvm-project; ``patches`` are in the order in
    which they were applied. A ``rehearsal`` is no release, and never goes to a public place. ``findings`` are
    known to be wrong upstream, a line of text each; the key is there only if there are some.
    """

    tag: str
    version: str
    project_commit: str
    llvm_commit: str
    llvm_version: str
    llvm_ref: str
    patches: tuple[PatchFile, ...]
    rehearsal: bool
    files: tuple[File, ...]
    findings: tuple[str, ...] = ()


def text(manifest: Manifest) -> str:
    """The manifest as it is written: the same text for the same manifest."""
    content = {"schema": SCHEMA, **dataclasses.asdict(manifest)}
    if not manifest.findings:
        del content["findings"]
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def read(path: Path) -> Manifest:
    """The manifest in a file.

    Raises:
        BadManifest: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LONGEST + 1)
        return parse(raw.decode("utf-8"), str(path))
    except OSError as error:
        raise BadManifest(str(path), error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise BadManifest(str(path), "it is not text") from None


def parse(content: str, where: str) -> Manifest:
    """The manifest that a text is.

    Args:
        content: the text.
        where: what it was read from, for errors.

    Raises:
        BadManifest: it is anything else; the first thing that is wrong is said.
    """
    try:
        if len(content) > _LONGEST:
            raise Malformed(f"{len(content)} characters are too many")
        manifest = _manifest(values.load(content))
        rules.check(manifest)
    except Malformed as error:
        raise BadManifest(where, str(error)) from None
    return manifest


def test_run(table: Table) -> TestRun:
    """A run of tests, as JSON has it; raises ``Malformed``."""
    made = TestRun(
        suite=table.matching("suite", values.WORD),
        passed=table.number("passed"),
        failed=table.number("failed"),
        skipped=table.number("skipped"),
    )
    table.ensure_read()
    return made


def _manifest(raw: Any) -> Manifest:
    table = Table.of(raw, "it")
    schema = table.number("schema")
    if schema != SCHEMA:
        raise Malformed(f"its schema is {schema}, and {SCHEMA} is the one that is known here")
    made = Manifest(
        tag=table.text("tag"),
        version=table.text("version"),
        project_commit=table.matching("project_commit", values.COMMIT),
        llvm_commit=table.matching("llvm_commit", values.COMMIT),
        llvm_version=table.matching("llvm_version", values.LLVM_VERSION),
        llvm_ref=table.matching("llvm_ref", values.REF),
        patches=tuple(_patch(it) for it in table.tables("patches")),
        rehearsal=table.switch("rehearsal"),
        files=tuple(_file(it) for it in table.tables("files")),
        findings=table.texts("findings", optional=True),
    )
    table.ensure_read()
    return made


def _patch(table: Table) -> PatchFile:
    made = PatchFile(
        name=table.matching("name", values.PATCH), sha256=table.matching("sha256", values.SHA256)
    )
    table.ensure_read()
    return made


def _file(table: Table) -> File:
    made = File(
        name=table.matching("name", values.WHEEL),
        size=table.number("size", least=1),
        sha256=table.matching("sha256", values.SHA256),
        metadata_sha256=table.matching("metadata_sha256", values.SHA256),
        distribution=table.text("distribution"),
        version=table.text("version"),
        python=table.matching("python", values.PYTHON),
        target=table.matching("target", values.TARGET),
        tags=table.texts("tags"),
        requires_python=table.requires_python("requires_python"),
        sdk_provider=table.matching("sdk_provider", values.WORD),
        compiler=table.text("compiler"),
        tests=tuple(test_run(it) for it in table.tables("tests")),
    )
    table.ensure_read()
    return made
