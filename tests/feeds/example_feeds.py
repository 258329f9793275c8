"""Feeds as shop systems and catalogues write them, made here: two products, one of them with variants.

Each function writes a feed into a folder and returns its path. The mug is stoneware, red or blue, and 10 cm high
where the feed can say so; the bottle holds 750 ml. Pictures are mug-red, mug-back, mug-blue and bottle.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CDN = "https://cdn.example.com/p"

Make = Callable[[Path], Path]


def table(
    path: Path, header: Sequence[str], *rows: Mapping[str, str], delimiter: str = ",", encoding: str = "utf-8",
    before: str = "",
) -> Path:  # fmt: skip
    """A delimited file; cells that a row does not name are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes((before + text.getvalue()).encode(encoding))
    return path


GOOGLE = (
    "id title description link image_link additional_image_link availability price brand product_type color "
    "material item_group_id product_height condition"
).split()


def google_rows() -> list[dict[str, str]]:
    mug = {
        "description": "<p>A mug &amp; a friend</p>", "brand": "Acme", "product_type": "Home > Kitchen > Mugs",
        "item_group_id": "MUG", "material": "stoneware", "price": "12.00 EUR", "product_height": "10 cm",
        "condition": "new",
    }  # fmt: skip
    return [
        {**mug, "id": "MUG-R", "title": "Stoneware mug, red", "color": "red", "availability": "in_stock",
         "image_link": f"{CDN}/mug-red.png", "additional_image_link": f"{CDN}/mug-back.png"},
        {**mug, "id": "MUG-B", "title": "Stoneware mug, blue", "color": "blue", "availability": "in_stock",
         "image_link": f"{CDN}/mug-blue.png"},
        {"id": "BOTTLE", "title": "Bottle 750 ml", "image_link": f"{CDN}/bottle.png?v=3", "price": "8.00 EUR",
         "availability": "out of stock", "condition": "new"},
    ]  # fmt: skip


def google_tsv(folder: Path) -> Path:
    return table(folder / "google.txt", GOOGLE, *google_rows(), delimiter="\t")


def google_csv_utf16(folder: Path) -> Path:
    return table(folder / "google.csv", GOOGLE, *google_rows(), delimiter=";", encoding="utf-16")


def google_rss(folder: Path) -> Path:
    items = "".join(
        "<item>"
        + "".join(f"<g:{name}><![CDATA[{text}]]></g:{name}>" for name, text in row.items())
        + "</item>"
        for row in google_rows()
    )
    path = folder / "google.xml"
    head = '<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>'
    path.write_text(f"{head}<title>Shop</title><link>https://shop.example.com</link>{items}</channel></rss>")
    return path


def google_atom(folder: Path) -> Path:
    entries = "".join(
        "<entry>"
        + "".join(f"<g:{name}><![CDATA[{text}]]></g:{name}>" for name, text in row.items())
        + "</entry>"
        for row in google_rows()
    )
    path = folder / "atom.xml"
    head = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
    path.write_text(f"{head}<title>Shop</title><author><name>Shop</name></author>{entries}</feed>")
    return path


def meta_csv(folder: Path) -> Path:
    header = (
        "id,title,description,availability,condition,price,link,image[0].url,image[0].tag[0],image[1].url,brand,"
        "google_product_category,fb_product_category,color,material,item_group_id,quantity_to_sell_on_facebook"
    ).split(",")
    mug = {"brand": "Acme", "item_group_id": "MUG", "material": "stoneware", "google_product_category": "2169",
           "fb_product_category": "home > kitchen > mugs", "price": "12.00 EUR"}  # fmt: skip
    return table(
        folder / "meta.csv", header,
        {**mug, "id": "MUG-R", "title": "Stoneware mug, red", "color": "red", "image[0].url": f"{CDN}/mug-red.png",
         "image[1].url": f"{CDN}/mug-back.png"},
        {**mug, "id": "MUG-B", "title": "Stoneware mug, blue", "color": "blue",
         "image[0].url": f"{CDN}/mug-blue.png"},
        {"id": "BOTTLE", "title": "Bottle 750 ml", "image[0].url": f"{CDN}/bottle.png"},
    )  # fmt: skip


