"""A file of people's changes becomes rows of contract `override`, with every problem named.

CSV, Excel or YAML. A row of the file is a change; blank item, family, location or customer stand
for all, and may be given by name where a name has one code. The header may speak English (the
contract's names) or Chinese:

=============  =====================================================
override       调整单号, 单号, 编号
item           物料编码, 存货编码, 产品编码, 物料
family         产品系列, 系列
location       仓库, 地点
customer       客户组, 客户
start_period   开始月份, 起始月份
end_period     结束月份, 截止月份 (blank: the first month)
method         方式, 调整方式: delta 增减, absolute 改为, percent 百分比
amount         数值, 调整量: units a month, or a share: 8 % or 0.08
reason_code    原因: promotion 促销, listing 新增铺货, price 调价, weather 天气,
               correction 数据更正, other 其他
assumption     前提, 假设
owner          提出, 提出人, 责任人: whose judgement it is
entered_date   录入日期
expiry_date    失效日期, 有效期至
=============  =====================================================

In YAML: a list of blocks with these names.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sopkit.errors import InputError
from sopkit.planbook import find_override_problems
from sopkit.planbook.rows import name_problems
from sopkit.sources.files import EXCEL_FILES, TEXT_FILES, clean_header, read_source
from sopkit.sources.values import clean_text, to_codes, to_dates, to_names, to_numbers
from sopkit.tables import ALL, TABLES, fit_columns

YAML_FILES = (".yaml", ".yml")
CONTRACT = TABLES["override"]
HEADERS = {
    "override": ("调整单号", "单号", "编号"),
    "item": ("物料编码", "存货编码", "产品编码", "物料"),
    "family": ("产品系列", "系列"),
    "location": ("仓库", "地点"),
    "customer": ("客户组", "客户"),
    "start_period": ("开始月份", "起始月份"),
    "end_period": ("结束月份", "截止月份"),
    "method": ("方式", "调整方式"),
    "amount": ("数值", "调整量"),
    "reason_code": ("原因",),
    "assumption": ("前提", "假设"),
    "owner": ("提出", "提出人", "责任人"),
    "entered_date": ("录入日期",),
    "expiry_date": ("失效日期", "有效期至"),
}
NEEDED = ("start_period", "method", "amount", "reason_code", "owner")
WORDS = {
    "method": {"增减": "delta", "改为": "absolute", "百分比": "percent"},
    "reason_code": {
        "促销": "promotion",
        "新增铺货": "listing",
        "调价": "price",
        "天气": "weather",
        "数据更正": "correction",
        "其他": "other",
    },
}
_LEVEL = ("item", "family", "location", "customer")
_HEADER_ROWS = 10


@dataclass(frozen=True)
class OverrideFile:
    """What stood in a file.

    Args:
        rows: contract `override`; numbers that are not given are blank; the index is the row
            number in the file (in YAML: the block's).
        problems: a line for each cell that is not fit, in the order of the rows.
        unread: headers that were not understood.
    """

    rows: pd.DataFrame
    problems: list[str]
    unread: list[str]


def read_override_file(
    path: Path, codes: dict[str, set[str]], names: dict[str, dict[str, str]] | None = None
) -> OverrideFile:
    """Return the changes of a file; what is wrong with its cells is gathered, not raised.

    Args:
        path: CSV, Excel or YAML.
        codes: for item, family, location and customer, the codes that exist; none: not checked.
        names: for the same columns, what codes are called; a name is read as its code.

    Raises:
        InputError: the file is not there, cannot be read, or lacks needed columns.
    """
    if not path.is_file():
        raise InputError(f"The file {path} is not there.")
    cells, word = _read_cells(path)
    headers = _to_contract_names(cells)
    missing = [name for name in NEEDED if name not in headers]
    if missing:
        told = ", ".join(f"{name} ({HEADERS[name][0]})" for name in missing)
        raise InputError(
            f"{path.name} has no column {told}. `sopkit override --template` prints a file to fill."
        )
    texts = cells[list(headers.values())].set_axis(list(headers), axis=1)
    texts = texts[(texts.map(clean_text) != "").any(axis=1)]
    if texts.empty:
        raise InputError(f"{path.name} holds no change: there is no row below its header.")
    rows, found = _to_rows(texts, names or {})
    problems = _stack(
        [found, _odd_percents(texts, rows), _contract_problems(rows, found), _unknown(rows, codes)]
    )
    order = {label: place for place, label in enumerate(rows.index)}
    problems = problems.sort_values("row", key=lambda row: row.map(order), kind="stable")
    unread = [name for name in cells.columns if name and name not in headers.values()]
    return OverrideFile(rows, name_problems(problems, word), unread)


def _read_cells(path: Path) -> tuple[pd.DataFrame, str]:
    """Return text cells under their headers, and what a row is called."""
    kind = path.suffix.lower()
    if kind in YAML_FILES:
        return _read_blocks(path), "block"
    if kind not in (*TEXT_FILES, *EXCEL_FILES):
        kinds = ", ".join((*TEXT_FILES, *EXCEL_FILES, *YAML_FILES))
        raise InputError(f"{path.name} is none of {kinds}; save it as one of them.")
    encoding = _guess_encoding(path) if kind in TEXT_FILES else None
    best: pd.DataFrame | None = None
    for header in range(1, _HEADER_ROWS + 1):
        try:
            cells = read_source(path, path.name, [header], encoding).cells
        except InputError:
            if best is None:
                raise
            break
        if best is None or len(_to_contract_names(cells)) > len(_to_contract_names(best)):
            best = cells
    assert best is not None
    first = best.iloc[:, 0].map(clean_text)
    return best[~first.str.startswith("#").astype(bool)], "row"


def _guess_encoding(path: Path) -> str:
    try:
        path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _read_blocks(path: Path) -> pd.DataFrame:
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as YAML: {error}") from error
    blocks = content.get("overrides") if isinstance(content, dict) else content
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise InputError(f"{path.name} holds no list of changes: each begins with `- item: ...`.")
    texts = [
        {_to_contract_name(clean_header(str(k))): _to_text(v) for k, v in block.items()}
        for block in blocks
    ]
    cells = pd.DataFrame(texts, index=pd.RangeIndex(1, len(texts) + 1), dtype=object)
    return cells.astype(object).where(cells.notna(), "")


def _to_text(value: object) -> str:
    return "" if value in ("null", "~", None) else str(value)


def _to_contract_names(cells: pd.DataFrame) -> dict[str, str]:
    """Return for each contract column the header under which it stands."""
    found: dict[str, str] = {}
    for header in cells.columns:
        name = _to_contract_name(str(header))
        if name in HEADERS:
            found.setdefault(name, header)
    return found


def _to_contract_name(header: str) -> str:
    """Return the contract column a header stands for; the header itself where it is none."""
    plain = header.split("(")[0].strip().lower()
    known = {other: name for name, others in HEADERS.items() for other in (name, *others)}
    return known.get(plain, header)


def _to_rows(
    texts: pd.DataFrame, names: dict[str, dict[str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows of the contract and the cells that could not be read."""
    values: dict[str, pd.Series] = {}
    problems = []
    for name in texts.columns:
        kind = CONTRACT.column(name).kind
        if kind == "text":
            values[name] = _to_words(name, texts[name], names.get(name, {}))
            continue
        read = to_numbers if kind == "number" else to_dates
        values[name], bad = read(texts[name])
        rule = {"number": "a number", "month": "a month, such as 2026-12"}.get(kind, "a day")
        problems.append(_problems(texts.loc[bad, name], name, rule))
    for name in ("start_period", "end_period"):
        if name in values:
            values[name] = values[name].dt.to_period("M").dt.to_timestamp()
    last = values.get("end_period", values["start_period"])
    blank = texts["end_period"].map(clean_text) == "" if "end_period" in texts else last.isna()
    values["end_period"] = last.where(~blank, values["start_period"])
    absent = {"override": pd.Series(None, index=texts.index, dtype=object)}
    rows = fit_columns(pd.DataFrame({**absent, **values}, index=texts.index), CONTRACT)
    return rows, _stack(problems)


def _to_words(name: str, texts: pd.Series, called: dict[str, str]) -> pd.Series:
    if name == "assumption":
        return to_names(texts)
    plain = to_codes(texts)
    if name in _LEVEL:
        return plain.map(
            lambda code: ALL if code in ("全部", "ALL", "All") else called.get(code, code)
        )
    known = WORDS.get(name, {})
    return plain.map(lambda word: known.get(word, word))


def _problems(values: pd.Series, column: str, rule: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": values.index, "column": column, "rule": rule, "value": values.astype(str)}
    ).reset_index(drop=True)


def _stack(problems: list[pd.DataFrame]) -> pd.DataFrame:
    """Return problems one below the other; empty frames say nothing of the columns' kinds."""
    filled = [part.astype({"value": object}) for part in problems if len(part)]
    return pd.concat(filled or problems[:1], ignore_index=True)


def _odd_percents(texts: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return percents written as 8, where nobody can tell 8 % from 800 %."""
    signed = texts["amount"].map(clean_text).str.endswith("%").astype(bool)
    odd = (rows["method"] == "percent") & (rows["amount"].abs() >= 1) & ~signed
    return _problems(texts.loc[odd, "amount"], "amount", "write 8 % or 0.08; from 100 % on with %")


def _contract_problems(rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return what breaks the contract, without cells that are named already."""
    broken = find_override_problems(rows)[["row", "column", "rule", "value"]]
    named = set(zip(found["row"], found["column"], strict=True))
    named |= {(row, "end_period") for row, column in named if column == "start_period"}
    fresh = [cell not in named for cell in zip(broken["row"], broken["column"], strict=True)]
    return broken[fresh]


def _unknown(rows: pd.DataFrame, codes: dict[str, set[str]]) -> pd.DataFrame:
    """Return codes that no master row has, with the nearest one that exists."""
    found = [_problems(pd.Series(dtype=object), "", "")]
    for name, known in codes.items():
        odd = rows.loc[(rows[name] != ALL) & ~rows[name].isin(known), name]
        for label, code in odd.items() if known else ():
            near = difflib.get_close_matches(str(code), sorted(known), n=1)
            rule = f"no such {name}" + (f" (perhaps {near[0]})" if near else "")
            found.append(_problems(pd.Series({label: code}), name, rule))
    return _stack(found)


def write_template(lang: str) -> str:
    """Return a CSV to fill: a header, and lines that begin with # and say what goes where."""
    about = {
        "zh": (
            "# 每行一个调整；物料、系列、仓库、客户组留空 = 全部；物料与系列只填一个",
            "# 方式：增减(箱/月) 改为(箱/月，0 是真零) 百分比(8% 或 0.08)；数值不得留空",
            "# 月份写 2026-12；原因：促销 新增铺货 调价 天气 数据更正 其他；提出：责任人",
            "# 以 # 开头的行不读入",
        ),
        "en": (
            "# a row is a change; blank item; family; location; customer: all; item or family",
            "# method: delta or absolute (units a month; 0 is a real zero) or percent (8% or 0.08)",
            "# months as 2026-12; reason_code: promotion listing price weather correction other",
            "# lines that begin with # are not read",
        ),
    }
    names = [HEADERS[name][0] if lang == "zh" else name for name in HEADERS]
    return "\n".join([",".join(names), *about[lang]])
