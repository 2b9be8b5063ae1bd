"""Contracts of master data: items, places, customers, units, prices, costs."""

from __future__ import annotations

from sopkit.tables.build import ALL, code, date, days, flag, month, number, qty, rate, value, words
from sopkit.tables.contract import Table

ITEM = Table(
    name="item",
    owner="input",
    group="master",
    key=("item",),
    required=True,
    about="One item that is sold, made or bought.",
    columns=(
        code("item", "item code"),
        words("item_name", "name for people"),
        code("family", "roll-up group", required=False, default="other"),
        words("category", "group above the family"),
        code("base_unit", "unit in which its quantities are held", required=False, default="unit"),
        code(
            "item_kind",
            "finished, semi-finished or material",
            required=False,
            default="finished",
            allowed=("finished", "semi", "material"),
        ),
        code(
            "strategy",
            "make to stock, assemble to order or make to order",
            required=False,
            default="MTS",
            allowed=("MTS", "ATO", "MTO"),
        ),
        flag("sellable", "customers order it", default=True),
        date("launch_date", "first day of sale"),
        date("end_date", "last day of sale; blank while it is sold"),
        words("predecessor", "item whose demand this one takes over"),
        words("like_item", "item whose profile, BOM, routing, cost and price stand in"),
        rate(
            "cannibal_rate",
            "share of a new item's volume that it takes from its family; blank: none",
            required=False,
            blank=True,
            minimum=0.0,
        ),
        days("shelf_life_days", "days from production to expiry", blank=True),
        number(
            "storage_places",
            "storage places a base unit takes",
            "places",
            required=False,
            default=1.0,
            minimum=0.0,
        ),
    ),
)

LOCATION = Table(
    name="location",
    owner="input",
    group="master",
    key=("location",),
    required=True,
    about="One place that holds stock or makes things.",
    columns=(
        code("location", "location code"),
        words("location_name", "name for people"),
        code(
            "location_kind",
            "plant, distribution centre or market",
            required=False,
            default="dc",
            allowed=("plant", "dc", "market"),
        ),
        words("region", "region it lies in"),
    ),
)

CUSTOMER = Table(
    name="customer",
    owner="input",
    group="master",
    key=("customer",),
    about="The smallest planned group of customers: a channel in a region, a key account, or all.",
    columns=(
        code("customer", "customer group code"),
        words("customer_name", "name for people"),
        code("channel", "sales channel", required=False, default=ALL),
        code("region", "sales region", required=False, default=ALL),
        words("currency", "currency of its sales; blank: the company's"),
    ),
)

RESPONSIBILITY = Table(
    name="responsibility",
    owner="input",
    group="master",
    key=("family", "location", "channel"),
    about="Who plans what; `all` stands for every family, location or channel.",
    columns=(
        code("family", "item family, or all", required=False, default=ALL),
        code("location", "location, or all", required=False, default=ALL),
        code("channel", "channel, or all", required=False, default=ALL),
        words("demand_planner", "role that owns the demand number"),
        words("supply_planner", "role that owns the supply number"),
        words("sales_owner", "role in sales that answers for the number"),
    ),
)

UOM_CONVERSION = Table(
    name="uom_conversion",
    owner="input",
    group="master",
    key=("item", "unit"),
    about="How many base units one other unit of an item holds (1 pallet = 60 cases).",
    columns=(
        code("item", "item code", refers="item"),
        code("unit", "other unit: piece, case, pallet, litre"),
        qty("base_qty", "base units in one of that unit", minimum=1e-9),
    ),
)

PRICE = Table(
    name="price",
    owner="input",
    group="master",
    key=("item", "customer", "start_date"),
    about="Net price of a base unit from a date on, without tax and after rebates.",
    columns=(
        code("item", "item code", refers="item"),
        code("customer", "customer group, or all", required=False, default=ALL),
        date("start_date", "first day on which it holds", default="1900-01-01", blank=False),
        value("price_value", "money a base unit", minimum=0.0),
    ),
)

COST = Table(
    name="cost",
    owner="input",
    group="master",
    key=("item", "location", "start_date"),
    about="Standard cost of a base unit from a date on.",
    columns=(
        code("item", "item code", refers="item"),
        code("location", "location, or all", required=False, default=ALL),
        date("start_date", "first day on which it holds", default="1900-01-01", blank=False),
        value("unit_cost_value", "money a base unit", minimum=0.0),
        value("material_value", "material in it", required=False, blank=True, minimum=0.0),
        value("conversion_value", "conversion in it", required=False, blank=True, minimum=0.0),
        value("freight_value", "freight in it", required=False, blank=True, minimum=0.0),
        value(
            "holding_value",
            "cost of holding a base unit for a month; blank: the holding rate of its cost",
            required=False,
            blank=True,
            minimum=0.0,
        ),
    ),
)

FX_RATE = Table(
    name="fx_rate",
    owner="input",
    group="master",
    key=("currency", "period"),
    about="What a foreign currency was budgeted at and what it is worth, in the company's money.",
    columns=(
        code("currency", "foreign currency"),
        month(),
        value("budget_fx_value", "company money for one of it, as budgeted", minimum=1e-12),
        value(
            "fx_value",
            "company money for one of it, real or expected; blank: the last known",
            required=False,
            blank=True,
            minimum=1e-12,
        ),
    ),
)

LABEL = Table(
    name="label",
    owner="input",
    group="master",
    key=("field", "code", "lang"),
    about="What a code is called in a language; a page falls back to names, then to codes.",
    columns=(
        code("field", "column that holds the code: item, family, location, customer, resource"),
        code("code", "the code"),
        code("lang", "language", allowed=("en", "zh")),
        code("label", "the words to show"),
    ),
)

MASTER = (ITEM, LOCATION, CUSTOMER, RESPONSIBILITY, UOM_CONVERSION, PRICE, COST, FX_RATE, LABEL)
