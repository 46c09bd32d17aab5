"""Runs a workflow on this machine, step by step as written: `nox -s run-workflow -- FILE --into DIR`.

Each job gets a clone of its own. Its commands run as they are; artifacts and caches are copies of folders,
and what sets up a tool is left out, because nox is there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workflow_actions
from workflow_actions import ActionFailed, Site
from workflow_expressions import Contexts, as_text
from workflow_files import ROOT, Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STATUS = ("success", "failure", "always", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be run: a workflow with these inputs, at a commit of a repository, in an empty folder.

    ``store`` is a store of boxes that all jobs share; None for an empty one for each, as runners have.
    """

    workflow: Document
    repository: Path
    commit: str
    into: Path
    inputs: Mapping[str, Any]
    store: Path | None = None
    only_job: str | None = None


@dataclass
class State:
    """What became of jobs so far: results and outputs by name, as in ``needs``, and a line for each."""

    needs: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def run(order: Order) -> State:
    """Run all jobs, in the order in which they need each other."""
    state = State()
    for name in _in_order(order.workflow.jobs):
        if order.only_job in (None, name):
            _run_job(order, state, name, order.workflow.jobs[name])
    return state


def _in_order(jobs: Mapping[str, Any]) -> Iterator[str]:
    done: set[str] = set()
    while len(done) < len(jobs):
        ready = [name for name, job in jobs.items() if name not in done and set(_needed(job)) <= done]
        assert ready, "jobs need each other in a circle, or one that is not there"
        yield from ready
        done |= set(ready)


def _needed(job: Mapping[str, Any]) -> list[str]:
    needed = job.get("needs", [])
    return [needed] if isinstance(needed, str) else needed


def _run_job(order: Order, state: State, name: str, job: Mapping[str, Any]) -> None:
    needs = {it: state.needs[it] for it in _needed(job)}
    well = all(it["result"] == "success" for it in needs.values())
    outer = _contexts(order, needs, {})
    if not outer.holds(job.get("if"), well=well):
        state.needs[name] = {"result": "skipped", "outputs": {}}
        state.lines.append(f"{name}: skipped")
        return
    matrix = outer.resolve(job.get("strategy", {}).get("matrix", {"include": [{}]}))
    result = "success"
    outputs: dict[str, Any] = {}
    for number, values in enumerate(matrix["include"]):
        folder = order.into / "jobs" / (f"{name}-{number}" if "strategy" in job else name)
        start = time.monotonic()
        instance = Instance(order=order, job=job, folder=folder, needs=needs, matrix=values)
        good = instance.run()
        title = as_text(instance.contexts().resolve(job.get("name", name)))
        said = "success" if good else "FAILURE"
        state.lines.append(f"{title}: {said}, {time.monotonic() - start:.0f} s")
        outputs |= instance.contexts().resolve(job.get("outputs", {}))
        if not good and not instance.contexts().resolve(job.get("continue-on-error", False)):
            result = "failure"
    state.needs[name] = {"result": result, "outputs": outputs}


def _contexts(order: Order, needs: Mapping[str, Any], more: Mapping[str, Any], **functions: Any) -> Contexts:
    github = {"ref": "refs/heads/main", "sha": order.commit, "run_id": "1", "event_name": "workflow_dispatch"}
    status = {name: (lambda name=name: name in ("success", "always")) for name in _STATUS}
    values = {"inputs": order.inputs, "needs": needs, "github": github, **more}
    return Contexts(values, {**status, **functions})


