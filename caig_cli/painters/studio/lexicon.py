"""What people call the surfaces, backdrops and props of a set.

Every row is ``name: (said, heard)``. *Said* phrases are written by the scene language, with their
article; they are understood without it too. *Heard* phrases are only understood. Phrases are separated
by ``|``; lower case; hyphens are spaces. Longest phrase wins, so "marble wall" never means a marble floor.
"""

from __future__ import annotations

Lexicon = dict[str, tuple[str, str]]

SURFACES: Lexicon = {
    "oak": (
        "an oak table|a weathered oak table|a natural oak tabletop|a light wooden table|a rustic wooden table",
        "oak|oakwood|oak wood|wood|wooden|light wood|natural wood|rustic wood|reclaimed wood|birch|maple|pine"
        "|ash wood|bamboo|wooden surface|wooden boards|wooden planks|timber|solid wood|wood grain|plywood"
        "|wooden counter|wooden desk|wooden countertop|cutting board|wooden tray|wooden board|wood table|wooden crate|crate|wooden pier|wooden dock|boardwalk|chopping board",
    ),
    "walnut": (
        "a walnut table|a dark wooden table|a polished walnut desk|a rich walnut tabletop",
        "walnut|walnut wood|dark wood|mahogany|teak|rosewood|ebony|dark wooden surface|dark oak|dark wood table"
        "|dark wooden desk|brown wooden table|mahogany desk|stained wood|cherry wood|espresso wood",
    ),
    "whitewood": (
        "whitewashed boards|a white wooden table|whitewashed planks|white painted wood",
        "whitewood|white wood|whitewashed wood|white table|white tabletop|white desk|white wooden planks"
        "|white wooden boards|white wooden surface|bleached wood|shabby chic wood|whitewashed table|whitewashed",
    ),
    "parquet": (
        "a parquet floor|a herringbone floor|polished parquet",
        "parquet|hardwood floor|wooden floor|wood floor|herringbone parquet|floorboards|laminate floor"
        "|herringbone|hardwood",
    ),
    "white_marble": (
        "white marble|a marble countertop|a white marble slab|a carrara marble counter",
        "marble|marble table|marble surface|marble slab|carrara|carrara marble|marble counter|marble top"
        "|white marble table|white marble countertop|white marble surface|veined marble|marble tabletop"
        "|calacatta|light marble|marble vanity|marble floor|quartz countertop|quartz|alabaster|marble tray"
        "|kitchen counter|kitchen countertop|kitchen island|bathroom counter|onyx white",
    ),
    "black_marble": (
        "black marble|a black marble slab|a dark marble counter|nero marquina marble",
        "dark marble|black marble table|black marble surface|black marble countertop|nero marquina|onyx"
        "|black granite|granite|granite countertop|black stone|obsidian",
    ),
    "terrazzo": (
        "a terrazzo surface|speckled terrazzo|a terrazzo counter",
        "terrazzo|terrazzo floor|terrazzo table|terrazzo slab|terrazzo countertop|speckled stone",
    ),
    "concrete": (
        "polished concrete|a concrete slab|a raw concrete block|a smooth concrete surface",
        "concrete|cement|concrete floor|concrete table|concrete surface|concrete countertop|cement floor"
        "|asphalt|pavement|industrial concrete|sidewalk|street|microcement|plaster surface",
    ),
    "slate": (
        "a slate slab|dark slate|a slate plate|a rough slate stone",
        "slate|slate surface|slate table|slate board|stone slab|stone surface|stone table|rock surface|stone"
        "|natural stone|basalt|smooth stone surface|smooth stone slab|stone floor|stone countertop|stone counter|slate tile|volcanic stone|stone ledge"
        "|travertine|limestone|sandstone|stone steps|rock slab|flat rock|stone plate|rocky ledge",
    ),
    "linen": (
        "a linen cloth|crumpled linen|a linen tablecloth|soft linen fabric",
        "linen|cotton|fabric|cloth|tablecloth|table cloth|textile|canvas|bed sheets|linen sheets|bedding"
        "|cotton cloth|draped linen|draped fabric|burlap|muslin|bed|linen napkin|cotton sheet|table runner"
        "|gingham cloth|picnic cloth|linen bedding|folded fabric",
    ),
    "velvet": (
        "plush velvet|a velvet cloth|draped velvet",
        "velvet|velvet surface|velvet fabric|silk|satin|silk cloth|satin cloth|draped silk|draped satin"
        "|silk fabric|satin fabric|satin sheet|silk sheet|velvet cushion|velour|velvet drape",
    ),
    "leather": (
        "a leather desk pad|worn leather|a smooth leather surface",
        "leather|leather surface|leather desk|leather mat|suede|leather couch|leather sofa|leather armchair"
        "|leather bench|nubuck",
    ),
    "rug": (
        "a woven rug|a soft rug|a wool carpet",
        "rug|carpet|wool rug|fluffy rug|shaggy rug|knitted blanket|blanket|wool blanket|knit blanket|play mat"
        "|faux fur|sheepskin|fur|woven mat|jute rug|persian rug|woollen blanket|woolen blanket|throw blanket",
    ),
    "sand": (
        "fine sand|soft beach sand|rippled sand|a sand dune",
        "sand|golden sand|white sand|sandy beach|sandy surface|sandy shore|sand dunes|desert sand|sandy"
        "|warm sand|sandy ground|dune|shoreline|seashore",
    ),
    "snow": (
        "fresh snow|powdery snow|a snow covered ledge|glittering snow",
        "snow|white snow|snowy ground|snow covered ground|snowy surface|snowdrift|snowbank|frost|snowy"
        "|packed snow|blanket of snow|snow field|deep snow",
    ),
    "water": (
        "shallow water|a still pool of water|rippling water|a reflective water surface",
        "water|water surface|pool|clear water|puddle|ripples|water ripples|calm water|still water|pond"
        "|splashing water|water splash|water splashes|wet surface|crystal clear water|blue water|swimming pool"
        "|gentle ripples|rippled water",
    ),
    "grass": (
        "a grassy meadow|fresh grass|a green lawn|lush grass",
        "grass|green grass|lawn|grassy field|grassland|turf|field of grass|fresh green grass|meadow|picnic"
        "|lush green grass|astroturf|grassy ground|grassy",
    ),
    "moss": (
        "soft moss|a mossy stone|a bed of moss|a moss covered log",
        "moss|green moss|mossy|mossy log|forest floor|moss covered rock|mossy rock|moss covered stone|mossy ground"
        "|lush moss|tree stump|mossy forest floor|lush green moss|moss carpet",
    ),
    "metal": (
        "brushed metal|a stainless steel counter|a steel plate|a brushed aluminium surface",
        "metal|steel|stainless steel|aluminium|aluminum|chrome|metal surface|metal table|brushed steel|iron"
        "|brushed aluminum|metal plate|metallic surface|metallic|titanium|copper|brass|bronze|steel table"
        "|diamond plate|workbench|metal tray|industrial metal|polished steel|gunmetal|zinc|silver tray|serving tray",
    ),
    "glass": (
        "a glass table|a clear glass shelf|a mirrored surface|frosted glass",
        "glass|glass surface|glass tabletop|mirror|mirror surface|acrylic|acrylic surface|glossy surface"
        "|reflective surface|glossy black surface|transparent acrylic|reflective table|glossy table|plexiglass"
        "|mirrored table|glass counter|glass shelf|crystal surface|reflective floor|glossy floor|lucite",
    ),
    "paper": (
        "a seamless paper sweep|a matte paper surface|a smooth paper sheet",
        "paper|coloured paper|colored paper|paper sweep|cardboard|seamless paper|paper surface|infinity cove"
        "|studio floor|cyclorama|card stock|kraft paper|studio table|seamless sweep|craft paper|matte surface",
    ),
}

