"""Things that stand beside the product, beyond the core's: a row each."""

from __future__ import annotations

from caig_cli.painters.studio.catalogue_rows import PropRow

# Core names of which prompts may say how many, and what builds a single one.
COUNTED: dict[str, str] = {
    "vase": "pots.vase", "candles": "glow.candle", "books": "home.book", "cup": "kitchen.cup",
    "lemons": "fruit.lemon", "oranges": "fruit.orange", "apples": "fruit.apple", "roses": "flowers.rose",
    "gift_boxes": "party.gift", "lantern": "glow.lantern", "balloons": "party.balloon", "plant": "pots.plant",
}  # fmt: skip

MORE_PROPS: dict[str, PropRow] = {
    "plate": PropRow(
        "tableware.plate", 2.4, 19.9, "beside",
        "plate|plates|dinner plate|dinner plates|white plate|porcelain plate|plate with cutlery|"
        "cutlery|knife and fork|fork|forks|dishes|dinnerware|silverware",
        one="tableware.one_plate",
    ),
    "wine_glass": PropRow(
        "tableware.wine_glass", 21.5, 9.4, "beside",
        "wine glass|wine glasses|glass of wine|glasses of wine|red wine|glass of red wine|goblet|wine",
        one="tableware.one_wine_glass",
    ),
    "water_glass": PropRow(
        "tableware.water_glass", 10.9, 3.8, "beside",
        "glass of water|glasses of water|water glass|drinking glass|drinking glasses|tumbler|"
        "glass of milk|milk glass",
        one="tableware.water_glass",
    ),
    "champagne": PropRow(
        "tableware.champagne", 23.2, 7.1, "beside",
        "champagne glass|champagne glasses|champagne flute|champagne flutes|glass of champagne|"
        "glasses of champagne|prosecco|sparkling wine|sekt",
        one="tableware.one_flute",
    ),
    "cocktail": PropRow(
        "tableware.cocktail", 18.7, 4.3, "beside",
        "cocktail|cocktails|cocktail glass|cocktail glasses|long drink|summer drink|iced drink|"
        "cold drink|lemonade|glass of lemonade|iced tea|glass of juice|juice|smoothie",
        one="tableware.cocktail",
    ),
    "wine_bottle": PropRow(
        "tableware.wine_bottle", 31.6, 4, "behind",
        "wine bottle|wine bottles|bottle of wine|bottles of wine|champagne bottle|bottle of champagne",
        one="tableware.wine_bottle",
    ),
    "bowl": PropRow(
        "tableware.bowl", 6.8, 7.9, "beside",
        "bowl|bowls|ceramic bowl|mixing bowl|mixing bowls|salad bowl|wooden bowl|white bowl",
        one="tableware.bowl",
    ),
    "cutting_board": PropRow(
        "tableware.cutting_board", 3.4, 21.5, "beside",
        "cutting board|chopping board|wooden cutting board|wooden chopping board|bread board|"
        "kitchen knife|knife|knives|chef knife|serving board",
    ),
    "teapot": PropRow(
        "tableware.teapot", 13.9, 12.1, "beside",
        "teapot|tea pot|kettle|tea kettle|porcelain teapot",
        one="tableware.teapot",
    ),
    "pan": PropRow(
        "tableware.pan", 16.5, 14.4, "behind",
        "pot and lid|cooking pot|cooking pots|saucepan|pots and pans|pan|pans|frying pan|cookware|"
        "casserole|dutch oven",
        one="tableware.pan",
    ),
    "rolling_pin": PropRow(
        "tableware.rolling_pin", 5.7, 20.7, "beside",
        "rolling pin|rolling pins|wooden rolling pin",
    ),
    "flour": PropRow(
        "tableware.flour", 4.1, 15.8, "front_low",
        "flour|dusting of flour|sprinkled flour|scattered flour|sugar|powdered sugar|icing sugar|"
        "baking powder|dough",
    ),
    "jar": PropRow(
        "tableware.jar", 11, 11.4, "beside",
        "honey|jar of honey|honey jar|jar|jars|jam|jar of jam|honey dipper|preserves|mason jar|"
        "syrup|maple syrup",
        one="tableware.jar",
    ),
    "kitchen_towel": PropRow(
        "tableware.kitchen_towel", 1.5, 16.5, "beside",
        "kitchen towel|kitchen towels|dish towel|dish cloth|dishcloth|tea towel|tea towels|"
        "striped kitchen towel|striped towel|linen towel|napkin|napkins|cloth napkin",
    ),
    "bread": PropRow(
        "food.bread", 8, 13.4, "beside",
        "bread|loaf|loaf of bread|loaves of bread|baguette|baguettes|sourdough|sourdough bread|"
        "bread slices|slices of bread|toast|croissant|croissants|pastries|pastry",
    ),
    "cheese": PropRow(
        "food.cheese", 6.3, 9.6, "beside",
        "cheese|wedge of cheese|cheese board|parmesan|cheese platter",
    ),
    "eggs": PropRow(
        "food.eggs", 4.7, 10.5, "beside",
        "eggs|egg|brown eggs|fresh eggs|white eggs|chicken eggs",
        one="food.egg",
    ),
    "tomatoes": PropRow(
        "food.tomatoes", 6.9, 16.7, "beside",
        "tomatoes|tomato|cherry tomatoes|red tomatoes|vegetables|fresh vegetables|peppers|"
        "ripe tomatoes",
        one="food.tomato",
    ),
    "bananas": PropRow(
        "food.bananas", 9.1, 11.2, "beside",
        "bananas|banana|bunch of bananas|ripe bananas",
    ),
    "limes": PropRow(
        "fruit.limes", 5.6, 12.8, "beside",
        "limes|lime|sliced limes|lime slices|lime wedges|fresh limes|lime halves",
        one="fruit.lime",
    ),
    "pears": PropRow(
        "food.pears", 11.2, 14.3, "beside",
        "pears|pear|green pears|ripe pears|fresh pears",
        one="food.pear",
    ),
    "chocolates": PropRow(
        "food.chocolates", 13.8, 14.7, "beside",
        "chocolates|box of chocolates|chocolate box|pralines|chocolate|chocolate pieces|truffles|"
        "sweets|chocolate truffles|dark chocolate",
    ),
    "cupcakes": PropRow(
        "food.cupcakes", 8.8, 15.5, "beside",
        "cupcakes|cupcake|muffins|muffin|cake|birthday cake|cakes|macarons|desserts|dessert|"
        "cookies|biscuits",
        one="food.cupcake",
    ),
    "basket": PropRow(
        "food.basket", 28.9, 22, "behind",
        "basket of apples|picnic basket|basket|wicker basket|baskets|picnic hamper|hamper|"
        "woven basket|rattan basket",
    ),
    "mushrooms": PropRow(
        "food.mushrooms", 8.1, 6.5, "front_low",
        "mushrooms|mushroom|forest mushrooms|wild mushrooms|toadstools|porcini",
    ),
    "laptop": PropRow(
        "desk.laptop", 21.8, 21.8, "behind",
        "laptop|laptops|open laptop|notebook computer|computer|macbook|laptop computer|monitor|"
        "keyboard",
        one="desk.laptop",
    ),
    "notebook": PropRow(
        "desk.notebook", 3, 13.2, "beside",
        "notebook|notebooks|notepad|notepads|diary|planner|journal|journals|sketchbook|"
        "bullet journal|agenda",
        one="desk.notebook",
    ),
    "pens": PropRow(
        "desk.pens", 17, 4.4, "beside",
        "pen|pens|pencil|pencils|pencil cup|pen holder|ballpoint pen|stationery|office supplies|"
        "school supplies|coloured pencils|colored pencils|brushes|fountain pen",
    ),
    "sunglasses": PropRow(
        "desk.sunglasses", 5.4, 9.7, "front_low",
        "a pair of sunglasses|sunglasses|pair of sunglasses|eyeglasses|reading glasses|spectacles|"
        "pair of glasses",
        one="desk.sunglasses",
    ),
    "headphones": PropRow(
        "desk.headphones", 18.1, 9.9, "beside",
        "a pair of headphones|headphones|headphone|headset|pair of headphones|earphones",
        one="desk.headphones",
    ),
    "phone": PropRow(
        "desk.phone", 0.9, 8.6, "front_low",
        "phone|phones|smartphone|smartphones|mobile phone|telephone|cell phone|iphone|tablet",
        one="desk.phone",
    ),
    "table_lamp": PropRow(
        "desk.table_lamp", 38.3, 10.9, "behind",
        "lamp|lamps|table lamp|bedside lamp|desk lamp|night lamp|reading lamp|lampshade|"
        "standing lamp|floor lamp",
        one="desk.table_lamp",
    ),
    "alarm_clock": PropRow(
        "desk.alarm_clock", 14.6, 6.1, "beside",
        "alarm clock|clock|clocks|table clock|vintage clock|retro clock",
        one="desk.alarm_clock",
    ),
    "picture_frame": PropRow(
        "desk.picture_frame", 24.7, 9.7, "behind",
        "picture frame|picture frames|photo frame|photo frames|framed picture|framed pictures|"
        "framed print|framed photo|painting|art print",
        one="desk.picture_frame",
    ),
    "open_book": PropRow(
        "desk.open_book", 2.3, 18.5, "beside",
        "open book|opened book|book lying open|open notebook|recipe book|cookbook",
        one="desk.open_book",
    ),
    "scissors": PropRow(
        "desk.scissors", 1.2, 10.7, "front_low",
        "a pair of scissors|scissors|pair of scissors|shears|sewing scissors",
        one="desk.scissors",
    ),
    "cushions": PropRow(
        "comfort.cushions", 42, 27.6, "behind",
        "cushions|cushion|pillows|pillow|throw pillows|throw pillow|soft pillows|fluffy pillows|"
        "decorative pillows",
        one="comfort.cushion",
    ),
    "blanket": PropRow(
        "comfort.blanket", 8.3, 22.2, "beside",
        "folded blanket|knitted throw|knitted blanket|knit blanket|folded throw|woollen throw|"
        "cozy blanket|cosy blanket|throw|throws|chunky knit blanket|folded knitwear|sweater|"
        "folded sweater|knitted sweater",
    ),
    "scarf": PropRow(
        "comfort.scarf", 2.6, 20.1, "front_low",
        "scarf|scarves|knitted scarf|wool scarf|woollen scarf|shawl|knitted mittens|gloves",
    ),
    "teddy_bear": PropRow(
        "comfort.teddy_bear", 29, 13.4, "behind",
        "teddy bear|teddy bears|teddy|plush bear|stuffed bear|stuffed animal|stuffed animals|"
        "plush toy|plush toys|soft toy|soft toys|cuddly toy",
        one="comfort.teddy_bear",
    ),
    "rubber_duck": PropRow(
        "comfort.rubber_duck", 9.6, 6.5, "front_low",
        "rubber duck|rubber ducks|bath duck|duck|ducks|rubber ducky|bath toys|bath toy",
        one="comfort.rubber_duck",
    ),
    "soap_dispenser": PropRow(
        "comfort.soap_dispenser", 18.1, 10, "beside",
        "soap dispenser|soap|bar of soap|soap bar|soap bars|soaps|soap dish|lotion bottle|toiletries|"
        "bath products",
        one="comfort.soap_dispenser",
    ),
    "toothbrushes": PropRow(
        "comfort.toothbrushes", 19.1, 5.8, "beside",
        "toothbrushes|toothbrush|toothbrush cup|toothbrush holder|toothbrush tumbler",
    ),
    "mirror": PropRow(
        "comfort.mirror", 28.2, 10.6, "behind",
        "round mirror|vanity mirror|makeup mirror|hand mirror|standing mirror|table mirror|small mirror",
        one="comfort.mirror",
    ),
    "dumbbells": PropRow(
        "sport.dumbbells", 9.3, 20.1, "beside",
        "dumbbells|dumbbell|weights|hand weights|free weights|barbell|barbells|gym weights|"
        "gym equipment|fitness equipment",
        one="sport.dumbbell",
    ),
    "kettlebell": PropRow(
        "sport.kettlebell", 28.3, 9.7, "beside",
        "kettlebell|kettlebells|kettle bell",
        one="sport.kettlebell",
    ),
    "yoga_mat": PropRow(
        "sport.yoga_mat", 13.3, 31.5, "behind",
        "yoga mat|yoga mats|rolled mat|rolled yoga mat|exercise mat|gym mat|fitness mat|rolled up mat|"
        "rolled up yoga mat",
        one="sport.yoga_mat",
    ),
    "football": PropRow(
        "sport.football", 22.7, 11.4, "beside",
        "football|footballs|soccer ball|soccer balls|ball|sports ball",
        one="sport.football",
    ),
    "sports_bottle": PropRow(
        "sport.sports_bottle", 27.1, 3.8, "beside",
        "water bottle|water bottles|drinking bottle|sports bottle|thermos|steel bottle",
        one="sport.sports_bottle",
    ),
    "beach_ball": PropRow(
        "sport.beach_ball", 30.9, 15.5, "behind",
        "beach ball|beach balls|inflatable ball",
        one="sport.beach_ball",
    ),
    "straw_hat": PropRow(
        "sport.straw_hat", 11.1, 19.1, "beside",
        "straw hat|straw hats|sun hat|sun hats|hat|summer hat|panama hat",
        one="sport.straw_hat",
    ),
    "jump_rope": PropRow(
        "sport.jump_rope", 3.1, 17.3, "front_low",
        "jump rope|skipping rope|rope|resistance band|resistance bands",
    ),
    "hammer": PropRow(
        "tools.hammer", 3.7, 19.9, "front_low",
        "hammer|hammers|claw hammer|tools|hand tools|tool|diy tools",
        one="tools.hammer",
    ),
    "screwdrivers": PropRow(
        "tools.screwdrivers", 3.5, 14.6, "front_low",
        "screwdrivers|screwdriver|screw driver|screws|wrench|wrenches|spanner|spanners",
        one="tools.screwdriver",
    ),
    "pliers": PropRow(
        "tools.pliers", 1.7, 11.3, "front_low",
        "pliers|nails|pincers",
        one="tools.pliers",
    ),
    "wood_shavings": PropRow(
        "tools.wood_shavings", 4.3, 13, "front_low",
        "wood shavings|shavings|sawdust|wood chips|wood curls",
    ),
    "paint_pots": PropRow(
        "tools.paint_pots", 13.2, 14.1, "beside",
        "paint pots|paint cans|paint tins|paint|paint buckets|paint brush|paint brushes|paintbrush|"
        "paintbrushes|tins of paint|cans of paint",
    ),
    "tulips": PropRow(
        "outdoor.tulips", 37.1, 14, "behind",
        "tulips|tulip|yellow tulips|bouquet of tulips|vase of tulips|vase with tulips|spring flowers|"
        "daffodils",
    ),
    "sunflowers": PropRow(
        "outdoor.sunflowers", 35.3, 15.2, "behind",
        "sunflowers|sunflower|bouquet of sunflowers",
    ),
    "autumn_leaves": PropRow(
        "outdoor.autumn_leaves", 3.1, 16, "front_low",
        "autumn leaves|fallen leaves|fall leaves|maple leaves|maple leaf|orange leaves|"
        "orange maple leaves|dry leaves|colourful leaves|colorful leaves|autumn foliage|fall foliage|"
        "red leaves|golden leaves|brown leaves",
    ),
    "watering_can": PropRow(
        "outdoor.watering_can", 21.9, 16.4, "behind",
        "watering can|watering cans|garden tools|gardening tools",
        one="outdoor.watering_can",
    ),
    "pumpkins": PropRow(
        "outdoor.pumpkins", 15.9, 28.4, "beside",
        "pumpkins|pumpkin|gourds|squash|small pumpkins|orange pumpkins|mini pumpkins",
        one="outdoor.pumpkin",
    ),
    "christmas_tree": PropRow(
        "season.christmas_tree", 42.2, 13.7, "behind",
        "small christmas tree|tabletop christmas tree|mini christmas tree|little christmas tree|"
        "small tree|fir tree|small fir tree|decorated tree|decorated christmas tree|christmas tree|"
        "christmas trees|xmas tree",
        one="season.christmas_tree",
    ),
    "stars": PropRow(
        "season.stars", 8.3, 9.4, "beside",
        "golden stars|gold stars|decorative stars|christmas stars|christmas star|wooden stars|"
        "star decorations|metal stars|silver stars",
        one="season.star",
    ),
    "baubles": PropRow(
        "season.baubles", 7.7, 18.8, "beside",
        "baubles|bauble|christmas baubles|christmas balls|christmas ball|tree baubles|red baubles|"
        "gold baubles|golden baubles|christmas ornaments|christmas decorations|glass baubles|"
        "tree ornaments",
        one="season.bauble",
    ),
    "candy_canes": PropRow(
        "season.candy_canes", 3.6, 10.2, "front_low",
        "candy canes|candy cane|peppermint sticks|candy sticks",
    ),
    "snowman": PropRow(
        "season.snowman", 31.8, 7.5, "behind",
        "snowman|snowmen|snow man",
        one="season.snowman",
    ),
    "jack_o_lantern": PropRow(
        "season.jack_o_lantern", 18.3, 11.3, "beside",
        "jack o lantern|jack o lanterns|carved pumpkin|carved pumpkins|halloween pumpkin|"
        "halloween pumpkins|glowing pumpkin|glowing pumpkins|pumpkin lantern|spooky pumpkin|"
        "spooky pumpkins",
        one="season.jack_o_lantern",
    ),
    "witch_hat": PropRow(
        "season.witch_hat", 17.9, 13.4, "beside",
        "witch hat|witches hat|witch hats|pointed hat",
        one="season.witch_hat",
    ),
    "spider_web": PropRow(
        "season.spider_web", 31.3, 16.8, "behind",
        "spider web|spider webs|spiderweb|spiderwebs|cobweb|cobwebs|web",
    ),
    "painted_eggs": PropRow(
        "season.painted_eggs", 6.1, 11.5, "beside",
        "painted eggs|easter eggs|coloured eggs|colored eggs|colourful eggs|colorful eggs|pastel eggs|"
        "decorated eggs|easter egg|easter nest|eggs in a nest|painted eggs in a nest|nest|bird nest|"
        "easter basket|chocolate eggs",
    ),
    "bunny": PropRow(
        "season.bunny", 19.5, 8, "beside",
        "bunny|bunnies|easter bunny|rabbit|rabbits|easter rabbit|ceramic bunny|white bunny|"
        "porcelain bunny|chocolate bunny",
        one="season.bunny",
    ),
    "hearts": PropRow(
        "season.hearts", 7.8, 10.9, "beside",
        "hearts|heart|red hearts|red heart|paper hearts|heart shapes|heart shaped decorations|"
        "love hearts|pink hearts",
        one="season.heart",
    ),
    "shopping_bags": PropRow(
        "season.shopping_bags", 25.6, 17.6, "behind",
        "shopping bags|shopping bag|paper bags|paper bag|gift bag|gift bags|carrier bags|"
        "black shopping bags",
        one="season.shopping_bag",
    ),
    "confetti": PropRow(
        "season.confetti", 0.8, 21.4, "front_low",
        "confetti|colourful confetti|colorful confetti|gold confetti|golden confetti|sprinkles|"
        "glittering confetti|streamers and confetti",
    ),
}  # fmt: skip
