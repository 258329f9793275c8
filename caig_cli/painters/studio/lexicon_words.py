"""Colours, places and the words between, for the scene language. Tables only."""

from __future__ import annotations

# Colour name -> what people call it. The first phrases are the ones written.
COLOUR_WORDS: dict[str, str] = {
    "white": "white|off white|pure white|snow white|crisp white|bright white|milky white|eggshell",
    "cream": "cream|ivory|creamy|creamy white|warm white|vanilla coloured|cream coloured|ecru",
    "beige": "beige|tan|sand coloured|nude|taupe|camel|khaki|sandy beige|warm beige|soft beige|oatmeal|oat|champagne|light brown",
    "pink": "pink|blush|blush pink|rose pink|dusty pink|pale pink|light pink|pastel pink|soft pink|dusty rose|baby pink|coral pink"
    "|rose coloured|hot pink|fuchsia|magenta|salmon|bright pink|powder pink|peach|peachy",
    "red": "red|crimson|scarlet|ruby|deep red|dark red|bright red|cherry red|burgundy|maroon|wine red|ruby red|rich red",
    "orange": "orange|burnt orange|bright orange|tangerine orange|amber|apricot coloured|coral orange|terracotta|rust|rust coloured",
    "yellow": "yellow|mustard|mustard yellow|lemon yellow|bright yellow|sunny yellow|pale yellow|soft yellow|pastel yellow|saffron",
    "green": "green|emerald|emerald green|forest green|dark green|deep green|bright green|olive|olive green|lime green|moss green"
    "|grass green|leaf green|hunter green|bottle green|jade",
    "mint": "mint|mint green|pale green|light green|pastel green|pale mint|seafoam|seafoam green|pistachio|soft green",
    "sage": "sage|sage green|muted green|dusty green|grey green|gray green|soft sage|eucalyptus green",
    "teal": "teal|turquoise|aqua|teal blue|deep teal|dark teal|petrol|cyan|aquamarine|peacock blue|blue green",
    "blue": "blue|royal blue|cobalt|cobalt blue|bright blue|azure|denim blue|medium blue|electric blue|sapphire|ocean blue",
    "sky_blue": "sky blue|light blue|pale blue|baby blue|pastel blue|powder blue|soft blue|ice blue|icy blue",
    "navy": "navy|navy blue|dark blue|midnight blue|deep blue|deep navy|indigo",
    "purple": "purple|violet|deep purple|plum|royal purple|dark purple|amethyst|aubergine|bright purple|grape purple",
    "lavender": "lavender|lilac|light purple|pale purple|pastel purple|mauve|soft lavender|soft purple|lavender purple|periwinkle",
    "brown": "brown|chocolate brown|dark brown|coffee brown|rich brown|chestnut|caramel|warm brown|deep brown|umber|cocoa brown",
    "grey": "grey|gray|light grey|light gray|dark grey|dark gray|silver|ash grey|pale grey|cool grey|warm grey|soft grey|silver grey"
    "|silvery|stone grey|slate grey|slate gray|soft gray|pale gray|cool gray|warm gray",
    "black": "black|jet black|matte black|deep black|charcoal|charcoal grey|charcoal gray|glossy black|pitch black|charcoal black",
    "gold": "gold|golden|gilded|rose gold|metallic gold|antique gold|brushed gold|shimmering gold|warm gold",
}

# A place names several fields at once; each is used where the prompt says nothing more definite.
PLACES: dict[str, dict[str, str]] = {
    "beach|tropical beach|seaside beach|sunny beach": {"surface": "sand", "backdrop": "sea", "light": "hard_sun"},
    "kitchen|bright kitchen|modern kitchen|rustic kitchen": {"surface": "white_marble", "backdrop": "tiles"},
    "bathroom|spa|washroom|spa bathroom|vanity": {"surface": "white_marble", "backdrop": "tiles"},
    "bedroom|nursery|living room|home interior|cozy room|cosy room|room|interior|lounge|apartment|cozy home|cosy home": {
        "surface": "whitewood", "backdrop": "plaster", "light": "window_light"},
    "office|workspace|home office|study|desk setup": {"surface": "walnut", "backdrop": "shelves"},
    "desert|desert landscape": {"surface": "sand", "backdrop": "sky", "light": "hard_sun"},
    "cafe|coffee shop|restaurant|bar|bistro": {"surface": "walnut", "backdrop": "bokeh_city"},
    "gym|garage|factory|workshop|warehouse|industrial setting|industrial": {"surface": "concrete", "backdrop": "brick"},
    "night|nighttime|night time|night scene|nightlife": {"light": "moonlight"},
    "morning|afternoon|daytime": {"light": "window_light"},
    "evening": {"light": "golden_hour"},
    "reading nook|reading corner": {"surface": "rug", "backdrop": "shelves", "light": "window_light"},
    "laboratory|lab|clinic": {"surface": "glass", "backdrop": "gradient", "light": "softbox"},
    "overcast sky|stormy sky|grey sky|gray sky": {"backdrop": "sky", "light": "overcast"},
    "sunset sky|golden sky|sunrise sky|orange sky": {"backdrop": "sky", "light": "golden_hour"},
    "night sky|starry sky|starry night|starry night sky": {"backdrop": "sky", "light": "moonlight"},
    "sunset beach|beach at sunset": {"surface": "sand", "backdrop": "sea", "light": "golden_hour"},
    "christmas scene|christmas setting|winter wonderland": {"surface": "snow", "backdrop": "foliage"},
    "poolside|pool side": {"surface": "water", "backdrop": "tiles", "light": "hard_sun"},
    "playroom|kids room|childrens room": {"surface": "rug", "backdrop": "plaster", "light": "window_light"},
    "underwater|underwater scene": {"surface": "sand", "backdrop": "sea"},
    "terrace|patio|balcony|porch": {"surface": "oak", "backdrop": "foliage", "light": "hard_sun"},
    "outdoors|outdoor|outdoor setting|outside|countryside|field": {"surface": "grass", "backdrop": "sky", "light": "hard_sun"},
}  # fmt: skip

