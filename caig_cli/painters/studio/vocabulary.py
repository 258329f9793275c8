"""The names the scene language knows. Tables only; synonyms and phrases are in ``language``."""

from __future__ import annotations

SURFACES = (
    "oak", "walnut", "whitewood", "parquet", "white_marble", "black_marble", "terrazzo", "concrete",
    "slate", "linen", "velvet", "leather", "rug", "sand", "snow", "water", "grass", "moss", "metal",
    "glass", "paper",
)  # fmt: skip
BACKDROPS = (
    "plaster", "brick", "gradient", "window", "bokeh_city", "sky", "sea", "mountains", "curtain",
    "foliage", "tiles", "wood_panel", "shelves", "dark",
)  # fmt: skip
PROPS = (
    "pebbles", "boulders", "vase", "candles", "books", "cup", "lemons", "oranges", "apples", "berries",
    "roses", "petals", "leaves", "monstera", "pampas", "shells", "driftwood", "gift_boxes", "ribbons",
    "glass_spheres", "podium", "arch", "pine_cones", "ice_cubes", "coffee_beans", "cinnamon", "towels",
    "lantern", "balloons", "toy_blocks", "plant", "fairy_lights",
)  # fmt: skip
LIGHTS = (
    "softbox", "window_light", "golden_hour", "night_neon", "spotlight", "candlelight", "overcast",
    "backlight", "hard_sun", "moonlight",
)  # fmt: skip
MOODS = ("neutral", "airy", "moody", "warm", "cool", "pastel", "vivid", "earthy")
BLURS = ("none", "soft", "strong")

# Nominal sRGB of every colour word, 0 to 255.
COLOURS = {
    "white": (244, 243, 240), "cream": (243, 234, 214), "beige": (222, 203, 174), "pink": (240, 182, 193),
    "red": (186, 40, 44), "orange": (232, 133, 56), "yellow": (243, 206, 84), "green": (88, 142, 84),
    "mint": (176, 220, 198), "sage": (158, 174, 146), "teal": (42, 128, 130), "blue": (74, 122, 190),
    "sky_blue": (164, 205, 236), "navy": (32, 46, 84), "purple": (110, 72, 148), "lavender": (196, 182, 222),
    "brown": (122, 84, 56), "grey": (150, 150, 150), "black": (28, 28, 30), "gold": (206, 166, 88),
}  # fmt: skip
