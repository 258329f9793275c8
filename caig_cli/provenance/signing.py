"""Signed manifests after C2PA (https://spec.c2pa.org/), with the extra ``caig[c2pa]``.

The manifest says that the ad was made of the product's photo, which is its ingredient, and what was done; a
certificate of the shop signs it. Nothing is asked of the network: without a time stamp of an authority a
signature is valid as long as its certificate.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from caig_cli.data.images import shown
from caig_cli.errors import UsageError, in_words
from caig_cli.provenance.claims import SOFTWARE, Claims
from caig_cli.provenance.formats import ENCODINGS

_INSTALL = "signing needs the library c2pa-python; run pip install 'caig[c2pa]'"
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
ROOM = 32_000
"""Bytes that a manifest may add to a file, for a chain of a few certificates."""
ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519")


def sign(
    data: bytes, kind: str, claims: Claims, photo: Path | None, certificates: Path, key: Path, algorithm: str
) -> bytes:
    """A picture file of a format with a signed manifest inside; ``photo`` is the product's.

    ``certificates`` is a PEM file with the signer's certificate and those above it, ``key`` one with its
    private key. Raises UsageError in one line where the library, a file, or a fitting key is missing.
    """
    c2pa = _library()
    chain, secret = (_pem(path, what) for path, what in ((certificates, "certificates"), (key, "key")))
    try:
        context = c2pa.Context.from_dict(_OFFLINE)
        builder = c2pa.Builder(json.dumps(manifest(claims)), context=context)
        if photo is not None:
            mime = _mime(photo)
            ingredient = {"title": photo.name, "relationship": "componentOf", "label": "photo"}
            with photo.open("rb") as stream:
                builder.add_ingredient(ingredient, mime, stream)
        signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(algorithm.encode(), chain.encode(), secret.encode(), None)
        )
        signed = io.BytesIO()
        builder.sign(signer, ENCODINGS[kind].mime, io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise UsageError(
            f"{shown(certificates)}: the ad can't be signed with it: {in_words(error)}"
        ) from None
    return signed.getvalue()


def manifest(claims: Claims) -> dict[str, Any]:
    """The manifest's definition: what was done, by which software, and caig's facts."""
    name, _, version = SOFTWARE.partition(" ")
    actions = [
        {"action": "c2pa.created", "digitalSourceType": claims.source, "description": claims.alt},
        {"action": "c2pa.placed", "parameters": {"ingredientIds": ["photo"]}},
    ]
    return {
        "claim_generator_info": [{"name": name, "version": version}],
        "title": claims.title or claims.facts.get("id", "ad"),
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": "dev.caig.ad", "data": dict(claims.facts)},
        ],
    }


def read_manifest(path: Path, anchors: Path | None = None) -> dict[str, Any] | None:
    """What the signed manifest in a picture file says, and ``state``: Trusted, Valid or Invalid.

    ``anchors`` is a PEM file of certificates that are trusted. None where the file has no manifest, or the
    library is not installed.
    """
    try:
        c2pa = _library()
    except UsageError:
        return None
    settings: dict[str, Any] = dict(_OFFLINE)
    if anchors is not None:
        settings["trust"] = {"trust_anchors": _pem(anchors, "anchors")}
    try:
        with c2pa.Context.from_dict(settings) as context, c2pa.Reader(path, context=context) as reader:
            store = json.loads(reader.json())
            state = str(reader.get_validation_state())
    except c2pa.C2paError as error:
        if "ManifestNotFound" in str(error):
            return None
        return {"state": "Invalid", "error": in_words(error)}
    active: Mapping[str, Any] = store["manifests"][store["active_manifest"]]
    signature = active.get("signature_info", {})
    return {
        "state": state,
        "signer": signature.get("issuer"),
        "ingredients": [one.get("title") for one in active.get("ingredients", ())],
    }


def _library() -> Any:
    try:
        import c2pa
    except ImportError:
        raise UsageError(_INSTALL) from None
    return c2pa


def _pem(path: Path, what: str) -> str:
    try:
        text = path.read_text()
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown(path)}: the {what} can't be read: {in_words(error)}") from None
    if "-----BEGIN" not in text:
        raise UsageError(f"{shown(path)}: the {what} is no PEM file: it has no -----BEGIN line")
    return text


def _mime(photo: Path) -> str:
    with Image.open(photo) as image:
        return Image.MIME.get(image.format or "", "application/octet-stream")