# Nouns that carry a colour but no material of their own: phrase -> (field, name used when a colour is
# bound to it, name used without one; None says nothing).
BARE_NOUNS: dict[str, tuple[str, str, str | None]] = {
    "table|tabletop|desk|table top|dining table|coffee table|side table|bedside table|bench|nightstand": ("surface", "oak", "oak"),
    "surface|base|ground|platform surface|sheet|slab|board": ("surface", "paper", None),
    "floor|flooring": ("surface", "parquet", "parquet"),
    "counter|countertop|counter top|worktop": ("surface", "white_marble", "white_marble"),
    "wall|walls|wallpaper|accent wall": ("backdrop", "plaster", "plaster"),
    "background|backdrop|background wall|back wall|backgrounds|seamless": ("backdrop", "gradient", None),
}  # fmt: skip

# Words that put a colour after its noun: "a wall in dusty pink".
COLOUR_LINKS = frozenset(
    "in of painted tinted toned coloured colored dyed tint tone shade shades hue hues".split()
)

# Words that undo what follows them.
NEGATIONS = (
    "no|zero|without|not|never|free of|lacking|avoid|no more|without any|dont use|do not use|instead of"
)

# Phrases that say there are no props at all.
NO_PROPS = (
    "no props|without props|no other objects|without other objects|nothing else|nothing else around|no decorations|no clutter"
    "|without any props|uncluttered|no decoration|without decoration|without decorations|empty set|an empty scene|no objects"
    "|nothing beside it|without clutter|clutter free|free of clutter|no accessories|without accessories|no other props"
)

# Words that end the reach of a colour word: its noun cannot lie behind them.
BREAKERS = frozenset(
    "a an the on in at by with beside behind before near against under over above around among along to from and or next while as into"
    " framing onto of across amid beneath below between through upon is are stands sits rests".split()
)

# Words that only look like a known one: their singular is a surface.
LOOKALIKES = "glasses|walnuts|wine glasses|champagne glasses|cocktail glasses|sunglasses|glassware"