BACKDROPS: Lexicon = {
    "plaster": (
        "a plaster wall|a textured plaster wall|a painted wall|a smooth stucco wall",
        "plaster|stucco|plain wall|concrete wall|cement wall|interior wall|limewash wall|venetian plaster"
        "|textured wall|bare wall|minimalist wall|clean wall|stone wall|smooth wall|grey concrete wall|limewash",
    ),
    "brick": (
        "a brick wall|an exposed brick wall|old brickwork|a weathered brick wall",
        "brick|bricks|red brick|red brick wall|exposed brick|brickwork|rustic brick wall|loft wall|loft|industrial loft",
    ),
    "gradient": (
        "a smooth gradient backdrop|a seamless studio backdrop|a plain studio backdrop|a soft gradient",
        "gradient|gradient background|plain background|solid background|studio background|studio backdrop"
        "|solid backdrop|plain backdrop|seamless background|seamless backdrop|paper backdrop|simple background"
        "|simple backdrop|colour gradient|color gradient|gradient backdrop|ombre|abstract background"
        "|smooth gradient background|clean background|minimalist background|seamless studio background|studio",
    ),
    "window": (
        "a tall window|a bright window|a large window with a view|a sunny window",
        "window|windows|window frame|window pane|windowpane|large window|big window|bay window|windowsill"
        "|window sill|french windows|floor to ceiling windows|large windows|rainy window|frosted window",
    ),
    "bokeh_city": (
        "out of focus city lights|a bokeh city skyline|blurred city lights|a glittering night skyline",
        "city|city lights|skyline|city skyline|cityscape|urban skyline|bokeh lights|city bokeh|bokeh city"
        "|city street|urban street|downtown|night city|city at night|urban|bokeh city lights|street lights"
        "|blurred cityscape|urban background|metropolis|skyscrapers|rooftop|night street|blurred street"
        "|twinkling city lights|city night|night skyline|urban landscape|futuristic city",
    ),
    "sky": (
        "an open sky|a clear blue sky|drifting clouds|a wide sky",
        "sky|blue sky|clouds|cloudscape|cloudy sky|fluffy clouds|heaven|white clouds|horizon|summer sky"
        "|pastel sky|clear sky|soft clouds|bright sky|distant horizon|cloud|dreamy clouds",
    ),
    "sea": (
        "the open sea|a calm ocean|rolling ocean waves|a distant blue sea",
        "sea|ocean|waves|blue sea|seaside|coast|sea waves|ocean waves|blue ocean|coastline|ocean horizon|lagoon"
        "|turquoise sea|turquoise water|sea horizon|calm sea|ocean view|sea view|bay|tide|surf|harbour|harbor|lake",
    ),
    "mountains": (
        "distant mountains|a mountain range|misty mountain peaks|alpine peaks",
        "mountains|mountain|alps|hills|peaks|mountain landscape|rolling hills|snowy peaks|snowy mountains|valley"
        "|snow capped mountains|mountain view|rugged mountains|canyon|cliffs|misty mountains|alpine|mountain top"
        "|snowy mountain|mountain peak|snow covered mountains|wilderness|landscape",
    ),
    "curtain": (
        "sheer curtains|a draped curtain|flowing linen curtains|a velvet curtain",
        "curtain|curtains|drapes|linen curtain|drapery|silk drapes|white curtains|velvet drapes|veil|sheer fabric"
        "|satin curtain|silk curtain|stage curtain|silk curtains|flowing drapes|draped backdrop|tulle|fabric backdrop"
        "|sheer curtain|billowing curtains|velvet curtains|draped fabric backdrop|linen backdrop",
    ),
    "foliage": (
        "lush foliage|dense green foliage|a leafy garden|a sunlit forest",
        "foliage|greenery|forest|garden|trees|jungle|woods|woodland|green leaves background|lush greenery|leafy"
        "|tropical forest|rainforest|hedge|bushes|tropical foliage|park|green foliage|botanical garden|orchard"
        "|blooming garden|vineyard|green garden|lush garden|lush forest|leafy background|leafy backdrop|nature"
        "|flower garden|pine forest|tree|shrubs|backyard|campsite|treetops|autumn forest|leaf wall",
    ),
    "tiles": (
        "a tiled wall|glazed tiles|white ceramic tiles|a mosaic tile wall",
        "tiles|tile|tiled|subway tiles|subway tile|tile wall|mosaic|mosaic tiles|ceramic tiles|zellige tiles"
        "|marble wall|kitchen tiles|bathroom tiles|marble tiles|glossy tiles|backsplash|zellige|marble backdrop"
        "|white tiles|tile backsplash|white subway tiles|white tile wall|marble background",
    ),
    "wood_panel": (
        "a wood panelled wall|a wooden wall|wooden slats|dark wood panelling",
        "wood panel|wood panels|wood panelling|wood paneling|wooden panel|wooden panels|panelled wall|paneled wall"
        "|wood paneled wall|wooden backdrop|wooden background|slatted wall|oak panelling|wood wall|timber wall"
        "|barn wood|cabin wall|log wall|wood backdrop|wood background|wooden panelling|cabin|barn|wooden fence"
        "|walnut panelling|wooden door|slat wall|plank wall|wooden plank wall",
    ),
    "shelves": (
        "a wall of shelves|wooden shelves|a tidy bookshelf|open shelving",
        "shelves|shelf|bookshelf|bookshelves|bookcase|shelving|library|wooden shelf|library shelves|cupboard"
        "|shelving unit|store shelves|pantry shelves|display shelves|book shelves|cabinet|pantry",
    ),
    "dark": (
        "a dark backdrop|a black backdrop|deep shadow|a pitch dark background",
        "darkness|dark background|black background|dark studio|blackness|dark wall|black wall"
        "|dark studio backdrop|dark studio background|deep black background|moody dark background|deep shadows"
        "|charcoal backdrop|charcoal background|black void|dark gradient|shadowy background|dark room|black studio",
    ),
}
