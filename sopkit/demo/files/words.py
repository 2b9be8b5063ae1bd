"""Words that the raw files use: kinds, roles, and what they are called in English."""

from __future__ import annotations

from sopkit.demo.places import CHANNELS, REGIONS
from sopkit.demo.plans import PAST_DECISIONS, STAGES
from sopkit.demo.products import each_row

CATEGORIES = {
    "carbonated": "碳酸饮料",
    "tea": "茶饮料",
    "juice": "果汁",
    "water": "包装水",
    "energy": "功能饮料",
}
ROLES = {
    "demand": {
        "carbonated": "碳酸需求计划员",
        "tea": "茶饮需求计划员",
        "juice": "果汁需求计划员",
        "water": "水与功能需求计划员",
        "energy": "水与功能需求计划员",
    },
    "supply": {
        "carbonated": "罐装供应计划员",
        "tea": "PET 供应计划员",
        "juice": "无菌供应计划员",
        "water": "PET 供应计划员",
        "energy": "罐装供应计划员",
    },
}
REASONS = {
    "promotion": "促销",
    "listing": "新增铺货",
    "price": "调价",
    "weather": "天气",
    "correction": "数据更正",
    "other": "其他",
}
METHODS = {"delta": "增减", "absolute": "改为", "percent": "百分比"}
STATUSES = {"done": "已完成", "open": "进行中"}
DECISION_KINDS = {"bottleneck": "瓶颈", "shortage": "缺货", "conflict": "冲突"}
_ROLE_WORDS = {
    "碳酸需求计划员": "Demand planner, carbonated",
    "茶饮需求计划员": "Demand planner, tea",
    "果汁需求计划员": "Demand planner, juice",
    "水与功能需求计划员": "Demand planner, water and energy",
    "罐装供应计划员": "Supply planner, cans",
    "PET 供应计划员": "Supply planner, PET",
    "无菌供应计划员": "Supply planner, aseptic",
    "区域销售经理": "Regional sales manager",
    "市场部经理": "Marketing manager",
    "财务分析师": "Finance analyst",
    "重点客户经理": "Key account manager",
    "产品组合经理": "Portfolio manager",
    "电商渠道经理": "E-commerce manager",
    "需求计划经理": "Demand planning manager",
    "供应计划经理": "Supply planning manager",
    "采购经理": "Purchasing manager",
    "生产总监": "Production director",
    "销售总监": "Sales director",
}
_ROLE_FIELDS = ("demand_planner", "supply_planner", "sales_owner", "owner")
_STAGE_WORDS = ("First contact", "Proposal", "Negotiation", "Verbal yes")


def _list_labels() -> list[list[object]]:
    roles = _ROLE_WORDS | {
        f"{row.zh}大区经理": f"Regional manager, {row.en}" for row in each_row(REGIONS)
    }
    rows: list[list[object]] = [
        [field, zh, zh, en] for field in _ROLE_FIELDS for zh, en in roles.items()
    ]
    rows += [["channel", row.channel, row.zh, row.en] for row in each_row(CHANNELS)]
    rows += [["stage", zh, zh, en] for zh, en in zip(STAGES, _STAGE_WORDS, strict=True)]
    rows += [["category", en, zh, en.capitalize()] for en, zh in CATEGORIES.items()]
    rows += [["decision", row.decision, row.zh, row.en] for row in each_row(PAST_DECISIONS)]
    rows += [["family", "SEMI", "半成品", "Syrups and bases"]]
    rows += [
        ["family", "MATERIAL", "原料", "Ingredients"],
        ["family", "PACK", "包装材料", "Packaging"],
    ]
    return rows


LEVEL_LABELS = _list_labels()
