"""Master data files: items, places, customers, units, prices, costs, responsibilities, labels."""

from __future__ import annotations

import pandas as pd

from sopkit.demo.company import Company
from sopkit.demo.export import RawFile, to_rows
from sopkit.demo.files.words import CATEGORIES, LEVEL_LABELS, ROLES
from sopkit.demo.orders import PALLET, to_taxed_prices
from sopkit.demo.places import DCS, LINES, LOCATIONS, REGIONS, to_customers
from sopkit.demo.products import (
    FAMILIES,
    INTERMITTENT,
    ITEMS,
    MATERIALS,
    SEMIS,
    SUPPLIERS,
    each_row,
    to_list_price,
    to_standard_cost,
)
from sopkit.demo.stock import SHELF_LIFE

_KINDS = {"plant": "工厂", "dc": "配送中心"}
_UNITS = {"kg": "千克", "pc": "个"}
_FIRST_DAYS = (("2020-01-01", 0.94), ("2023-01-01", 0.97), ("2025-01-01", 1.0))


def to_master_files(company: Company) -> list[RawFile]:
    """Return the files of master data."""
    return [
        _goods(),
        _parts(),
        _places(),
        _customers(),
        _units(),
        _list_prices(),
        _channel_prices(company),
        _costs(),
        _responsibilities(),
        _labels(),
    ]


def _goods() -> RawFile:
    families = FAMILIES.set_index("family")
    days = [pd.to_datetime(ITEMS[name].replace("", None)) for name in ("launch", "end")]
    frame = pd.DataFrame(
        {
            "存货编码": ITEMS["item"],
            "存货名称": ITEMS["zh"],
            "产品系列": ITEMS["family"].map(families["zh"]),
            "大类": ITEMS["family"].map(families["category"]).map(CATEGORIES),
            "主计量单位": "箱",
            "计划策略": ITEMS["item"].isin(INTERMITTENT).map({True: "按单", False: "备货"}),
            "保质期天数": ITEMS["family"].map(SHELF_LIFE),
            "上市日期": days[0],
            "停售日期": days[1],
            "被替代存货": ITEMS["predecessor"].replace("", None),
            "参照存货": ITEMS["like"].replace("", None),
        }
    )
    groups = ["基本信息"] * 5 + ["计划参数"] * 2 + ["生命周期"] * 4
    return RawFile(
        "存货档案.xlsx", [groups, list(frame.columns)], to_rows(frame), ["清泉饮料 存货档案"],
        sheet="成品",
    )  # fmt: skip


def _parts() -> RawFile:
    semis = pd.DataFrame(
        {"code": SEMIS["item"], "name": SEMIS["zh"], "kind": "半成品", "unit": "升"}
    )
    packs = MATERIALS["unit"] == "pc"
    bought = pd.DataFrame(
        {
            "code": MATERIALS["item"],
            "name": MATERIALS["zh"],
            "kind": packs.map({True: "包装材料", False: "原料"}),
            "unit": MATERIALS["unit"].map(_UNITS),
        }
    )
    header = ["存货编码", "存货名称", "存货类别", "主计量单位"]
    rows = to_rows(pd.concat([semis, bought]))
    return RawFile("存货档案.xlsx", [header], rows, sheet="半成品与物料")


def _places() -> RawFile:
    kinds = LOCATIONS["kind"].map(_KINDS)
    frame = pd.DataFrame(
        {
            "仓库编码": LOCATIONS["location"],
            "仓库名称": LOCATIONS["zh"],
            "类型": kinds,
            "所属大区": LOCATIONS["region"],
        }
    )
    return RawFile("仓库档案.csv", [list(frame.columns)], to_rows(frame), encoding="gb18030")


def _customers() -> RawFile:
    customers = to_customers()
    frame = customers[["channel", "region", "zh", "location"]]
    header = ["渠道编码", "大区编码", "客户组名称", "发货仓库"]
    return RawFile("客户分组.csv", [header], to_rows(frame), encoding="gb18030")


