"""What prompts ask for and the studio can't do, by the reason that is told; and how contradictions end.

All of it is only for reading: nothing here is ever drawn.
"""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN = "unknown word"
SECOND = "only one {field} has room, and the prompt names another before"
FULL = "no more than {count} things stand beside the product"
NO_NOUN = "nothing that it stands beside takes a colour"
NO_COUNT = "it counts nothing that can be counted"
MADE_OF = "what things are made of is not chosen by words"
PRODUCT = "the product itself: its photo shows it"
REFUSED = "the prompt refuses it itself"

NOT_PAINTED: dict[str, str] = {
    "people and hands are never painted": (
        "people|person|persons|human|humans|woman|women|man|men|girl|girls|boy|boys|child|children|kid|kids|baby|babies"
        "|toddler|hand|hands|finger|fingers|arm|arms|face|faces|model|models|family|families|friend|friends|couple"
        "|couples|guest|guests|lady|gentleman|customer|customers|athlete|athletes|runner|chef|mother|father|mom|dad"
        "|holding|held|hold|wearing|worn by|using|smiling|young woman|young man|crowd|skin|lips|feet|legs"
    ),
    "text is not written into pictures": (
        "text|texts|logo|logos|slogan|slogans|letter|letters|lettering|word|words|headline|headlines|caption|captions"
        "|banner|banners|price tag|price tags|price|prices|sale sign|sale signs|discount|percent off|typography|font|watermark"
        "|watermarks|label text|writing|written|sale banner|offer sign|sticker|stickers|call to action|saying|inscription"
    ),
    "living animals are not painted": (
        "dog|dogs|puppy|cat|cats|kitten|bird|birds|butterfly|butterflies|horse|horses|fish|bee|bees|animal|animals|pet|pets"
        "|bats|bat|spider|spiders|owl|swan|parrot|flamingo|reindeer"
    ),
    "smoke, steam, fire and flying drops are not painted": (
        "smoke|steam|vapour|vapor|explosion|splash|splashes|splashing|sparks|spark|droplets|water droplets|drops|dew"
        "|dewdrops|raindrops|falling snow|snowfall|snowflakes|dust|powder explosion|colored smoke|coloured smoke"
        "|fireworks|lightning|rainbow|glitter|stardust|condensation|dripping|pouring|swirling"
    ),
    "nothing moves in a still picture": "motion|moving|running|jumping|flying|dancing|spinning|motion blur|video|animation",
    "prints and patterns are not chosen by words": (
        "pattern|patterns|patterned|striped|stripes|dotted|polka dot|polka dots|checked|chequered|checkered|plaid|tartan"
        "|floral print|geometric pattern|print|prints|printed|damask|embroidered|engraved"
    ),
}
"""Reason -> words that are told with it. A negation before them is fulfilled."""


NOT_CHOSEN: dict[str, str] = {
    "finish, size and shape of things are not chosen by words": (
        "glossy|shiny|matt|large|big|tiny|tall|thick|thin|transparent|old|worn|wet|dry|giant|huge|mini|sliced|chopped|rough"
        "|square|rectangular|oval|sharp edged|polished|rolled|folded|unscented|lit up|faceted|folded neatly|small|round"
    ),
    "style words change nothing by themselves: name a surface, a light or a mood": (
        "elegant|elegance|exclusive|premium|high end|modern|contemporary|trendy|stylish|chic|classic|timeless|sophisticated"
        "|refined|unique|beautiful|attractive|stunning|impressive|professional|authentic|simple|simplicity|plain|clean|tidy"
        "|neat|natural|naturally|soft|softly|gentle|gently|slightly|delicate|subtle|strong|full|covered|centred|centered"
        "|middle|distance|reflecting|spacious|casual|comfortable|relaxed|relaxing|magical|majestic|exotic|artful|artistic"
        "|creative|striking|dreamlike|enchanting|shimmering|sparkling|glittering|shining|glowing|textured|layered"
        "|decorative|traditional|lovely|pretty|gorgeous|perfect|dusty|new|empty|accents|accent"
    ),
    "left and right are chosen for the product only": (
        "to the right|to the left|from the left|from the right|on the right|on the left|right|left"
    ),
}
"""Reason -> words of ordinary prose that ask for something, and change nothing."""


# The colour that a material gives to the thing it stands before; a prop of that material keeps its own.
MATERIALS: dict[str, str] = {
    "oak": "#b98a58", "walnut": "#6a4630", "whitewood": "white", "white_marble": "white", "black_marble": "black",
    "concrete": "grey", "slate": "#5a5c60", "terrazzo": "beige", "linen": "beige", "velvet": "#70283e", "leather": "#8e5836",
    "metal": "grey", "paper": "white",
}  # fmt: skip


class Conflict(NamedTuple):
    """Two names that contradict each other in one picture: the second gives way to ``becomes``."""

    field: str
    names: frozenset[str]
    other: str
    gives_way: frozenset[str]
    becomes: str
    reason: str


# The rule: a thing keeps its own colour; a tone laid over the whole picture that contradicts it gives way.
CONFLICTS: tuple[Conflict, ...] = (
    Conflict("surface", frozenset({"snow"}), "mood", frozenset({"warm", "earthy"}), "neutral",
             "snow stays white: things win over tones"),
    Conflict("backdrop_colour", frozenset({"white"}), "mood", frozenset({"warm", "earthy"}), "neutral",
             "white stays white: things win over tones"),
)  # fmt: skip
