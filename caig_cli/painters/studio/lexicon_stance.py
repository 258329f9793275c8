"""What prompts say of the product's stance and of the camera: "hanging on a wooden hanger", "shot from above".

These words are about the product and the view, not about the set; :mod:`viewpoint` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

_ON = "on|from|in|against|before|above|over|at|by|under|below|next to|in front of|mid"

_VERBS: dict[str, str] = {
    "hang": "hanging|hangs|hung|hung up|suspended|dangling",
    "lie": "lying|lies|laid|laid out|laid flat|lying flat|lies flat|laying flat|spread out|spread flat",
    "lean": "leaning|leans|leaned|leant|propped|propped up",
    "float": "floating|floats|hovering|hovers|levitating|levitates",
}
"""Stance -> verbs that mean it before one of ``_ON``; before a noun they are about that ("floating petals")."""

_ALONE: dict[str, str] = {
    "hang": "hanging up|hung up|hangend|aufgehangt|suspendu|suspendue|accroche|accrochee|colgado|colgada",
    "lie": (
        "lying flat|lies flat|laid flat|laying flat|flat lay|flatlay|knolling|flat on the bed|spread flat"
        "|liegend|flach liegend|pose a plat|a plat|tumbado|tumbada|acostado"
    ),
    "lean": "leaning|propped up|angelehnt|appuye contre|apoyado contra|apoyada contra",
    "float": (
        "levitating|hovering|in mid air|mid air|in midair|midair|weightless|suspended in the air|in the air"
        "|floating in the air|schwebend|flottant|flottante|en levitation|flotando|levitando"
    ),
    "stand": "standing upright|stands upright|stood upright|placed upright|aufrecht|debout|de pie",
}

_FIXTURES: dict[str, str] = {
    "hanger": "hanger|hangers|wooden hanger|clothes hanger|coat hanger|kleiderbugel|cintre|percha",
    "hook": "wall hook|coat hook|peg|wall peg|wooden peg|iron hook|brass hook|hook|kleiderhaken|patere",
    "cord": "cord|on a cord|by a cord|string|on a string|by a thread",
    "clips": "clip hanger|trouser hanger|skirt hanger",
}

_CAMERA: dict[str, str] = {
    "above": (
        "from above|shot from above|seen from above|viewed from above|photographed from above|from straight above"
        "|directly from above|straight from above|top view|top down|top down view|top down shot|overhead shot"
        "|overhead view|birds eye view|bird eye view|birds eye|birdseye view|von oben|vue de dessus|vu de dessus"
        "|desde arriba|vista cenital|aerial view"
    ),
    "close": (
        "close up|closeup|close up shot|close up view|extreme close up|macro shot|macro|detail shot|tight shot|tight crop"
        "|tightly cropped|tight framing|fills the frame|filling the frame|fill the frame|nahaufnahme|gros plan"
        "|primer plano"
    ),
    "wide": (
        "wide shot|wide view|wide angle|wide angle shot|wide framing|long shot|full scene|lots of empty space"
        "|lots of space around|plenty of space around|plenty of empty space|lots of negative space|small in the frame"
        "|weitwinkel|plan large|plano general"
    ),
    "low": "low angle|low angle shot|from a low angle|from below|eye level|at eye level|froschperspektive",
}

_SPACE = "wide empty space|empty space|blank space|free space|negative space|copy space|space|room|empty area|white space"
_SIDES = {"left": "right", "right": "left"}
"""Where space is wanted -> where the product goes."""
_PRODUCT = (
    "product on the {0}|placed on the {0}|positioned on the {0}|placed to the {0}|on the {0} side|on the {0} third"
    "|in the {0} third|to the {0} of the frame|off centre to the {0}|off center to the {0}|product {0}"
)


def view_phrases() -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Every phrase with the (field, value) pairs that it sets: stance, fixture, camera or placement."""
    for stance, verbs in _VERBS.items():
        for verb in verbs.split("|"):
            yield from ((f"{verb} {word}", (("stance", stance),)) for word in _ON.split("|"))
    for stance, phrases in _ALONE.items():
        yield from ((phrase, (("stance", stance),)) for phrase in phrases.split("|"))
    for fixture, phrases in _FIXTURES.items():
        fields = (("fixture", fixture),)
        yield from ((phrase, fields) for phrase in phrases.split("|") if fixture != "cord" or " " in phrase)
    for camera, phrases in _CAMERA.items():
        yield from ((phrase, (("camera", camera),)) for phrase in phrases.split("|"))
    yield from _placements()


def _placements() -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    for side, product in _SIDES.items():
        for space in _SPACE.split("|"):
            for form in ("{0} on the {1}", "{0} at the {1}", "{0} to the {1}", "{0} {1}", "{1} {0}"):
                yield form.format(space, side), (("placement", product),)
            for what in ("text", "copy", "a headline", "a logo", "a slogan", "headline"):
                yield f"{space} for {what} on the {side}", (("placement", product),)
        yield f"{side} side empty", (("placement", product),)
        yield from ((phrase, (("placement", side),)) for phrase in _PRODUCT.format(side).split("|"))
    for (
        phrase
    ) in "product in the centre|product in the center|centred composition|centered composition".split("|"):
        yield phrase, (("placement", "centre"),)
