"""Places, seasons and hours: a row each. A row composes names that exist; it needs no code of its own."""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_rows import PlaceRow

MORE_PLACES: tuple[PlaceRow, ...] = (
    # rooms
    PlaceRow("kitchen|bright kitchen|modern kitchen|rustic kitchen|cosy kitchen|cozy kitchen|home kitchen|farmhouse kitchen table"
             "|kitchen table", {"surface": "oak", "backdrop": "kitchen"}),
    PlaceRow("kitchen counter|kitchen countertop|kitchen island|kitchen worktop|bright kitchen counter|kitchen bench|marble kitchen counter",
             {"surface": "white_marble", "backdrop": "kitchen", "light": "window_light"}),
    PlaceRow("bathroom|spa bathroom|washroom|bathroom counter|bathroom vanity|vanity|bathroom shelf|modern bathroom|luxury bathroom|bright bathroom",
             {"surface": "white_marble", "backdrop": "bathroom"}),
    PlaceRow("spa|wellness|wellness spa|day spa|sauna", {"surface": "oak", "backdrop": "bathroom"}, ("towels", "candles", "pebbles")),
    PlaceRow("living room|lounge|home interior|cosy living room|cozy living room|cosy home|cozy home|apartment|coffee table|living room table"
             "|bright living room|modern living room|scandinavian living room", {"surface": "oak", "backdrop": "living_room", "light": "window_light"}),
    PlaceRow("bedroom|cosy bedroom|cozy bedroom|bright bedroom|bedside table|nightstand|night stand|night table|bedside|hotel bedroom",
             {"surface": "oak", "backdrop": "bedroom"}),
    PlaceRow("office|workspace|home office|study|desk setup|office desk|modern office desk|work desk|home office desk|writing desk|desk",
             {"surface": "oak", "backdrop": "office", "light": "window_light"}, ("laptop", "notebook", "cup")),
    PlaceRow("restaurant table|elegant restaurant table|dinner table|dining table|set table|laid table|candlelight dinner|candle light dinner"
             "|romantic dinner|festive table|festive dinner table", {"surface": "linen", "backdrop": "restaurant", "light": "candlelight"}, ("plate", "wine_glass", "candles")),
    PlaceRow("breakfast table|breakfast|brunch|brunch table", {"surface": "oak", "backdrop": "kitchen", "light": "window_light"}, ("bread", "cup", "eggs", "jar")),
    PlaceRow("bakery|bakery counter|baking|baking scene", {"surface": "oak", "backdrop": "kitchen"}, ("bread", "flour", "rolling_pin")),
    PlaceRow("workout|fitness|training|gym workout", {"surface": "rubber_floor", "backdrop": "gym"}, ("dumbbells",)),
    PlaceRow("yoga|pilates|meditation", {"surface": "parquet", "backdrop": "yoga_studio"}, ("yoga_mat",)),
    # in the open
    PlaceRow("picnic|summer picnic|picnic in the park|garden picnic|picnic scene|picnic in the garden",
             {"surface": "picnic_blanket", "backdrop": "garden", "light": "hard_sun"}, ("basket", "apples", "bread")),
    PlaceRow("by the pool|pool side|poolside|at the pool|next to the pool|beside the pool|pool party scene|by a pool|at the poolside",
             {"surface": "pool_deck", "backdrop": "pool", "light": "hard_sun"}, ("sunglasses", "straw_hat", "cocktail")),
    PlaceRow("garden party|barbecue|bbq|garden table", {"surface": "oak", "backdrop": "garden", "light": "hard_sun"}),
    PlaceRow("forest floor|forest ground", {"surface": "moss", "backdrop": "foliage"}),
    PlaceRow("forest floor in autumn|autumn forest floor covered|forest floor in fall",
             {"surface": "autumn_floor", "backdrop": "autumn_forest", "light": "golden_hour"}),
    PlaceRow("mountain top|mountain summit|summit|high in the mountains|in the mountains|mountain peak|alpine meadow",
             {"surface": "slate", "backdrop": "mountains", "light": "hard_sun"}),
    PlaceRow("ski slope|ski resort|skiing|snowboarding", {"surface": "snow", "backdrop": "mountains", "light": "hard_sun"}),
    PlaceRow("city by day|downtown by day|urban by day", {"surface": "cobbles", "backdrop": "street_day", "light": "hard_sun"}),
    PlaceRow("football pitch|soccer field|football field|stadium|sports field|soccer pitch|football stadium",
             {"surface": "grass", "backdrop": "sky", "light": "hard_sun"}, ("football",)),
    PlaceRow("concert|stage show|party night|disco|club|nightclub scene", {"surface": "glass", "backdrop": "dark", "light": "night_neon"}),
    # seasons
    PlaceRow("christmas|xmas|christmas scene|christmas setting|christmas time|christmas mood|christmas atmosphere|advent|christmas decor"
             "|christmas season|holiday season|festive season|holidays|noel|santa|santa claus|nicholas|merry christmas",
             {"surface": "oak", "backdrop": "christmas_room", "mood": "warm"}, ("pine_cones", "baubles", "gift_boxes")),
    PlaceRow("halloween|halloween scene|halloween party|trick or treat|spooky|creepy|halloween mood",
             {"surface": "slate", "backdrop": "halloween_night", "light": "moonlight"}, ("jack_o_lantern", "candles", "spider_web")),
    PlaceRow("valentine|valentines|valentines day|valentine day|valentines day set|mothers day|valentines scene|wedding|wedding day|anniversary",
             {"surface": "linen", "backdrop": "gradient", "backdrop_colour": "pink", "light": "softbox", "mood": "airy"}, ("hearts", "roses", "petals")),
    PlaceRow("easter|easter table|easter scene|easter sunday|easter brunch|easter decoration|easter decorations|happy easter|easter mood",
             {"surface": "whitewood", "backdrop": "garden", "light": "window_light", "mood": "airy"}, ("painted_eggs", "bunny", "tulips")),
    PlaceRow("black friday|black friday sale|cyber monday|black week|black friday deal|black friday offer|black friday look|black friday sale look",
             {"surface": "black_marble", "backdrop": "dark", "light": "spotlight"}, ("shopping_bags", "balloons", "gift_boxes")),
    PlaceRow("sale|summer sale|winter sale|end of season sale|clearance", {}, ("shopping_bags", "balloons")),
    PlaceRow("new year|new years eve|new years|new year party|silvester", {"surface": "black_marble", "backdrop": "bokeh_city", "light": "night_neon"},
             ("champagne", "confetti", "balloons")),
    PlaceRow("birthday|birthday party|birthday table|kids birthday|birthday scene", {"surface": "whitewood", "backdrop": "kids_room"},
             ("balloons", "cupcakes", "gift_boxes")),
    PlaceRow("back to school|school|classroom|school desk", {"surface": "oak", "backdrop": "kids_room"}, ("pens", "notebook", "books")),
    PlaceRow("thanksgiving|harvest|harvest festival|harvest time|erntedank", {"surface": "oak", "backdrop": "autumn_forest"},
             ("pumpkins", "autumn_leaves", "apples")),
    PlaceRow("spring scene|spring time|springtime|spring day|spring morning", {"surface": "whitewood", "backdrop": "garden", "light": "window_light"}, ("tulips",)),
    PlaceRow("summer scene|summertime|summer time|summer day|summer vacation|summer holiday|summer holidays|vacation|holiday",
             {"surface": "sand", "backdrop": "palm_beach", "light": "hard_sun"}, ("sunglasses", "straw_hat", "cocktail")),
    PlaceRow("autumn|fall season|autumn scene|autumn day|autumn mood|autumn season|in autumn|autumn morning|october|november",
             {"surface": "autumn_floor", "backdrop": "autumn_forest", "light": "golden_hour", "mood": "warm"}, ("pumpkins", "pine_cones")),
    PlaceRow("winter scene|winter day|winter time|wintertime|winter season|in winter|snowy winter|december|january",
             {"surface": "snow", "backdrop": "snow_forest", "light": "overcast", "mood": "cool"}, ("pine_cones",)),
    # hours and shadows
    PlaceRow("by day|at day|during the day|in the daytime", {"light": "hard_sun"}),
    PlaceRow("soft shadow|soft shadows|gentle shadow|gentle shadows|light shadow|subtle shadow|natural shadow|drop shadow|contact shadow", {"light": "softbox"}),
    PlaceRow("in the morning|early morning|late morning", {"light": "window_light"}),
    PlaceRow("at night|by night|late at night|in the night", {"light": "moonlight"}),
    PlaceRow("bright|bright scene|bright and fresh|luminous|brightly lit", {"mood": "airy"}),
)  # fmt: skip

