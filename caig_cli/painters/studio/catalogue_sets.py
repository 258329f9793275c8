"""Surfaces, backdrops and lights beyond the core's: a row each."""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_rows import BackdropRow, Lamp, Light, LightRow, SurfaceRow

# What is in sight of a backdrop besides itself: naming it too contradicts nothing.
SHOWS: dict[str, frozenset[str]] = {
    name: frozenset(others.split())
    for name, others in {
        "sea": "sky water sand",
        "mountains": "sky foliage snow",
        "window": "foliage curtain sky",
        "foliage": "sky garden grass",
        "bokeh_city": "street_night sky",
        "shelves": "plaster",
        "kitchen": "window shelves tiles wood_panel",
        "bathroom": "tiles window",
        "living_room": "fireplace plaster window shelves rug",
        "fireplace": "living_room plaster shelves brick",
        "bedroom": "curtain plaster window bedding",
        "kids_room": "plaster shelves rug",
        "office": "window shelves plaster",
        "restaurant": "wood_panel bokeh_city",
        "gym": "plaster rubber_floor",
        "yoga_studio": "window plaster parquet",
        "workshop": "brick shelves",
        "shop": "shelves",
        "christmas_room": "fireplace living_room plaster",
        "cabin": "window wood_panel curtain snow",
        "garden": "foliage sky grass",
        "pool": "palm_beach sky water foliage",
        "palm_beach": "sea sky water sand foliage",
        "autumn_forest": "foliage autumn_floor moss",
        "snow_forest": "foliage snow mountains sky",
        "street_day": "bokeh_city sky concrete asphalt cobbles",
        "street_night": "bokeh_city wet_asphalt street_day sky",
        "halloween_night": "foliage sky overcast moonlight dark",
    }.items()
}

MORE_SURFACES: dict[str, SurfaceRow] = {
    "bedding": SurfaceRow(
        "cloth", "cotton",
        "bed|white bed|bed sheets|bed sheet|white bed sheets|bed linen|bedding|white bedding|white sheets|duvet"
        "|bedspread|mattress|unmade bed|crisp white sheets|crisp sheets|crisp bedding|crisp white bedding|crumpled sheets|crumpled white sheets|linen bedding|soft bed",
        "bedroom", 1.0, 0.6, ground=True, mounds=0.07,
    ),
    "picnic_blanket": SurfaceRow(
        "cloth", "checks",
        "picnic blanket|checkered blanket|red checkered blanket|checkered cloth|checked blanket|picnic cloth|gingham"
        "|gingham cloth|gingham tablecloth|checkered tablecloth|red checkered tablecloth|checked tablecloth"
        "|red and white checkered blanket|plaid blanket|tartan blanket|picnic rug",
        "garden", 1.0, 0.6, ground=True, mounds=0.03,
    ),
    "rubber_floor": SurfaceRow(
        "coated", "rubber",
        "gym floor|rubber floor|black rubber floor|gym flooring|dark gym floor|rubber mat|fitness floor", "gym",
        0.5, 0.6, ground=True,
    ),
    "asphalt": SurfaceRow(
        "coated", "asphalt", "asphalt|road|tarmac|dry asphalt|parking lot|pavement|sidewalk", "street_day", 0.5, 0.8,
        ground=True,
    ),
    "wet_asphalt": SurfaceRow(
        "coated", "asphalt",
        "wet asphalt|wet street|wet road|wet pavement|rain soaked street|rainy street|wet ground", "street_night", 0.015,
        0.15, ground=True,
    ),
    "cobbles": SurfaceRow(
        "coated", "cobbles",
        "cobblestone|cobblestones|cobbled street|cobbles|paving stones|paved street|paving|cobblestone street",
        "street_day", 0.4, 1.0, ground=True,
    ),
    "autumn_floor": SurfaceRow(
        "matte", "soil",
        "autumn forest floor|autumn ground|leaf covered ground|leaf litter|bed of leaves"
        "|carpet of leaves|ground covered with leaves|leafy ground|forest floor covered with leaves|soil|earth ground"
        "|autumn leaves on the ground",
        "autumn_forest", relief=1.0, ground=True, mounds=0.03, strewn="outdoors.strewn_leaves",
    ),
    "workbench": SurfaceRow(
        "coated", "bench",
        "workbench|work bench|workshop bench|workshop table|carpenters bench|carpenter bench|worn wooden table|scratched wood"
        "|old workbench|tool bench",
        "workshop", 0.45, 0.8,
    ),
    "pool_deck": SurfaceRow(
        "coated", "concrete",
        "pool deck|pool edge|edge of the pool|edge of a pool|poolside tiles|pool terrace|pool floor",
        "pool", 0.35, 0.6,
    ),
}  # fmt: skip

