"""What people call the props, in the form of :mod:`lexicon`: ``name: (said, heard)``."""

from __future__ import annotations

from caig_cli.painters.studio.lexicon import Lexicon

PROPS: Lexicon = {
    "pebbles": (
        "smooth pebbles|a few pebbles|river stones|a stack of pebbles",
        "pebbles|stones|zen stones|small stones|gravel|smooth stones|stacked stones|smooth river stones|river rocks"
        "|balanced stones|polished stones|hot stones|spa stones|pebble stones|small rocks",
    ),
    "boulders": (
        "rugged boulders|large rocks|a rough boulder",
        "boulders|rocks|boulder|big rocks|rock formation|rock formations|big stones|rugged rocks|large stones"
        "|stone blocks|jagged rocks|rocky terrain|natural rocks|rocky outcrop|rock|rocky",
    ),
    "vase": (
        "a ceramic vase|a slender vase|a small vase",
        "vase|vases|glass vase|porcelain vase|clay vase|urn|pottery|ceramic pot|earthenware|white vase|ceramics"
        "|ceramic vases|pitcher|jug|amphora|white ceramic vase|pottery vase|terracotta pot",
    ),
    "candles": (
        "lit candles|a few candles|pillar candles|a flickering candle",
        "candles|candle|burning candle|burning candles|candlesticks|tea lights|tealights|candle holders|white candles"
        "|glowing candles|flickering candles|scented candle|votives|candelabra|small candles|votive candles",
    ),
    "books": (
        "a stack of books|old books|a few books|a pile of books",
        "books|book|stacked books|vintage books|open book|notebook|notebooks|magazines|stack of old books|novels"
        "|magazine|journal|journals|leather bound books|textbooks",
    ),
    "cup": (
        "a cup of coffee|a ceramic cup|a steaming cup|a coffee cup",
        "cup|cups|mug|coffee mug|cup of tea|teacup|steaming mug|tea cup|coffee|tea|espresso|espresso cup|latte"
        "|cappuccino|mug of coffee|steaming cup of coffee|steaming coffee|steaming cup of tea|hot chocolate|saucer"
        "|cup of hot coffee|cup and saucer|cup of cocoa",
    ),
    "lemons": (
        "fresh lemons|sliced lemons|a few lemons|lemon slices",
        "lemons|lemon|limes|lime slices|lemon halves|citrus|citrus fruit|citrus slices|citrus fruits|yellow lemons"
        "|lime|slices of lemon|halved lemons|lemon wedges|citrus halves",
    ),
    "oranges": (
        "fresh oranges|sliced oranges|juicy oranges|orange slices",
        "oranges|orange halves|tangerines|mandarins|grapefruit|slices of orange|grapefruits|clementines|tangerine"
        "|orange fruit|orange fruits|halved oranges|orange segments|orange wedges|fresh orange|peaches|apricots",
    ),
    "apples": (
        "red apples|crisp apples|a few apples",
        "apples|apple|green apples|fresh apples|pears|fruit|fruits|fresh fruit|fresh fruits|ripe apples|pear"
        "|bowl of fruit|apple slices|fruit bowl|pomegranate|pomegranates|seasonal fruit",
    ),
    "berries": (
        "fresh berries|scattered berries|ripe strawberries|a handful of berries",
        "berries|berry|strawberries|blueberries|raspberries|strawberry|cherries|blackberries|grapes|cranberries"
        "|blueberry|raspberry|mixed berries|cherry|red berries|ripe berries|currants",
    ),
    "roses": (
        "fresh roses|a bouquet of roses|blooming roses|delicate flowers",
        "roses|rose|flowers|flower|blossoms|blossom|bouquet|peonies|tulips|blooms|wildflowers|floral|daisies|bouquets"
        "|red roses|pink roses|white roses|floral arrangement|fresh flowers|bouquet of flowers|blooming flowers|orchids"
        "|orchid|cherry blossoms|white flowers|pink flowers|spring flowers|bouquet of fresh flowers|peony|daisy|tulip"
        "|flower arrangement|flowering branches|florals|cherry blossom|pink peonies|carnations|flowering",
    ),
    "petals": (
        "scattered petals|rose petals|soft flower petals",
        "petals|petal|scattered rose petals|flower petals|floating petals|falling petals|floating rose petals|confetti"
        "|pink petals|red petals|white petals|cherry blossom petals",
    ),
    "leaves": (
        "fresh green leaves|scattered leaves|eucalyptus leaves|leafy branches",
        "leaves|leaf|green leaves|autumn leaves|eucalyptus|olive branch|olive branches|fallen leaves|herbs|mint leaves"
        "|eucalyptus branches|foliage sprigs|ivy|fern|ferns|fresh leaves|tea leaves|olive leaves|rosemary|fresh herbs"
        "|sprigs of eucalyptus|eucalyptus sprigs|branches|twigs|basil|botanicals|leafy sprigs|greenery sprigs|maple leaves"
        "|fresh mint|sprigs of greenery|dry leaves|vines|laurel|aloe|aloe vera|botanical elements",
    ),
    "monstera": (
        "monstera leaves|tropical leaves|a big monstera leaf",
        "monstera|palm leaves|palm leaf|palm fronds|palm|banana leaves|tropical leaf|tropical plants|tropical greenery"
        "|large tropical leaves|palms|palm trees|green tropical leaves|banana leaf|lush tropical leaves|tropical",
    ),
    "pampas": (
        "dried pampas|sprigs of dried pampas|pampas grass|pampas stems",
        "pampas|dried grass|dried grasses|dried flowers|dry grass|dried pampas grass|wheat|dried stems|bunny tails|reeds"
        "|ears of wheat|wheat stalks|feathery grass|wheat ears|dried botanicals|dried flower|dried reeds",
    ),
    "shells": (
        "scattered seashells|a few seashells|pearly shells",
        "shells|seashells|shell|seashell|conch|starfish|sea shells|scallop shells|coral|pearls|oyster shells|corals|conch shell",
    ),
    "driftwood": (
        "a piece of driftwood|weathered driftwood|a bare driftwood branch",
        "driftwood|driftwood branch|log|logs|firewood|wood log|bark|weathered branch|branch|wooden log|tree bark|wood logs"
        "|bare branch|wooden logs",
    ),
    "gift_boxes": (
        "wrapped gift boxes|a pile of gift boxes|wrapped presents",
        "gift boxes|gift box|gifts|gift|presents|present|wrapped gifts|boxes|wrapped boxes|parcels|christmas gifts"
        "|christmas presents|birthday gifts|wrapped gift|packages|shopping bags",
    ),
    "ribbons": (
        "satin ribbons|curled ribbons|a silk ribbon",
        "ribbons|ribbon|bows|bow|silk ribbons|satin ribbon|streamers|flowing ribbon|flowing ribbons|satin bow|velvet ribbon",
    ),
    "glass_spheres": (
        "glass spheres|clear glass orbs|crystal balls",
        "spheres|sphere|glass balls|orbs|bubbles|crystal spheres|crystal ball|glass sphere|glass orbs|marbles|baubles|crystals"
        "|floating spheres|glass ornaments|christmas baubles|ornaments|floating bubbles|crystal|glass beads|soap bubbles|orb"
        "|balls|geometric spheres|christmas ornaments",
    ),
    "podium": (
        "a round podium|a cylindrical podium|a low pedestal",
        "podium|pedestal|podiums|pedestals|plinth|display stand|platform|stage|round pedestal|geometric podium|round platform"
        "|display podium|dais|riser|circular podium|circular platform|display platform|geometric shapes|cylindrical pedestal"
        "|stone pedestal|stone podium|marble podium|marble pedestal|white podium|white pedestal|wooden podium|cylinder"
        "|geometric platforms|stepped podium|cylinders|display pedestal|raised platform|tiered podium",
    ),
    "arch": (
        "a plaster arch|a curved archway|a rounded arch",
        "arch|archway|arches|alcove|doorway|curved arch|arched doorway|niche|arched frame|arched backdrop|arched niche",
    ),
    "pine_cones": (
        "pine cones|fir branches with cones|scattered pinecones",
        "pinecones|pine cone|pinecone|fir branches|pine branches|pine needles|christmas tree branches|evergreen branches"
        "|fir twigs|spruce branches|pine twigs|evergreen|christmas tree|christmas decorations|fir|holly|acorns|pine sprigs",
    ),
    "ice_cubes": (
        "clear ice cubes|melting ice|crushed ice",
        "ice|ice cubes|ice cube|ice blocks|ice chunks|frozen ice|ice shards|ice crystals|icicles|chunks of ice|blocks of ice|bed of ice|bed of crushed ice",
    ),
    "coffee_beans": (
        "roasted coffee beans|scattered coffee beans|coffee beans",
        "coffee bean|beans|cocoa beans|cacao beans|roasted beans|cacao|coffee grounds",
    ),
    "cinnamon": (
        "cinnamon sticks|sticks of cinnamon|a bundle of cinnamon",
        "cinnamon|cinnamon stick|spices|star anise|anise|vanilla pods|vanilla|cloves|spice|aromatic spices|cardamom",
    ),
    "towels": (
        "folded towels|a stack of soft towels|rolled towels",
        "towels|towel|fluffy towels|white towels|bath towels|cotton towels|rolled towel|folded towel|stack of towels|washcloths"
        "|bath towel|folded white towels",
    ),
    "lantern": (
        "a glowing lantern|a metal lantern|an old lantern",
        "lantern|lanterns|paper lantern|paper lanterns|lamp|oil lamp|camping lantern|hurricane lamp|rattan lantern|desk lamp"
        "|table lamp|vintage lantern|vintage lamp|lamps",
    ),
    "balloons": (
        "floating balloons|party balloons|glossy balloons",
        "balloons|balloon|colourful balloons|colorful balloons|party decorations|birthday balloons|helium balloons|party",
    ),
    "toy_blocks": (
        "wooden toy blocks|colourful toy blocks|toy building blocks",
        "toy blocks|blocks|building blocks|wooden blocks|toys|toy|cubes|wooden toys|kids toys|colourful blocks|colorful blocks|toy block"
        "|children's toys|geometric blocks|wooden cubes|stuffed animals|teddy bear|alphabet blocks|plush toys|soft toys",
    ),
    "plant": (
        "a potted plant|a small green plant|a leafy houseplant",
        "plant|plants|houseplant|succulent|succulents|house plant|potted plants|cactus|indoor plant|green plant|green plants"
        "|houseplants|indoor plants|cacti|bonsai|small plants|small plant|lush plants|leafy plant|potted succulent|potted fern"
        "|hanging plants|leafy plants|fiddle leaf fig|snake plant|shrub",
    ),
    "fairy_lights": (
        "twinkling fairy lights|a string of fairy lights|warm string lights",
        "fairy lights|string lights|christmas lights|twinkle lights|twinkling lights|led lights|garland|garlands|garland lights"
        "|sparkling lights|holiday lights|string of lights|strings of lights|festive lights|light strings",
    ),
}
