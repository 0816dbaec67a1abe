"""The page at /docs: the API's own description, drawn by the server.

Ours instead of the framework's, which loads its program from a host on the Internet: a hub must
explain itself without one, under a content policy that allows nothing from outside.
"""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cloud.web.pages import page

_METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"
_DEPTH_MAX = 6
_UNSAID = "Successful Response"
"""What the framework writes where we say nothing."""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    document = request.app.openapi()
    return page(request, "docs.html", api=document, groups=groups(document))


def groups(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the operations of an OpenAPI document by tag, each with what the page shows."""
    schemas = document.get("components", {}).get("schemas", {})
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method in (method for method in _METHODS if method in methods):
            operation = methods[method]
            shown = {"method": method.upper(), "path": path, **_shown(operation, schemas)}
            found.setdefault(operation.get("tags", ["general"])[0], []).append(shown)
    return found


def _shown(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": operation["operationId"],
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "body": _content_example(operation.get("requestBody", {}), schemas),
        "answers": [
            {
                "status": status,
                "description": answer.get("description", "").replace(_UNSAID, ""),
                "example": _content_example(answer, schemas) if status.startswith("2") else None,
            }
            for status, answer in operation.get("responses", {}).items()
        ],
        "key": bool(operation.get("security")),
    }


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value that the schema describes, made of the examples in it."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].removeprefix(_REF)]
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if options:
        return example(options[0], schemas, depth + 1)
    if depth > _DEPTH_MAX:
        return None
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        return {name: example(part, schemas, depth + 1) for name, part in properties.items()}
    if schema.get("type") == "array":
        return [example(schema.get("items", {}), schemas, depth + 1)]
    return {"string": "…", "integer": 0, "number": 0, "boolean": True}.get(schema.get("type", ""))


def _content_example(part: Mapping[str, Any], schemas: Mapping[str, Any]) -> str | None:
    for kind, content in part.get("content", {}).items():
        if kind != "application/json":
            return f"{kind}\n{part.get('description', '')}".strip()
        shown = content.get("example")
        if shown is None:
            shown = example(content.get("schema", {}), schemas)
        return json.dumps(shown, indent=2, ensure_ascii=False)
    return None
