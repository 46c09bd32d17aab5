"""What the actions in this project's workflows do, here: clones, and copies of folders."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    Outputs = Mapping[str, str]


class ActionFailed(Exception):
    """An action cannot do what it is asked for, as its real one could not."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The folder of a job's checkout, and what all jobs share; the repository, and its commit."""

    workspace: Path
    shared: Path
    repository: Path
    commit: str


def perform(name: str, settings: Mapping[str, Any], site: Site) -> Outputs:
    """Do what an action does.

    Args:
        name: without its version.
        settings: its ``with``, resolved.
        site: the job's.

    Raises:
        ActionFailed: it is not known here, or fails.
    """
    action = _ACTIONS.get(name)
    if action is None:
        raise ActionFailed(f"{name} is not known here")
    return action(settings, site)


def hash_files(site: Site, *patterns: str) -> str:
    """GitHub's ``hashFiles``, but for the digits."""
    found = sorted({path for pattern in patterns for path in site.workspace.glob(pattern) if path.is_file()})
    return digest(found, site.workspace) if found else ""


def digest(files: Sequence[Path], root: Path) -> str:
    """The sha256 of the names and contents of files."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(root)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _checkout(settings: Mapping[str, Any], site: Site) -> Outputs:
    ref = settings.get("ref") or site.commit
    commands = (
        ["git", "clone", "--quiet", "--no-local", str(site.repository), str(site.workspace)],
        ["git", "-C", str(site.workspace), "checkout", "--quiet", "--detach", ref],
    )
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            raise ActionFailed(f"{' '.join(command)} failed")
    return {"ref": ref}


def _restore(settings: Mapping[str, Any], site: Site) -> Outputs:
    caches = site.shared / "caches"
    wanted = [settings["key"], *str(settings.get("restore-keys", "")).split()]
    for prefix in wanted:
        exact = prefix == settings["key"]
        found = [
            it for it in caches.glob("*") if it.name == prefix or (not exact and it.name.startswith(prefix))
        ]
        if found:
            newest = max(found, key=lambda it: it.stat().st_mtime)
            shutil.copytree(newest, _path(settings["path"], site), dirs_exist_ok=True, symlinks=True)
            return {"cache-hit": "true" if exact else "false", "cache-matched-key": newest.name}
    return {"cache-hit": ""}


def _save(settings: Mapping[str, Any], site: Site) -> Outputs:
    place, source = site.shared / "caches" / settings["key"], _path(settings["path"], site)
    if not place.exists() and source.is_dir():
        shutil.copytree(source, place, symlinks=True)
    return {}


def _upload(settings: Mapping[str, Any], site: Site) -> Outputs:
    place = site.shared / "artifacts" / settings["name"]
    if place.exists():
        raise ActionFailed(f"there is an artifact {settings['name']} already")
    sources = [_path(line, site) for line in str(settings["path"]).splitlines()]
    for source in sources:
        if source.is_dir():
            into = place / source.name if len(sources) > 1 else place
            shutil.copytree(source, into, ignore=shutil.ignore_patterns(".*"))
    files = sorted(path for path in place.rglob("*") if path.is_file())
    if not files and settings.get("if-no-files-found") == "error":
        raise ActionFailed(f"the artifact {settings['name']} is empty")
    return {"artifact-digest": digest(files, place), "artifact-id": settings["name"]}


def _download(settings: Mapping[str, Any], site: Site) -> Outputs:
    artifacts, into = site.shared / "artifacts", _path(settings["path"], site)
    name = settings.get("name")
    found = [it for it in artifacts.glob("*") if fnmatchcase(it.name, name or settings["pattern"])]
    if name and not found:
        raise ActionFailed(f"there is no artifact {name}")
    for artifact in found:
        apart = not name and not settings.get("merge-multiple")
        shutil.copytree(artifact, into / artifact.name if apart else into, dirs_exist_ok=True)
    return {"download-path": str(into)}


def _nothing(_: Mapping[str, Any], __: Site) -> Outputs:
    """The tool is there already."""
    return {}


def _path(text: str, site: Site) -> Path:
    return site.workspace / text


_ACTIONS: dict[str, Callable[[Mapping[str, Any], Site], Outputs]] = {
    "$/.github/actions/setup-nox": _nothing,
    "actions/cache/restore": _restore,
    "actions/cache/save": _save,
    "actions/checkout": _checkout,
    "actions/download-artifact": _download,
    "actions/upload-artifact": _upload,
}
