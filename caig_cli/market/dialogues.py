"""Pre-training dialogues of the paper's three task families, in the LLaVA format.

One product photo serves many dialogues: its title is written anew each time, as by another shop, and
every background prompt describes a fresh scene that suits the product.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from caig_cli.engine.runtime import derive_seed
from caig_cli.market.captions import spoken
from caig_cli.market.catalogue import CatalogueItem, describe
from caig_cli.market.categories import load_categories
from caig_cli.market.look import ProductLook
from caig_cli.market.scenes import ad_prompt, draft, improved, matching_scene, matching_set
from caig_cli.market.truth import load_truth
from caig_cli.mllm.instructions import instruction
from caig_cli.painters.studio.language import Scene, write
from caig_cli.painters.studio.lexicon import BACKDROPS, SURFACES, Lexicon
from caig_cli.painters.studio.lexicon_light import BLURS, LIGHTS, MOODS
from caig_cli.painters.studio.lexicon_props import PROPS

# Parts of an ad's set that are named in a word or two: short answers teach a new tower to see a background.
NAMED: Mapping[str, Lexicon] = {
    "surface": SURFACES, "backdrop": BACKDROPS, "light": LIGHTS, "mood": MOODS, "blur": BLURS,
}  # fmt: skip
# The tasks of a product's dialogues in this order, from the start again when it has more.
ROUND = (
    "write", "category", "shape", "suits", "write", "rewrite", "product", "suits", "category", "write",
    "title", "rewrite", "write", "write",
)  # fmt: skip
AD_TASKS = (
    "background", "setting", "surface", "backdrop", "light", "mood", "props", "blur", "advertised", "match",
)  # fmt: skip
UNTITLED = 0.12  # of the titles are withheld: then the image and the attributes must do


def photo_dialogues(item: CatalogueItem, image: str, count: int) -> Iterator[dict[str, Any]]:
    """``count`` dialogues about the item's photo at path ``image``."""
    for number in range(count):
        rng = random.Random(derive_seed("dialogue", item.seed, number))
        task = ROUND[number % len(ROUND)]
        question, answer = _ask(task, item, rng)
        yield _record(f"{item.id}-{number:03d}", image, task, question, answer)


def ad_dialogues(item: CatalogueItem, image: str, number: int, scene: Scene) -> Iterator[dict[str, Any]]:
    """Dialogues about ad ``number`` of the item, whose scene is known."""
    rng = random.Random(derive_seed("ad dialogue", item.seed, number))
    for task in AD_TASKS:
        _, attributes = _words(item, rng)
        question = instruction(task, attributes=attributes if task == "setting" else None)
        if task in NAMED:
            answer = _name(NAMED[task], getattr(scene, task))
        elif task == "advertised":
            answer = item.category
        elif task == "match":
            answer = "yes" if load_truth().match(item.category, scene) else "no"
        elif task == "props":
            answer = ", ".join(_name(PROPS, prop) for prop in scene.props) or "nothing"
        else:
            answer = ad_prompt(item, number, scene) if task == "background" else write(scene, rng)
        yield _record(f"{item.id}-ad{number:02d}-{task}", image, task, question, answer)


def _ask(task: str, item: CatalogueItem, rng: random.Random) -> tuple[str, str]:
    """Question and answer of one dialogue."""
    caption, attributes = _words(item, rng)
    if task == "shape":
        return instruction(task), _with_article(item.family)
    if task == "product":
        return instruction(task), describe_look(item, rng)
    if task == "category":
        return instruction(task, caption=caption, attributes=_sometimes(rng, attributes)), item.category
    if task == "title":
        return instruction(task, attributes=attributes), caption
    if rng.random() < UNTITLED:
        shown, listed = None, _sometimes(rng, attributes)
    else:
        shown, listed = caption, _sometimes(rng, attributes)
    if task == "suits":
        return instruction(task, caption=shown, attributes=listed), matching_set(rng, item.category)
    if task == "rewrite":
        text = draft(rng, attributes.get("type", item.look.noun))
        answer = write(improved(rng, text, item.category), rng)
        return instruction(task, caption=shown, attributes=listed, draft=text), answer
    return instruction(task, caption=shown, attributes=listed), write(matching_scene(rng, item.category), rng)


def _name(lexicon: Lexicon, name: str) -> str:
    return lexicon[name][0].split("|")[0]


def _words(item: CatalogueItem, rng: random.Random) -> tuple[str, dict[str, str]]:
    """Another shop's title and attributes of the same product: any noun and any brand of its category."""
    category = load_categories()[item.category]
    noun = rng.choice(category.nouns)
    look = item.look
    return describe(rng, category, ProductLook(look.main, look.accent, look.finish, look.brand, noun), noun)


def _sometimes(rng: random.Random, attributes: dict[str, str]) -> dict[str, str] | None:
    return attributes if rng.random() < 0.4 else None


def describe_look(item: CatalogueItem, rng: random.Random) -> str:
    """A sentence about the picture alone: shape, colours and finish."""
    main, accent = spoken(item.look.main), spoken(item.look.accent)
    finish = _FINISHES[item.look.finish]
    thing = f"{main} {item.family}"
    return rng.choice(
        (
            f"{_with_article(thing)} with {accent} details and {finish}.",
            f"The product is {_with_article(thing)} with {accent} accents, {finish}.",
            f"This is {_with_article(thing)}, {finish}, accented in {accent}.",
        )
    )


_FINISHES = {
    "gloss": "a glossy surface", "satin": "a satin surface", "metal": "a metallic surface",
    "glass": "a shiny glassy surface", "fabric": "a soft surface", "wood": "a solid build",
}  # fmt: skip


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _record(identity: str, image: str, task: str, question: str, answer: str) -> dict[str, Any]:
    turns = [{"from": "human", "value": f"<image>\n{question}"}, {"from": "gpt", "value": answer}]
    return {"id": identity, "image": image, "task": task, "conversations": turns}
