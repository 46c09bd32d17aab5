"""SBOM: what is inside a wheel, said by the wheel itself (PEP 770), and whether that is true.

The document is CycloneDX 1.6 in JSON, ``NAME-VERSION.dist-info/sboms/mlir-py-release.cdx.json``. Neither it
nor the archive holds a time or anything random: the same wheel in gives the same bytes out. Documents of
others beside it stay, and it names them: auditwheel's says which packages grafted libraries came from.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
from typing import TYPE_CHECKING

# Nox prints the debug messages of every library; this one, cyclonedx's, has a thousand when it is imported.
logging.getLogger("py_serializable").setLevel(logging.WARNING)

from mlir_release import provenance, wheel_record  # noqa: E402
from mlir_release.errors import UserError  # noqa: E402
from mlir_release.sbom import archive, contents, document  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["add", "check", "tool"]

# Counts the changes of what is written here, since repaired wheels are kept.
_FORM = 1


def tool() -> str:
    """What writes the document, for the key of a repaired wheel: another one may give other bytes."""
    return f"form {_FORM}, cyclonedx-python-lib {importlib.metadata.version('cyclonedx-python-lib')}"


def add(wheel: Path) -> None:
    """Put the SBOM into a wheel, in place of one of ours that is there, and its hash into the RECORD.

    The wheel's files come in the order of their names, metadata last. What is compressed is not compressed
    again. Of permissions it is kept whether a file can be run; folders, which have no entry in a
    RECORD and which no installer needs, are left out.

    Args:
        wheel: the repaired wheel, under its final name; it is replaced in one step.

    Raises:
        UserError: it is damaged or no wheel of this project, its release.json does not say what an SBOM
            needs, or its RECORD lists other files than it has.
    """
    found = contents.read(wheel)
    with archive.opened(wheel) as opened:
        name = contents.member(opened)
    part = wheel.with_name(f".{wheel.name}.{os.getpid()}.part")
    try:
        archive.pack(wheel, part, {name: document.text(found).encode()})
        part.replace(wheel)
    finally:
        part.unlink(missing_ok=True)


def check(wheel: Path) -> list[str]:
    """What is wrong with the SBOM of a wheel, which anybody can have made.

    Args:
        wheel: the file, under its own name.

    Returns:
        One line per problem: the wheel is damaged or no wheel of this project; it has no SBOM, or its
        RECORD another one; that is not valid (the schema comes with cyclonedx-python-lib, nothing is
        downloaded), or says something else than the release.json and the files of the wheel. None
        if all is well.
    """
    try:
        found = contents.read(wheel)
        with archive.opened(wheel) as opened:
            name = contents.member(opened)
            if name not in opened.namelist():
                return [f"it has no SBOM ({name})"]
            data, row = archive.content(opened, name), archive.recorded(opened).get(name)
        version = provenance.read(wheel).get("version")
    except UserError as error:
        return [str(error)]
    wrong = [] if version == found.version else [f"its {provenance.NAME} is of another version than its name"]
    if row != wheel_record.row(data):
        wrong.append(f"its RECORD does not have the SBOM that it has ({name})")
    return wrong + document.problems(data, found)
