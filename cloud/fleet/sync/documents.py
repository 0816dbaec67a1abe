"""What the routes of the sync API have in common in their OpenAPI descriptions."""

from typing import Any

AUTHORIZATION: dict[str, Any] = {
    "name": "Authorization",
    "in": "header",
    "required": True,
    "description": "the signature, made with the gateway's key; docs/guide/sync-api.md says how",
    "schema": {"type": "string"},
    "example": "PHO1-HMAC-SHA256 key=gwk-5e…, time=1795169700000000, nonce=…, signature=…",
}
SIGNED: dict[str, Any] = {"parameters": [AUTHORIZATION]}
OK: dict[str, Any] = {"v": 1}


def answers(example: dict[str, Any], text: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares for its good answer."""
    content = {"application/json": {"example": example}}
    return {200: {"description": text, "content": content}}


def takes_json(example: dict[str, Any], text: str) -> dict[str, Any]:
    """Return what a route declares that reads a JSON body by itself."""
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "description": text, "content": content}}


def takes_bytes(media_type: str, text: str) -> dict[str, Any]:
    """Return what a route declares that reads bytes."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "description": text, "content": content}}