def _shopify(path: Path, names: Mapping[str, str]) -> Path:
    """Pictures and variants share rows, as exports have them: the second row is a variant and a picture."""
    rows = [
        {"handle": "mug", "title": "Stoneware mug", "body": "<p>A mug</p>", "vendor": "Acme", "type": "Mugs",
         "name": "Color", "value": "Red", "sku": "MUG-R", "price": "12.00", "image": f"{CDN}/mug-red.png",
         "position": "1", "alt": "A red mug", "variant": f"{CDN}/mug-red.png"},
        {"handle": "mug", "value": "Blue", "sku": "MUG-B", "price": "12.00", "image": f"{CDN}/mug-back.png",
         "position": "2", "variant": f"{CDN}/mug-blue.png"},
        {"handle": "mug", "image": f"{CDN}/mug-blue.png", "position": "3"},
        {"handle": "bottle", "title": "Bottle 750 ml", "name": "Title", "value": "Default Title", "sku": "BOTTLE",
         "price": "8.00", "image": f"{CDN}/bottle.png", "position": "1"},
    ]  # fmt: skip
    renamed = [{names[name]: text for name, text in row.items()} for row in rows]
    return table(path, list(names.values()), *renamed)


def shopify(folder: Path) -> Path:
    return _shopify(folder / "shopify.csv", {
        "title": "Title", "handle": "URL handle", "body": "Description", "vendor": "Vendor", "type": "Type",
        "name": "Option1 name", "value": "Option1 value", "sku": "SKU", "price": "Price",
        "image": "Product image URL", "position": "Image position", "alt": "Image alt text",
        "variant": "Variant image URL",
    })  # fmt: skip


def shopify_classic(folder: Path) -> Path:
    return _shopify(folder / "products_export.csv", {
        "handle": "Handle", "title": "Title", "body": "Body (HTML)", "vendor": "Vendor", "type": "Type",
        "name": "Option1 Name", "value": "Option1 Value", "sku": "Variant SKU", "price": "Variant Price",
        "image": "Image Src", "position": "Image Position", "alt": "Image Alt Text", "variant": "Variant Image",
    })  # fmt: skip


def _woocommerce(path: Path, header: str, encoding: str = "utf-8") -> Path:
    titles = header.split("|")
    (id_, kind, sku, name, published, stock, height, price, categories, images, parent, option, value) = (
        titles
    )
    return table(
        path, titles,
        {id_: "10", kind: "variable", sku: "MUG", name: "Stoneware mug", published: "1", stock: "1", height: "10",
         categories: "Home > Kitchen > Mugs, Gifts", images: f"{CDN}/mug-red.png, {CDN}/mug-back.png",
         option: "Color", value: "Red, Blue"},
        {id_: "11", kind: "variation", sku: "MUG-R", name: "Stoneware mug - Red", published: "1", stock: "1",
         price: "12", images: f"{CDN}/mug-red.png", parent: "MUG", option: "Color", value: "Red"},
        {id_: "12", kind: "variation", sku: "MUG-B", name: "Stoneware mug - Blue", published: "1", stock: "1",
         price: "12", images: f"{CDN}/mug-blue.png", parent: "id:10", option: "Color", value: "Blue"},
        {id_: "13", kind: "simple", sku: "BOTTLE", name: "Bottle 750 ml", published: "-1", stock: "0",
         price: "8", images: f"{CDN}/bottle.png"},
        encoding=encoding,
    )  # fmt: skip


def woocommerce(folder: Path) -> Path:
    return _woocommerce(
        folder / "wc-product-export.csv",
        "ID|Type|SKU|Name|Published|In stock?|Height (cm)|Regular price|Categories|Images|Parent|"
        "Attribute 1 name|Attribute 1 value(s)",
    )


def woocommerce_german(folder: Path) -> Path:
    return _woocommerce(
        folder / "wc-de.csv",
        "ID|Typ|Artikelnummer|Name|Veröffentlicht|Vorrätig?|Höhe (cm)|Regulärer Preis|Kategorien|Bilder|"
        "Übergeordnetes Produkt|Attribut 1 Name|Attribut 1 Wert(e)",
        "cp1252",
    )


def woocommerce_french(folder: Path) -> Path:
    return _woocommerce(
        folder / "wc-fr.csv",
        "ID|Type|UGS|Nom|Publié|En stock ?|Hauteur (cm)|Tarif régulier|Catégories|Images|Parent|"
        "Nom de l’attribut 1|Valeur(s) de l’attribut 1",
        "utf-8-sig",
    )