# More phrases for names of the core: field -> name -> words.
MORE_WORDS: dict[str, dict[str, str]] = {
    "prop": {
        "petals": "pink rose petals|red rose petals|white rose petals|rose petals in pink|red petals|pink petals",
        "lemons": "lemon wedge|slice of lemon|sliced lemon|cut lemons|fresh lemon",
        "leaves": "fresh basil|laurel leaves|green foliage sprig|fresh green leaves|lush green leaves",
        "roses": "bouquet of wildflowers|cut flowers|pink rose|red rose|white rose|bunch of flowers|white blossoms",
        "plant": "bamboo plant|bamboo|flower pot|flower pots|potted flowers|green potted plant|zen plant|pot plant|fern in a pot",
        "pine_cones": "fir branch|pine branch|fir sprigs|fir twig|sprig of fir|mistletoe|evergreen twigs",
        "gift_boxes": "christmas presents|wrapped christmas presents|present box|gift wrapped boxes|parcel",
        "shells": "starfishes|sea stars|sea star|conches|mussels|mussel shells",
        "toy_blocks": "wooden building blocks|wooden toy cubes|lego|lego bricks|duplo|wooden toys",
        "fairy_lights": "glowing fairy lights|chain of lights|light chain|christmas lights chain|warm fairy lights",
        "lantern": "wind light|storm lantern|candle lantern",
        "cup": "mug of cocoa|mug of hot chocolate|mug of tea|hot cocoa|cocoa|coffee cup and saucer|coffee mugs",
        "pampas": "dried lavender|lavender bunch|dried flower bouquet|dried bouquet",
    },
    "light": {
        "candlelight": "dim light|dim evening light|dimmed light|dim lighting|lamp light|warm lamp light|light of a lamp|cosy evening light|cozy evening light|light of the fire",
        "softbox": "store lighting|bright store lighting|shop lighting|even studio lighting|white light|clear light",
        "spotlight": "stadium floodlights|floodlights|floodlight|stadium lights|strong spotlight|strong spotlight from above|spotlight from above|dramatic side light|hard spotlight",
        "hard_sun": "bright midday sun|blazing sun|full sun|palm leaf shadows|palm leaf shadow|shadows of palm leaves|leaf shadows|sun light",
        "window_light": "fresh spring light|spring light|bright morning light|clear daylight|bright natural daylight|light from windows",
        "golden_hour": "golden light from behind|last light|golden evening sun|warm evening sun|setting sun light",
        "night_neon": "neon reflections|neon glow at night|pink and blue neon",
        "overcast": "soft morning fog|morning fog|soft fog|light fog|morning mist|soft mist",
    },
    "mood": {
        "airy": "calm zen mood|zen mood|calm|calm and fresh|spring mood|pure and clean|clean and fresh|minimalist|minimalistic|minimal|fresh",
        "moody": "luxury|luxurious|dark and elegant|elegant and dark|noble|opulent|spooky mood",
        "vivid": "fresh summer feeling|summer feeling|summer vibes|summer mood|colourful mood|cheerful mood",
        "warm": "snug|romantic feeling|warm and romantic|christmassy|cosiness|cosy winter mood|warm christmas mood|festive feeling",
        "earthy": "natural look|natural style|country style|farmhouse style|rustic style",
        "cool": "cool and modern|fresh and cool",
    },
    "blur": {"soft": "blurred lights|lights in the background|unsharp background|unsharp|blurry lights"},
    "surface": {
        "white_marble": "white stone|white stone slab|light stone",
        "oak": "kitchen table in wood|light wood table|wooden bench|wooden stool|wooden shelf board|wood plank|rustic table",
        "parquet": "light wooden floor|light wood floor|light wooden floors|light hardwood floor",
        "slate": "rock|flat stone|on a rock|grey rock|rocks surface",
        "snow": "snow on the window sill|thick snow",
        "water": "splashing water|turquoise water surface",
    },
    "backdrop": {"sea": "gentle waves|soft waves|blue waves|sea in the background", "window": "snowy window|window with snow"},
}  # fmt: skip
