"""The rules that this project's workflows keep besides those of the linters; each names what breaks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workflow_files import steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workflow_files import Document

    Rule = Callable[[Document], Iterator[str]]

# What a step may use: to set up a tool, or to move artifacts, caches, pages and attestations.
KNOWN_ACTIONS = frozenset(
    {
        "$/.github/actions/setup-nox",
        "$/.github/actions/setup-sccache",
        "actions/attest-build-provenance",
        "actions/cache/restore",
        "actions/cache/save",
        "actions/checkout",
        "actions/deploy-pages",
        "actions/download-artifact",
        "actions/setup-python",
        "actions/upload-artifact",
        "actions/upload-pages-artifact",
    }
)
# Who may change something. All others read contents, at most.
WRITERS: dict[tuple[str, str], set[str]] = {
    ("pages.yml", "deploy"): {"pages", "id-token"},
    ("prune.yml", "prune"): {"contents"},
    ("prune.yml", "pages"): {"pages", "id-token"},
    ("release.yml", "tag"): {"contents"},
    ("release.yml", "attest"): {"id-token", "attestations"},
    ("release.yml", "publish"): {"contents"},
    ("release.yml", "package-index"): {"id-token"},
    ("release.yml", "pages"): {"pages", "id-token"},
    ("snapshot.yml", "bump"): {"contents"},
    ("snapshot.yml", "publish"): {"contents"},
    ("snapshot.yml", "pages"): {"pages", "id-token"},
    ("watchdog.yml", "staleness"): {"issues"},
}
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_VERSION = re.compile(r"v\d+\.\d+\.\d+")
# One program, and nothing of a shell but parameters, quotes and patterns of names.
_ONE_CALL = re.compile(r"nox -s [^;&|<>`\n()#]+")
_CACHES = ("actions/cache/", "$/.github/actions/setup-sccache")
_TRIGGERS = frozenset({"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"})
_LONGEST = 360


def only_nox_tools_and_artifacts(document: Document) -> Iterator[str]:
    """A step calls nox once, sets up a tool, or moves artifacts."""
    for job, step in steps(document):
        run, used = step.get("run"), str(step.get("uses", "")).partition("@")[0]
        if run is not None and not _ONE_CALL.fullmatch(run.strip()):
            yield f"{job}: a step does something else than to call nox once: {run!r}"
        if run is None and used not in KNOWN_ACTIONS:
            yield f"{job}: {used or 'a step without anything'} neither sets up a tool nor moves artifacts"
        if "shell" in step or "working-directory" in step:
            yield f"{job}: a step has a shell or a folder of its own"


def no_templates_in_commands(document: Document) -> Iterator[str]:
    """What comes from outside reaches a shell as a variable, never as text of the command."""
    for job, step in steps(document):
        if "${{" in step.get("run", ""):
            yield f"{job}: an expression in a command"


def pinned(document: Document) -> Iterator[str]:
    """An action of others is pinned by its commit, with its version behind it."""
    for used, comment in document.uses:
        if used.startswith("$/"):
            continue
        if not _PINNED.fullmatch(used) or not _VERSION.fullmatch(comment):
            yield f"{used} is not pinned by a commit with its version"


def least_permissions(document: Document) -> Iterator[str]:
    """Nothing for all; each job says what it needs, and only those that are known to write may."""
    if document.content.get("permissions") != {}:
        yield "permissions at the top are not {}"
    for job, content in document.jobs.items():
        allowed = content.get("permissions")
        if not isinstance(allowed, dict):
            yield f"{job} does not say its permissions"
            continue
        writes = {name for name, level in allowed.items() if level == "write"}
        if not writes <= WRITERS.get((document.name, job), set()):
            yield f"{job} may write {', '.join(sorted(writes))}"
        reads = {name for name, level in allowed.items() if level != "write"}
        if not reads <= {"contents"}:
            yield f"{job} may read {', '.join(sorted(reads))}"


def nobody_waits_for_ever(document: Document) -> Iterator[str]:
    """A job ends in time; of a workflow there is one at a time, in groups that say what becomes of others."""
    groups = [("it", document.content.get("concurrency"))]
    groups += [(job, it["concurrency"]) for job, it in document.jobs.items() if "concurrency" in it]
    for who, group in groups:
        if not isinstance(group, dict) or "group" not in group or "cancel-in-progress" not in group:
            yield f"{who} has no whole concurrency group"
    for job, content in document.jobs.items():
        limit = content.get("timeout-minutes")
        if "uses" not in content and not (isinstance(limit, int) and 0 < limit <= _LONGEST):
            yield f"{job} has no limit in minutes"


def no_secrets(document: Document) -> Iterator[str]:
    """No stored secret is used, and credentials are never left in a checkout."""
    if re.search(r"\bsecrets\b", document.text):
        yield "a secret is used"
    for job, step in steps(document):
        settings = step.get("with", {})
        kept = settings.get("persist-credentials") is not False
        if step.get("uses", "").startswith("actions/checkout@") and kept:
            yield f"{job}: the checkout keeps credentials"
        if "github.token" in str(step.get("env", "")) and not _may_use_token(document, job):
            yield f"{job}: a job that builds has a token"


def _may_use_token(document: Document, job: str) -> bool:
    """Jobs that speak to GitHub: not those that compile or test."""
    return document.name not in ("wheels.yml", "ci.yml") and "steps" in document.jobs[job]


def known_triggers(document: Document) -> Iterator[str]:
    """No workflow runs other people's code with this repository's rights."""
    on: Any = document.content["on"]
    for trigger in set(on) - _TRIGGERS:
        yield f"it runs on {trigger}"


def artifacts_are_there_and_go(document: Document) -> Iterator[str]:
    """An artifact is kept for a stated time, and one that is empty fails its job."""
    for job, step in steps(document):
        settings = step.get("with", {})
        if step.get("uses", "").startswith(("actions/upload-artifact@", "actions/upload-pages-artifact@")):
            if "retention-days" not in settings:
                yield f"{job}: an artifact is kept for who knows how long"
            of_pages = "pages" in step["uses"]
            if (
                not of_pages
                and step.get("if") != "failure()"
                and settings.get("if-no-files-found") != "error"
            ):
                yield f"{job}: an artifact may be empty"


def caches_are_asked_for(document: Document) -> Iterator[str]:
    """Caches are used where the caller allows it, and filled from main only; numbered releases have none."""
    for job, step in steps(document):
        used, condition = step.get("uses", ""), str(step.get("if", ""))
        if used.startswith(_CACHES) and not condition.startswith("inputs.cache"):
            yield f"{job}: a cache is used that nobody asked for"
        if used.startswith("actions/cache/save") and "github.ref == 'refs/heads/main'" not in condition:
            yield f"{job}: a cache is saved from elsewhere than main"
    for job, content in document.jobs.items():
        if document.name == "release.yml" and content.get("with", {}).get("cache", False) is not False:
            yield f"{job}: a numbered release is built with a cache"


RULES: tuple[Rule, ...] = (
    only_nox_tools_and_artifacts,
    no_templates_in_commands,
    pinned,
    least_permissions,
    nobody_waits_for_ever,
    no_secrets,
    known_triggers,
    artifacts_are_there_and_go,
    caches_are_asked_for,
)


def problems(document: Document) -> list[str]:
    """All that is against the rules in a workflow."""
    return [problem for rule in RULES for problem in rule(document)]
