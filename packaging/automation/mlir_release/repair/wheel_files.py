"""What the checks of all platforms share: a wheel unpacked, its RECORD, and the errors that end a repair."""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mlir_release import wheel_record
from mlir_release.errors import ToolFailed, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What unpacking a damaged archive raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)
# The line with which Python ends when it shows a traceback: "delocate.libsana.DelocationError: …".
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception)\b.*", re.MULTILINE)
# What delocate logs before it: "ERROR:delocate.libsana:@rpath/libx.dylib not found, requested by …".
_LOGGED = re.compile(r"^ERROR:[\w.]+:(.+ not found), requested by", re.MULTILINE)


class BadWheel(UserError):
    """A repaired wheel is not what it must be."""

    def __init__(self, wheel: Path, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"{wheel} was repaired but is not right: {'; '.join(problems)};"
            " nothing was put into the wheelhouse"
        )


class CannotRepair(UserError):
    """A platform's tool gave up on a wheel; ``log`` has all that it said."""

    def __init__(self, tool: str, wheel: Path, failure: ToolFailed) -> None:
        self.log = failure.log
        reason = _raised(failure.log) or " ".join(failure.tail[-1:]) or f"status {failure.status}"
        super().__init__(f"{tool} cannot repair {wheel.name}: {reason}; its whole log is {failure.log}")


def _raised(log: Path) -> str | None:
    """What the last exception in a log says, which may be several lines; and which libraries it is about."""
    text = log.read_text(encoding="utf-8", errors="replace")
    found = list(_RAISED.finditer(text))
    logged = dict.fromkeys(_LOGGED.findall(text))
    return "; ".join([text[found[-1].start() :].strip(), *logged]) if found else None


@contextmanager
def unpacked(wheel: Path) -> Iterator[Path]:
    """The files of a wheel in a folder that is there for a while; ``BadWheel`` if it is damaged."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
        except DAMAGED as error:
            raise BadWheel(wheel, [f"it is damaged ({error})"]) from None
        yield Path(folder)


def files(root: Path) -> Iterable[Path]:
    """All files below a folder, in the order of their names."""
    return (path for path in sorted(root.rglob("*")) if path.is_file())


def record_problems(wheel: Path) -> list[str]:
    """In what the files of a wheel differ from its RECORD (PEP 427)."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return wheel_record.problems(archive, wheel_record.info_of(wheel.name))
    except wheel_record.UNREADABLE as error:
        return [f"it is damaged ({error})"]


def place(name: PurePosixPath) -> tuple[str, PurePosixPath]:
    """Where a file of a wheel is when it is installed (PEP 427).

    Returns:
        The scheme (``site-packages``, ``scripts``, ``data``), whose folders are apart by what nobody knows,
        and the path below its folder.
    """
    if len(name.parts) > 2 and name.parts[0].endswith(".data"):  # noqa: PLR2004 -- NAME.data/SCHEME/FILE
        scheme, inside = name.parts[1], PurePosixPath(*name.parts[2:])
        return ("site-packages" if scheme in {"platlib", "purelib"} else scheme), inside
    return "site-packages", name