def magento(folder: Path) -> Path:
    header = (
        "sku,attribute_set_code,product_type,categories,product_websites,name,price,base_image,additional_images,"
        "color,additional_attributes,configurable_variations,is_in_stock,product_online,store_view_code"
    ).split(",")
    return table(
        folder / "catalog_product.csv", header,
        {"sku": "MUG-R", "product_type": "simple", "categories": "Default Category/Home/Mugs,Default Category/Home",
         "name": "Stoneware mug-Red", "price": "12.0000", "base_image": "/m/u/mug-red.png",
         "additional_images": "/m/u/mug-back.png", "additional_attributes": "color=Red,material=Stoneware"},
        {"sku": "MUG-R", "store_view_code": "de"},
        {"sku": "MUG-B", "product_type": "simple", "name": "Stoneware mug-Blue", "price": "12.0000",
         "base_image": "/m/u/mug-blue.png", "additional_attributes": "color=Blue"},
        {"sku": "MUG", "product_type": "configurable", "name": "Stoneware mug",
         "categories": "Default Category/Home/Mugs",
         "configurable_variations": "sku=MUG-R,color=Red|sku=MUG-B,color=Blue"},
        {"sku": "BOTTLE", "product_type": "simple", "name": "Bottle 750 ml", "base_image": "/b/o/bottle.png"},
    )  # fmt: skip


def bigcommerce(folder: Path) -> Path:
    header = (
        "Item,ID,Name,Type,SKU,Options,Inventory Tracking,Price,Brand ID,Description,Categories,"
        "Image URL (Import),Image is Thumbnail,Image Sort Order,Variant Image URL,Is Visible"
    ).split(",")
    return table(
        folder / "bigcommerce.csv", header,
        {"Item": "Product", "ID": "77", "Name": "Stoneware mug", "Type": "physical", "SKU": "MUG", "Price": "12",
         "Brand ID": "39", "Categories": "Home/Kitchen/Mugs", "Is Visible": "TRUE"},
        {"Item": "Variant", "ID": "771", "SKU": "MUG-R", "Options": "Type=Swatch|Name=Color|Value=Red"},
        {"Item": "Variant", "ID": "772", "SKU": "MUG-B", "Options": "Type=Swatch|Name=Color|Value=Blue",
         "Variant Image URL": f"{CDN}/mug-blue.png"},
        {"Item": "Image", "ID": "9", "Image URL (Import)": f"{CDN}/mug-red.png", "Image Sort Order": "0"},
        {"Item": "Image", "ID": "10", "Image URL (Import)": f"{CDN}/mug-back.png", "Image Sort Order": "1"},
        {"Item": "Product", "ID": "78", "Name": "Bottle 750 ml", "Type": "physical", "SKU": "BOTTLE"},
        {"Item": "Image", "ID": "11", "Image URL (Import)": f"{CDN}/bottle.png", "Image Sort Order": "0"},
    )  # fmt: skip


def prestashop(folder: Path) -> Path:
    header = (
        "Product ID|Active (0/1)|Name *|Categories (x,y,z...)|Price tax included|Reference #|Manufacturer|"
        "Image URLs (x,y,z...)|Feature(Name:Value:Position)|EAN13"
    ).split("|")
    return table(
        folder / "products_import.csv", header,
        {"Product ID": "1", "Active (0/1)": "1", "Name *": "Stoneware mug", "Categories (x,y,z...)": "Home,Mugs",
         "Price tax included": "12", "Reference #": "MUG-R", "Manufacturer": "Acme",
         "Image URLs (x,y,z...)": f"{CDN}/mug-red.png,{CDN}/mug-back.png",
         "Feature(Name:Value:Position)": "Color:Red:1,Composition:Stoneware:2"},
        {"Product ID": "2", "Active (0/1)": "0", "Name *": "Bottle 750 ml",
         "Image URLs (x,y,z...)": f"{CDN}/bottle.png"},
        delimiter=";",
    )  # fmt: skip


