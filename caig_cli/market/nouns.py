"""What shops call the things they sell: for each category of the truth, nouns and selling points.

Written from general knowledge of shops in many countries, never from a data set of titles. The
embedded prompt model has no other source of words, so breadth here is what lets it read real titles.
"""

from __future__ import annotations

# fmt: off
NOUNS: dict[str, str] = {
    "face cream":
        "face cream, facial cream, day cream, night cream, moisturiser, moisturizer, face lotion, eye "
        "cream, anti-wrinkle cream, hydrating gel cream, sleeping mask, clay mask, facial mask, sheet "
        "mask, cold cream, repair cream, whitening cream, lip balm, lip mask, facial cleanser, face wash, "
        "cleansing foam, cleansing balm, make-up remover, vaseline, barrier cream, snail cream, neck "
        "cream",
    "serum":
        "serum, face serum, essence, vitamin C serum, hyaluronic acid serum, ampoule, retinol serum, face "
        "oil, facial oil, niacinamide serum, toner, facial toner, eyelash serum, peptide serum, essential "
        "oil, beauty oil, rosehip oil, skin booster, micellar water, facial mist",
    "hand cream":
        "hand cream, hand lotion, hand balm, hand and nail cream, body cream, body lotion, body butter, "
        "foot cream, shea butter, body milk, cuticle cream, hand mask, heel balm, aloe vera gel, body "
        "moisturiser, repair ointment, hand salve",
    "shampoo":
        "shampoo, conditioner, hair mask, anti-dandruff shampoo, dry shampoo, hair oil, hair serum, "
        "leave-in conditioner, hair treatment, 2-in-1 shampoo, baby shampoo, solid shampoo, hair tonic, "
        "hair spray, hair gel, styling cream, hair wax, hair dye, hair colour, argan oil hair care",
    "shower gel":
        "shower gel, body wash, shower cream, bath foam, bubble bath, hand soap, hand wash, liquid soap, "
        "bath gel, body scrub, bath oil, soap bar, foaming body wash, bath salts, shower oil, intimate "
        "wash, deodorant, shaving gel, shaving foam, body cleanser",
    "lipstick":
        "lipstick, lip gloss, lip tint, lip stick, matte lipstick, velvet lipstick, lip rouge, lip "
        "colour, liquid lipstick, mascara, eyeliner, eyebrow pencil, lip liner, concealer stick, lip "
        "glaze, lip oil, tinted lip balm, contour stick",
    "sunscreen":
        "sunscreen, sun cream, sunblock, sun lotion, sun milk, SPF 50 fluid, sun spray, after-sun lotion, "
        "sun stick, UV protection cream, sunscreen gel, tanning lotion, self-tanner, sun protection "
        "spray, mineral sunscreen, insect repellent lotion",
    "foundation":
        "foundation, liquid foundation, BB cream, CC cream, cushion foundation, face powder, loose "
        "powder, setting powder, concealer, primer, make-up base, blush, highlighter, eyeshadow palette, "
        "bronzer, compact powder, setting spray, nail polish, make-up set",
    "perfume":
        "perfume, eau de parfum, eau de toilette, cologne, fragrance, parfum, body mist, perfume spray, "
        "men's cologne, women's fragrance, perfume oil, scent, extrait de parfum, aftershave, roll-on "
        "perfume, fragrance gift set",
    "watch":
        "watch, wristwatch, smart watch, quartz watch, automatic watch, men's watch, ladies' watch, "
        "chronograph, mechanical watch, sports watch, diving watch, fitness tracker, smartwatch, pilot "
        "watch, dress watch, smart band, pocket watch",
    "jewellery":
        "ring, diamond ring, wedding ring, necklace, bracelet, bangle, earrings, pendant, engagement "
        "ring, signet ring, silver ring, gold ring, pearl necklace, stud earrings, brooch, anklet, charm "
        "bracelet, jewellery set, jade bangle, gold chain, cufflinks, hoop earrings",
    "handbag":
        "handbag, shoulder bag, tote bag, crossbody bag, clutch, leather bag, purse, satchel, bucket bag, "
        "evening bag, hobo bag, women's bag, messenger bag, wallet, card holder, briefcase, shopper bag, "
        "underarm bag, chain bag, bum bag",
    "sunglasses":
        "sunglasses, polarised sunglasses, aviator sunglasses, glasses, eyeglasses, reading glasses, blue "
        "light glasses, cat-eye sunglasses, shades, optical frame, driving glasses, spectacle frame, "
        "round sunglasses, sports sunglasses, eyewear",
    "biscuits":
        "biscuits, cookies, crackers, wafers, butter cookies, sandwich cookies, shortbread, digestive "
        "biscuits, oat cookies, potato chips, crisps, popcorn, pretzels, rice crackers, egg rolls, "
        "seaweed snack, puff pastry, cake, sponge cake, mochi, mooncake, snack bars, granola bars, rusks, "
        "gingerbread, toast bread, brownies, prawn crackers",
    "chocolate":
        "chocolate, dark chocolate, milk chocolate, chocolate bar, truffles, pralines, chocolate box, "
        "white chocolate, candy, hard candy, gummy bears, jelly sweets, toffee, marshmallows, chewing "
        "gum, caramels, lollipops, nougat, mints, chocolate wafers, liquorice, fudge, jelly pudding",
    "nuts":
        "nuts, mixed nuts, almonds, cashews, pistachios, walnuts, peanuts, hazelnuts, macadamia nuts, "
        "sunflower seeds, trail mix, dried fruit, raisins, dried mango, dates, dried apricots, dried "
        "cranberries, pine nuts, pumpkin seeds, pecans, Brazil nuts, roasted chestnuts, beef jerky, "
        "jujubes, goji berries",
    "honey":
        "honey, wild honey, acacia honey, manuka honey, jam, strawberry jam, marmalade, peanut butter, "
        "maple syrup, fruit spread, chocolate spread, hazelnut spread, royal jelly, honeycomb, apricot "
        "jam, agave syrup, almond butter, lemon curd, date syrup, bee pollen",
    "cooking oil":
        "olive oil, extra virgin olive oil, sesame oil, sunflower oil, peanut oil, rapeseed oil, cooking "
        "oil, coconut oil, avocado oil, corn oil, soybean oil, walnut oil, truffle oil, chilli oil, "
        "camellia oil, frying oil, linseed oil, salad oil, grapeseed oil, ghee, vegetable oil, mustard "
        "oil",
    "sauce":
        "soy sauce, ketchup, tomato sauce, chilli sauce, hot sauce, mayonnaise, mustard, vinegar, oyster "
        "sauce, barbecue sauce, pasta sauce, pesto, salad dressing, balsamic vinegar, fish sauce, curry "
        "paste, hoisin sauce, sriracha, teriyaki sauce, bean paste, tahini, rice vinegar, hot pot base, "
        "steak sauce, worcester sauce, miso paste, garlic sauce, cooking wine, salsa, gravy",
    "instant noodles":
        "instant noodles, cup noodles, ramen, udon, rice noodles, spaghetti, pasta, macaroni, vermicelli, "
        "soba, egg noodles, penne, lasagne sheets, glass noodles, fusilli, dried noodles, instant soup, "
        "mac and cheese, self-heating hot pot, noodle soup, wonton noodles, couscous, instant porridge",
    "cereal":
        "cereal, corn flakes, muesli, granola, oatmeal, rolled oats, breakfast cereal, porridge oats, "
        "chocolate cereal, bran flakes, wheat cereal, cereal rings, fruit granola, instant oatmeal, "
        "pancake mix, baking flour, wheat flour, cake mix, quinoa flakes, corn starch",
    "rice":
        "rice, basmati rice, jasmine rice, brown rice, sushi rice, long grain rice, risotto rice, quinoa, "
        "lentils, red beans, millet, glutinous rice, black rice, barley, chickpeas, mung beans, wild "
        "rice, buckwheat, mixed grains, northeast rice, black beans, fragrant rice, soybeans",
    "spices":
        "black pepper, spices, spice mix, curry powder, cinnamon powder, paprika, turmeric, sea salt, "
        "chilli flakes, oregano, cumin, himalayan salt, garlic powder, herbs, saffron, vanilla extract, "
        "seasoning, bay leaves, star anise, ginger powder, chicken stock powder, Sichuan pepper, salt "
        "grinder, pepper mill, sugar, brown sugar, rock sugar, rosemary, masala, nutmeg, five spice "
        "powder",
    "canned food":
        "canned tuna, sardines, canned tomatoes, baked beans, canned corn, canned peaches, luncheon meat, "
        "canned soup, chopped tomatoes, canned mushrooms, tuna in oil, kidney beans, canned pineapple, "
        "canned salmon, coconut milk, olives, pickles, gherkins, mackerel fillets, canned peas, corned "
        "beef, anchovies, sauerkraut, kimchi, artichoke hearts",
    "tea":
        "green tea, black tea, tea bags, oolong tea, herbal tea, chamomile tea, jasmine tea, earl grey, "
        "white tea, pu-erh tea, matcha, fruit tea, peppermint tea, loose leaf tea, rooibos, English "
        "breakfast tea, chai, chrysanthemum tea, milk tea, ginger tea, Longjing tea, rose tea, lemon tea, "
        "yerba mate, barley tea",
    "coffee":
        "coffee, ground coffee, coffee beans, instant coffee, espresso, coffee capsules, coffee pods, "
        "arabica coffee, decaf coffee, drip coffee bags, cold brew, iced coffee, cappuccino, latte, "
        "filter coffee, dark roast coffee, coffee powder, mocha, white coffee, 3-in-1 coffee, hot "
        "chocolate, cocoa",
    "juice":
        "orange juice, apple juice, juice, grape juice, mango juice, fruit juice, smoothie, lemonade, "
        "pomegranate juice, cranberry juice, coconut water, pineapple juice, vegetable juice, tomato "
        "juice, fruit nectar, peach juice, carrot juice, sea buckthorn juice, plum juice, cherry juice, "
        "birch juice",
    "soft drink":
        "cola, soda, sparkling water, energy drink, lemon soda, soft drink, mineral water, tonic water, "
        "ginger ale, iced tea, sports drink, root beer, carbonated drink, kombucha, vitamin drink, orange "
        "soda, drinking water, electrolyte drink, soda water, zero sugar cola, spring water, kvass",
    "milk powder":
        "milk powder, soy milk powder, infant formula, baby formula, goat milk powder, whole milk powder, "
        "oat milk, protein shake, almond milk, skimmed milk powder, soy powder, walnut powder, coconut "
        "milk powder, camel milk powder, malted milk, milk, pure milk, yogurt drink, yogurt, sesame paste "
        "powder, collagen drink, follow-on milk, soy milk, lotus root powder, soybean powder, meal "
        "replacement shake",
    "wine":
        "red wine, white wine, rose wine, champagne, sparkling wine, prosecco, cabernet sauvignon, "
        "chardonnay, merlot, port wine, pinot noir, ice wine, dessert wine, sherry, cava, sauvignon "
        "blanc, riesling, shiraz, malbec, mulled wine, dry red wine, bordeaux, rice wine, plum wine, "
        "vermouth, yellow wine",
    "beer":
        "beer, lager, ale, craft beer, stout, IPA, wheat beer, pilsner, pale ale, cider, dark beer, "
        "alcohol-free beer, draft beer, porter, blonde ale, bock, weissbier, hard seltzer, canned "
        "cocktail, fruit beer",
    "spirits":
        "single malt whisky, whiskey, vodka, gin, rum, tequila, bourbon, brandy, cognac, scotch whisky, "
        "blended whisky, baijiu, sake, soju, liqueur, mezcal, dark rum, dry gin, absinthe, grappa, "
        "aperitif, highland whisky, rye whiskey, cream liqueur, schnapps, herbal liqueur, shochu, liquor, "
        "bitters",
    "mug":
        "mug, coffee mug, tea cup, ceramic mug, enamel mug, espresso cup, couple mugs, cup, camping mug, "
        "porcelain mug, travel cup, milk cup, breakfast mug, cup and saucer, bone china cup, office cup, "
        "teapot, beer mug, glass cup, bowl, soup bowl, dinner plate, tableware set, rice bowl",
    "cooking pot":
        "frying pan, saucepan, cooking pot, wok, casserole, non-stick pan, stock pot, cast iron pan, "
        "skillet, dutch oven, milk pan, soup pot, grill pan, steamer, pressure cooker, cookware set, pan, "
        "egg pan, crepe pan, rice cooker, air fryer, paella pan, fondue pot, braising pan, electric hot "
        "pot, kettle",
    "thermos":
        "thermos, vacuum flask, thermos cup, insulated bottle, water bottle, travel mug, sports bottle, "
        "stainless steel bottle, tumbler, coffee tumbler, insulated mug, hot water bottle, drinking "
        "bottle, thermal flask, straw cup, food jar, hydration bottle, tea infuser bottle, shaker bottle",
    "scented candle":
        "scented candle, candle, aromatherapy candle, soy candle, pillar candle, reed diffuser, jar "
        "candle, beeswax candle, room spray, wax melts, home fragrance, votive candle, incense, tea "
        "lights, air freshener, aroma diffuser, essential oil diffuser, birthday candle, car perfume",
    "vase":
        "vase, flower vase, ceramic vase, glass vase, porcelain vase, bud vase, planter, flower pot, "
        "floor vase, decorative vase, plant pot, amphora, clay vase, ornament, sculpture, figurine, "
        "picture frame, plant stand, jar ornament, jardiniere, artificial flowers, wall clock, mirror",
    "lamp":
        "lamp, table lamp, desk lamp, bedside lamp, floor lamp, night light, reading lamp, LED lamp, "
        "ambient lamp, standing lamp, study lamp, lantern lamp, mushroom lamp, eye protection lamp, "
        "nightstand lamp, bedroom lamp, pendant light, chandelier, ceiling light, wall lamp, sunset lamp, "
        "light fixture",
    "cushion":
        "cushion, pillow, throw pillow, sofa cushion, seat cushion, memory foam pillow, latex pillow, "
        "cushion cover, bolster, lumbar pillow, neck pillow, pillowcase, floor cushion, down pillow, "
        "duvet, quilt, blanket, bed sheet set, towel, bath towel, throw blanket, mattress topper, bath "
        "mat, bedding set",
    "chair":
        "chair, dining chair, armchair, office chair, lounge chair, stool, bar stool, rocking chair, desk "
        "chair, wooden chair, gaming chair, accent chair, folding chair, kitchen chair, bench, recliner, "
        "sofa, couch, ottoman, ergonomic chair, loveseat, chaise longue, sofa bed, pouffe, garden chair",
    "cabinet":
        "cabinet, chest of drawers, storage cabinet, drawer cabinet, bedside table, nightstand, "
        "five-drawer cabinet, sideboard, wardrobe, TV cabinet, shoe cabinet, dresser, bookcase, wine "
        "cabinet, kitchen cupboard, filing cabinet, wooden cabinet, bookshelf, shelf unit, shoe rack, "
        "bathroom cabinet, buffet, console cabinet, six-drawer dresser, storage box, closet, display "
        "cabinet, tallboy, commode",
    "table":
        "table, coffee table, dining table, side table, desk, writing desk, computer desk, console table, "
        "end table, bedside desk, folding table, office desk, study desk, tea table, standing desk, "
        "dressing table, kitchen table, work bench, round table, extendable table, bed, bed frame, kids' "
        "desk, vanity table",
    "piano":
        "electric piano, digital piano, upright piano, keyboard piano, 88-key piano, stage piano, "
        "electronic keyboard, synthesizer, home piano, 61-key keyboard, weighted piano, portable piano, "
        "electronic organ, grand piano, guitar, acoustic guitar, violin, ukulele, drum kit, MIDI "
        "keyboard, cello, electronic drum, guzheng",
    "headphones":
        "headphones, wireless headphones, headset, gaming headset, noise-cancelling headphones, over-ear "
        "headphones, studio headphones, bluetooth headphones, bluetooth headset, on-ear headphones, hi-fi "
        "headphones, earbuds, wireless earbuds, earphones, in-ear headphones, TWS earphones, kids' "
        "headphones, monitor headphones",
    "speaker":
        "speaker, bluetooth speaker, smart speaker, portable speaker, bookshelf speaker, soundbar, "
        "wireless speaker, mini speaker, subwoofer, outdoor speaker, karaoke speaker, home speaker, "
        "radio, DAB radio, party speaker, alarm clock radio, desktop speakers, record player, projector, "
        "home theatre, digital alarm clock, television, microphone, amplifier",
    "power bank":
        "power bank, portable charger, charger, wall charger, wireless charger, USB hub, external "
        "battery, fast charger, hard drive, SSD, magnetic power bank, battery pack, smartphone, mobile "
        "phone, router, power adapter, charging station, USB-C charger, travel adapter, tablet, e-reader, "
        "TV box, portable SSD, phone case, memory card, security camera, drone, dash cam, action camera",
    "keyboard":
        "keyboard, mechanical keyboard, wireless keyboard, gaming keyboard, bluetooth keyboard, computer "
        "keyboard, office keyboard, RGB keyboard, numeric keypad, ergonomic keyboard, keyboard and mouse "
        "set, compact keyboard, laptop, notebook computer, gaming mouse, wireless mouse, mouse pad, "
        "monitor, game controller, tablet keyboard, drawing tablet, printer",
    "book":
        "book, novel, cookbook, picture book, children's book, travel guide, textbook, hardcover book, "
        "paperback, poetry book, history book, comic book, art book, dictionary, biography, thriller, "
        "fantasy novel, encyclopedia, story book, photo book, workbook, self-help book, crime novel, "
        "colouring book, atlas, manga",
    "notebook":
        "notebook, journal, diary, planner, sketchbook, hardcover notebook, bullet journal, leather "
        "notebook, exercise book, notepad, day planner, calendar, sketch pad, spiral notebook, weekly "
        "planner, address book, travel journal, fountain pen, gel pens, pencil case, sticky notes, "
        "folder, marker pens, colouring pencils, ballpoint pen, stapler, pencils, washi tape, greeting "
        "cards, desk organiser",
    "plush toy":
        "plush toy, teddy bear, stuffed animal, rabbit plush toy, bunny doll, soft toy, plush doll, panda "
        "plush, cuddly toy, plush cat, stuffed rabbit, plush bear, dinosaur plush, plush pillow, plush "
        "dog, elephant plush, penguin plush, rag doll, comforter toy, unicorn plush, plush pig, koala "
        "toy, sleeping doll, duck plush, fox plush, doll, fashion doll, plush keyring, hand puppet",
    "building blocks":
        "building blocks, wooden blocks, building set, brick set, construction toy, toy bricks, stacking "
        "blocks, magnetic tiles, wooden toy, puzzle, jigsaw puzzle, toy car, model kit, train set, play "
        "set, board game, toy kitchen, educational toy, Montessori toy, shape sorter, toy truck, doll "
        "house, remote control car, stacking toy, card game, robot toy, marble run, play dough, water "
        "gun, cube puzzle",
    "baby bottle":
        "baby bottle, feeding bottle, nursing bottle, sippy cup, anti-colic bottle, baby lotion, toddler "
        "cup, milk bottle, baby oil, glass baby bottle, training cup, baby wash, baby powder, nappies, "
        "diapers, baby wipes, baby food, pacifier, dummy, teether, baby rattle, fruit puree, breast pump, "
        "baby shampoo and wash, diaper cream, weaning bowl, bottle steriliser, baby cereal",
    "sports ball":
        "football, basketball, soccer ball, volleyball, sports ball, training ball, beach ball, handball, "
        "rugby ball, match ball, gym ball, yoga ball, street basketball, futsal ball, medicine ball, "
        "tennis balls, fitness ball, bowling ball, playground ball, golf balls, table tennis balls, "
        "dumbbell, yoga mat, tennis racket, badminton racket, skipping rope, kettlebell, bicycle helmet, "
        "resistance bands",
    "running shoes":
        "running shoes, sneakers, trainers, sports shoes, trail shoes, walking shoes, basketball shoes, "
        "canvas shoes, hiking boots, football boots, casual shoes, gym shoes, tennis shoes, skate shoes, "
        "leather shoes, kids' sneakers, hiking shoes, slippers, sandals, winter boots, loafers, high-top "
        "sneakers, cycling shoes, jogging shoes, board shoes, dad shoes",
    "backpack":
        "backpack, rucksack, school bag, laptop backpack, hiking backpack, travel bag, sports bag, gym "
        "bag, duffel bag, daypack, suitcase, drawstring bag, camping backpack, holdall, trolley case, "
        "luggage, tent, sleeping bag, cabin bag, cooler bag, camera bag, children's backpack, trekking "
        "pack, carry-on, waist pack, camping chair, fishing rod, trekking poles",
    "detergent":
        "detergent, laundry detergent, fabric softener, washing powder, washing-up liquid, dish soap, "
        "laundry pods, liquid detergent, stain remover, bleach, dishwasher tablets, wool wash, washing "
        "liquid, laundry beads, dishwashing liquid, laundry capsules, colour detergent, scent beads, "
        "washing gel, toilet paper, tissues, kitchen roll, bin bags, rinse aid, laundry soap, softener",
    "cleaning spray":
        "cleaning spray, glass cleaner, all-purpose cleaner, bathroom cleaner, kitchen cleaner, "
        "disinfectant spray, window cleaner, degreaser, toilet cleaner, floor cleaner, surface cleaner, "
        "mould remover, limescale remover, oven cleaner, furniture polish, multi-surface cleaner, drain "
        "cleaner, insecticide, oil stain cleaner, screen cleaner, descaler, stain spray, car wash "
        "shampoo, leather cleaner",
    "toothpaste":
        "toothpaste, whitening toothpaste, toothpaste gel, mouthwash, kids' toothpaste, herbal "
        "toothpaste, tooth gel, toothbrush, electric toothbrush, dental floss, tooth powder, charcoal "
        "toothpaste, fluoride toothpaste, sensitive toothpaste, mouth spray, tongue scraper, breath "
        "freshener, denture cleaner, water flosser, razor, teeth whitening kit",
    "vitamins":
        "vitamins, vitamin C tablets, multivitamin, fish oil, omega-3 capsules, protein powder, collagen, "
        "probiotics, vitamin D3, calcium tablets, magnesium, dietary supplement, zinc tablets, "
        "effervescent tablets, whey protein, creatine, melatonin, iron tablets, glucosamine, gummy "
        "vitamins, biotin, cough syrup, cold medicine, plasters, eye drops, pain relief gel, throat "
        "lozenges, face masks, ginseng, folic acid, coenzyme Q10",
    "pet food":
        "dog food, cat food, dry cat food, wet dog food, dog treats, cat treats, puppy food, kitten food, "
        "pet food, dog biscuits, cat snacks, bird seed, fish food, hamster food, chew sticks, canned cat "
        "food, cat litter, freeze-dried treats, dog chews, rabbit food, pet shampoo, dog toy, scratching "
        "post, pet bed, dog collar, cat strips, horse feed, aquarium food, dog snack",
}
# fmt: on
