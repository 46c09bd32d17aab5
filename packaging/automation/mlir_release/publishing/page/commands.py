"""The commands that install a release from our index, so that nobody else's package can come in its place.

A package of the same name in a public index, of whatever version, must never be taken ("dependency
confusion"); ``publishing.index`` says why these commands are safe.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Command:
    """What installs a package with a tool (``pip``, ``uv``): a line for any shell."""

    package: str
    tool: str
    line: str


def of(index: str, package: str, version: str, *, foreign: bool) -> tuple[Command, ...]:
    """The commands for exactly one version of a package, one for each tool.

    Args:
        index: the URL of our ``simple/``.
        package: the name of the distribution.
        version: of its wheels.
        foreign: whether it needs packages that are not ours and so not in our index. Then it is installed
            alone first, and only if that succeeded is the tool asked again: it is there then, and no other
            is taken, but what it needs from the usual index.
    """
    wanted = f"{package}=={version}"
    pip = f"pip install --index-url {index} {wanted}"
    if foreign:
        pip = f"pip install --no-deps --index-url {index} {wanted} && pip install {wanted}"
    uv = f"uv pip install --default-index {index} {wanted}"
    if foreign:
        uv = f"uv pip install --no-deps --default-index {index} {wanted} && uv pip install {wanted}"
    return tuple(Command(package=package, tool=tool, line=line) for tool, line in (("pip", pip), ("uv", uv)))
