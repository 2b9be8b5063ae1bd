"""Files of the pipeline's past and of distributors' reports."""

from __future__ import annotations

from sopkit.demo.company import Company
from sopkit.demo.export import RawFile, to_rows
from sopkit.demo.products import each_block

_OUTCOMES = {"won": "赢单", "lost": "丢单"}


def to_pipeline_files(company: Company) -> list[RawFile]:
    """Return the files of closed deals, of the stage log, and of distributors' reports."""
    return [_closed_deals(company), _stage_log(company), *_channel_reports(company)]


def _closed_deals(company: Company) -> RawFile:
    deals = company.deals.closed
    frame = deals.drop(columns="win_rate").assign(outcome=deals["outcome"].map(_OUTCOMES))
    header = ["商机编号", "商机名称", "产品编码", "发货仓库", "渠道编码", "大区编码", "结案前阶段"]
    header += ["创建日期", "预计成交日期", "预计数量", "结果", "结案日期"]
    return RawFile("商机归档.csv", [header], to_rows(frame), ["CRM 已结案商机导出"])


def _stage_log(company: Company) -> RawFile:
    header = ["商机编号", "进入日期", "销售阶段", "当时预计成交日期"]
    return RawFile("商机阶段记录.csv", [header], to_rows(company.deals.stages))


def _channel_reports(company: Company) -> list[RawFile]:
    """Return one file a year: what distributors sold on and had in stock at the month's end."""
    reports = company.channel.reports
    header = ["年月", "存货编码", "发货仓库", "渠道编码", "大区编码", "销售出库", "期末库存"]
    names = ["stamp", "item", "location", "channel", "region", "sold", "stock"]
    frame = reports.assign(stamp=reports["period"].dt.strftime("%Y-%m"))
    return [
        RawFile(
            f"经销商进销存_{year}.csv",
            [header],
            to_rows(block[names]),
            [f"经销商进销存月报 {year} 年(箱)"],
            encoding="gb18030",
        )
        for year, block in each_block(frame, frame["period"].dt.year)
    ]
