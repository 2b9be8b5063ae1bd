"""Files of people's plans: budget, targets, overrides, last month's snapshot, decisions."""

from __future__ import annotations

import pandas as pd

from sopkit.demo.company import Company
from sopkit.demo.export import RawFile, to_rows
from sopkit.demo.files.words import DECISION_KINDS, METHODS, REASONS, STATUSES
from sopkit.demo.plans import DECISION_DIFFS, LAST_CYCLE, OVERRIDES, PAST_DECISIONS
from sopkit.demo.products import FAMILIES
from sopkit.demo.sales import MONTHS

_PLACE = ["item", "location", "channel", "region"]


def to_planning_files(company: Company) -> list[RawFile]:
    """Return the files of plans and of last month's snapshot."""
    return [
        *_budgets(company),
        _targets(company),
        _overrides(),
        _past_history(company),
        _past_plan(company),
        _past_decisions(),
        _past_cycles(company),
    ]


def _budgets(company: Company) -> list[RawFile]:
    """Return one file a year, in thousands of cases and of yuan."""
    budget = company.plans.budget
    frame = pd.DataFrame(
        {
            "年月": budget["period"].dt.strftime("%Y-%m"),
            "存货编码": budget["item"],
            "仓库": budget["location"],
            "预算数量(千箱)": (budget["quantity"] / 1000).round(3),
            "预算收入(千元)": (budget["net_value"] / 1000).round(2),
            "预算毛利(千元)": (budget["margin_value"] / 1000).round(2),
        }
    )
    return [
        RawFile(
            f"年度预算_{year}.csv",
            [list(frame.columns)],
            to_rows(block),
            [f"清泉饮料 {year} 年度预算(收入不含税)"],
            encoding="gb18030",
        )
        for year, block in frame.groupby(budget["period"].dt.year, sort=True)
    ]


def _targets(company: Company) -> RawFile:
    """Return one row a family, months across, in thousands of cases."""
    wide = (company.plans.target / 1000).round(1)
    wide.columns = [f"{month:%Y-%m}" for month in company.plans.target.columns]
    names = FAMILIES.set_index("family")["zh"]
    wide.insert(0, "产品系列", names.loc[wide.index].to_numpy())
    title = ["2027 年销售目标(千箱)", "提出：销售总监；气泡茶自五月起 +20%"]
    return RawFile("销售目标_2027.xlsx", [list(wide.columns)], to_rows(wide), title, sheet="目标")


def _overrides() -> RawFile:
    names = FAMILIES.set_index("family")["zh"]
    level = OVERRIDES[["item", "family", "location", "customer"]].replace("all", None)
    days = pd.to_datetime(OVERRIDES["entered"])
    frame = pd.DataFrame(
        {
            "调整单号": OVERRIDES["override"],
            "存货编码": level["item"],
            "产品系列": level["family"]
            .map(names)
            .astype(object)
            .where(level["family"].notna(), None),
            "仓库": level["location"],
            "客户组": level["customer"],
            "开始月份": OVERRIDES["start"],
            "结束月份": OVERRIDES["end"],
            "方式": OVERRIDES["method"].map(METHODS),
            "数值": OVERRIDES["amount"].astype(float),
            "原因": OVERRIDES["reason"].map(REASONS),
            "前提": OVERRIDES["assumption"],
            "提出": OVERRIDES["owner"],
            "录入日期": days,
        }
    )
    title = ["2026-11 需求调整单(增减、改为：箱/月；百分比：0.1 即 +10%；空白为全部)"]
    return RawFile(
        "需求调整单_2026-11.xlsx", [list(frame.columns)], to_rows(frame), title, sheet="调整"
    )


def _past_history(company: Company) -> RawFile:
    """Return history as known a month ago: a row a series, months across, blank where none."""
    past = pd.DataFrame(company.plans.past_history).astype(object)
    seen = company.plans.past_history != 0
    past = past.where(seen, None)
    past.columns = [f"{month:%Y-%m}" for month in MONTHS[:LAST_CYCLE]]
    frame = pd.concat([company.demand.series[_PLACE], past], axis=1)
    frame = frame[seen.any(axis=1)]
    header = ["存货编码", "仓库", "渠道编码", "大区编码", *past.columns]
    title = ["2026-10 周期快照：历史订货(箱)"]
    return RawFile("上月快照_历史.csv", [header], to_rows(frame), title, encoding="gb18030")


def _past_plan(company: Company) -> RawFile:
    plan = company.plans.past_plan
    frame = company.demand.series.loc[plan["series"], _PLACE].reset_index(drop=True)
    frame.insert(0, "month", MONTHS.strftime("%Y-%m").to_numpy()[plan["month"]])
    frame = frame.assign(demand=plan["demand"], plan=plan["plan"])
    header = ["年月", "存货编码", "仓库", "渠道编码", "大区编码", "共识需求", "批准计划"]
    title = ["2026-10 周期快照：批准计划(箱)"]
    return RawFile("上月快照_计划.csv", [header], to_rows(frame), title, encoding="gb18030")


def _past_decisions() -> RawFile:
    frame = PAST_DECISIONS.assign(
        due=pd.to_datetime(PAST_DECISIONS["due"]),
        expected=PAST_DECISIONS["expected"].astype(float),
        status=PAST_DECISIONS["status"].map(STATUSES),
        kind=PAST_DECISIONS["kind"].map(DECISION_KINDS),
        diff=PAST_DECISIONS["decision"].map(DECISION_DIFFS),
    ).drop(columns="en")
    frame = frame.assign(diff=frame["diff"].astype(object).where(frame["diff"].notna(), None))
    header = ["决议编号", "周期", "决议", "责任岗位", "截止日期", "预期收益(万元)", "状态"]
    header += ["类别", "方案", "改动"]
    return RawFile("决议跟踪.xlsx", [header], to_rows(frame), sheet="决议")


def _past_cycles(company: Company) -> RawFile:
    """Return the log of the monthly meetings, money in ten thousands of yuan."""
    log = company.past_cycles
    frame = pd.DataFrame(
        {
            "周期": log["cycle"],
            "关账日": log["close"],
            "签发日": log["signed"],
            "计划收入(万元)": (log["revenue"] / 10_000).round(1),
            "其中数字一致(万元)": (log["agreed"] / 10_000).round(1),
        }
    )
    title = ["产销协同会议台账(收入：所计划 18 个月，不含税)"]
    return RawFile("会议台账.xlsx", [list(frame.columns)], to_rows(frame), title, sheet="台账")