def etsy(folder: Path) -> Path:
    header = (
        "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2,IMAGE3,VARIATION 1 TYPE,"
        "VARIATION 1 NAME,VARIATION 1 VALUES,SKU"
    ).split(",")
    return table(
        folder / "EtsyListingsDownload.csv", header,
        {"TITLE": "Stoneware mug", "PRICE": "12.00", "CURRENCY_CODE": "EUR", "MATERIALS": "stoneware",
         "IMAGE1": f"{CDN}/mug-red.png", "IMAGE2": f"{CDN}/mug-back.png", "VARIATION 1 NAME": "Color",
         "VARIATION 1 VALUES": "Red", "SKU": "MUG-R"},
        {"TITLE": "Bottle 750 ml", "IMAGE1": f"{CDN}/bottle.png"},
    )  # fmt: skip


def ebay(folder: Path) -> Path:
    header = (
        "*Action(SiteID=Germany|Country=DE|Currency=EUR|Version=1193)|CustomLabel|*Category|*Title|PicURL|"
        "*StartPrice|*Quantity|*Format|*Duration|C:Brand|C:Color|C:Material|C:Item Height|Product:EAN"
    )
    first = "*Action(SiteID=Germany|Country=DE|Currency=EUR|Version=1193)"
    titles = [first, *header.removeprefix(first + "|").split("|")]
    return table(
        folder / "ebay.csv", titles,
        {"CustomLabel": "MUG-R", "*Title": "Stoneware mug", "PicURL": f"{CDN}/mug-red.png|{CDN}/mug-back.png",
         "*StartPrice": "12.0", "C:Brand": "Acme", "C:Color": "Red", "C:Material": "Stoneware",
         "C:Item Height": "10 cm", "Product:EAN": "4006381333931"},
        {"CustomLabel": "BOTTLE", "*Title": "Bottle 750 ml", "PicURL": f"{CDN}/bottle.png"},
        before="#INFO;Version=1.0;Template=fx_category_template\r\n",
    )  # fmt: skip


def amazon(folder: Path) -> Path:
    header = (
        "feed_product_type item_sku brand_name item_name standard_price main_image_url other_image_url1 parent_child "
        "parent_sku relationship_type variation_theme color_name material_type item_height "
        "item_height_unit_of_measure bullet_point1"
    ).split()
    before = "TemplateType=fptcustom\tVersion=2021.1201\tTemplateSignature=SE9NRQ==\r\n"
    before += "Product Type\tSeller SKU\tBrand Name\tProduct Name\tYour Price\tMain Image URL\r\n"
    mug = {"feed_product_type": "drinkingcup", "brand_name": "Acme", "parent_sku": "MUG", "parent_child": "Child",
           "standard_price": "12.00", "item_height": "10", "item_height_unit_of_measure": "Centimeters"}  # fmt: skip
    return table(
        folder / "amazon.txt", header,
        {"item_sku": "MUG", "item_name": "Stoneware mug", "parent_child": "Parent", "brand_name": "Acme"},
        {**mug, "item_sku": "MUG-R", "item_name": "Stoneware mug, Red", "color_name": "Red",
         "main_image_url": f"{CDN}/mug-red.png", "other_image_url1": f"{CDN}/mug-back.png"},
        {**mug, "item_sku": "MUG-B", "item_name": "Stoneware mug, Blue", "color_name": "Blue",
         "main_image_url": f"{CDN}/mug-blue.png"},
        {"item_sku": "BOTTLE", "item_name": "Bottle 750 ml", "main_image_url": f"{CDN}/bottle.png"},
        delimiter="\t", before=before,
    )  # fmt: skip


def pinterest(folder: Path) -> Path:
    header = (
        "id title description link image_link price availability condition item_group_id additional_image_link "
        "color brand material ad_link free_shipping_label product_type"
    ).split()
    rows = [{name: text for name, text in row.items() if name in header} for row in google_rows()]
    return table(folder / "pinterest.tsv", header, *rows, delimiter="\t")


def wix(folder: Path) -> Path:
    header = (
        "handleId,fieldType,name,description,productImageUrl,collection,sku,ribbon,price,surcharge,visible,"
        "discountMode,discountValue,inventory,weight,productOptionName1,productOptionType1,"
        "productOptionDescription1,brand"
    ).split(",")
    return table(
        folder / "wix.csv", header,
        {"handleId": "p1", "fieldType": "Product", "name": "Stoneware mug", "collection": "Mugs", "visible": "true",
         "productImageUrl": f"{CDN}/mug-red.png;{CDN}/mug-back.png", "productOptionName1": "Color",
         "productOptionDescription1": "#ff0000:Red;#0000ff:Blue", "brand": "Acme", "price": "12"},
        {"handleId": "p1", "fieldType": "Variant", "productOptionDescription1": "Red", "sku": "MUG-R"},
        {"handleId": "p2", "fieldType": "Product", "name": "Bottle 750 ml",
         "productImageUrl": f"{CDN}/bottle.png"},
    )  # fmt: skip


