"""Claims as an XMP packet, and back.

IPTC Photo Metadata 2025.1 says which properties hold what (https://iptc.org/std/photometadata/specification/);
the packet is RDF/XML as in ISO 16684-1.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from caig_cli.engine.files import encodable
from caig_cli.provenance.claims import DESCRIPTION, SOFTWARE, WITH_TRAINED_MODEL, Claims

NAMESPACE = "https://caig.dev/ns/ad/1.0/"
"""Of caig's facts. A name, not a page."""
LONGEST = 60_000
"""Bytes of a packet that a JPEG holds in one segment, less a margin."""

_SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "caig": NAMESPACE,
}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't hold."""


def packet(claims: Claims) -> bytes:
    """The XMP packet of an ad's claims; the same claims give the same bytes."""
    simple = {"xmp:CreatorTool": SOFTWARE, "Iptc4xmpExt:DigitalSourceType": claims.source}
    if claims.source == WITH_TRAINED_MODEL:
        simple |= _of_a_trained_model(claims)
    simple |= {f"caig:{name}": value for name, value in claims.facts.items()}
    texts = {
        "dc:title": claims.title, "dc:description": DESCRIPTION,
        "Iptc4xmpCore:AltTextAccessibility": claims.alt,
    }  # fmt: skip
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items() if prefix != "rdf")
    values = "".join(f"\n   {name}={quoteattr(_xml(value))}" for name, value in simple.items())
    languages = "".join(
        f'\n  <{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(_xml(text))}</rdf:li></rdf:Alt></{name}>'
        for name, text in texts.items()
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_SPACES["rdf"]}">\n'
        f' <rdf:Description rdf:about="" {spaces}{values}>{languages}\n'
        ' </rdf:Description>\n</rdf:RDF></x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def _of_a_trained_model(claims: Claims) -> dict[str, str]:
    """What IPTC 2025.1 asks to be told of the model that painted."""
    properties = {
        "AISystemUsed": claims.facts.get("painter", ""),
        "AIPromptInformation": claims.facts.get("prompt", ""),
        "AIPromptWriterName": claims.facts.get("prompt_model", ""),
    }
    return {f"Iptc4xmpExt:{name}": value for name, value in properties.items() if value}


def read_packet(data: bytes) -> Claims | None:
    """The claims of a packet; None where it is no XMP. Any writer's packet is understood, not only caig's."""
    if len(data) > 4 * LONGEST or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        root = ElementTree.fromstring(data.strip(b"\0 \r\n\t").decode("utf-8-sig", "replace"))
    except (ElementTree.ParseError, ValueError):
        return None
    found: dict[str, str] = {}
    for description in root.iter(f"{{{_SPACES['rdf']}}}Description"):
        found |= description.attrib
        for child in description:
            words = ("".join(item.itertext()).strip() for item in child.iter(f"{{{_SPACES['rdf']}}}li"))
            found[child.tag] = next(words, None) or (child.text or "").strip()
    own = f"{{{NAMESPACE}}}"
    facts = {name.removeprefix(own): value for name, value in found.items() if name.startswith(own)}
    return Claims(
        found.get(f"{{{_SPACES['dc']}}}title", ""),
        found.get(f"{{{_SPACES['Iptc4xmpCore']}}}AltTextAccessibility", ""),
        found.get(f"{{{_SPACES['Iptc4xmpExt']}}}DigitalSourceType", ""),
        facts,
    )


def _xml(text: str) -> str:
    return _NO_XML.sub("", encodable(text))
