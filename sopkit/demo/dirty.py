"""A dirty copy of the raw files: many kinds of defects, each in known rows, places by seed.

A row carries one defect at most. Rows are added at the end of a file only, so that row numbers
of the others stay.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sopkit.demo.company import build_company
from sopkit.demo.export import RawFile, write_files
from sopkit.demo.files import to_files
from sopkit.demo.sales import to_random

INSTANCES = 10
Row = list[object]


@dataclass(frozen=True)
class Defect:
    """One kind of defect.

    Args:
        kind: its name.
        files: start of the names of the files it is planted in.
        column: column that is changed (last header row); empty when the row is added.
        to: the new cell: a value, or a function of the old one.
        sheet: of a workbook.
        copies: the row is doubled at the end instead of changed.
        among: only rows whose cell of that name starts with the text.
    """

    kind: str
    files: str
    column: str
    to: object = None
    sheet: str = ""
    copies: bool = False
    among: tuple[str, str] = ("", "")


DEFECTS = (
    Defect("text_in_quantity", "销售月报", "订货数量", "一百二十箱"),
    Defect("doubled_month", "销售月报", "", copies=True),
    Defect("unknown_item", "销售月报", "存货编码", "019999"),
    Defect("negative_quantity", "销售月报", "订货数量", lambda cell: -int(str(cell))),
    Defect("blank_quantity", "销售月报", "订货数量", None),
    Defect("impossible_month", "销售月报", "年月", "2025-13"),
    Defect("blank_order", "销售订单", "单据编号", None),
    Defect("doubled_order_line", "销售订单", "", copies=True),
    Defect("blank_item", "销售订单", "存货编码", None),
    Defect("unknown_location", "销售订单", "发货仓库", "D9"),
    Defect("unknown_customer", "销售订单", "渠道编码", "XX"),
    Defect("unknown_unit", "销售订单", "单位", "桶"),
    Defect("impossible_day", "销售订单", "单据日期", "2025-02-30"),
    Defect("letter_in_money", "销售订单", "含税金额", lambda cell: f"{str(cell)[:-1]}O"),
    Defect(
        "shipped_over_ordered", "销售订单", "累计发货数量", lambda cell: int(str(cell)) * 3 + 90
    ),
    Defect("shipped_before_ordered", "销售订单", "发货日期", "2024-01-02", among=("关闭数量", "0")),
    Defect("spilled_cells", "销售订单", "含税金额", ("12", "345.00")),
    Defect("text_for_day", "退货单", "退货日期", "昨天"),
    Defect("text_in_month_column", "预测汇总_2026", "2026-11", "待定"),
    Defect("event_ends_early", "促销计划", "结束日期", dt.date(2019, 1, 1), sheet="促销"),
    Defect("chance_over_one", "商机列表", "赢率", "150%", sheet="商机"),
    Defect("unknown_budget_item", "年度预算_2027", "存货编码", "01O101"),
    Defect("text_in_budget", "年度预算_2026", "预算收入(千元)", "见附件"),
    Defect("unknown_warehouse", "现存量", "仓库名称", "南京分仓"),
    Defect("unknown_status", "现存量", "库存状态", "报废"),
    Defect("impossible_expiry", "现存量", "失效日期", "2027-13-45", among=("存货编码", "01")),
    Defect("negative_stock", "现存量", "现存数量", lambda cell: -int(str(cell))),
    Defect("month_in_words", "月末库存", "年月", "2026年十月"),
    Defect("share_over_one", "月末库存", "有货天数占比", 97),
    Defect("blank_due_day", "调拨在途", "预计到达", None),
    Defect("unknown_purchase_item", "采购订单", "存货编码", "039999", sheet="采购"),
    Defect("orphan_component", "物料清单", "子件编码", "039998", among=("子件编码", "03")),
    Defect("zero_component", "物料清单", "基本用量", 0, among=("子件编码", "03")),
    Defect("negative_price", "渠道价格", "含税单价", lambda cell: -float(str(cell))),
    Defect("zero_price", "渠道价格", "含税单价", 0),
    Defect("letter_in_price", "渠道价格", "含税单价", lambda cell: f"{cell}O"),
    Defect("negative_hours", "产能日历", "检修小时", 9999, sheet="产能"),
    Defect("unknown_line", "工艺路线", "产线编码", "CAN9"),
    Defect("yield_over_one", "工艺路线", "良率", "980%"),
    Defect("zero_conversion", "计量单位换算", "换算率", 0, among=("辅计量单位", "千")),
    Defect("doubled_item", "存货档案", "", sheet="成品", copies=True),
    Defect("negative_sell_out", "经销商进销存", "销售出库", -1200),
    Defect("text_in_channel_stock", "经销商进销存", "期末库存", "未报"),
    Defect("stage_without_deal", "商机阶段记录", "商机编号", "SJ20990001"),
    Defect("closed_before_opened", "商机归档", "结案日期", "2023-01-05"),
)


@dataclass
class _Copy:
    files: list[RawFile]
    rng: np.random.Generator
    used: set[int] = field(default_factory=set)
    planted: list[tuple[str, RawFile, Row]] = field(default_factory=list)

    def plant(self, defect: Defect) -> None:
        """Plant ten defects of one kind in rows that are still clean."""
        places = [
            (file, row)
            for file in self.files
            if file.name.startswith(defect.files) and file.sheet in ("", defect.sheet)
            for row in file.rows
            if id(row) not in self.used and _fits(file, row, defect)
        ]
        for number in np.sort(self.rng.choice(len(places), INSTANCES, replace=False)):
            file, row = places[number]
            self.used.add(id(row))
            target = self._change(file, row, defect)
            self.used.add(id(target))
            self.planted.append((defect.kind, file, target))

    def _change(self, file: RawFile, row: Row, defect: Defect) -> Row:
        if defect.copies:
            file.rows.append(list(row))
            return file.rows[-1]
        place = file.position(defect.column)
        cell = defect.to(row[place]) if callable(defect.to) else defect.to
        row[place : place + 1] = list(cell) if isinstance(cell, tuple) else [cell]
        return row

    def plant_loops(self) -> None:
        """Make ten syrups part of themselves: each gets a drink that it is used in as a part."""
        file = next(file for file in self.files if file.name.startswith("物料清单"))
        users: dict[object, Row] = {}
        for row in file.rows:
            clean = id(row) not in self.used and str(row[0]).startswith("01")
            if clean and str(row[1]).startswith("02"):
                users.setdefault(row[1], row)
        for syrup in sorted(users, key=str)[:INSTANCES]:
            added: Row = [syrup, users[syrup][0], 1, 1000, "0.0%"]
            file.rows.append(added)
            self.planted.append(("bom_loop", file, added))

    def truth(self) -> pd.DataFrame:
        """Return where the defects stand, as a spreadsheet counts rows."""
        numbers = {
            id(row): number
            for file in self.files
            for number, row in enumerate(file.rows, start=file.first_row)
        }
        rows = [(file.name, file.sheet, numbers[id(row)], kind) for kind, file, row in self.planted]
        frame = pd.DataFrame(rows, columns=["file", "sheet", "row", "kind"])
        return frame.sort_values(["file", "row", "kind"], ignore_index=True)


def _fits(file: RawFile, row: Row, defect: Defect) -> bool:
    if defect.column and defect.column not in file.header[-1]:
        return False
    if defect.column and defect.to is not None and row[file.position(defect.column)] is None:
        return False
    column, start = defect.among
    return not column or str(row[file.position(column)]).startswith(start)


def write_dirty(folder: str | Path, seed: int) -> pd.DataFrame:
    """Write a dirty copy of the company's raw files and return where its defects stand.

    Args:
        folder: where the files go.
        seed: of the company and of the places.

    Returns:
        One row a planted defect: `file`, `sheet` (empty for text files), `row` as a spreadsheet
        counts, `kind`. Ten of each kind.
    """
    copied = _Copy(copy.deepcopy(to_files(build_company(seed))), to_random(seed, 90))
    for defect in DEFECTS:
        copied.plant(defect)
    copied.plant_loops()
    truth = copied.truth()
    write_files(copied.files, Path(folder))
    return truth


def find_missed(truth: pd.DataFrame, refused: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Return the planted defects that no refused row and no finding names by file and row.

    Args:
        truth: what `write_dirty` returned.
        refused: contract table `refused_row`.
        findings: contract table `finding`; row numbers are read out of `value`.
    """
    named = named_places(refused, findings)
    places = list(zip(truth["file"], truth["row"], strict=True))
    return truth[[place not in named for place in places]].reset_index(drop=True)


def named_places(refused: pd.DataFrame, findings: pd.DataFrame) -> set[tuple[str, int]]:
    """Return (file, row) of everything that is refused or found, sheets left out of the name."""
    files = refused["file"].map(_plain_name)
    named = set(zip(files, refused["row"].astype(int), strict=True))
    for file, value in zip(findings["file"], findings["value"], strict=True):
        if not isinstance(file, str) or not isinstance(value, str):
            continue
        for first, last in _ROWS.findall("".join(_LISTS.findall(value))):
            rows = range(int(first), int(last or first) + 1)
            named |= {(_plain_name(file), row) for row in rows}
    return named


_LISTS = re.compile(r"rows ([\d, -]+)")
_ROWS = re.compile(r"(\d+)(?:-(\d+))?")


def _plain_name(file: str) -> str:
    return re.sub(r"\[.*\]$", "", file)
