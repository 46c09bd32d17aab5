"""What of a prefix is shipped, decided for LLVM and MLIR together."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from sdk_package import exports, rules
from sdk_package.cmake_file import UnknownForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sdk_package.rules import Question, Target

Targets = dict[str, dict[str, "rules.Target"]]


def decide(targets: Targets, *, exists: Question, self_contained: Question) -> exports.Plan:
    """Decide what becomes of the targets of the packages (``llvm``, ``mlir``).

    Args:
        targets: the targets, by package and name.
        exists: see ``rules.why_left_out``.
        self_contained: see there.

    Raises:
        UnknownForm: something that is shipped links to something that nobody has.
    """
    left_out: dict[str, str] = {}
    for package, members in targets.items():
        for target in members.values():
            reason = rules.why_left_out(target, package, exists=exists, self_contained=self_contained)
            if reason and target.name not in rules.AGGREGATES:
                left_out[target.name] = reason
    everything = {name: target for members in targets.values() for name, target in members.items()}
    _leave_out_dependent_shared(everything, left_out)
    stand_ins = {
        name: _stand_in(name, targets[name.lower()], left_out)
        for name in rules.AGGREGATES
        if name in everything and everything[name].kind == "SHARED"
    }
    plan = exports.Plan(left_out, stand_ins, _compiled(everything, exists, self_contained))
    _ensure_complete(everything, plan)
    return plan


def _compiled(everything: Mapping[str, Target], exists: Question, self_contained: Question) -> list[str]:
    """The programs that the prefix does not have in a form that can be shipped."""
    return [
        program
        for program in itertools.chain.from_iterable(rules.PROGRAMS.values())
        if program not in everything
        or not all(exists(file) and self_contained(file) for file in everything[program].files)
    ]


def _leave_out_dependent_shared(everything: Mapping[str, Target], left_out: dict[str, str]) -> None:
    """Shared libraries that link to one that is left out go with it."""
    for target in everything.values():
        missing = [link for link in target.links if link in left_out]
        if target.kind == "SHARED" and missing and target.name not in left_out:
            left_out[target.name] = f"linked to {missing[0]}, which is left out"


def _stand_in(name: str, members: Mapping[str, Target], left_out: Mapping[str, str]) -> list[str]:
    """The static libraries that do for a shared one.

    Not those that need what else the machine may not have (libedit, libffi, libcurl, libxml2), nor
    those that themselves ask for the shared one, nor the C API, which is another library's part.
    """
    return [
        target.name
        for target in members.values()
        if target.kind == "STATIC"
        and target.name not in left_out
        and name not in target.links
        and not target.name.startswith("MLIRCAPI")
        and (target.name == "LLVMSupport" or not any("::" in link for link in target.links))
    ]


def _ensure_complete(everything: Mapping[str, Target], plan: exports.Plan) -> None:
    for target in everything.values():
        if target.name in plan.left_out:
            continue
        for link in map(exports.portable, target.links):
            if link not in everything and not rules.is_external(link):
                raise UnknownForm(
                    f"{target.file}: {target.name} links to {link},"
                    " which is neither shipped nor a system's library"
                )


def aggregate_objects(members: Mapping[str, Target], plan: exports.Plan) -> dict[str, Target]:
    """The libraries whose object files upstream's add_mlir_aggregate wants and the prefix lacks.

    Returns:
        The static library for each missing target of object files.
    """
    wanted = {
        target.properties[rules.OBJECT_LIBRARY]: target
        for target in members.values()
        if rules.OBJECT_LIBRARY in target.properties and target.name not in plan.left_out
    }
    return {name: target for name, target in wanted.items() if name and name not in members}


def shipped(members: Iterable[Target], plan: exports.Plan) -> list[Target]:
    """The targets whose files are taken from the prefix."""
    return [target for target in members if target.name not in {*plan.unlisted(), *plan.compiled}]
