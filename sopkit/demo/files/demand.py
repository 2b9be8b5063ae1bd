"""Files of the demand side: monthly totals, order lines, returns, pipeline, promotions, streams."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.company import Company
from sopkit.demo.export import RawFile, to_rows
from sopkit.demo.orders import to_monthly_values
from sopkit.demo.products import FAMILIES, each_block
from sopkit.demo.sales import HISTORY, MONTHS
from sopkit.demo.streams import AHEAD, to_cycle_name

STREAM_WORDS = {"sales": "销售", "marketing": "市场", "finance": "财务", "customer": "客户"}
_PLACE = ["item", "location", "channel", "region"]
_DAYS = ("order_date", "requested_date", "promised_date", "shipped_date")


def to_demand_files(company: Company) -> list[RawFile]:
    """Return the files of the demand side."""
    return [
        *_monthly_totals(company),
        *_order_lines(company),
        _returns(company),
        _opportunities(company),
        _events(company),
        *_streams(company),
    ]


def _monthly_totals(company: Company) -> list[RawFile]:
    """Return one file a year; the books of 2020 to 2022 write months without a dash."""
    demand = company.demand
    values = to_monthly_values(demand, company.orders)
    month, series = np.nonzero(demand.actual.T)
    frame = demand.series.loc[series, _PLACE].reset_index(drop=True)
    frame = frame.assign(
        quantity=demand.actual[series, month], value=values[series, month].round(2), month=month
    )
    header = ["年月", "存货编码", "发货仓库", "渠道编码", "大区编码", "订货数量", "含税金额"]
    files = []
    for year, block in each_block(frame, MONTHS.year.to_numpy()[month]):
        style = "%Y%m" if year <= 2022 else "%Y-%m"
        stamp = MONTHS.strftime(style).to_numpy()[block["month"]]
        block = block.drop(columns="month")
        block.insert(0, "stamp", stamp)
        total = [
            "合计",
            None,
            None,
            None,
            None,
            block["quantity"].sum(),
            round(block["value"].sum(), 2),
        ]
        files.append(
            RawFile(
                f"销售月报_{year}.csv",
                [header],
                to_rows(block),
                [
                    f"清泉饮料 销售月报 {year} 年",
                    "按要求到货月汇总；数量：箱；金额：元(含 13% 增值税)",
                ],
                [str(cell) if cell is not None else None for cell in total],
                encoding="gb18030",
            )
        )
    return files


def _order_lines(company: Company) -> list[RawFile]:
    """Return one file a half year of requested days; whole pallets are written in pallets."""
    orders = company.orders
    place = company.demand.series.loc[orders["series"], _PLACE].reset_index(drop=True)
    factor = orders["pallet"].where(orders["pallet"] > 0, 1)
    days = {name: orders[name].dt.strftime("%Y-%m-%d") for name in _DAYS}
    frame = pd.DataFrame(
        {
            "单据编号": orders["order"],
            "行号": orders["line"],
            "单据日期": days["order_date"],
            "存货编码": place["item"],
            "发货仓库": place["location"],
            "渠道编码": place["channel"],
            "大区编码": place["region"],
            "单位": np.where(orders["pallet"] > 0, "托", "箱"),
            "订货数量": orders["ordered"] // factor,
            "要求到货日期": days["requested_date"],
            "承诺日期": days["promised_date"],
            "发货日期": days["shipped_date"].where(orders["shipped_date"].notna(), None),
            "累计发货数量": orders["shipped"] // factor,
            "关闭数量": orders["cancelled"] // factor,
            "含税金额": orders["taxed_value"],
        }
    )
    capped = np.minimum(orders["month"], HISTORY - 1)
    half = MONTHS.year.to_numpy()[capped].astype(str) + np.where(
        MONTHS.month.to_numpy()[capped] <= 6, "上", "下"
    )
    return [
        RawFile(f"销售订单_{name}半年.csv", [list(frame.columns)], to_rows(block))
        for name, block in each_block(frame, half)
    ]


def _returns(company: Company) -> RawFile:
    returns = company.returns
    place = company.demand.series.loc[returns["series"], _PLACE].reset_index(drop=True)
    frame = pd.DataFrame({"退货单号": returns["return_id"], "退货日期": returns["return_date"]})
    frame = pd.concat(
        [frame, place.set_axis(["存货编码", "仓库", "渠道编码", "大区编码"], axis=1)], axis=1
    )
    frame = frame.assign(退货数量=-returns["quantity"], 含税金额=-returns["taxed_value"])
    return RawFile("退货单.csv", [list(frame.columns)], to_rows(frame), encoding="gb18030")


def _opportunities(company: Company) -> RawFile:
    deals = company.plans.opportunities
    frame = deals.assign(win_rate=(deals["win_rate"] * 100).round().astype(int).astype(str) + "%")
    header = [
        "商机编号",
        "商机名称",
        "产品编码",
        "发货仓库",
        "渠道编码",
        "大区编码",
        "销售阶段",
        "赢率",
        "创建日期",
    ]
    header += ["预计成交日期", "预计数量"]
    return RawFile("商机列表.xlsx", [header], to_rows(frame), ["CRM 商机导出"], sheet="商机")


def _events(company: Company) -> RawFile:
    events = company.demand.events
    level = events[["item", "family", "location", "customer"]].replace("all", None)
    names = FAMILIES.set_index("family")["zh"]
    frame = pd.concat([events[["event"]], level], axis=1).assign(
        family=level["family"].map(names).astype(object).where(level["family"].notna(), None),
        start=events["start_date"],
        end=events["end_date"],
        discount=_percent(events["discount_rate"]),
        uplift=_percent(events["uplift_rate"]),
        owner="市场部经理",
    )
    groups = ["活动"] + ["范围"] * 4 + ["时间"] * 2 + ["预期"] * 2 + ["负责"]
    header = [
        "活动编号",
        "存货编码",
        "产品系列",
        "仓库编码",
        "客户组",
        "开始日期",
        "结束日期",
        "折扣率",
        "提升率",
    ]
    names_row = [*header, "岗位"]
    title = ["市场部 促销计划(空白为全部)"]
    return RawFile("促销计划.xlsx", [groups, names_row], to_rows(frame), title, sheet="促销")


def _percent(rate: pd.Series) -> pd.Series:
    return (rate * 100).round().astype(int).astype(str) + "%"


def _streams(company: Company) -> list[RawFile]:
    """Return one file a cycle with the months across."""
    files = []
    for cycle, block in each_block(company.streams, "cycle"):
        months = [to_cycle_name(cycle + ahead) for ahead in range(AHEAD)]
        frame = block[["stream", "item", "location", *range(AHEAD)]].assign(
            stream=block["stream"].map(STREAM_WORDS)
        )
        frame.insert(0, "cycle", months[0])
        header = ["预测版本", "来源", "存货编码", "仓库", *months]
        title = [f"各部门滚动预测汇总 {months[0]} 版(箱)"]
        files.append(RawFile(f"预测汇总_{months[0]}.csv", [header], to_rows(frame), title))
    return files
