"""Titles as shops write them, by how one would place what they sell; written without a look at the table.

(stance, width over height of the photo): titles, one a line.
"""

from __future__ import annotations

TITLES: dict[tuple[str, float], str] = {
    ("stand", 0.4): """
Organic Cold-Pressed Olive Oil 750ml Extra Virgin
Château Margaux Red Wine 2015
Glenfiddich 12 Year Old Single Malt Whisky 70cl
Sparkling Mineral Water with Lime, 500 ml
Craft IPA Beer Bottle 330ml
Repair Shampoo with Argan Oil 250 ml
Vitamin C Brightening Face Serum 30ml
Eau de Parfum for Women, 50 ml, Floral
Body Lotion Shea Butter Dry Skin
Stainless Steel Insulated Water Bottle Blue
Baby Bottle Anti-Colic 260ml
Maple Syrup Grade A
Duschgel Sensitiv 300 ml
Trinkflasche Edelstahl 0,75 l
Rotwein Cuvée trocken
Bouteille d'eau isotherme 500 ml
Crème solaire SPF 50, tube 75 ml
Champú anticaspa 400 ml
Botella de aceite de oliva virgen extra
Tall Ceramic Flower Vase White
Vase en verre soufflé
Jarrón de cerámica azul
Blumenvase aus Glas 30 cm
Matte Liquid Lipstick Nude
Waterproof Mascara Black
Floor Lamp with Tripod Legs
Stehlampe Messing mit Leinenschirm
Coat Stand, Black Metal
Christmas Tree 180 cm with Stand
Tower Fan Oscillating
Pillar Candle Ivory 20 cm
French Press Coffee Maker 1L
Wine Glass Set Crystal
Energy Drink Sugar Free Can 250ml
""",
    ("stand", 0.9): """
Stoneware Coffee Mug 350 ml Speckled
Enamel Camping Cup
Kaffeetasse Porzellan weiß
Tasse à café en grès
Taza de cerámica hecha a mano
Scented Soy Candle Vanilla in Glass Jar
Duftkerze Lavendel
Bougie parfumée figue
Retro Toaster 2 Slice Cream
Electric Kettle 1.7L Glass
Wasserkocher Edelstahl
Cafetera italiana 6 tazas
Kaffeevollautomat mit Milchaufschäumer
Robot pâtissier multifonction 1200 W
Digital Air Fryer XXL 5.5L
Heißluftfritteuse mit zwei Körben
Countertop Microwave Oven 20L
Stand Mixer with Dough Hook, Red
Bluetooth Speaker Portable Waterproof
Smart Home Speaker with Clock
DSLR Camera with 18-55mm Lens
Vintage Film Camera 35mm
Instant Camera Mint Green
Appareil photo hybride 24 MP
Over-Ear Headphones Noise Cancelling
Casque audio sans fil
Mechanical Alarm Clock Twin Bell
Teddy Bear Brown 40 cm
Kuscheltier Elefant
Peluche lapin 30 cm
Wooden Toy Train Set for Toddlers
Dollhouse with Furniture, Pink
Football Size 5 Match Ball
Basketball Indoor Outdoor
Gymnastikball 65 cm mit Pumpe
Ballon de football taille 5
Cast Iron Dutch Oven 5 qt
Nonstick Saucepan with Lid
Kochtopf Edelstahl 24 cm
Ceramic Cereal Bowl Set of 4
Salad Bowl Acacia Wood
Honey Jar Raw Organic 500g
Erdbeermarmelade hausgemacht
Confiture de figues artisanale
Ground Coffee Arabica 1 kg
Dog Food Dry Chicken & Rice 12 kg
Whey Protein Powder Chocolate 2kg
Multivitamin Gummies 60 count vitamins
Anti-Aging Night Cream 50ml
Gesichtscreme mit Hyaluron
Leather Handbag Cognac with Gold Zipper
Damen Handtasche schwarz
Sac à main en cuir camel
Bolso de mano negro
School Backpack with Laptop Compartment
Wanderrucksack 45 Liter
Sac à dos enfant dinosaure
Mochila escolar azul
Hard Shell Suitcase 4 Wheels Medium
Reisekoffer mit TSA-Schloss
Canvas Duffel Bag Weekend
Motorcycle Helmet Full Face
Kids Bike Helmet
Straw Sun Hat Wide Brim
Baseball Cap Navy
Winter Beanie Merino Wool
Decorative Throw Pillow Velvet 45x45
Kissenbezug Leinen 50x50
Coussin brodé en lin
Monstera Plant in Basket
Artificial Succulent in Concrete Pot
Kaktus im Tontopf
Terracotta Flower Pot 16 cm
Buddha Statue Resin
Schneekugel mit Musik
Storage Basket Seagrass with Handles
Cardboard Box Brown Pack of 25
Puzzle 1000 pieces Mountain Lake
Board Game for Families
Jewelry Box with Mirror
Jeu de société coopératif
Table Lamp Ceramic Base
Nachttischlampe dimmbar
Lampe de bureau LED
Teapot Glass with Infuser
Lunch Box Bento 3 Compartments
""",
    ("stand", 1.7): """
Running Shoes Men Lightweight
Leather Loafers Brown
Damen Sneaker weiß
Chaussures de running femme
Zapatillas deportivas hombre
Ballet Flats with Bow
Football Boots Firm Ground
Retro Sunglasses Polarized UV400
Sonnenbrille Cat Eye
Lunettes de soleil aviateur
Gafas de sol polarizadas
Gaming Laptop 15.6 inch RTX
MacBook Pro 14
27 inch 4K Monitor
55 Inch Smart TV OLED
Wireless Gaming Mouse RGB
Funkmaus ergonomisch
Souris sans fil silencieuse
3-Seater Sofa Grey Fabric
Ecksofa mit Schlaffunktion
Canapé convertible velours
Sofá cama 3 plazas
Oak Dining Table Extendable 160 cm
Couchtisch Eiche massiv
Table basse ronde
Mesa de comedor extensible
TV Stand with Shelves
Sideboard Walnut Mid-Century
Queen Size Bed Frame Upholstered
Boxspringbett 180x200
Mountain Bike 29 Zoll
Vélo électrique de ville
Road Bicycle Carbon 54 cm
Treadmill Foldable
Electric Scooter Adults 25 km/h
Gas Grill 3 Burner
Digital Piano 88 Keys Weighted
Portable Bluetooth Boombox
Frying Pan Nonstick 28cm
Casserole Dish with Lid
Adjustable Dumbbell 24 kg
Haltères 2 x 5 kg
Pet Bed Washable Large
Hundebett orthopädisch
Toy Car Remote Control
""",
    ("stand", 0.8): """
Ergonomic Office Chair Mesh
Esszimmerstuhl 2er Set Samt
Fauteuil scandinave
Silla de oficina ergonómica
Velvet Armchair Emerald
Bar Stool Set of 2
Barhocker drehbar
Tabouret de bar industriel
Bookcase 5 Tier White
Bücherregal Kiefer
Bibliothèque 5 niveaux blanche
Wardrobe with Sliding Doors
Kleiderschrank 3-türig
Commode 4 tiroirs
Chest of Drawers White Wood
Nightstand with Drawer
Table de chevet rotin
Refrigerator Retro Red
Washing Machine 8 kg
Geschirrspüler 60 cm
Baby Stroller Foldable
Kinderwagen 3 in 1
Cat Tree 150 cm
Kratzbaum mit Höhle
Wooden High Chair Baby
Recipe Book: Simple Italian Cooking
Kinderbuch Der kleine Fuchs
Chelsea Boots Suede
Hiking Boots Waterproof Women
Gummistiefel Kinder
Bottes en cuir femme
Automatic Watch Stainless Steel Bracelet
Smartwatch with Heart Rate Monitor
Armbanduhr Herren Leder
Montre femme doré
Trail Mix Nuts Snack 200 g
""",
    ("lie", 1.0): """
Persian Rug 200x300 cm Red
Teppich Kurzflor modern grau
Tapis berbère laine
Alfombra de yute redonda
Bath Mat Memory Foam
Fußmatte Kokos
Wool Throw Blanket Plaid
Kuscheldecke Fleece
Couverture en coton gaufré
Manta de sofá
Egyptian Cotton Bath Towel Set
Geschirrtuch Leinen
Serviette de plage
Linen Tablecloth 150x250
Bettwäsche 135x200 Mikrofaser
USB-C Charging Cable 2m Braided
Ladekabel Lightning 1 m
Chargeur rapide 20W
Cargador USB doble
HDMI Cable 4K 3 m
Extension Cord 5 m
Wired Earphones with Mic
Smartphone 128 GB Dual SIM
Handyhülle Silikon
Coque pour iPhone 15
Funda de móvil transparente
iPad Air 11 inch
E-Reader Waterproof
Jump Rope Adjustable Speed
Springseil Kinder
Resistance Bands Set of 5
Yoga Mat Non Slip 6mm
Faszienrolle hart
Tapis de yoga antidérapant
Boxing Gloves 12 oz
Gold Hoop Earrings 14k
Ohrringe Perlen Silber
Boucles d'oreilles créoles
Collar de plata con colgante
Silver Necklace with Heart Pendant
Halskette vergoldet
Bracelet en argent
Diamond Engagement Ring White Gold
Verlobungsring Silber
Leather Wallet for Men RFID
Geldbörse Damen
Portefeuille en cuir
Cartera de piel
Keychain Leather Personalized
Schlüsselanhänger Filz
Silk Scarf Floral
Schal aus Kaschmir
Foulard en soie
Leather Belt Brown
Ceinture tressée
Wool Socks 3 Pack
Socken Herren 10er Pack
Winter Gloves Touchscreen
Lace Bra and Panties Set
Bikini Set High Waist
Bañador mujer
Baby Romper Organic Cotton
Strampler mit Füßen
Hardcover Notebook A5 Dotted
Notizbuch liniert
Carnet de voyage
Greeting Card Birthday
Playing Cards Deck
Vinyl Record LP Remastered
Fountain Pen Fine Nib
Kugelschreiber Metall
Colored Pencils Set of 24
Makeup Brush Set 12 pcs
Eyeshadow Palette 18 Colors
Electric Toothbrush Sonic
Rasierer mit 5 Klingen
Handmade Soap Lavender
Seife Olivenöl
Chef Knife 20 cm Damascus
Kochmesser japanisch
Couteau de cuisine
Cutlery Set 24 Pieces
Besteck Set 30-teilig
Silicone Spatula
Claw Hammer 16 oz
Schraubendreher Set
Tournevis isolé
Tijeras de cocina
Garden Pruning Shears secateurs
Tennis Racket Graphite
Badmintonschläger Set
Flute Silver Plated
Harmonica in C
Dog Leash Nylon 1.5m
Hundeleine Leder
Cat Toy Feather Wand
Baby Pacifier Silicone
LED Light Bulb E27
String Lights 10 m Warm White
Lichterkette außen
Mouse Pad XXL
Dried Flower Bouquet
Blumenstrauß Rosen
Silk Tie Navy
""",
    ("lie", 0.7): """
Women's Sneakers (top view)
Canvas Slip-On Plimsolls
Flip Flops Beach
Badesandalen Unisex Sandalen
Ceramic Dinner Plate 27 cm
Teller flach Porzellan
""",
    ("hang", 0.8): """
Cotton T-Shirt Crew Neck White
Herren Hemd Slim Fit
Chemise en lin blanche
Camiseta de algodón básica
Hooded Sweatshirt Oversized
Zip Hoodie Fleece Lined
Kapuzenpullover Herren
Sudadera con capucha
Wool Sweater Cable Knit
Strickjacke Damen
Pull col roulé
Denim Jacket Vintage Wash
Lederjacke Biker
Blouson en cuir
Chaqueta vaquera
Winter Coat Long Camel
Trenchcoat Damen
Manteau en laine
Abrigo largo mujer
Floral Summer Dress Midi
Abendkleid lang
Robe de soirée longue
Vestido de verano
Silk Blouse with Bow
Polo Shirt Pique
Men's Suit Two Piece
Bathrobe Terry Cotton
Kimono Japanese Style
Slim Fit Jeans Dark Blue
Jeans Herren Stretch
Pantalon chino
Pantalones vaqueros
Yoga Leggings High Waist
Sports Leggings Black
Pleated Midi Skirt
Rock kariert
Jupe plissée
Falda larga
Cargo Shorts
Badehose Herren
Blackout Curtains 2 Panels
Vorhang Leinen
Kitchen Apron with Pockets
Schürze Latz
Canvas Tote Bag Printed
Crossbody Bag Vegan Leather
Umhängetasche Leder
Sac bandoulière femme
Bandolera de cuero
Messenger Bag Men
Abstract Wall Art Canvas Print
Leinwandbild Berge
Tableau abstrait
Cuadro moderno
Movie Poster 50x70
Oil Painting Landscape
Round Wall Mirror Gold
Wandspiegel rund
Miroir soleil
Espejo redondo
Wall Clock Silent 30 cm
Wanduhr Holz
Horloge murale
Reloj de pared
Christmas Wreath with Berries
Macrame Wall Hanging
Dartboard Bristle
Rattan Pendant Light
Hängelampe Glas
Suspension en bambou
Lámpara colgante industrial
Ceiling Lamp LED
Kronleuchter Kristall
Lampshade Linen
Wind Chime Metal
Hanging Planter Macrame
Glass Christmas Ornament
""",
    ("lean", 0.4): """
Full Length Mirror Oak Frame
Standspiegel schwarz
Surfboard Foam 7 ft
Snowboard All Mountain 156
Acoustic Guitar Dreadnought
E-Gitarre Starter Set
Guitarra clásica
Garden Rake
Cordless Broom Besen
Aluminium Step Ladder
Skateboard Maple Deck
Baseball Bat Wood
Golf Club Driver
Fishing Rod Carbon
Umbrella Windproof Compact
Regenschirm Automatik
""",
    ("float", 1.2): """
Helium Balloon Number 5
Luftballon Set bunt
Camera Drone 4K GPS
Drohne mit Kamera
Kite Rainbow for Kids
""",
}


def titles() -> list[tuple[str, str, float]]:
    """(title, stance, aspect) of every title."""
    return [
        (title.strip(), stance, aspect)
        for (stance, aspect), lines in TITLES.items()
        for title in lines.strip().splitlines()
    ]