def wix_media(folder: Path) -> Path:
    header = "handle,fieldType,name,visible,plainDescription,media,mediaAltText,ribbon,brand,price,sku".split(
        ","
    )
    return table(
        folder / "wix3.csv", header,
        {"handle": "mug", "fieldType": "PRODUCT", "name": "Stoneware mug", "visible": "TRUE", "price": "12",
         "media": f"{CDN}/mug-red.png", "sku": "MUG-R"},
        {"handle": "mug", "fieldType": "MEDIA", "media": f"{CDN}/mug-back.png"},
        {"handle": "bottle", "fieldType": "PRODUCT", "name": "Bottle 750 ml", "sku": "BOTTLE"},
        {"handle": "bottle", "fieldType": "MEDIA", "media": f"{CDN}/bottle.png"},
    )  # fmt: skip


def squarespace(folder: Path) -> Path:
    header = (
        "Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Product Page,Product URL,"
        "Title,Description,SKU,Option Name 1,Option Value 1,Price,Sale Price,On Sale,Stock,Categories,Tags,Weight,"
        "Length,Width,Height,Visible,Hosted Image URLs"
    ).split(",")
    return table(
        folder / "squarespace.csv", header,
        {"Product ID [Non Editable]": "6a", "Title": "Stoneware mug", "SKU": "MUG-R", "Option Name 1": "Color",
         "Option Value 1": "Red", "Price": "12.00", "Categories": "/mugs", "Visible": "Yes", "Height": "10",
         "Hosted Image URLs": f"{CDN}/mug-red.png {CDN}/mug-back.png"},
        {"SKU": "MUG-B", "Option Value 1": "Blue", "Price": "12.00", "Hosted Image URLs": f"{CDN}/mug-blue.png"},
        {"Product ID [Non Editable]": "6b", "Title": "Bottle 750 ml", "SKU": "BOTTLE",
         "Hosted Image URLs": f"{CDN}/bottle.png"},
    )  # fmt: skip


def yandex(folder: Path) -> Path:
    path = folder / "yml.xml"
    text = f"""<?xml version="1.0" encoding="windows-1251"?>
<!DOCTYPE yml_catalog SYSTEM "shops.dtd">
<yml_catalog date="2026-11-01 10:00"><shop><name>Shop</name><categories><category id="1">Кружки</category></categories>
<offers>
<offer id="MUG-R" available="true" group_id="7"><name>Кружка красная</name><vendor>Acme</vendor><price>1200</price>
<currencyId>RUR</currencyId><categoryId>1</categoryId><picture>{CDN}/mug-red.png</picture>
<picture>{CDN}/mug-back.png</picture><param name="Цвет">красный</param></offer>
<offer id="BOTTLE" available="false"><name>Бутылка 750 мл</name><picture>{CDN}/bottle.png</picture></offer>
</offers></shop></yml_catalog>"""
    path.write_bytes(text.encode("cp1251"))
    return path


def heureka(folder: Path) -> Path:
    path = folder / "heureka.xml"
    path.write_text(
        f"""<?xml version="1.0" encoding="utf-8"?><SHOP>
<SHOPITEM><ITEM_ID>MUG-R</ITEM_ID><PRODUCTNAME>Hrnek kameninový</PRODUCTNAME><IMGURL>{CDN}/mug-red.png</IMGURL>
<IMGURL_ALTERNATIVE>{CDN}/mug-back.png</IMGURL_ALTERNATIVE><PRICE_VAT>300</PRICE_VAT>
<PARAM><PARAM_NAME>Barva</PARAM_NAME><VAL>červená</VAL></PARAM>
<CATEGORYTEXT>Heureka.cz | Dům a zahrada | Hrnky</CATEGORYTEXT><MANUFACTURER>Acme</MANUFACTURER></SHOPITEM>
<SHOPITEM><ITEM_ID>BOTTLE</ITEM_ID><PRODUCTNAME>Láhev 750 ml</PRODUCTNAME><IMGURL>{CDN}/bottle.png</IMGURL>
</SHOPITEM></SHOP>""",
        encoding="utf-8",
    )
    return path


