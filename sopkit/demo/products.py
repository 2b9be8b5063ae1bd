"""What Clearspring Drinks sells, fills and buys: families, items, recipes, suppliers.

All of it is the same for every seed. Volumes are nominal: cases a year in 2026.
"""

# ruff: noqa: E501 - a table reads better unbroken, and wide letters count double

from __future__ import annotations

import io
from typing import Any

import pandas as pd


def read_block(text: str) -> pd.DataFrame:
    """Return a frame from a block of text with `|` between cells; every cell stays text."""
    return pd.read_csv(io.StringIO(text.strip()), sep="|", dtype=str, keep_default_na=False)


def each_row(frame: pd.DataFrame) -> Any:
    """Return the rows one by one; cells are attributes, as the columns are called."""
    return frame.itertuples(index=True)


def each_cell(column: pd.Series) -> Any:
    """Return pairs of index label and value."""
    return column.items()


def each_block(frame: pd.DataFrame, by: Any) -> Any:
    """Return pairs of group and rows, groups in order."""
    return frame.groupby(by, sort=True)


def numbers(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return the frame with the named text columns as numbers."""
    return frame.assign(**{name: frame[name].astype(float) for name in names})


# volume: million cases a year; amplitude: summer swing; new_year: share of a month that the lunar
# new year moves; conversion: money a case; margin: share of the net price.
FAMILIES = numbers(
    read_block(
        """
family|zh|en|category|volume|growth|amplitude|new_year|conversion|margin|dilution
COLA|可乐罐装|Cola, can|carbonated|4.4|0.01|0.31|0.22|2.8|0.33|6
SPARK|气泡水|Sparkling water|carbonated|2.8|0.07|0.29|0.17|3.4|0.35|6
STEA|气泡茶|Sparkling tea|tea|1.75|0.10|0.26|0.16|4.2|0.35|4
TEA|茶饮料|Still tea|tea|3.6|0.03|0.29|0.16|3.9|0.30|5
JUPET|果汁 PET|Juice, PET|juice|2.4|0.00|0.16|0.20|3.6|0.29|2
JU1L|果汁 1 升|Juice, 1 l|juice|1.4|-0.01|-0.05|0.25|4.2|0.28|2
WATER|包装水|Water|water|3.9|0.04|0.33|0.15|9.8|0.31|1
ENERGY|能量饮料|Energy drink|energy|1.6|0.07|0.18|0.18|3.2|0.32|5
"""
    ),
    "volume", "growth", "amplitude", "new_year", "conversion", "margin", "dilution",
)  # fmt: skip

# weight: share within the family; reach: A sells everywhere, C in few channel-regions;
# lines: where it can be made, the preferred line first.
ITEMS = numbers(
    read_block(
        """
item|family|zh|en|ml|pieces|pack|semi|weight|reach|lines|launch|end|predecessor|like
010101|COLA|经典可乐 330ml×24|Classic cola 330 ml x 24|330|24|can330|020101|30|A|CAN1 CAN2||||
010102|COLA|无糖可乐 330ml×24|Cola zero 330 ml x 24|330|24|can330|020102|22|A|CAN2 CAN1||||
010103|COLA|柠檬可乐 330ml×24|Lemon cola 330 ml x 24|330|24|can330|020101|12|A|CAN1 CAN2||||
010104|COLA|橙味汽水 330ml×24|Orange soda 330 ml x 24|330|24|can330|020103|10|A|CAN1||||
010105|COLA|柠檬汽水 330ml×24|Lemon soda 330 ml x 24|330|24|can330|020103|9|B|CAN2||||
010106|COLA|经典可乐 330ml×12|Classic cola 330 ml x 12|330|12|can330|020101|8|B|CAN1||||
010107|COLA|无糖可乐 330ml×12|Cola zero 330 ml x 12|330|12|can330|020102|6|C|CAN2||||
010108|COLA|香草可乐 330ml×24|Vanilla cola 330 ml x 24|330|24|can330|020101|3|C|CAN2||||
010109|COLA|樱桃可乐 330ml×24|Cherry cola 330 ml x 24|330|24|can330|020101|4|C|CAN2||2024-06-30||
010201|SPARK|原味气泡水 480ml×15|Sparkling water plain 480 ml x 15|480|15|pet500|020104|26|A|PET1||||
010202|SPARK|白桃气泡水 480ml×15|Sparkling water peach 480 ml x 15|480|15|pet500|020104|18|A|PET1||||
010203|SPARK|青柠气泡水 480ml×15|Sparkling water lime 480 ml x 15|480|15|pet500|020104|10|B|PET1 PET3||||
010204|SPARK|葡萄气泡水 480ml×15|Sparkling water grape 480 ml x 15|480|15|pet500|020104|6|C|PET1 PET3||||
010205|SPARK|原味气泡水 330ml×24 罐|Sparkling water plain 330 ml x 24 can|330|24|can330|020104|16|A|CAN1 CAN2||||
010206|SPARK|白桃气泡水 330ml×24 罐|Sparkling water peach 330 ml x 24 can|330|24|can330|020104|12|B|CAN1||||
010207|SPARK|西柚气泡水 330ml×24 罐|Sparkling water grapefruit 330 ml x 24 can|330|24|can330|020104|8|B|CAN1||||
010208|SPARK|海盐气泡水 330ml×12 罐|Sparkling water sea salt 330 ml x 12 can|330|12|can330|020104|4|C|CAN1||||
010301|STEA|气泡红茶 500ml×15|Sparkling black tea 500 ml x 15|500|15|pet500|020105|28|A|PET2||||
010302|STEA|气泡绿茶 500ml×15|Sparkling green tea 500 ml x 15|500|15|pet500|020105|22|A|PET2||||
010303|STEA|气泡柠檬茶 500ml×15|Sparkling lemon tea 500 ml x 15|500|15|pet500|020105|20|A|PET2||||
010304|STEA|气泡青梅茶 500ml×15|Sparkling plum tea 500 ml x 15|500|15|pet500|020105|12|B|PET2||||
010305|STEA|无糖气泡茶 500ml×15|Sparkling tea zero 500 ml x 15|500|15|pet500|020105|10|B|PET2||||
010306|STEA|气泡茉莉茶 500ml×15|Sparkling jasmine tea 500 ml x 15|500|15|pet500|020105|4|C|PET2||||
010307|STEA|气泡白桃乌龙 500ml×15|Sparkling peach oolong 500 ml x 15|500|15|pet500|020105|9|B|PET2|2026-03-01|||010304
010308|STEA|气泡荔枝红茶 500ml×15|Sparkling lychee tea 500 ml x 15|500|15|pet500|020105|8|B||2027-03-01|||010302
010401|TEA|冰红茶 500ml×15|Iced black tea 500 ml x 15|500|15|pet500|020106|26|A|PET1 PET3||||
010402|TEA|绿茶 500ml×15|Green tea 500 ml x 15|500|15|pet500|020107|20|A|PET3 PET1||||
010403|TEA|茉莉花茶 500ml×15|Jasmine tea 500 ml x 15|500|15|pet500|020107|13|A|PET2 PET1||||
010404|TEA|乌龙茶 500ml×15|Oolong tea 500 ml x 15|500|15|pet500|020106|10|B|PET1||||
010405|TEA|蜂蜜柚子茶 500ml×15|Honey pomelo tea 500 ml x 15|500|15|pet500|020107|7|B|PET3||||
010406|TEA|零糖乌龙茶 500ml×15|Oolong tea zero 500 ml x 15|500|15|pet500|020106|8|B|PET1|2025-03-01|||010404
010407|TEA|冰红茶 1L×12|Iced black tea 1 l x 12|1000|12|pet1l|020106|9|B|PET3||||
010408|TEA|绿茶 1L×12|Green tea 1 l x 12|1000|12|pet1l|020107|5|C|PET3||||
010409|TEA|麦茶 500ml×15|Barley tea 500 ml x 15|500|15|pet500|020106|2|C|PET1||||
010501|JUPET|橙汁 300ml×24|Orange juice 300 ml x 24|300|24|pet300|020108|28|A|ASE1||||
010502|JUPET|苹果汁 300ml×24|Apple juice 300 ml x 24|300|24|pet300|020109|20|A|ASE1 PET3||||
010503|JUPET|水蜜桃汁 300ml×24|Peach juice 300 ml x 24|300|24|pet300|020110|18|A|PET3||||
010504|JUPET|葡萄汁 300ml×24|Grape juice 300 ml x 24|300|24|pet300|020109|12|B|ASE1||||
010505|JUPET|芒果汁 300ml×24|Mango juice 300 ml x 24|300|24|pet300|020110|9|B|PET3||||
010506|JUPET|橙汁 250ml×24|Orange juice 250 ml x 24|250|24|pet300|020108|6|C|ASE1||||
010507|JUPET|山楂汁 300ml×24|Hawthorn juice 300 ml x 24|300|24|pet300|020109|5|C|ASE1||||
010508|JUPET|椰子水 300ml×24|Coconut water 300 ml x 24|300|24|pet300|020110|2|C|PET3||||
010601|JU1L|橙汁 1L×12|Orange juice 1 l x 12|1000|12|jug1l|020108|34|A|ASE1||||
010602|JU1L|苹果汁 1L×12|Apple juice 1 l x 12|1000|12|jug1l|020109|24|A|ASE1||||
010603|JU1L|水蜜桃汁 1L×12|Peach juice 1 l x 12|1000|12|jug1l|020110|16|B|ASE1||||
010604|JU1L|葡萄汁 1L×12|Grape juice 1 l x 12|1000|12|jug1l|020109|11|B|ASE1||||
010605|JU1L|混合果蔬汁 1L×12|Mixed juice 1 l x 12|1000|12|jug1l|020110|7|C|ASE1||||
010606|JU1L|西梅汁 1L×12|Prune juice 1 l x 12|1000|12|jug1l|020109|2|C|ASE1||||
010607|JU1L|橙汁礼盒 1L×6|Orange juice gift box 1 l x 6|1000|6|jug1l|020108|6|B|ASE1||2027-02-28||
010608|JU1L|鲜橙礼盒 1L×6|Fresh orange gift box 1 l x 6|1000|6|jug1l|020108|6|B|ASE1|2026-12-01||010607|010607
010701|WATER|饮用水 550ml×24|Water 550 ml x 24|550|24|pet500||34|A|PET1 WAT1||||
010702|WATER|矿泉水 550ml×24|Mineral water 550 ml x 24|550|24|pet500||24|A|WAT1 PET1||||
010703|WATER|饮用水 350ml×24|Water 350 ml x 24|350|24|pet500||14|A|PET1||||
010704|WATER|矿泉水 350ml×24|Mineral water 350 ml x 24|350|24|pet500||10|B|WAT1||||
010705|WATER|饮用水 1.5L×12|Water 1.5 l x 12|1500|12|pet1l||12|B|WAT1||||
010706|WATER|矿泉水 1.5L×12|Mineral water 1.5 l x 12|1500|12|pet1l||6|C|WAT1||||
010707|WATER|苏打水 350ml×24|Soda water 350 ml x 24|350|24|pet500||4|C|WAT1||2025-12-31||
010801|ENERGY|能量饮料 250ml×24|Energy drink 250 ml x 24|250|24|can250|020111|44|A|CAN2 CAN1||||
010802|ENERGY|能量饮料强化 250ml×24|Energy drink strong 250 ml x 24|250|24|can250|020111|22|A|CAN2||||
010803|ENERGY|能量饮料柑橘 250ml×24|Energy drink citrus 250 ml x 24|250|24|can250|020111|13|B|CAN2||||
010804|ENERGY|能量饮料莓果 250ml×24|Energy drink berry 250 ml x 24|250|24|can250|020111|8|B|CAN2||||
010805|ENERGY|能量饮料 250ml×12|Energy drink 250 ml x 12|250|12|can250|020111|4|C|CAN2||||
010806|ENERGY|无糖能量饮料 250ml×24|Energy drink zero 250 ml x 24|250|24|can250|020111|9|B|CAN2|2023-04-01|||010801
"""
    ),
    "ml", "pieces", "weight",
)  # fmt: skip

INTERMITTENT = ("010409", "010508", "010606")  # niche items that do not sell every month
STAND_IN = ("010308",)  # launch without BOM, routing, cost and price: the like-item stands in

SEMIS = read_block(
    """
item|zh|en|recipe
020101|可乐糖浆|Cola syrup|030101:0.62 030103:0.070
020102|无糖可乐糖浆|Cola zero syrup|030102:0.012 030103:0.085
020103|柑橘汽水糖浆|Citrus soda syrup|030101:0.60 030104:0.045
020104|气泡水风味基底|Sparkling water flavour base|030101:0.15 030104:0.115
020105|气泡茶基底|Sparkling tea base|030101:0.28 030105:0.038 030106:0.020
020106|红茶基底|Black tea base|030101:0.30 030105:0.055
020107|绿茶基底|Green tea base|030101:0.26 030106:0.058
020108|橙汁基底|Orange juice base|030101:0.05 030107:0.200
020109|苹果葡萄汁基底|Apple and grape juice base|030101:0.04 030108:0.300
020110|桃芒汁基底|Peach and mango juice base|030101:0.06 030109:0.260
020111|能量饮料糖浆|Energy syrup|030101:0.50 030110:0.310
"""
)
SEMI_CONVERSION = 0.45  # money a litre

# price: net, a base unit; lead: days; minimum and multiple: base units; limit: base units a month.
MATERIALS = numbers(
    read_block(
        """
item|zh|en|unit|supplier|price|lead|minimum|multiple|limit
030101|白砂糖|Sugar|kg|S01|5.9|14|20000|1000|
030102|甜味剂|Sweetener|kg|S02|185|30|200|25|
030103|可乐浓缩液|Cola concentrate|kg|S03|46|45|2000|200|
030104|柑橘香精|Citrus flavour|kg|S03|62|30|1000|100|
030105|红茶提取物|Black tea extract|kg|S04|86|30|1000|100|
030106|绿茶提取物|Green tea extract|kg|S04|79|30|1000|100|
030107|浓缩橙汁|Orange juice concentrate|kg|S05|19.5|60|20000|1000|
030108|浓缩苹果汁|Apple juice concentrate|kg|S05|11.5|30|20000|1000|
030109|桃芒果浆|Peach and mango puree|kg|S05|14|45|10000|1000|
030110|能量预混料|Energy premix|kg|S02|47|45|2000|100|
030111|二氧化碳|Carbon dioxide|kg|S06|0.9|5|5000|500|
030201|330ml 易拉罐|Can 330 ml|pc|S07|0.37|35|500000|10000|
030202|250ml 易拉罐|Can 250 ml|pc|S07|0.35|35|300000|10000|
030203|易拉盖|Can end|pc|S07|0.095|35|500000|10000|
030204|24g 瓶坯|Preform 24 g|pc|S08|0.19|14|300000|10000|
030205|38g 瓶坯|Preform 38 g|pc|S08|0.32|14|100000|5000|
030206|28mm 瓶盖|Cap 28 mm|pc|S09|0.055|21|500000|10000|
030207|38mm 瓶盖|Cap 38 mm|pc|S10|0.12|60|200000|10000|1700000
030208|标签|Label|pc|S11|0.028|14|500000|10000|
030209|纸箱|Carton|pc|S12|1.85|10|20000|1000|
030210|收缩膜|Shrink film|kg|S12|9.6|10|2000|100|
"""
    ),
    "price", "lead", "minimum", "multiple",
)  # fmt: skip

# A second source: dearer, quicker.
SECOND_SOURCES = numbers(
    read_block(
        """
item|supplier|price|lead|minimum|multiple|limit
030101|S13|6.3|7|10000|1000|3000000
030201|S14|0.405|28|500000|10000|6000000
030204|S15|0.205|10|200000|10000|8000000
"""
    ),
    "price", "lead", "minimum", "multiple",
)  # fmt: skip
CAP_38, CAP_38_MONTH, CAP_38_LIMIT = "030207", "2027-05", 400_000

SUPPLIERS = read_block(
    """
supplier|zh|en
S01|江南糖业|Jiangnan Sugar
S02|康源食品配料|Kangyuan Ingredients
S03|远香香料|Yuanxiang Flavours
S04|云岭茶萃|Yunling Tea Extracts
S05|丰果浓缩|Fengguo Concentrates
S06|城北气体|Northside Gases
S07|东湖制罐|East Lake Cans
S08|明塑包装|Mingsu Packaging
S09|恒盖瓶盖|Henggai Caps
S10|海川瓶盖|Haichuan Caps
S11|彩印标签|Caiyin Labels
S12|佳纸包装|Jiazhi Cartons
S13|岭南糖业|Lingnan Sugar
S14|西江制罐|West River Cans
S15|蓉塑包装|Rongsu Packaging
"""
)

# Parts of one case that do not depend on the drink: component -> pieces per bottle, or per case.
_PACKS: dict[str, dict[str, float]] = {
    "can330": {"030201": 1, "030203": 1},
    "can250": {"030202": 1, "030203": 1},
    "pet500": {"030204": 1, "030206": 1, "030208": 1},
    "pet300": {"030204": 1, "030206": 1, "030208": 1},
    "pet1l": {"030205": 1, "030206": 1, "030208": 1},
    "jug1l": {"030205": 1, "030207": 1, "030208": 1},
}
_SPARKLING = ("COLA", "SPARK", "STEA", "ENERGY")


def to_recipe() -> pd.DataFrame:
    """Return the parts list: one row per (item, component).

    Returns:
        `item`, `component`, `component_qty` [base units in one unit], `scrap_rate`. Three levels:
        finished <- syrup or base <- sugar, concentrate; packs are shared by many items.

    Example:
        A case of 24 cans of 330 ml cola holds 24 cans, 24 ends and 7.92 / 6 = 1.32 l syrup.
    """
    rows: list[tuple[str, str, float, float]] = []
    dilution = FAMILIES.set_index("family")["dilution"]
    for item in each_row(ITEMS[~ITEMS["item"].isin(STAND_IN)]):
        litres = item.ml * item.pieces / 1000
        rows += [
            (item.item, part, item.pieces * share, 0.005)
            for part, share in _PACKS[item.pack].items()
        ]
        if item.semi:
            rows.append((item.item, item.semi, round(litres / dilution[item.family], 4), 0.01))
        if item.family in _SPARKLING:
            rows.append((item.item, "030111", round(litres * 0.008, 4), 0.02))
        box = ("030210", 0.09) if item.family == "WATER" else ("030209", 1.0)
        rows.append((item.item, *box, 0.003))
    for semi in each_row(SEMIS):
        parts = [part.split(":") for part in semi.recipe.split()]
        rows += [(semi.item, code, float(share), 0.01) for code, share in parts]
    return pd.DataFrame(rows, columns=["item", "component", "component_qty", "scrap_rate"])


def to_standard_cost() -> pd.DataFrame:
    """Return the standard cost of every item, rolled up from materials and conversion.

    Returns:
        `item`, `unit_cost_value` [money a base unit], rounded to 0.01 (materials as bought).
    """
    cost = dict(zip(MATERIALS["item"], MATERIALS["price"], strict=True))
    conversion = FAMILIES.set_index("family")["conversion"]
    recipe = to_recipe()
    need = recipe["component_qty"] * (1 + recipe["scrap_rate"])
    parts = recipe.assign(need=need).groupby("item", sort=True)
    own = dict.fromkeys(SEMIS["item"], SEMI_CONVERSION)
    own |= {item.item: float(conversion[item.family]) for item in each_row(ITEMS)}
    for code in [*SEMIS["item"], *ITEMS.loc[~ITEMS["item"].isin(STAND_IN), "item"]]:
        used = parts.get_group(code)
        bought = sum(cost[part] * qty for part, qty in zip(used.component, used.need, strict=True))
        cost[code] = round(bought + own[code], 2 if code.startswith("01") else 4)
    return pd.DataFrame({"item": list(cost), "unit_cost_value": list(cost.values())})


def to_list_price() -> pd.DataFrame:
    """Return the list price of each finished item.

    Returns:
        `item`, `taxed_price` [money a case, 13 % tax included, in steps of 0.5]. Price = standard
        cost / (1 - margin of the family), moved a little from item to item.
    """
    cost = to_standard_cost().set_index("item")["unit_cost_value"]
    margin = FAMILIES.set_index("family")["margin"]
    items = ITEMS[~ITEMS["item"].isin(STAND_IN)]
    step = items["item"].astype(int).mod(5) * 0.01 - 0.02
    net = cost.loc[items["item"]].to_numpy() / (1 - items["family"].map(margin) - step)
    return pd.DataFrame({"item": items["item"], "taxed_price": (net * 1.13 * 2).round() / 2})