def _units() -> RawFile:
    rows: list[list[object]] = []
    for item in each_row(ITEMS):
        rows.append([item.item, "箱", 1, "箱"])
        rows.append([item.item, "托", PALLET[item.pack], "箱"])
    for item in each_row(MATERIALS):
        big = "千个" if item.unit == "pc" else "吨"
        rows.append([item.item, _UNITS[item.unit], 1, _UNITS[item.unit]])
        rows.append([item.item, big, 1000, _UNITS[item.unit]])
    header = ["存货编码", "辅计量单位", "换算率", "主计量单位"]
    return RawFile("计量单位换算.csv", [header], rows, encoding="gb18030")


def _list_prices() -> RawFile:
    prices = to_list_price()
    rows: list[list[object]] = []
    for day, step in _FIRST_DAYS:
        rows += [
            [row.item, pd.Timestamp(day).date(), round(row.taxed_price * step, 2)]
            for row in each_row(prices)
        ]
    header = ["存货编码", "生效日期", "含税单价"]
    title = ["清泉饮料 通用价目表(含 13% 增值税，元/箱)"]
    return RawFile("价目表.xlsx", [header], rows, title, sheet="通用价")


def _channel_prices(company: Company) -> RawFile:
    series = company.demand.series
    known = series["item"].isin(to_list_price()["item"])
    frame = series.assign(price=to_taxed_prices(company.demand), day="2025-01-01")
    frame = frame.loc[known, ["item", "channel", "region", "day", "price"]]
    header = ["存货编码", "渠道编码", "大区编码", "生效日期", "含税单价"]
    return RawFile("渠道价格.csv", [header], to_rows(frame), encoding="gb18030")


def _costs() -> RawFile:
    cost = to_standard_cost().sort_values("item")
    rows: list[list[object]] = []
    for day, step in (("2024-01-01", 0.96), ("2025-01-01", 0.98), ("2026-01-01", 1.0)):
        rows += [
            [row.item, pd.Timestamp(day).date(), round(row.unit_cost_value * step, 4)]
            for row in each_row(cost)
        ]
    header = ["存货编码", "生效日期", "标准成本"]
    return RawFile(
        "标准成本.xlsx", [header], rows, ["标准成本表(不含税，元/主计量单位)"], sheet="标准成本"
    )


def _responsibilities() -> RawFile:
    names = LOCATIONS.set_index("location")["zh"]
    seller = REGIONS.drop_duplicates("location").set_index("location")["zh"] + "大区经理"
    rows = [
        [family.zh, names[dc], ROLES["demand"][family.category], ROLES["supply"][family.category],
         seller[dc]]
        for family in each_row(FAMILIES)
        for dc in DCS
    ]  # fmt: skip
    header = ["产品系列", "仓库", "需求计划", "供应计划", "销售负责"]
    return RawFile("计划责任表.xlsx", [header], rows, sheet="责任")


def _labels() -> RawFile:
    """Return names in both languages, a row a code; roles are labelled under each role column."""
    named = {
        "item": pd.concat([ITEMS, SEMIS, MATERIALS]).rename(columns={"item": "code"}),
        "family": FAMILIES.rename(columns={"family": "code"}),
        "location": LOCATIONS.rename(columns={"location": "code"}),
        "customer": to_customers().rename(columns={"customer": "code"}),
        "resource": LINES.rename(columns={"resource": "code"}),
        "supplier": SUPPLIERS.rename(columns={"supplier": "code"}),
        "region": REGIONS.rename(columns={"region": "code"}),
    }
    rows = [
        [field, row.code, row.zh, row.en]
        for field, frame in named.items()
        for row in each_row(frame[["code", "zh", "en"]])
    ]
    header = ["字段", "编码", "中文", "English"]
    return RawFile("多语言名称.xlsx", [header], [*rows, *LEVEL_LABELS], sheet="名称")
