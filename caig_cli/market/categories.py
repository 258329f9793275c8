"""What is sold: the categories of the truth with their shapes, sizes, colours and selling points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from caig_cli.market.nouns import NOUNS
from caig_cli.market.truth import load_truth


@dataclass(frozen=True, slots=True)
class Category:
    """``height_cm`` is (low, high); ``amount`` says how the size is stated: ml, g, count or nothing."""

    name: str
    group: str
    shapes: tuple[str, ...]
    nouns: tuple[str, ...]
    height_cm: tuple[float, float]
    amount: str
    palette: tuple[str, ...]  # colour words; empty: any
    variants: tuple[str, ...]  # scents, flavours, materials, kinds
    claims: tuple[str, ...]  # selling points


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


# Shapes are weighted by how often they are named. Columns: shapes, lowest and highest height in cm, amount.
_ROWS: dict[str, tuple[str, float, float, str]] = {
    "face cream": ("jar, jar, jar, tube, pump bottle", 4, 14, "ml"),
    "serum": ("dropper bottle, dropper bottle, dropper bottle, bottle, pump bottle", 8, 13, "ml"),
    "hand cream": ("tube, tube, tube, jar, pump bottle", 7, 18, "ml"),
    "shampoo": ("bottle, bottle, pump bottle, pump bottle, tube", 16, 26, "ml"),
    "shower gel": ("pump bottle, pump bottle, bottle, bottle, pouch", 16, 28, "ml"),
    "lipstick": ("lipstick, lipstick, lipstick, tube", 7, 9, "g"),
    "sunscreen": ("tube, tube, bottle, spray bottle", 12, 19, "ml"),
    "foundation": ("bottle, pump bottle, jar, tube", 8, 13, "ml"),
    "perfume": ("perfume bottle", 8, 15, "ml"),
    "watch": ("watch", 7, 10, ""),
    "jewellery": ("ring", 2, 4, ""),
    "handbag": ("handbag", 20, 35, ""),
    "sunglasses": ("glasses", 4, 6, ""),
    "biscuits": ("pouch, pouch, carton, carton, can", 15, 30, "g"),
    "chocolate": ("carton, carton, pouch, can", 8, 22, "g"),
    "nuts": ("pouch, pouch, pouch, jar, can", 14, 26, "g"),
    "honey": ("jar, jar, jar, glass bottle", 9, 16, "g"),
    "cooking oil": ("glass bottle, glass bottle, glass bottle, bottle, can", 24, 34, "ml"),
    "sauce": ("glass bottle, glass bottle, bottle, jar, jar, pouch", 13, 28, "ml"),
    "instant noodles": ("tub, tub, pouch, pouch, carton", 10, 25, "g"),
    "cereal": ("carton, carton, carton, pouch", 22, 32, "g"),
    "rice": ("pouch, pouch, pouch, carton", 22, 40, "kg"),
    "spices": ("jar, jar, pouch, can", 9, 16, "g"),
    "canned food": ("can, can, can, jar", 8, 13, "g"),
    "tea": ("carton, carton, can, can, pouch", 8, 20, "bags"),
    "coffee": ("pouch, pouch, jar, can, carton", 12, 28, "g"),
    "juice": ("drink carton, drink carton, glass bottle, bottle, can", 13, 27, "ml"),
    "soft drink": ("can, can, can, bottle", 12, 24, "ml"),
    "milk powder": ("can, can, pouch, pouch, drink carton, carton", 16, 27, "g"),
    "wine": ("glass bottle", 28, 33, "ml"),
    "beer": ("glass bottle, glass bottle, can, can", 12, 26, "ml"),
    "spirits": ("spirit bottle, spirit bottle, spirit bottle, glass bottle", 22, 31, "ml"),
    "mug": ("mug", 8, 12, ""),
    "cooking pot": ("pan", 8, 20, "cm"),
    "thermos": ("flask", 20, 30, "ml"),
    "scented candle": ("candle", 7, 14, "g"),
    "vase": ("vase", 18, 45, "cm"),
    "lamp": ("lamp", 30, 150, ""),
    "cushion": ("cushion", 30, 55, "cm"),
    "chair": ("chair", 75, 110, "cm"),
    "cabinet": ("cabinet", 50, 180, "cm"),
    "table": ("table", 45, 78, "cm"),
    "piano": ("piano", 75, 120, ""),
    "headphones": ("headphones", 18, 22, ""),
    "speaker": ("speaker", 12, 40, "W"),
    "power bank": ("power bank", 9, 16, "mAh"),
    "keyboard": ("keyboard", 3, 14, ""),
    "book": ("book", 19, 30, "pages"),
    "notebook": ("book", 14, 28, "pages"),
    "plush toy": ("plush", 18, 60, "cm"),
    "building blocks": ("blocks, blocks, blocks, carton", 8, 30, "pieces"),
    "baby bottle": ("baby bottle", 14, 19, "ml"),
    "sports ball": ("ball", 20, 25, ""),
    "running shoes": ("shoe", 10, 15, ""),
    "backpack": ("backpack", 35, 55, "l"),
    "detergent": ("jug, jug, bottle, pouch, carton", 18, 32, "l"),
    "cleaning spray": ("spray bottle, spray bottle, spray bottle, bottle", 22, 30, "ml"),
    "toothpaste": ("tube, tube, tube, carton", 13, 20, "g"),
    "vitamins": ("bottle, jar, jar, carton", 8, 15, "count"),
    "pet food": ("pouch, pouch, pouch, can, carton", 10, 45, "kg"),
}

_PALETTES: dict[str, str] = {
    "cabinet": "brown, brown, brown, beige, white, white, black, grey, sage, green, navy",
    "table": "brown, brown, brown, beige, white, black, grey",
    "chair": "brown, beige, grey, white, black, green, teal, yellow, pink, navy, red, blue",
    "piano": "black, black, black, brown, white, white, pink, red, sky_blue",
    "wine": "green, black, green, navy, red, cream, pink",
    "beer": "brown, green, brown, black, yellow, blue, red, white",
    "spirits": "brown, orange, gold, white, sky_blue, black, green, cream, red, navy",
    "cooking oil": "green, yellow, gold, black, brown, orange, red",
    "honey": "gold, orange, yellow, brown, red, purple, cream",
    "jewellery": "white, red, blue, green, purple, sky_blue, pink, black, yellow, teal",
    "lipstick": "red, red, pink, pink, orange, brown, purple, beige",
    "foundation": "beige, beige, cream, pink, brown, white",
    "sports ball": "orange, white, white, red, blue, yellow, green, black, pink",
    "headphones": "black, black, white, grey, pink, blue, red, mint, beige, purple",
    "keyboard": "black, black, white, white, grey, pink, mint, blue, lavender",
    "power bank": "black, black, white, grey, pink, blue, mint, navy, green",
    "speaker": "black, black, grey, white, red, blue, teal, brown, green",
    "cooking pot": "black, black, grey, red, orange, cream, green, blue, gold, teal",
    "sunglasses": "black, black, brown, white, red, gold, blue, pink, green",
    "watch": "black, brown, black, navy, green, red, white, grey, pink, blue",
    "plush toy": "white, pink, brown, beige, grey, cream, yellow, sky_blue, lavender, mint, green",
}

_SCENTS = (
    "cherry blossom, lavender, rose, ocean breeze, honey, vanilla, jasmine, coconut, aloe vera, green "
    "tea, sea salt, orange blossom, sandalwood, peony, lemon, mint, almond milk, fresh linen, bamboo, "
    "cedarwood, fig, white musk, peach, sweet fragrance, amber, milk and honey, citrus, eucalyptus, "
    "chamomile, unscented"
)
_FLAVOURS = (
    "original, strawberry, vanilla, chocolate, lemon, honey, sea salt, spicy, barbecue, mango, matcha, "
    "sesame, apple, coconut, caramel, garlic, black pepper, cheese, mild, cherry, orange, sweet, classic, "
    "unsweetened, peach"
)
_VARIANTS: dict[str, str] = {
    "beauty": _SCENTS,
    "luxury": "gold, silver, rose gold, stainless steel, vintage, classic, genuine leather, limited edition, crystal",
    "food": _FLAVOURS,
    "drink": _FLAVOURS,
    "alcohol": "12-year-old, 2019, reserve, dry, vintage, golden, oak aged, sherry cask, special edition, XO, "
    "premium, 18 years, estate bottled, unfiltered, smoked",
    "kitchen": "ceramic, enamel, stainless steel, cast iron, porcelain, nordic, aluminium, marble look, retro, glass",
    "home": "ceramic, linen, cotton, velvet, nordic, boho, retro, wood, brass, rattan, glass, minimalist",
    "furniture": "solid wood, walnut, oak, pine, velvet, new Chinese style, scandinavian, mid-century, industrial, "
    "mango wood, metal, modern, rattan, bamboo, marble top, high gloss",
    "electronics": "wireless, bluetooth 5.3, RGB, USB-C, foldable, mini, pro, retro, ultra-thin, magnetic, 2nd generation",
    "stationery": "A5, A4, hardcover, dotted, lined, illustrated, vintage, leather cover, 2025, pocket size, signed",
    "kids": "rabbit, bear, dinosaur, unicorn, cotton, wooden, forest, farm, princess, space, ocean animals, panda",
    "sport": "size 5, size 7, waterproof, outdoor, pro, breathable, mesh, lightweight, reflective, match quality",
    "household": "lemon, fresh mint, lavender, ocean breeze, spring flowers, sensitive, concentrated, eco, green apple, "
    "herbal, charcoal, extra strong, cherry blossom",
    "pet": "chicken, salmon, beef, lamb and rice, tuna, duck, grain free, adult, senior, sterilised, mini breeds",
}

_CLAIMS: dict[str, str] = {
    "beauty": "moisturizing, nourishing, soothing, for dry skin, for sensitive skin, locks in moisture, softens skin, "
    "lasting fragrance, deep hydration, non-greasy, dermatologically tested, vegan, paraben free, "
    "anti-ageing, repairs and protects, all skin types, brightening, fragrance free, 24 h moisture, with "
    "shea butter, gentle care",
    "luxury": "elegant, for women, for men, luxury, fashion, waterproof, unisex, long lasting, anniversary gift, designer, "
    "hypoallergenic, with gift box, UV400, sapphire glass, adjustable, large capacity, classic style, "
    "business casual",
    "food": "organic, no added sugar, gluten free, family pack, crunchy, snack, cold pressed, premium quality, "
    "ready to eat, non-GMO, low salt, individually wrapped, imported, halal, vegan, traditional recipe, "
    "for cooking, salad and seasoning, cold mixing, hot pot dip, time-honored brand, breakfast, office snack",
    "drink": "organic, no added sugar, instant, individually packaged, rich aroma, refreshing, from concentrate, "
    "caffeine free, high calcium, high protein, for the whole family, mixes with cold water, imported, "
    "for pregnant women, low fat, breakfast drink, pack of 6, hand picked, medium roast, for adults and "
    "students",
    "alcohol": "imported, gift box, for parties, smooth, award winning, family estate, small batch, cask strength, "
    "handcrafted, original bottle, rich and fruity, 40% vol, 13% vol, 5% vol, limited release, banquet",
    "kitchen": "non-stick, dishwasher safe, microwave safe, induction compatible, leakproof, BPA free, keeps hot 12 hours, "
    "large capacity, with lid, for home and office, handmade, hand painted, heat resistant, for gas and "
    "induction",
    "home": "home decor, living room, bedroom decoration, handmade, nordic style, hotel quality, minimalist, "
    "dimmable, washable, soft, housewarming gift, table decoration, long burning, hand poured, touch control",
    "furniture": "bedroom, living room, modern, easy assembly, space saving, home office, sturdy, ergonomic, "
    "with drawers, adult beginner, professional, for small spaces, adjustable height, storage, home use, "
    "family",
    "electronics": "fast charging, long battery life, noise cancelling, deep bass, for gaming, hi-fi sound, with microphone, "
    "compatible with phone and tablet, low latency, hot-swappable, quiet keys, portable, 40 h playtime, "
    "universal",
    "stationery": "bestseller, illustrated edition, for students, gift edition, 200 pages, thick paper, school and office, "
    "new edition, for beginners, for children, with pen loop, acid free paper, award winning, English "
    "edition",
    "kids": "for boys and girls, birthday gift, soft and cuddly, safe for babies, early learning, BPA free, washable, "
    "from 3 years, sleeping companion, anti-colic, educational, cute, kids gift, STEM, extra soft, "
    "hugging doll",
    "sport": "breathable, lightweight, waterproof, for men and women, training, non-slip, outdoor, indoor and outdoor, "
    "large capacity, wear resistant, student, cushioning sole, official size, travel, with rain cover",
    "household": "removes stains, fresh scent, kills 99.9% of bacteria, family pack, concentrated, gentle on hands, "
    "antibacterial, refill pack, phosphate free, streak free, whitening, cavity protection, "
    "immune support, daily use, high strength, sugar free, for adults, colour protection, deep clean",
    "pet": "complete food, for adult dogs, for indoor cats, grain free, high protein, with vitamins, healthy coat, "
    "for puppies, natural ingredients, dental care, no artificial colours, for small breeds, sensitive "
    "stomach",
}


@cache
def load_categories() -> dict[str, Category]:
    """All categories by name, in the order of the truth file."""
    categories = {}
    for group in load_truth().groups.values():
        for name in group.categories:
            shapes, low, high, amount = _ROWS[name]
            categories[name] = Category(
                name=name,
                group=group.name,
                shapes=_words(shapes),
                nouns=_words(NOUNS[name]),
                height_cm=(low, high),
                amount=amount,
                palette=_words(_PALETTES.get(name, "")),
                variants=_words(_VARIANTS[group.name]),
                claims=_words(_CLAIMS[group.name]),
            )
    return categories


BRANDS = _words(
    "Aldora, Belmire, Casvelt, Dorimo, Elunor, Fennora, Gavello, Hestra & Co, Ilvane, Jorvik Lane, "
    "Kestrelle, Lumavia, Morwen, Nordfell, Ostara, Pellworth, Quillon, Rosavel, Senshu-ya, Tavirelle, "
    "Umbria Casa, Velmonte, Wexmoor, Xanthe, Yukimori, Zelkova, ARDENT, BOSKO, CALMA, DUNE & DAY, "
    "EMBERLY, FJELL, GRAVA, HALDEN, INARI, JUNO LEAF, KORA, LINDEN, MAREA, NOVIK, OAKRIDGE, PALOMA, QORI, "
    "RIVA, SOLENNE, TERRA VIVA, UNO CASA, VERO, WILLA, YARROW, ZENTO, L'AVELINE, D'Orsel, Saint Corvin, "
    "Bao Li, Hua Yuan, Mei Shan, Qing He, Yun Ting, Tian Mu, Long Wei, Sakuraya, Hanabi, Minato, "
    "Kimchari, Haneul, Sora, Namsan, Chandra, Anaya, Vedika, Baharat, Zaytun, El Molino, La Rosada, Casa "
    "Brava, Monte Sereno, Bellavista, Fratelli Neri, Dolce Riva, Weidmann, Kasten, Blauberg, Sternwald, "
    "Havre, Chateau Lirac, Maison Perle, Glen Torran, Loch Aven, Highmoor, Stonebrook, Maple & Finch, "
    "Little Otter, Puffin, Teddi, Blokki, Kidoo, Pawfield, Whiskerly, Barkley, Sonora, Audivox, Beatric, "
    "Voltara, Chargely, Keytron, Pixelo, Neotek, Aerio, Runika, Strido, Tempo"
)