def awin(folder: Path) -> Path:
    header = (
        "aw_deep_link,product_name,aw_product_id,merchant_product_id,merchant_image_url,description,merchant_category,"
        "search_price,merchant_name,merchant_id,currency,brand_name,colour,in_stock,alternate_image"
    ).split(",")
    path = table(
        folder / "datafeed.csv", header,
        {"product_name": "Stoneware mug", "merchant_product_id": "MUG-R", "colour": "Red", "brand_name": "Acme",
         "merchant_image_url": f"{CDN}/mug-red.png", "alternate_image": f"{CDN}/mug-back.png",
         "merchant_category": "Mugs", "search_price": "12.00", "currency": "EUR", "in_stock": "1"},
        {"product_name": "Bottle 750 ml", "merchant_product_id": "BOTTLE", "in_stock": "0",
         "merchant_image_url": f"{CDN}/bottle.png"},
    )  # fmt: skip
    packed = path.with_suffix(".csv.zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, path.name)
    path.unlink()
    return packed


def german_shop(folder: Path) -> Path:
    return table(
        folder / "artikel.csv", ["Artikelnummer", "Bezeichnung", "Farbe", "Warengruppe", "Bild-URL", "Preis", "Höhe (mm)"],
        {"Artikelnummer": "MUG-R", "Bezeichnung": "Becher aus Steinzeug", "Farbe": "rot", "Warengruppe": "Becher",
         "Bild-URL": f"{CDN}/mug-red.png", "Preis": "12,00", "Höhe (mm)": "100"},
        {"Artikelnummer": "BOTTLE", "Bezeichnung": "Flasche 750 ml", "Bild-URL": f"{CDN}/bottle.png"},
        delimiter=";", encoding="cp1252",
    )  # fmt: skip


def japanese_shop(folder: Path) -> Path:
    return table(
        folder / "shohin.csv", ["商品番号", "商品名", "色", "カテゴリ", "画像URL", "価格"],
        {"商品番号": "MUG-R", "商品名": "陶器のマグカップ", "色": "赤", "カテゴリ": "マグカップ",
         "画像URL": f"{CDN}/mug-red.png", "価格": "1200"},
        {"商品番号": "BOTTLE", "商品名": "ボトル 750ml", "画像URL": f"{CDN}/bottle.png"},
        encoding="cp932",
    )  # fmt: skip


def spreadsheet(folder: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Read me first"])
    sheet = book.create_sheet("Template")
    sheet.append(["Our products"])
    sheet.append(["item_sku", "item_name", "main_image_url", "color_name", "brand_name", "standard_price"])
    sheet.append(["MUG-R", "Stoneware mug", f"{CDN}/mug-red.png", "Red", "Acme", 12])
    sheet.append([1234, "Bottle 750 ml", f"{CDN}/bottle.png", None, None, None])
    path = folder / "amazon.xlsx"
    book.save(path)
    return path


def shopify_json(folder: Path) -> Path:
    path = folder / "products.json"
    path.write_text(json.dumps({"products": [
        {"id": 1, "handle": "mug", "title": "Stoneware mug", "body_html": "<p>x</p>", "vendor": "Acme",
         "product_type": "Mugs", "images": [{"src": f"{CDN}/mug-red.png"}, {"src": f"{CDN}/mug-back.png"}],
         "variants": [{"sku": "MUG-R", "price": "12.00", "option1": "Red"}],
         "options": [{"name": "Color", "values": ["Red"]}]},
        {"id": 2, "handle": "bottle", "title": "Bottle 750 ml", "images": [{"src": f"{CDN}/bottle.png"}]},
    ]}))  # fmt: skip
    return path


FEEDS: Mapping[str, Make] = {
    make.__name__: make
    for make in (
        google_tsv, google_csv_utf16, google_rss, google_atom, meta_csv, shopify, shopify_classic, woocommerce,
        woocommerce_german, woocommerce_french, magento, bigcommerce, prestashop, etsy, ebay, amazon, pinterest, wix, wix_media,
        squarespace, yandex, heureka, awin, german_shop, japanese_shop, spreadsheet, shopify_json,
    )
}  # fmt: skip
