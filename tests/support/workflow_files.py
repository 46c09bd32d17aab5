"""This project's workflows as data, and the commands of their steps as nox would get them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from workflow_expressions import Contexts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
_SESSIONS = Path(__file__).with_name("workflow_sessions.py")
_USES = re.compile(r"^\s*(?:- )?uses: (\S+?)(?:\s+#\s*(.*))?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A workflow or an action: its name (``ci.yml``), its text, and what the text says."""

    name: str
    text: str

    @cached_property
    def content(self) -> dict[str, Any]:
        """YAML 1.2, in which ``on`` is no truth value."""
        loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(self.text)
        return loaded

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        jobs: dict[str, dict[str, Any]] = self.content["jobs"]
        return jobs

    @property
    def uses(self) -> list[tuple[str, str]]:
        """What is used, and the comment behind it, in the order of the text."""
        return _USES.findall(self.text)

    def replaced(self, old: str, new: str) -> Document:
        """The same with another text in one place; a place that is not there is a mistake of the test's."""
        assert old in self.text, old
        return Document(name=self.name, text=self.text.replace(old, new, 1))


def workflows() -> dict[str, Document]:
    """All of this project's, by name."""
    return {path.name: _read(path) for path in sorted((ROOT / ".github" / "workflows").iterdir())}


def actions() -> dict[str, Document]:
    """All of this project's actions, by the names of their folders."""
    folders = sorted((ROOT / ".github" / "actions").iterdir())
    return {folder.name: _read(folder / "action.yml") for folder in folders}


def _read(path: Path) -> Document:
    return Document(name=path.name, text=path.read_text(encoding="utf-8"))


def steps(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps of all jobs, each with the name of its job."""
    for job, content in document.jobs.items():
        for step in content.get("steps", ()):
            yield job, step


def words(run: str, env: Mapping[str, str]) -> list[str]:
    """What a step's ``run`` calls nox with, as bash understands it; of a nox that only says so."""
    script = "nox() { printf '%s\\0' \"$@\"; }\n" + run
    told = {"PATH": os.environ["PATH"], "RUNNER_TEMP": "/temp", **env}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script],
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\0")[:-1]


def commands(document: Document, context: Mapping[str, Any]) -> Iterator[list[str]]:
    """What each step of a workflow that runs calls nox with, where the contexts have these values."""
    contexts = Contexts(context, {"failure": lambda: False})
    shared = document.content.get("env", {})
    for job, step in steps(document):
        conditions = (document.jobs[job].get("if"), step.get("if"))
        if "run" in step and all(contexts.holds(it, well=True) for it in conditions):
            env = {**shared, **document.jobs[job].get("env", {}), **step.get("env", {})}
            resolved = {name: str(contexts.resolve(value) or "") for name, value in env.items()}
            yield words(step["run"], resolved)


def complaints(calls: Sequence[Sequence[str]]) -> list[str | None]:
    """Of each list of words for nox: what nox, or the parser of a session that is named, says against it."""
    done = subprocess.run(
        [sys.executable, str(_SESSIONS)],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    found: list[str | None] = json.loads(done.stdout.splitlines()[-1])
    return found
