"""docker and podman: which of them works, and how a container of an image is run."""

from __future__ import annotations

import shutil
import signal
import sys
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlir_release.run import Completed

_NAMES = ("docker", "podman")
# What the engines end with when the program in the container never ran.
FAILED = (125, 126, 127)


@dataclass(frozen=True)
class Engine:
    """A container engine that works: ``docker`` or ``podman``."""

    name: str

    def identify(self, image: str, tool_log: Path) -> str:
        """What tells the content of an image; it is fetched when it is not there.

        Raises:
            UserError: it is not to be had.
        """
        question = [self.name, "image", "inspect", "--format", "{{.Id}}", image]
        answer = run(question, check=False, quiet=True)
        if answer.status:
            with log.stage(f"fetch {image}"):
                pulled = run([self.name, "pull", image], check=False, log=tool_log)
            if pulled.status:
                raise UserError(
                    f"the image {image} is not on this machine and cannot be fetched ({last_line(pulled)});"
                    f" name another with --container IMAGE, or bring it with {self.name} load;"
                    f" the whole log is {tool_log}"
                )
            answer = run(question, quiet=True)
        return answer.output.strip().splitlines()[-1]

    @contextmanager
    def ending(self, label: str) -> Iterator[None]:
        """While another program runs containers: end those with a label when this process is ended."""
        try:
            with _terminations_interrupt():
                yield
        except BaseException:
            named = [self.name, "ps", "--all", "--quiet", "--filter", f"label={label}"]
            for number in run(named, check=False, quiet=True).output.split():
                self._end(number)
            raise

    def contain(self, arguments: Sequence[str], tool_log: Path | None = None) -> Completed:
        """Run a container to its end, which may be a failure; it is removed however that comes.

        Args:
            arguments: what follows ``run``: options, image, command.
            tool_log: gets the output; by default that is passed on to our own, as it comes.
        """
        name = f"mlir-py-release-{uuid.uuid4().hex[:12]}"
        passed_on = None if tool_log else lambda line: log.say(line.rstrip())
        command = [self.name, "run", "--rm", "--name", name, *arguments]
        try:
            with _terminations_interrupt():
                return run(command, check=False, log=tool_log, on_line=passed_on)
        except BaseException:
            self._end(name)
            raise

    def _end(self, container: str) -> None:
        # Podman's rm alone would wait ten seconds for a program that does not end when asked to.
        for words in (("kill", container), ("rm", "--force", container)):
            run([self.name, *words], check=False, quiet=True)


def find(wanted_by: str = "--container") -> Engine:
    """The first engine that works.

    Args:
        wanted_by: what it is for, as the message of a refusal begins.

    Raises:
        UserError: none does.
    """
    refusals = []
    for name in _NAMES:
        if shutil.which(name) is None:
            continue
        answer = run([name, "info"], check=False, quiet=True)
        if answer.status == 0:
            return Engine(name)
        refusals.append(f"{name} does not work ({last_line(answer)})")
    if refusals:
        raise UserError(f"{wanted_by}: {'; '.join(refusals)}; start its service, or mend its configuration")
    raise UserError(
        f"{wanted_by} needs docker or podman, and neither is on PATH: install one,"
        " or build with --sysroot DIR (docs/manylinux.md)"
    )


def last_line(done: Completed) -> str:
    """The last thing that a program said: where engines have their reasons."""
    return (done.output.strip().splitlines() or ["it gives no reason"])[-1]


@contextmanager
def _terminations_interrupt() -> Iterator[None]:
    """Let the signals that end this process do it as Ctrl-C does: the container would go on without it."""
    signals = [signal.SIGTERM]
    if sys.platform != "win32":
        signals.append(signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
