"""What a wheel of the bindings requires: from upstream's lowest versions on, as far as they have files.

Upstream's caps are of its own tests (llvm-project#114050): with them the wheel could not be installed beside
what needs something newer.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llvm_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A requirement as upstream and we write it: name, versions, marker (PEP 508, without extras).
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?P<versions>[^;]*?)\s*(?:;\s*(?P<marker>.+))?")
# From which version on; of a single one nothing says that later ones are not as good.
_LOWEST = re.compile(r"(?:>=|==|~=)\s*(\d+(?:\.\d+)*)")


def dynamic_metadata(settings: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Say the requirements, when scikit-build-core asks for them (the dynamic-metadata interface).

    Args:
        settings: ``required`` has the names of what is needed, ``extras`` those of what an extra adds, by
            extra; ``files`` requirements with the first versions that have files for a Python or a system.
        project: the static metadata.

    Raises:
        ValueError: LLVM_PROJECT_SOURCE names no tree that says what is needed.
    """
    tree = Path(os.environ.get("LLVM_PROJECT_SOURCE", ""))
    extras = {extra: lines(tree, names, settings["files"]) for extra, names in settings["extras"].items()}
    return {
        "dependencies": lines(tree, settings["required"], settings["files"]),
        "optional-dependencies": extras,
    }


def lines(tree: Path, names: Iterable[str], files: Iterable[str]) -> list[str]:
    """Requirements (PEP 508), several of one distribution, which apply together.

    Args:
        tree: the source, whose requirements say the lowest versions.
        names: the distributions.
        files: requirements with the first versions that have files, of which higher ones are added.

    Raises:
        ValueError: the tree does not say what of one of them is needed.
    """
    found = []
    for name in names:
        upstreams = [
            it for it in map(_parsed, llvm_facts.requirements(tree)) if _key(it["name"]) == _key(name)
        ]
        if not upstreams:
            raise llvm_facts.UnknownForm(f"mlir/python/requirements.txt of {tree} does not say which {name}")
        lowest = min(_numbers(it["versions"]) for it in upstreams)
        ours = [it for it in map(_parsed, files) if _key(it["name"]) == _key(name)]
        higher = [it for it in ours if _numbers(it["versions"]) > lowest]
        found += [_line(name, it) for it in (*upstreams, *higher)]
    return found


def _parsed(text: str) -> dict[str, str]:
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        raise llvm_facts.UnknownForm(f"{text} is no requirement that is understood")
    return found.groupdict("")


def _key(name: str) -> str:
    """A name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(versions: str) -> tuple[int, ...]:
    """The lowest version that is allowed, nothing if any is."""
    found = _LOWEST.search(versions)
    return tuple(map(int, found[1].split("."))) if found else ()


def _line(name: str, requirement: Mapping[str, str]) -> str:
    lowest = _LOWEST.search(requirement["versions"])
    marker = f"; {requirement['marker']}" if requirement["marker"] else ""
    return f"{name}{f'>={lowest[1]}' if lowest else ''}{marker}"
