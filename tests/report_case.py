"""A planning folder with two executed notebooks that use every part of a page."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path

import nbformat
from builders import table
from nbclient import NotebookClient

from sopkit.cycle import (
    CyclePaths,
    Manifest,
    StepRecord,
    TableRecord,
    write_manifest,
    write_parquet,
)
from sopkit.tables import TABLES, check_table

SETUP = """
import math
import pandas as pd
from sopkit.cycle import view_cycle
from sopkit.charts import style
from sopkit.report import *
import json, os
c = view_cycle("2026-11")
words = json.load(open(os.environ["CASE_WORDS"], encoding="utf-8"))
page = open_page(c, PAGE, lang="en", interactive=INTERACTIVE, messages=words)
months = pd.date_range("2025-11-01", periods=30, freq="MS")
"""

LINES = """
import altair as alt
def lines(t):
    wave = [1500e3 + 520e3 * math.sin((i - 3.2) / 12 * 6.283) + 9e3 * i for i in range(30)]
    past = pd.DataFrame({"period": months[:12], "amount": wave[:12]})
    plan = pd.DataFrame({"period": months[11:], "amount": wave[11:]})
    spread = [0.045 * i**0.45 for i in range(len(plan))]
    band = plan.assign(lo=plan["amount"] * [1 - s for s in spread], hi=plan["amount"] * [1 + s for s in spread])
    budget = plan.assign(amount=plan["amount"] * 1.045)
    places = pd.DataFrame({"series": ["actual", "plan", "budget"], "period": [months[3], months[25], months[18]], "amount": [wave[3], wave[25], wave[18] * 1.045], "dy": [-22, 26, -24]})
    return alt.layer(
        style.time_fence(t, months[11], months[13]),
        style.range_area(t, band, "lo", "hi"),
        style.version_line(t, budget, "amount", "budget"),
        style.version_line(t, plan, "amount", "plan"),
        style.version_line(t, past, "amount", "actual"),
        style.line_labels(t, places),
    ).properties(height=240)
"""

EXECUTIVE = [
    'page.answer("x.answer", sub="x.sub", q=9.24e6, gap=-0.021)',
    'page.figures([Figure("x.f1", 9.24e6, "volume", "x.f1n", "bad", {"r": 0.021}), Figure("x.f2", 412e6, "money", "x.f2n", None, {"lo": 396e6, "hi": 425e6}), Figure("x.f3", 0.948, "rate", "x.f3n", "warn", {"lo": 0.95, "hi": 0.97}), Figure("x.f4", 7.4, "turns", "x.f4n", "good", {"lo": 6.5, "hi": 8.0})])',
    'page.section("x.dec", note="x.decn")',
    """page.cards([
    Card(("x.c1", {"h": 310}), ("x.c1b", {"v": 3.8e6}), pd.DataFrame({"action": ["A Saturday shifts", "B pre-build from March", "C co-packer"], "cost_value": [0.9e6, 1.2e6, 2.6e6], "service_rate": [0.951, 0.964, 0.966], "stock_value": [0, 3.1e6, 0], "recommended": [False, True, False]}), who="Supply lead", when=pd.Timestamp("2026-12-20")),
    Card(("x.c2", {"r": 0.2}), ("x.c2b", {}), pd.DataFrame({"action": ["keep +8 %", "band +8 to +13 %", "+20 % as asked"], "margin_value": [0, 2.4e6, 3e6], "stock_value": [0, 0.8e6, 2.2e6], "recommended": [False, True, False]}), who="Sales lead", when=pd.Timestamp("2026-12-12"), tone="bad"),
    Card(("x.c3", {}), ("x.c3b", {}), pd.DataFrame({"action": ["keep", "stop in west"], "change_value": [0, -0.5e6], "recommended": [False, True]}), who=("x.owner", {})),
], numbered=True)""",
    'page.section("x.kpi", note="x.kpin")',
    """rows = [("x.k1", 0.784, "rate", 0.75, 0.85, "good"), ("x.k2", 0.031, "signed_rate", -0.02, 0.02, "warn"), ("x.k3", 0.948, "rate", 0.95, 0.97, "warn"), ("x.k4", 7.4, "turns", 6.5, 8, "good"), ("x.k5", 2.2e6, "money", None, 1.5e6, "bad"), ("x.k6", float("nan"), "number", None, None, None)]
page.table(pd.DataFrame({"kpi": [Say(r[0]) for r in rows], "kpi_number": [Amount(r[1], r[2]) for r in rows], "band": [Band(r[1], r[3], r[4], r[5], r[2]) for r in rows], "trend": [Spark([r[1] * (1 + 0.05 * math.sin(i + k)) for i in range(12)], r[2]) for k, r in enumerate(rows)], "ask": [Say("x.ask", {"n": k}) for k in range(len(rows))]}))""",
    LINES
    + """
