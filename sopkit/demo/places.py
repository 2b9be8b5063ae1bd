"""Where Clearspring Drinks makes, stores and sells: plants, lines, DCs, regions, channels, lanes.

All of it is the same for every seed. A customer group is a channel in a region (`KA-HD`).
"""

from __future__ import annotations

import pandas as pd

from sopkit.demo.products import numbers, read_block

LOCATIONS = read_block(
    """
location|zh|en|kind|region
P1|上海工厂|Shanghai plant|plant|华东
P2|武汉工厂|Wuhan plant|plant|华中
P3|成都工厂|Chengdu plant|plant|西南
D1|上海总仓|Shanghai DC|dc|华东
D2|杭州分仓|Hangzhou DC|dc|浙闽
D3|武汉分仓|Wuhan DC|dc|华中
D4|广州分仓|Guangzhou DC|dc|华南
D5|成都分仓|Chengdu DC|dc|西南
D6|天津分仓|Tianjin DC|dc|华北
"""
)
PLANTS, DCS = ("P1", "P2", "P3"), ("D1", "D2", "D3", "D4", "D5", "D6")

REGIONS = numbers(
    read_block(
        """
region|zh|en|location|weight
HD|华东|East|D1|0.19
ZM|浙闽|Zhejiang and Fujian|D2|0.12
HZ|华中|Central|D3|0.13
HN|华南|South|D4|0.16
XN|西南|Southwest|D5|0.13
XB|西北|Northwest|D5|0.08
HB|华北|North|D6|0.13
DB|东北|Northeast|D6|0.06
"""
    ),
    "weight",
)

# price: factor on the list price; early: share of next month's demand ordered by month end.
CHANNELS = numbers(
    read_block(
        """
channel|zh|en|weight|price|early
KA|现代渠道|Modern trade|0.34|0.97|0.40
DT|经销渠道|Distributors|0.48|1.00|0.28
EC|电商渠道|E-commerce|0.18|1.02|0.10
"""
    ),
    "weight", "price", "early",
)  # fmt: skip

# speed: cases (syrup rooms: litres) an hour; hours a day = shifts x 8; efficiency: demonstrated.
LINES = numbers(
    read_block(
        """
resource|location|zh|en|speed|shifts|efficiency|hour|overtime
CAN1|P1|罐装一线|Can line 1|1370|2|0.74|900|450
CAN2|P2|罐装二线|Can line 2|1260|2|0.72|880|440
PET1|P1|PET 一线|PET line 1|1930|2|0.75|820|410
PET2|P2|PET 二线|PET line 2|610|2|0.76|780|390
PET3|P3|PET 三线|PET line 3|1010|2|0.74|740|370
ASE1|P2|无菌线|Aseptic line|1260|2|0.72|960|480
WAT1|P3|水线|Water line|1010|2|0.77|560|280
SYR1|P1|上海糖浆间|Syrup room Shanghai|3600|2|0.80|320|160
SYR2|P2|武汉糖浆间|Syrup room Wuhan|6900|2|0.80|320|160
SYR3|P3|成都糖浆间|Syrup room Chengdu|2000|2|0.80|310|155
"""
    ),
    "speed", "shifts", "efficiency", "hour", "overtime",
)  # fmt: skip
SYRUP_ROOM = {"P1": "SYR1", "P2": "SYR2", "P3": "SYR3"}
PACK_EFFORT = {  # hours against those of a 500 ml case
    "can330": 1.0, "can250": 0.95, "pet500": 1.0, "pet300": 1.05, "pet1l": 1.15, "jug1l": 1.2,
}  # fmt: skip

LANES = numbers(
    read_block(
        """
from_location|to_location|days|cost
P1|D1|1|0.45
P1|D2|1|0.70
P1|D3|3|1.45
P1|D4|4|1.95
P1|D5|6|2.80
P1|D6|3|1.70
P2|D1|3|1.35
P2|D2|3|1.40
P2|D3|1|0.45
P2|D4|3|1.60
P2|D5|4|1.75
P2|D6|3|1.65
P3|D1|6|2.70
P3|D2|6|2.75
P3|D3|4|1.80
P3|D4|5|2.20
P3|D5|1|0.45
P3|D6|5|2.40
D1|D2|1|0.95
D2|D1|1|0.95
D3|D6|4|1.90
"""
    ),
    "days", "cost",
)  # fmt: skip


def to_customers() -> pd.DataFrame:
    """Return the 24 customer groups: one row per (channel, region).

    Returns:
        `customer`, `channel`, `region`, `location` (the DC that serves the region), `zh`, `en`,
        `weight` (share of volume), `price` and `early` of the channel.
    """
    both = CHANNELS.merge(REGIONS, how="cross", suffixes=("", "_region"))
    return pd.DataFrame(
        {
            "customer": both["channel"] + "-" + both["region"],
            "channel": both["channel"],
            "region": both["region"],
            "location": both["location"],
            "zh": both["zh_region"] + both["zh"],
            "en": both["en"] + ", " + both["en_region"],
            "weight": both["weight"] * both["weight_region"],
            "price": both["price"],
            "early": both["early"],
        }
    )
