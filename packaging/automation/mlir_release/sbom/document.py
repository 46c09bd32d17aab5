"""The SBOM as a document: made from what a wheel holds, and compared with it."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections import Counter
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import (
    Commit,
    Component,
    ComponentType,
    Diff,
    Patch,
    PatchClassification,
    Pedigree,
)
from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence
from cyclonedx.model.license import LicenseExpression
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cyclonedx.validation.json import JsonStrictValidator

    from mlir_release.sbom.contents import Contents, File

_LLVM = "https://github.com/llvm/llvm-project"
# Of what a message quotes.
_LONGEST = 400


def text(found: Contents) -> str:
    """The SBOM of a wheel, as JSON, the same for the same contents."""
    wheel = _wheel(found)
    llvm = _llvm(found)
    nanobind = _nanobind(found.nanobind) if found.nanobind else []
    grafted = [_grafted(file) for file in found.grafted]
    tools = ToolRepository(components=[Component(name="mlir-py-release", type=ComponentType.APPLICATION)])
    bom = Bom(
        serial_number=_serial(found),
        metadata=BomMetaData(
            component=wheel, tools=tools, lifecycles=[PredefinedLifecycle(LifecyclePhase.BUILD)]
        ),
        components=[llvm, *nanobind, *grafted],
    )
    bom.register_dependency(wheel, [llvm, *nanobind[:1], *grafted])
    if nanobind:
        bom.register_dependency(nanobind[0], nanobind[1:])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library's time of now; when a wheel was built changes nothing about what is in it.
    del document["metadata"]["timestamp"]
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def problems(data: bytes, found: Contents) -> list[str]:
    """What is wrong with the bytes of an SBOM, from wherever, of a wheel that holds this; one line each."""
    try:
        stored = data.decode("utf-8")
        document = json.loads(stored)
        invalid = _invalid(stored)
        if invalid:
            return [f"its SBOM is not valid CycloneDX 1.6: {reason}" for reason in invalid]
        said, true = (Counter(_sentences(it)) for it in (document, json.loads(text(found))))
    except (ValueError, RecursionError) as error:
        return [f"its SBOM is not JSON ({_short(str(error))})"]
    return [
        *(f"its SBOM does not say: {_short(sentence)}" for sentence in sorted((true - said).elements())),
        *(f"its SBOM says wrongly: {_short(sentence)}" for sentence in sorted((said - true).elements())),
    ]


def _serial(found: Contents) -> uuid.UUID:
    """A number that is another one for other contents (RFC 9562, version 5)."""
    return uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(dataclasses.asdict(found), sort_keys=True))


def _wheel(found: Contents) -> Component:
    # As auditwheel names it, too, but for the normalization that the form of package URLs asks for.
    purl = PackageURL(
        "pypi", None, found.distribution, found.version, qualifiers={"file_name": found.file_name}
    )
    return Component(
        name=found.distribution,
        version=found.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseExpression(found.license)] if found.license else [],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.BOM,
                url=XsUri(quote(file.path)),
                hashes=_hashes(file),
                comment="which the tools that the wheel was made with have put beside this one",
            )
            for file in found.sboms
        ],
    )


def _llvm(found: Contents) -> Component:
    purl = PackageURL("github", "llvm", "llvm-project", found.llvm_commit)
    commit = found.llvm_commit
    commits = [Commit(uid=commit, url=XsUri(f"{_LLVM}/commit/{commit}"))] if commit else []
    patches = [
        Patch(type=PatchClassification.UNOFFICIAL, diff=Diff(url=XsUri(f"{file.path}#sha256={file.sha256}")))
        for file in found.patches
    ]
    return Component(
        name="llvm-project",
        version=found.llvm_version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseExpression("Apache-2.0 WITH LLVM-exception")],
        external_references=[ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(_LLVM))],
        pedigree=Pedigree(commits=commits, patches=patches) if commits or patches else None,
    )


def _nanobind(version: str) -> list[Component]:
    """Nanobind, and the hash map that it carries in a state without a version."""
    nanobind = PackageURL("pypi", None, "nanobind", version)
    robin_map = PackageURL("github", "tessil", "robin-map")
    return [
        Component(
            name="nanobind",
            version=version,
            type=ComponentType.LIBRARY,
            bom_ref=nanobind.to_string(),
            purl=nanobind,
            licenses=[LicenseExpression("BSD-3-Clause")],
        ),
        Component(
            name="robin-map",
            description=f"as nanobind {version} carries it",
            type=ComponentType.LIBRARY,
            bom_ref=robin_map.to_string(),
            purl=robin_map,
            licenses=[LicenseExpression("MIT")],
        ),
    ]


def _grafted(file: File) -> Component:
    return Component(
        name=PurePosixPath(file.path).name,
        type=ComponentType.LIBRARY,
        bom_ref=file.path,
        hashes=_hashes(file),
        evidence=ComponentEvidence(occurrences=[Occurrence(location=file.path)]),
    )


def _hashes(file: File) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)]


@cache
def _validator() -> JsonStrictValidator:
    """What knows CycloneDX's schema, from the extra ``json-validation`` of its library."""
    # It brings a grammar of addresses that takes a second to be made; sessions without an SBOM need none.
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415
    from jsonschema import Draft7Validator  # noqa: PLC0415 -- with that grammar

    # By which each address takes 30 ms, nearly all that a document takes; most documents have the same ones.
    formats = Draft7Validator.FORMAT_CHECKER
    check, errors = formats.checkers["iri-reference"]
    known = lru_cache(check)
    formats.checks("iri-reference", errors)(lambda it: not isinstance(it, str) or known(it))
    return JsonStrictValidator(SchemaVersion.V1_6)


def _invalid(stored: str) -> list[str]:
    """Where a document is not what the schema says, and why."""
    errors = [error.data for error in _validator().validate_str(stored, all_errors=True) or ()]
    return [f"{_short(error.json_path)}: {_short(error.message)}" for error in errors]


def _sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """What a valid document says about a wheel, of which each must be true and nothing must be missing."""
    yield f"this is {document['bomFormat']} {document['specVersion']}"
    wheel = document.get("metadata", {}).get("component", {})
    yield f"the wheel is {_title(wheel)}"
    for other in wheel.get("externalReferences", []):
        if other["type"] == ExternalReferenceType.BOM.value:
            yield f"there is {_with_hashes(other['url'], other)} besides"
    for component in [*_all(document), *_all(wheel)]:
        yield f"{_title(component)} is in it"
        yield from (f"{component['name']} has {origin}" for origin in _origin(component))


def _all(parent: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for component in parent.get("components", []):
        yield component
        yield from _all(component)


def _title(component: Mapping[str, Any]) -> str:
    names = [component.get(key, f"no {key}") for key in ("name", "version", "purl")]
    return _with_hashes(" ".join(names), component)


def _with_hashes(name: str, hashed: Mapping[str, Any]) -> str:
    return " ".join([name, *(f"{it['alg']} {it['content']}" for it in hashed.get("hashes", []))])


def _origin(component: Mapping[str, Any]) -> Iterator[str]:
    pedigree = component.get("pedigree", {})
    for commit in pedigree.get("commits", []):
        yield f"the commit {commit.get('uid')}"
    for patch in pedigree.get("patches", []):
        yield f"the patch {patch.get('diff', {}).get('url')}"
    for occurrence in component.get("evidence", {}).get("occurrences", []):
        yield f"the place {occurrence['location']}"


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
