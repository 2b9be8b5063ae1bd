"""Files of the supply side: stock, orders under way, lines, routings, parts, lanes, suppliers."""

from __future__ import annotations

import pandas as pd

from sopkit.demo.company import Company
from sopkit.demo.export import RawFile, to_rows
from sopkit.demo.places import LANES, LINES, LOCATIONS, to_customers
from sopkit.demo.products import ITEMS, MATERIALS, SUPPLIERS, each_row, to_recipe
from sopkit.demo.supply import to_capacity, to_operations, to_purchase_terms

_STATUS = {"free": "合格", "qc": "待检", "blocked": "冻结", "consignment": "寄售"}
# priority, late cost, lost-sale cost, longest lateness: only distributors wait
_SERVICE = {"KA": (1, 0.06, 1.0, 0), "DT": (2, 0.04, 1.0, 1), "EC": (3, 0.03, 1.0, 0)}


def to_supply_files(company: Company) -> list[RawFile]:
    """Return the files of the supply side."""
    return [
        _opening(company),
        _history(company),
        _make_orders(company),
        _buy_orders(company),
        _move_orders(company),
        _made(company),
        _lines(),
        _capacity(),
        _routings(),
        _parts(),
        _lanes(),
        _terms(),
        _policies(),
        _services(),
    ]


def _opening(company: Company) -> RawFile:
    """Return stock by batch; warehouses are written by name, usable batches marked."""
    stock = company.stock.opening
    frame = pd.DataFrame(
        {
            "存货编码": stock["item"],
            "仓库名称": stock["location"].map(LOCATIONS.set_index("location")["zh"]),
            "库存状态": stock["status"].map(_STATUS),
            "可用": stock["plannable"].map({True: "是", False: "否"}),
            "批号": stock["batch"],
            "生产日期": stock["made_date"],
            "失效日期": stock["expiry_date"],
            "现存数量": stock["quantity"],
        }
    )
    title = ["现存量查询", "截止日期：2026-10-31"]
    return RawFile(
        "现存量_20261031.csv", [list(frame.columns)], to_rows(frame), title, encoding="gb18030"
    )


def _history(company: Company) -> RawFile:
    history = company.stock.history
    frame = pd.DataFrame(
        {
            "年月": history["period"].dt.strftime("%Y-%m"),
            "仓库": history["location"],
            "存货编码": history["item"],
            "月末数量": history["closing"],
            "有货天数占比": history["stocked_share"],
        }
    )
    return RawFile("月末库存.csv", [list(frame.columns)], to_rows(frame))


def _orders(company: Company, kind: str, letters: str) -> pd.DataFrame:
    orders = company.stock.orders
    orders = orders[orders["kind"] == kind].sort_values(["due_date", "item", "location"])
    number = [f"{letters}2610{place:04d}" for place in range(1, len(orders) + 1)]
    return orders.assign(number=number).reset_index(drop=True)


def _make_orders(company: Company) -> RawFile:
    frame = _orders(company, "make", "SC")
    header = ["生产订单号", "产品编码", "生产部门", "开工日期", "完工日期", "未入库数量"]
    rows = to_rows(frame[["number", "item", "location", "order_date", "due_date", "quantity"]])
    return RawFile("生产订单.csv", [header], rows, encoding="gb18030")


def _buy_orders(company: Company) -> RawFile:
    """Return purchase orders: pieces in thousands, weights in tonnes."""
    frame = _orders(company, "buy", "CG")
    unit = MATERIALS.set_index("item")["unit"].map({"pc": "千个", "kg": "吨"})
    frame = frame.assign(unit=frame["item"].map(unit), quantity=frame["quantity"] / 1000)
    names = ["number", "source", "item", "location", "order_date", "due_date", "unit", "quantity"]
    header = [
        "采购订单号",
        "供应商编码",
        "存货编码",
        "收货工厂",
        "订单日期",
        "计划到货日期",
        "采购单位",
        "未到数量",
    ]
    return RawFile(
        "采购订单.xlsx", [header], to_rows(frame[names]), ["未完成采购订单"], sheet="采购"
    )


def _move_orders(company: Company) -> RawFile:
    frame = _orders(company, "move", "DB")
    header = ["调拨单号", "存货编码", "转出仓库", "转入仓库", "发出日期", "预计到达", "在途数量"]
    names = ["number", "item", "source", "location", "order_date", "due_date", "quantity"]
    return RawFile("调拨在途.csv", [header], to_rows(frame[names]), encoding="gb18030")


def _made(company: Company) -> RawFile:
    made = company.stock.made
    frame = pd.DataFrame(
        {
            "年月": made["period"].dt.strftime("%Y年%m月"),
            "工厂": made["location"],
            "产品编码": made["item"],
            "合格数量": [f"{quantity:,}" for quantity in made["made"]],
            "报废数量": made["scrapped"],
        }
    )
    return RawFile("产量汇总.csv", [list(frame.columns)], to_rows(frame), ["产量汇总表(箱)"])