# Words of ordinary prose that say nothing about the set.
GLUE = BREAKERS | frozenset(
    """
    about abundance accent accented accents accompanied ad add added adding adds advert advertise advertised advertisement advertising
    aesthetic aesthetics after air all allow allowing almost alongside also ambience ambiance ambient amidst any appeal appealing appear
    appears area arranged arrangement art artful artfully artistic aside atmosphere atmospheric attention attractive authentic away back
    backed background backdrop balance balanced bare bathe bathed bathing be beautiful beautifully beauty behind best bit blend blended
    blending blends both bottom brand breathtaking bright brightly brightness bring brings but calm calmly camera campaign can captivating
    capture captured captures carefully carved cast casting casts casual catalog catalogue catching central centre center centred centered
    character charm charming chic choose chosen classic classy clean cleanly clear clearly close closeup closely collection colour color
    colours colors coloured colored combination comfort comfortable commercial complement complemented complementing complements complete
    composed composition concept contemporary contrast contrasting corner cosmetic cover covered create created creates creating creation
    creative crafted crafting customers decor decorate decorated decorating decoration decorations decorative deep deeply delicate
    delicately depth design designed detail detailed details different direct display displayed displaying displays distance distant
    distinctive draped draws dreamlike dressed drop each easy effect effects elegance elegant elegantly element elements elevate elevated
    elevates emphasis emphasise emphasising emphasize emphasizes emphasizing empty enchanting enhance enhanced enhances enhancing ensure
    ensures environment even ever every everyday everything evoke evokes evoking exclusive exotic exquisite extra eye faint faintly fall
    falling falls far feature featured features featuring feel feeling feels few fill filled filling fills filter filters fine finish
    finished first flanked floating flow flowing fluffy focal focus focused for foreground form forms frame framed frames framing fresh
    freshly freshness front full fully gentle gently give gives giving gleam gleaming glimpse glistening glitter glittering gloss glossy
    glow glowing glows gorgeous graceful gracefully great ground grounded group half handful hand hang hanging has have having here high
    highlight highlighted highlighting highlights highly hint hints hold holding how hue hues idea ideal illuminate illuminated
    illuminates illuminating illumination image imagine impression impressive inspired inspiring into invites it item its itself just
    keep keeping large last layer layered layers lay lead leading left lend lending lends lens lie lies lifestyle light lighting lights
    like lines lit little look looking looks lot lots lovely low luminous lush luxe luxurious luxuriously luxury made magazine magical
    main majestic make makes making many market marketing material materials matte medium merchandise middle minimal minimalism minimalist
    minimalistic modern mood more most mounted much natural naturally nature near nearby neat neatly nestle nestled new nice object objects
    off offer offers offset old on one only open other out outdoor overall own pair paired palette part pattern patterned people perfect
    perfectly perspective photo photograph photographed photographic photography photorealistic picture picturesque piece pieces place
    placed placement places placing plain play plays playing please pleasant plush point polished pop portrait pose posed pose poses
    position positioned positioning pretty presence present presentation presented presenting premium prestige print product products
    professional professionally prominent prominently promotional promotion pristine prop props provide provides providing pure purity
    put quality quiet quietly quite radiance radiant rather ray rays realism realistic really refined reflect reflected reflecting
    reflection reflections reflective reflects relaxed relaxing relaxation render rendered resolution rest resting rests reveal rich right
    rise rising rough round rounded row sale scattered scene scenery scenic scene set sets setting shade shadow shadows shape shaped shapes
    sharply shine shines shining shiny shoot shop shoppers short shot shots should show showcase showcased showcases showcasing shown shows
    shimmer shimmering side sides silky simple simplicity simply single sit sits sitting slight slightly sleek slender slim small smooth
    smoothly so soft softly soften softened softens softness some something soothing sophisticated sophistication space spacious sparkle
    sparkling spilling splash splashes spot spread sprig sprigs sprinkled square staged stand standing stands still story strategically
    stream streaming streams streamlined striking stunning style styled styling stylish subject subtle subtly such suggest suggesting
    suggests surround surrounded surrounding surroundings surrounds sweep sweeping take tall tasteful tastefully texture textured textures
    that their them theme themed then there these they thick thin this those through thoughtful throughout timeless tiny to together top
    touch touches touched towards toward traditional transparent trendy tucked twinkling two three four five six several ultra unique
    understated untouched up upscale use used uses using variety various very vibe vibes vibrancy view viewer visible visual visually
    wash washed washes way well where which whole wide will wispy within wonderful wooden worn wrap wrapped you your young
    angle angles degree degrees upper key card octabox reflector overhead eye level macro crop ratio square catalog tabletop packshot
    filtering overlooking blooming dried potted wedges day days wet beyond ledge pad plate children kids guests family friends summertime springtime behind-the-scenes
    background's high-end state-of-the-art detail-rich best-selling eye-catching hero ideally invite inviting-looking image's mid
    """.split()
)

# How many of a thing: beyond the core, where numbers say nothing.
NUMBERS: dict[int, str] = {
    1: "one|single|a single",
    2: "two|a pair of|pair of|couple of|a couple of|both",
    3: "three|a trio of|trio of",
    4: "four",
    5: "five",
    6: "six|half a dozen",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    12: "twelve|a dozen|dozen",
}

# Words about the picture's quality: every picture is meant to have it.
QUALITY = (
    "4k|8k|hd|uhd|high quality|high resolution|ultra realistic|photorealistic|professional photo|product photo"
    "|advertising photo|best quality|highly detailed|please|our|my|we|i|want|he|she|it|they|her|his|us|some|lots of|elegant product shot|accents of|in the distance|look|feeling|style|styled|burning|burns|hex|overlooking|reflections on the floor"
)

# First words of phrases like "green apples" that say the thing's colour.
PLAIN_COLOURS: dict[str, str] = {
    "white": "white", "pink": "pink", "red": "red", "yellow": "yellow", "green": "green", "blue": "blue",
    "purple": "purple", "brown": "brown", "black": "black", "golden": "gold", "gold": "gold",
}  # fmt: skip
