"""Whether an exchange follows an OpenAPI 3.0 description: GitHub's own, as npm's @octokit/openapi has it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, cast

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

if TYPE_CHECKING:
    from collections.abc import Iterator

    from github_messages import Answer, Exchange, Request

_URI = "urn:description"
_JSON = "application/json"


@dataclass(frozen=True)
class Description:
    """An API as its document describes it."""

    document: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, stream: IO[bytes]) -> Description:
        """From its JSON."""
        return cls(json.load(stream, object_hook=_nullable))

    def problems(self, exchange: Exchange) -> list[str]:
        """What of an exchange is not as the description says; one line each."""
        request = exchange.request
        template, operation = self._operation(request)
        if template is None:
            return [f"{request.method} {request.path}: no such operation"]
        found = [*self._of_query(request, operation), *self._of_body(request, operation)]
        found += self._of_answer(exchange.answer, operation)
        return [f"{request.method} {template}: {line}" for line in found]

    def _operation(self, request: Request) -> tuple[str | None, dict[str, Any]]:
        """The path's template with its operation; of two that fit, the one with fewer variables."""
        for template in sorted(self._paths, key=lambda it: it.count("{")):
            operation = self.document["paths"][template].get(request.method.lower())
            if operation and self._paths[template].fullmatch(request.path):
                return template, operation
        return None, {}

    @cached_property
    def _paths(self) -> dict[str, re.Pattern[str]]:
        # A ref has slashes: "the :ref in the URL must be formatted as tags/<tag name>".
        forms = {it: it.replace("git/ref/{ref}", "git/ref/.+") for it in self.document["paths"]}
        return {it: re.compile(re.sub(r"\{\w+\}", "[^/]+", form)) for it, form in forms.items()}

    def _of_query(self, request: Request, operation: dict[str, Any]) -> Iterator[str]:
        described = [self._resolved(it) for it in operation.get("parameters", [])]
        schemas = {it["name"]: it["schema"] for it in described if it["in"] == "query"}
        for name, text in request.query.items():
            if name not in schemas:
                yield f"the parameter {name} is not described"
                continue
            value = int(text) if schemas[name].get("type") == "integer" else text
            yield from self._of_value(f"the parameter {name}", schemas[name], value)

    def _of_body(self, request: Request, operation: dict[str, Any]) -> Iterator[str]:
        if request.body is None:
            return
        schema = self._resolved(operation["requestBody"])["content"][_JSON]["schema"]
        yield from (
            f"{name} in the body is not described" for name in request.body.keys() - schema["properties"]
        )
        yield from self._of_value("the body", schema, request.body)

    def _of_answer(self, answer: Answer, operation: dict[str, Any]) -> Iterator[str]:
        described = operation["responses"].get(str(answer.status), {})
        schema = self._resolved(described).get("content", {}).get(_JSON, {}).get("schema")
        if schema is None and answer.status >= HTTPStatus.BAD_REQUEST:
            # Not every operation lists every error; all have one form.
            schema = self.document["components"]["schemas"]["basic-error"]
        if schema:
            yield from self._of_value(f"the answer {answer.status}", schema, answer.content)
        elif not described or answer.body:
            yield f"the answer {answer.status} is not described"

    def _of_value(self, what: str, schema: dict[str, Any], value: Any) -> Iterator[str]:
        # References are to the whole document: give them one to begin at.
        based = {"$id": f"{_URI}:schema", "allOf": [_absolute(schema)]}
        validator = OAS30Validator(based, registry=self._registry, format_checker=oas30_format_checker)
        for error in validator.iter_errors(value):
            place = "/".join(map(str, error.absolute_path))
            yield f"{what} at /{place}: {error.message[:200]}"

    @cached_property
    def _registry(self) -> Registry[Any]:
        known: Registry[Any] = Registry()
        return cast("Registry[Any]", known.with_resource(_URI, DRAFT4.create_resource(self.document)))

    def _resolved(self, described: dict[str, Any]) -> dict[str, Any]:
        """What a reference refers to; anything else as it is."""
        if "$ref" not in described:
            return described
        found: Any = self.document
        for part in described["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """GitHub lists null nowhere; strictly, a value that may be null cannot be so where there is a list."""
    if schema.get("nullable") is True and "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _absolute(schema: Any) -> Any:
    """The schema with references that hold outside of the document, too."""
    if isinstance(schema, list):
        return [_absolute(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _absolute(value) for key, value in schema.items()}
    reference = schema.get("$ref")
    return changed | ({"$ref": f"{_URI}{reference}"} if isinstance(reference, str) else {})
