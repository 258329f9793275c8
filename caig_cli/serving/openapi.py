"""The service described for machines (OpenAPI 3.1) and for people, both out of the forms."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from caig_cli import __version__
from caig_cli.serving import ads, forms

Facts = dict[str, Any]

POSTS: Mapping[str, tuple[str, tuple[type[BaseModel], ...]]] = {
    "/score": (
        "Score ads; the form is told by its keys.",
        (forms.AdsRequest, forms.UniRLRequest, forms.PromptedImages),
    ),
    "/compute": ("Score ads in Flow-Factory's form.", (forms.FlowFactoryRequest,)),
    "/write": ("Write background prompts for a product.", (ads.Write,)),
    "/generate": ("Make ads of a product: answers 202 with a job.", (ads.Generate,)),
}
OTHERS = {
    ("get", "/jobs"): "The jobs that are known, oldest first.",
    ("get", "/jobs/{id}"): "A job and its ads so far; with ?images=base64 their files too.",
    ("delete", "/jobs/{id}"): "End a job; forget one that is over, with its files.",
    ("get", "/jobs/{id}/ads/{name}"): "The file of an ad.",
    ("get", "/health"): "Whether it runs, and the rewards that the judge has.",
    ("get", "/metrics"): "Counts and times for Prometheus.",
}
STATUS = {
    "400": "no JSON", "401": "wrong token", "403": "asked by another name than localhost",
    "404": "no such job or ad",
    "408": "the body came too slowly", "413": "too large", "415": "not JSON by its content type",
    "422": "JSON that can't be used", "503": "too many at the same time", "504": "took too long",
}  # fmt: skip


def description(rewards: Mapping[str, str]) -> Facts:
    """The OpenAPI document; ``rewards`` explains the names of rewards."""
    schemas: Facts = {}
    faults = {code: {"description": line} for code, line in STATUS.items()}
    paths: Facts = {}
    for (method, path), line in OTHERS.items():
        asked = [_parameter(name, "path") for name in re.findall(r"{(\w+)}", path)]
        asked += [_parameter("images", "query")] if "images=" in line else []
        answers = {"200": {"description": "done"}} | ({"404": faults["404"]} if asked else {})
        paths.setdefault(path, {})[method] = {"summary": line, "parameters": asked, "responses": answers}
    for path, (line, models) in POSTS.items():
        for model in models:
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= schema.pop("$defs", {})
            schemas[model.__name__] = schema
        one_of = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
        body = {"required": True, "content": {"application/json": {"schema": {"oneOf": one_of}}}}
        answers = {"202" if path == "/generate" else "200": {"description": "done"}} | faults
        paths[path] = {"post": {"summary": line, "requestBody": body, "responses": answers}}
    about = "; ".join(f"{name}: {line}" for name, line in rewards.items())
    return {
        "openapi": "3.1.0",
        "info": {"title": "caig", "version": __version__, "description": f"Rewards. {about}."},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _parameter(name: str, place: str) -> Facts:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


def as_html(facts: Facts) -> str:
    """A page that asks for nothing from elsewhere."""
    parts = [f"<h1>caig {html.escape(facts['info']['version'])}</h1>"]
    parts.append(f"<p>{html.escape(facts['info']['description'])}</p>")
    for path, methods in facts["paths"].items():
        for method, operation in methods.items():
            parts.append(
                f"<h2>{method.upper()} {html.escape(path)}</h2><p>{html.escape(operation['summary'])}</p>"
            )
    parts.append("<h2>Forms</h2>")
    for name, schema in facts["components"]["schemas"].items():
        text = html.escape(json.dumps(schema, indent=1))
        parts.append(f"<details><summary>{html.escape(name)}</summary><pre>{text}</pre></details>")
    style = "<style>body{font:16px sans-serif;max-width:50em;margin:2em auto}</style>"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>caig</title>{style}'
    return head + "".join(parts) + "</html>"