heat = pd.DataFrame([{"resource": r, "period": m, "load_rate": 0.3 + 0.13 * k + 0.2 * math.sin((i - 4.5) / 2)} for k, r in enumerate(["L1", "L2", "L3", "L4"]) for i, m in enumerate(months[12:24])])
bars = pd.DataFrame({"part": ["budget", "volume", "price", "supply_lost", "plan"], "margin_value": [421e6, -3.2e6, 2.1e6, -7.4e6, 412.5e6]})
def bridge(t):
    return alt.Chart(bars.assign(word=[t.word("part", p) for p in bars["part"]])).mark_bar().encode(x=alt.X("word:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)), y=style.amount_axis(t, "margin_value"))
page.beside([page.section("x.vol", note="x.voln"), page.chart(lines)], [page.section("x.br", note="x.brn"), page.chart(bridge)])""",
    'page.note("x.note")',
    'page.record({"horizon_months": 18, "service_level": 0.95, "company": "demo"})',
]

SUPPLY = [
    'page.answer("x.sanswer", sub="x.ssub", n=2, v=4.9e6)',
    'page.section("x.short", note="x.shortn")',
    """short = c.read("shortage")
page.table(short, ["item", "location", "period", "short_qty", "late_qty", "short_value", "cause", "cause_code"], limit=4, tones={"short_value": pd.Series(["bad", "warn", "good", None, None, None])})""",
    "page.table(short.head(0))",
    'page.table(short, ["item", "short_value"], compact=True, headings={"short_value": "x.f2"}, formats={"short_value": "signed_money"})',
]

WORDS = {
    "en": {
        "x.answer": "We propose {q:volume} for the next six months, {gap:signed_rate} against budget. One decision is urgent: summer cans.",
        "x.sub": "Demand grew in the north and online; can line 2 is 310 hours short in June and July. Signing option B by 20 December keeps on time in full at 96 %.",
        "x.f1": "volume, Nov to Apr",
        "x.f1n": "{r:rate} under budget",
        "x.f2": "margin, 12 months",
        "x.f2n": "range {lo:money} to {hi:money}",
        "x.f3": "on time in full",
        "x.f3n": "target {lo:rate} to {hi:rate}",
        "x.f4": "stock turns a year",
        "x.f4n": "target {lo:turns} to {hi:turns}",
        "x.dec": "Decisions asked today",
        "x.decn": "Each option was re-solved as a whole plan; figures are changes against doing nothing, next 12 months.",
        "x.c1": "How do we cover {h:hours} of missing can hours in June and July?",
        "x.c1b": "{v:money} of sales lost if we do nothing. Cans for a March pre-build must be ordered 10 weeks ahead.",
        "x.c2": "Accept the {r:signed_rate} sales target for sparkling tea?",
        "x.c2b": "Feasible to +13 %. Above that the PET line breaks in May.",
        "x.c3": "Stop juice 250 ml in three regions?",
        "x.c3b": "9 items make 1.1 % of margin.",
        "x.owner": "Portfolio",
        "x.kpi": "Are we on target?",
        "x.kpin": "Bar: target band. Dot: last month. Line: twelve months.",
        "x.k1": "Forecast accuracy (1 - WAPE)",
        "x.k2": "Bias",
        "x.k3": "On time in full",
        "x.k4": "Stock turns",
        "x.k5": "Excess stock",
        "x.k6": "Plan nervousness",
        "x.ask": "see decision {n:count}",
        "x.vol": "Volume follows the season; the range touches capacity from May",
        "x.voln": "Cases a month. Shaded: 80 % range. Dotted: budget.",
        "x.br": "Supply costs us more of the budget than demand",
        "x.brn": "Margin, ¥, next 12 months.",
        "x.note": "From the second month on, this page shows what became of last month's decisions.",
        "x.sanswer": "Two bottlenecks cost {v:money}: can line 2 in June and July, and 38 mm caps in May.",
        "x.ssub": "Everything else can be made, bought and moved in time.",
        "x.short": "Shortages that stay after planning",
        "x.shortn": "Ranked by money.",
    },
    "zh": {
        "x.answer": "建议未来六个月计划 {q:volume}，相对预算 {gap:signed_rate}。一项决策紧急：夏季罐装产能。",
        "x.sub": "北区与电商需求上升；罐装二线 6、7 月缺 310 小时。12 月 20 日前签署方案 B，可将准时足量交付率保持在 96%。",
        "x.f1": "11 月至 4 月",
        "x.f1n": "低于预算 {r:rate}",
        "x.f2": "未来 12 个月毛利",
        "x.f2n": "区间 {lo:money}至 {hi:money}",
        "x.f3": "准时足量交付率",
        "x.f3n": "目标 {lo:rate} 至 {hi:rate}",
        "x.f4": "库存年周转",
        "x.f4n": "目标 {lo:turns}至 {hi:turns}",
        "x.dec": "今天需要的决策",
        "x.decn": "每个方案都作为完整计划重新求解；数字为相对“不采取行动”的变化，未来 12 个月。",
        "x.c1": "6、7 月缺少的 {h:hours}罐装工时如何补足？",
        "x.c1b": "不行动将损失销售 {v:money}。三月预生产的罐体需提前 10 周订购。",
        "x.c2": "是否接受气泡茶 {r:signed_rate} 的销售目标？",
        "x.c2b": "可行至 +13%。再高则 PET 线 5 月超载。",
        "x.c3": "是否在三个大区停售 250 ml 果汁？",
        "x.c3b": "9 个品项占毛利 1.1%。",
        "x.owner": "产品组合",
        "x.kpi": "我们达标了吗？",
        "x.kpin": "横条：目标区间。圆点：上月。折线：十二个月。",
        "x.k1": "预测准确率（1 - WAPE）",
        "x.k2": "偏差",
        "x.k3": "准时足量交付率",
        "x.k4": "库存周转",
        "x.k5": "超储库存",
        "x.k6": "计划波动度",
        "x.ask": "见决策 {n:count}",
        "x.vol": "销量随季节变化；五月起区间触及产能",
        "x.voln": "箱／月。阴影：80% 区间。点线：预算。",
        "x.br": "供应造成的预算缺口大于需求",
        "x.brn": "毛利，元，未来 12 个月。",
        "x.note": "自第二个月起，本页显示上月决策的结果。",
        "x.sanswer": "两处瓶颈损失 {v:money}：6、7 月罐装二线，5 月 38 mm 瓶盖。",
        "x.ssub": "其余均可按时生产、采购和运输。",
        "x.short": "计划之后仍存在的缺口",
        "x.shortn": "按金额排序。",
    },
}

ITEM = table("item item_name", "A-100 Cola_330", "A-200 <script>alert(1)</script>", "=1+1 @formula")
SHORTAGE = table(
    "item location period short_qty late_qty short_value cause cause_code cause_period",
    "A-100 D1 2027-06-01 41000 0 3800000 resource L2 2027-06-01",
    "A-100 D1 2027-07-01 12500 0 1100000 material A-200 2027-07-01",
    "A-100 D2 2027-06-01 3200 10 290000 lane P1-D2 -",
    "A-200 D1 2027-06-01 100 0 12.5 lead_time - -",
    "A-200 D2 2027-06-01 10 0 1.25 supplier - -",
    "=1+1 D2 2027-06-01 1 0 1 cost - -",
)
RESOURCE = table(
    "resource period load_hours regular_hours overtime_hours overtime_used_hours hour_worth_value",
    "L2 2027-06-01 720.5 640 80 80 11900",
)
LABEL = table(
    "field code lang label",
    "item A-100 zh 可乐330毫升",
    "location D1 en Wuhan",
    "location D1 zh 武汉配送中心",
    "resource L2 zh 罐装二线",
    "resource L2 en Can_line_2",
)


_ROOM = tempfile.TemporaryDirectory(prefix="sopkit-report-")


@cache
def built_site() -> Path:
    """Return a planning folder with its site, made once for all tests of a process."""
    from sopkit.report.site import build_site

    folder = Path(_ROOM.name)
    build_case(folder)
    build_site(folder)
    return folder


def build_case(folder: Path, interactive: bool = False) -> CyclePaths:
    """Write the planning folder and run its notebooks in a real kernel."""
    paths = CyclePaths(folder, "2026-11")
    for name in (paths.tables_dir, paths.executed_dir, folder / "params" / "mapping"):
        name.mkdir(parents=True, exist_ok=True)
    (folder / "params" / "mapping" / "demo.yaml").write_text(
        "company: 清泉饮料 / Clearspring Drinks\n", encoding="utf-8"
    )
    (folder / "words.json").write_text(json.dumps(WORDS), encoding="utf-8")
    hashes = {
        name: write_parquet(paths.table_file(name), check_table(frame, TABLES[name]), TABLES[name])
        for name, frame in {
            "item": ITEM,
            "label": LABEL,
            "shortage": SHORTAGE,
            "plan_resource": RESOURCE,
        }.items()
    }
    step = StepRecord(
        "ok",
        started="2026-11-05T08:30:00+08:00",
        parameters={"currency": "CNY", "volume_unit": "case"},
    )
    steps = {"03_supply_review": step, "05_executive_review": step}
    tables = {name: TableRecord(sha, 1, "01_data_review") for name, sha in hashes.items()}
    write_manifest(paths, Manifest("2026-11", "demo", version="0.1.0", steps=steps, tables=tables))
    for name, cells in {"03_supply_review": SUPPLY, "05_executive_review": EXECUTIVE}.items():
        run_notebook(folder, paths.executed_dir / f"{name}.ipynb", cells, interactive)
    return paths


def run_notebook(folder: Path, path: Path, cells: list[str], interactive: bool) -> None:
    """Execute cells in a kernel and keep the notebook."""
    setup = SETUP.replace("PAGE", repr(path.stem)).replace("INTERACTIVE", repr(interactive))
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s) for s in [setup, *cells]]
    )
    env = {**os.environ, "SOPKIT_HOME": str(folder), "CASE_WORDS": str(folder / "words.json")}
    env.pop("SOPKIT_STAGING", None)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    with client.setup_kernel(env=env, cwd=str(folder)):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