@dataclass(kw_only=True)
class Instance:
    """One job with one entry of its matrix."""

    order: Order
    job: Mapping[str, Any]
    folder: Path
    needs: Mapping[str, Any]
    matrix: Mapping[str, Any]
    steps: dict[str, Any] = field(default_factory=dict)
    failed: bool = False

    @property
    def site(self) -> Site:
        """Where its actions work."""
        return Site(
            workspace=self.folder / "checkout",
            shared=self.order.into,
            repository=self.order.repository,
            commit=self.order.commit,
        )

    @property
    def temp(self) -> Path:
        """``RUNNER_TEMP``."""
        return self.folder / "temp"

    def contexts(self) -> Contexts:
        """What its expressions see now."""
        return _contexts(
            self.order,
            self.needs,
            {
                "matrix": self.matrix,
                "steps": self.steps,
                "runner": {"os": "Linux", "temp": str(self.temp)},
                "env": self.job.get("env", {}),
            },
            failure=lambda: self.failed,
            success=lambda: not self.failed,
            hashFiles=lambda *patterns: workflow_actions.hash_files(self.site, *patterns),
        )

    def run(self) -> bool:
        """Run its steps; whether all did well."""
        self.temp.mkdir(parents=True)
        if self.order.store:
            (self.temp / "store").symlink_to(self.order.store.resolve(), target_is_directory=True)
        for number, step in enumerate(self.job["steps"]):
            contexts = self.contexts()
            if not contexts.holds(step.get("if"), well=not self.failed):
                continue
            print(f"\n##### {self.folder.name}: {step.get('name', number)}", flush=True)
            try:
                outputs = self._command(step) if "run" in step else self._use(step)
            except ActionFailed as error:
                print(f"##### failed: {error}", flush=True)
                self.failed = True
            else:
                self.steps[step.get("id", str(number))] = {"outputs": dict(outputs)}
        return not self.failed

    def _use(self, step: Mapping[str, Any]) -> Mapping[str, str]:
        name = step["uses"].partition("@")[0]
        return workflow_actions.perform(name, self.contexts().resolve(step.get("with", {})), self.site)

    def _command(self, step: Mapping[str, Any]) -> dict[str, str]:
        output = self.folder / "output"
        output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.site.workspace,
            env=self._environment(step, output),
            check=False,
        )
        if done.returncode:
            raise ActionFailed(f"{step['run']} ended with status {done.returncode}")
        return dict(line.split("=", 1) for line in output.read_text().splitlines())

    def _environment(self, step: Mapping[str, Any], output: Path) -> dict[str, str]:
        """The variables of a step: this machine's, those of GitHub's that matter here, and its own."""
        declared = {
            **self.order.workflow.content.get("env", {}),
            **self.job.get("env", {}),
            **step.get("env", {}),
        }
        inherited = {key: it for key, it in os.environ.items() if not key.startswith(("GITHUB_", "RUNNER_"))}
        return {
            **inherited,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_SHA": self.order.commit,
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_WORKSPACE": str(self.site.workspace),
            "RUNNER_TEMP": str(self.temp),
            **{key: as_text(self.contexts().resolve(it)) for key, it in declared.items()},
        }


def inputs(document: Document, said: Sequence[str]) -> dict[str, Any]:
    """The inputs of a workflow that is called: as they are said (``NAME=VALUE``), the others by default."""
    declared = document.content["on"]["workflow_call"]["inputs"]
    found = {name: it.get("default") for name, it in declared.items()}
    for text in said:
        name, _, value = text.partition("=")
        if name not in declared:
            raise SystemExit(f"{document.name} has no input {name}; it has {', '.join(declared)}")
        found[name] = value == "true" if declared[name]["type"] == "boolean" else value
    return found


def main(arguments: Sequence[str]) -> int:
    """Run the workflow that is named; the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s run-workflow --", description=__doc__)
    parser.add_argument("workflow", type=Path, help="its file")
    parser.add_argument("--into", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--repository", type=Path, default=ROOT, help="what jobs clone")
    parser.add_argument(
        "--store", type=Path, help="a store that all jobs share, instead of an empty one each"
    )
    parser.add_argument("--job", help="only this one, which needs no other")
    read = parser.parse_args(arguments)
    read.into.mkdir(parents=True)
    document = Document(name=read.workflow.name, text=read.workflow.read_text(encoding="utf-8"))
    head = ["git", "-C", str(read.repository), "rev-parse", "HEAD"]
    order = Order(
        workflow=document,
        repository=read.repository.resolve(),
        commit=subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip(),
        into=read.into.resolve(),
        inputs=inputs(document, read.input),
        store=read.store,
        only_job=read.job,
    )
    state = run(order)
    print("\n" + "\n".join(state.lines))
    print(f"artifacts are in {order.into / 'artifacts'}")
    return 0 if all(it["result"] in ("success", "skipped") for it in state.needs.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