MORE_BACKDROPS: dict[str, BackdropRow] = {
    "packshot": BackdropRow(
        "white.cove", "packshot|pack shot|pure white background|pure white backdrop|isolated on white|cut out on white"
        "|cutout on white|isolated on pure white|isolated on a white background|marketplace main image"
        "|amazon main image|main product image|catalog shot on white", "paper", "softbox", 150, False, "none",
    ),
    "kitchen": BackdropRow(
        "rooms.room", "kitchen background|blurred kitchen|kitchen cabinets|kitchen interior|kitchen scene|kitchen wall"
        "|kitchen shelf|kitchen shelves|farmhouse kitchen", "oak", "window_light", 260,
    ),
    "bathroom": BackdropRow(
        "rooms.room", "bathroom background|blurred bathroom|bathroom interior|bathtub|bath tub|bath|washbasin|wash basin"
        "|sink|bathroom sink|basin|shower", "white_marble", "window_light", 240,
    ),
    "living_room": BackdropRow(
        "rooms.room", "sofa|couch|grey sofa|gray sofa|armchair|living room background|blurred living room|settee"
        "|living room interior|cosy sofa|cozy sofa", "oak", "window_light", 300,
    ),
    "fireplace": BackdropRow(
        "rooms.room", "fireplace|burning fireplace|open fire|cosy fireplace|cozy fireplace|fireplace burning|chimney"
        "|crackling fire|crackling fireplace|hearth|fireside|glow of a fireplace|mantelpiece|warm fireplace", "oak",
        "candlelight", 300,
    ),
    "bedroom": BackdropRow(
        "rooms.room", "headboard|bedroom background|blurred bedroom|bedroom interior|hotel room", "oak", "window_light", 240,
    ),
    "kids_room": BackdropRow(
        "rooms.room", "kids room|childrens room|children room|nursery|playroom|kids bedroom|baby room|child room"
        "|kindergarten|toy shelf|play room", "oak", "window_light", 280,
    ),
    "office": BackdropRow(
        "rooms.room", "office background|blurred office|office interior|modern office|co working space|coworking space"
        "|workplace|open plan office", "oak", "window_light", 300,
    ),
    "restaurant": BackdropRow(
        "rooms.room", "restaurant|restaurant background|blurred restaurant|restaurant interior|elegant restaurant|dining room"
        "|fine dining|fine dining restaurant|bistro|brasserie|trattoria|bar|cocktail bar|cafe|coffee shop|coffeehouse"
        "|pub|hotel bar", "walnut", "candlelight", 420,
    ),
    "gym": BackdropRow(
        "rooms.room", "gym|gym background|blurred gym|fitness studio|fitness room|weight room|gym interior|fitness center"
        "|fitness centre|crossfit box", "rubber_floor", "window_light", 300,
    ),
    "yoga_studio": BackdropRow(
        "rooms.room", "yoga studio|yoga room|pilates studio|meditation room|dance studio|big windows|large bright windows",
        "parquet", "window_light", 300,
    ),
    "workshop": BackdropRow(
        "rooms.room", "workshop|workshop wall|carpentry|carpenters workshop|garage|woodshop|tool wall|pegboard"
        "|workshop background|craft room|tool shed", "workbench", "window_light", 240,
    ),
    "shop": BackdropRow(
        "rooms.room", "supermarket|supermarket shelf|supermarket shelves|store shelf|store shelves|shop shelf|shop shelves"
        "|grocery store|grocery shelf|retail shelf|retail store|pharmacy|pharmacy shelf|drugstore|shop|store|boutique"
        "|shelf in a shop|supermarket aisle|shelf full of boxes", "whitewood", "softbox", 200,
    ),
    "christmas_room": BackdropRow(
        "rooms.room", "christmas living room|christmas interior|living room with a christmas tree|christmas morning"
        "|christmas eve|room with a christmas tree|under the christmas tree", "oak", "candlelight", 320, False, "strong",
    ),
    "cabin": BackdropRow(
        "rooms.room", "winter cabin|log cabin|wooden cabin|mountain hut|ski lodge|cosy cabin|cozy cabin|chalet|lodge",
        "oak", "window_light", 220,
    ),
    "garden": BackdropRow(
        "outdoors.ground", "garden|sunny garden|flower garden|backyard|garden fence|cottage garden|summer garden"
        "|spring garden|garden background|balcony|terrace|patio|sunny balcony|sunny terrace", "oak", "hard_sun", 300, True,
    ),
    "pool": BackdropRow(
        "outdoors.ground", "swimming pool background|pool background|pool in the background|hotel pool|resort|infinity pool"
        "|pool with palm trees|blurred pool|pool party", "pool_deck", "hard_sun", 1300, True,
    ),
    "palm_beach": BackdropRow(
        "outdoors.ground", "tropical beach|palm beach|beach with palm trees|palm trees|palm tree|palms|palm tree beach"
        "|tropical island|caribbean beach|caribbean|beach bar|hawaii|maldives|tropical paradise", "sand", "hard_sun", 1700, True, shore_cm=260,
    ),
    "autumn_forest": BackdropRow(
        "outdoors.ground", "autumn forest|autumn woods|fall forest|autumn trees|autumn park|autumn landscape|autumn woodland"
        "|autumn garden|fall trees|autumn background|indian summer", "autumn_floor", "golden_hour", 500, True,
    ),
    "snow_forest": BackdropRow(
        "outdoors.ground", "snowy forest|winter forest|snow covered trees|snowy trees|winter landscape|snowy landscape"
        "|snowy pine forest|winter woods|snow covered forest|snowy woods|winter wonderland|snow covered fir trees"
        "|snowy fir trees", "snow", "overcast", 500, True,
    ),
    "street_day": BackdropRow(
        "outdoors.ground", "city street by day|busy city street|shopping street|street scene|city street in daylight|old town"
        "|sunny street|city street|urban street|blurred street|blurred city street|blurred buildings|street|alley|avenue"
        "|promenade|market square|paris street|new york street", "cobbles", "hard_sun", 700, True,
    ),
    "street_night": BackdropRow(
        "outdoors.ground", "city street at night|street at night|night street|neon street|rainy street at night|tokyo street"
        "|night city street|neon signs|neon sign|glowing neon signs|city street by night|street by night|alley at night"
        "|times square|car lights|blurred car lights", "wet_asphalt", "night_neon", 700, True,
    ),
    "halloween_night": BackdropRow(
        "outdoors.ground", "halloween night|spooky night|haunted forest|spooky forest|graveyard|cemetery|haunted house"
        "|full moon night|spooky halloween night|dark spooky forest|spooky background", "slate", "moonlight", 420, True,
    ),
}  # fmt: skip

MORE_LIGHTS: dict[str, LightRow] = {
    "blue_hour": LightRow(
        "blue hour|the blue hour|blue hour light|blue twilight|blue dusk|deep blue twilight|light of the blue hour",
        Light(
            (Lamp(-72, 30, 0.34, (1.0, 0.80, 0.58), 20, 2.2), Lamp(96, 34, 0.22, (0.52, 0.70, 1.0), 40)),
            0.24, (0.46, 0.62, 1.0), (0.62, 0.66, 0.9), "night", 0.5, near=0.7, fill=0.06,
        ), "bokeh_city", "cool",
    ),
}  # fmt: skip