def _lines() -> RawFile:
    hours = LINES["shifts"] * 8 * LINES["efficiency"]
    frame = LINES[["resource", "zh", "location"]].assign(
        day=hours.round(2), rate=0.15, hour=LINES["hour"], overtime=LINES["overtime"]
    )
    header = [
        "产线编码",
        "产线名称",
        "所属工厂",
        "日有效工时",
        "加班上限比例",
        "小时费用",
        "加班附加费",
    ]
    return RawFile("产线台账.xlsx", [header], to_rows(frame), sheet="产线")


def _capacity() -> RawFile:
    capacity = to_capacity()
    frame = capacity.assign(period=capacity["period"].dt.strftime("%Y年%m月"))
    header = [
        "产线编码",
        "年月",
        "工作日",
        "班次",
        "每班小时",
        "综合效率",
        "检修小时",
        "加班上限小时",
    ]
    return RawFile("产能日历.xlsx", [header], to_rows(frame), ["产能日历(小时)"], sheet="产能")


def _routings() -> RawFile:
    routing = to_operations()
    frame = pd.DataFrame(
        {
            "工艺编码": routing["operation"],
            "存货编码": routing["item"],
            "工厂": routing["location"],
            "产线编码": routing["resource"],
            "千单位工时": routing["hours_per_thousand"],
            "换产工时": routing["setup_hours"],
            "最小批量": routing["lot_min"],
            "批量倍数": routing["lot_multiple"],
            "标准批量": routing["usual_lot"],
            "加工费": routing["conversion"],
            "良率": (routing["yield_rate"] * 100).round(1).astype(str) + "%",
            "提前期天数": routing["lead_days"],
            "优先级": routing["priority"],
            "冻结天数": routing["frozen_days"],
            "松动天数": routing["slushy_days"],
        }
    )
    return RawFile("工艺路线.csv", [list(frame.columns)], to_rows(frame), encoding="gb18030")


def _parts() -> RawFile:
    """Return the parts list per thousand units of the parent."""
    recipe = to_recipe()
    frame = pd.DataFrame(
        {
            "母件编码": recipe["item"],
            "子件编码": recipe["component"],
            "基本用量": (recipe["component_qty"] * 1000).round(3),
            "基础数量": 1000,
            "损耗率": (recipe["scrap_rate"] * 100).round(2).astype(str) + "%",
        }
    )
    return RawFile(
        "物料清单.csv", [list(frame.columns)], to_rows(frame), ["物料清单(BOM)"], encoding="gb18030"
    )


def _lanes() -> RawFile:
    header = ["发出", "到达", "运输天数", "运费"]
    return RawFile("运输线路.csv", [header], to_rows(LANES), encoding="gb18030")


def _terms() -> RawFile:
    """Return purchase terms: prices with tax, per thousand pieces or per kilogram."""
    terms = to_purchase_terms()
    base = terms["item"].map(MATERIALS.set_index("item")["unit"]).map({"pc": 1000, "kg": 1})
    limit = pd.to_numeric(terms["limit"].replace("", None)) / 10_000
    frame = pd.DataFrame(
        {
            "供应商编码": terms["supplier"],
            "供应商名称": terms["supplier"].map(SUPPLIERS.set_index("supplier")["zh"]),
            "存货编码": terms["item"],
            "生效日期": pd.to_datetime(terms["start"]),
            "计价数量": base,
            "含税单价": (terms["price"] * base * 1.13).round(4),
            "提前期天数": terms["lead"],
            "最小订货量": terms["minimum"],
            "订货倍数": terms["multiple"],
            "月供上限(万)": limit,
        }
    )
    return RawFile(
        "采购协议.xlsx", [list(frame.columns)], to_rows(frame), ["采购协议(含税)"], sheet="协议"
    )


def _policies() -> RawFile:
    service = ITEMS["reach"].map({"A": 0.97, "B": 0.95, "C": 0.92})
    rows: list[list[object]] = [[None, None, 0.95, 7]]
    rows += [[item, None, rate, 7] for item, rate in zip(ITEMS["item"], service, strict=True)]
    return RawFile("库存策略.csv", [["存货编码", "仓库", "服务水平", "补货周期天数"]], rows)


def _services() -> RawFile:
    rows = [[row.channel, row.region, *_SERVICE[row.channel]] for row in each_row(to_customers())]
    header = ["渠道编码", "大区编码", "优先级", "延迟损失率", "失销损失率", "最长延迟月数"]
    return RawFile("服务等级.csv", [header], rows)
