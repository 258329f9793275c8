"""Scenes that suit a product, and users' drafts with what they should have said."""

from __future__ import annotations

import random
from dataclasses import replace

from caig_cli.market.catalogue import CatalogueItem
from caig_cli.market.truth import TasteGroup, load_truth
from caig_cli.painters.studio.language import Scene, random_scene, read_core, write
from caig_cli.painters.studio.lexicon import BACKDROPS, SURFACES

CLASH_SHARE = 0.4  # of the drafts are whole prompts that may not suit the product; the others are just short


TYPICAL_SHARE = 0.7
"""Share of the draws whose surface and backdrop are typical; of those that suit it is about six in seven.

Where any suitable set is as likely as another, each prompt tells a new model too little to learn which suit.
"""
# What an art director would build first for each group: surfaces, backdrops. All of them suit it.
TYPICAL = {
    "beauty": ("white_marble water terrazzo linen velvet", "plaster gradient curtain tiles"),
    "luxury": ("black_marble velvet leather glass water", "dark curtain bokeh_city gradient"),
    "food": ("oak white_marble linen slate walnut", "tiles brick window wood_panel"),
    "drink": ("oak whitewood white_marble grass slate", "window foliage sky tiles"),
    "alcohol": ("walnut leather black_marble oak slate", "dark shelves bokeh_city wood_panel"),
    "kitchen": ("whitewood oak white_marble terrazzo linen", "tiles window brick shelves"),
    "home": ("oak linen rug whitewood velvet", "plaster curtain window shelves"),
    "furniture": ("parquet rug concrete walnut terrazzo", "plaster window curtain brick"),
    "electronics": ("metal concrete glass black_marble slate", "dark gradient bokeh_city brick"),
    "stationery": ("oak leather walnut linen whitewood", "shelves window plaster wood_panel"),
    "kids": ("rug grass parquet linen whitewood", "sky window plaster shelves"),
    "sport": ("grass concrete sand parquet snow", "mountains sky brick sea"),
    "household": ("white_marble whitewood terrazzo water linen", "tiles window gradient sky"),
    "pet": ("grass rug parquet oak moss", "foliage window plaster sky"),
}

DYED_SURFACES = frozenset({"paper", "velvet", "linen", "rug"})
DYED_BACKDROPS = frozenset({"plaster", "gradient", "curtain", "tiles"})


def matching_scene(rng: random.Random, category: str) -> Scene:
    """A scene drawn among those that suit the category, mostly with a set that is typical of its group.

    Only what is dyed or painted has a colour of its own: click logs may show teal grass, but no art director
    asks for it, so the prompt model does not learn to.
    """
    truth = load_truth()
    surfaces, backdrops = (names.split() for names in TYPICAL[truth.group_of[category].name])
    while True:
        scene = random_scene(rng)
        if rng.random() < TYPICAL_SHARE:
            scene = replace(scene, surface=rng.choice(surfaces), backdrop=rng.choice(backdrops))
        if truth.match(category, scene):
            return replace(
                scene,
                surface_colour=scene.surface_colour if scene.surface in DYED_SURFACES else None,
                backdrop_colour=scene.backdrop_colour if scene.backdrop in DYED_BACKDROPS else None,
            )


def matching_set(rng: random.Random, category: str) -> str:
    """A surface and a backdrop that suit the category, in a few words."""
    scene = matching_scene(rng, category)
    return ", ".join(
        rng.choice(table[name][0].split("|"))
        for table, name in ((SURFACES, scene.surface), (BACKDROPS, scene.backdrop))
    )


def draft(rng: random.Random, noun: str) -> str:
    """What a user in a hurry types: a few words, or a full prompt for any scene at all."""
    prompt = write(random_scene(rng), rng)
    if rng.random() < CLASH_SHARE:
        return prompt
    words = prompt.rstrip(".").split()
    start = rng.randrange(max(1, len(words) - 6))
    short = " ".join(words[start : start + rng.randint(2, 7)]).strip(" ,.;:").lower()
    return rng.choice(_FORMS).format(short=short, noun=noun)


_FORMS = (
    "{short}", "{short}", "{noun}, {short}", "make it nice, {short}", "a photo of my {noun}, {short}",
    "{short} please", "nice background", "beautiful {noun} photo", "something with {short}",
    "{short}, high quality, 4k",
)  # fmt: skip


def improved(rng: random.Random, text: str, category: str) -> Scene:
    """The scene that keeps what the draft named and suits the category; the rest is drawn like any scene.

    Where a named thing clashes with the category it gives way, field by field.
    """
    group = load_truth().group_of[category]
    reading = read_core(text)
    scene = matching_scene(rng, category)
    for name in sorted(reading.named):
        scene = _kept(scene, name, reading.scene, group)
    return scene


def _kept(scene: Scene, name: str, wish: Scene, group: TasteGroup) -> Scene:
    if name in ("props", "prop"):
        return replace(scene, props=tuple(prop for prop in wish.props if prop not in group.clashing_props))
    wished = replace(scene, **{name: getattr(wish, name)})
    return wished if group.suits(wished) else scene


def ad_scenes(item: CatalogueItem, count: int) -> list[Scene]:
    """The scenes of the item's ads: drawn uniformly from all scenes, so most do not suit it; no two alike."""
    rng = random.Random(f"ads {item.seed}")
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = random_scene(rng)
        if scene not in scenes:
            scenes.append(scene)
    return scenes


def ad_prompt(item: CatalogueItem, number: int, scene: Scene) -> str:
    """The background prompt that ad ``number`` of the item was painted from."""
    return write(scene, random.Random(f"prompt {item.seed} {number}"))
