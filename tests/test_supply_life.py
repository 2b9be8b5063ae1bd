"""Shelf life: plans solvable by hand, and random ones against a model with every batch in it."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from builders import table
from supply_cases import FREE, demand, line, months, service, tables

from sopkit.supply import Rates, check_plan, solve_plan
from sopkit.supply.inputs.batches import last_months, list_batches


def column(plan, name, item="A", location="P"):
    rows = plan.constrained_plan
    return rows.loc[(rows["item"] == item) & (rows["location"] == location), name].tolist()


def costs(plan):
    return plan.plan_cost.set_index("term")["cost_value"]


def perishable(days, count=4, hours="100", **frames):
    return tables(
        **{
            **line(hours, count=count),
            "item": table("item shelf_life_days", f"A {days}"),
            "service_class": service(),
            **frames,
        }
    )


PEAK = demand("A P 2026-04 400")  # four months of the line's work, all in the fourth


@pytest.mark.parametrize(
    ("days", "served", "expired"),
    [
        (200, 400, 0),  # longer than the plan
        (91.2, 400, 0),  # three months: what is made in January may be sold in April
        (60.8, 300, 0),  # two: nothing made before February
        (45.6, 250, 50),  # a month and a half: half of what is made in February
        (30.4, 200, 0),
        (15.2, 150, 50),  # half of what is made in March may lie at its end
    ],
)
def test_stock_is_built_no_earlier_than_its_life_allows(days, served, expired):
    plan = solve_plan(perishable(days), PEAK, months(4), rates=FREE)
    assert column(plan, "served_qty") == pytest.approx([0, 0, 0, served])
    assert column(plan, "short_qty") == pytest.approx([0, 0, 0, 400 - served])
    assert sum(column(plan, "expired_qty")) == pytest.approx(expired)
    assert ("life_limit" in plan.duals) == (days < 121.6)


def stocked(*rows, days=91.2, **frames):
    """A at P, nothing to make it with: only opening stock."""
    return perishable(
        days,
        hours="0",
        opening_stock=table("item location batch expiry_date on_hand_qty", *rows),
        **frames,
    )


def test_the_oldest_batch_goes_first_and_what_is_left_of_it_expires():
    case = stocked("A P b1 2026-02-10 60", "A P b2 2026-03-31 60")
    wanted = demand(*[f"A P 2026-0{m} 20" for m in (1, 2, 3, 4)])
    plan = solve_plan(case, wanted, months(4), rates=FREE)
    assert column(plan, "served_qty") == [20, 20, 20, 0]
    # 120 - 40 served by the end of February leaves 80, of which 60 have not expired; in March 20
    # more are sold, and the rest of the second batch is gone by the end of that month.
    assert sum(column(plan, "expired_qty")) == 60
    assert column(plan, "closing_qty")[1] == 60
    assert column(plan, "closing_qty")[2] == 0
    assert costs(plan)["expired"] == 60 * 12


def test_stock_that_has_expired_before_the_plan_serves_nobody():
    case = stocked("A P old 2025-12-31 30", "A P new 2026-03-31 10")
    plan = solve_plan(case, demand("A P 2026-01 40"), months(2), rates=FREE)
    assert column(plan, "expired_qty") == [30, 0]
    assert column(plan, "served_qty") == [10, 0]
    assert costs(plan)["expired"] == 30 * 12 and costs(plan)["short"] == 30 * 100


def test_a_batch_without_date_counts_as_made_just_before_the_plan():
    case = stocked("A P b - 50", days=60.8)
    batches = list_batches(case, pd.DataFrame({"item": ["A"], "location": ["P"]}), months(4))
    assert batches["expiry_date"].tolist() == [pd.Timestamp("2026-03-02")]
    assert last_months(batches["expiry_date"], batches["life_days"], 0.0, months(4)).tolist() == [2]
    assert last_months(batches["expiry_date"], batches["life_days"], 0.5, months(4)).tolist() == [0]


def accepting(**rates):
    rows = [f"{customer} 2 0 1 0 {rate}" for customer, rate in rates.items()]
    names = "customer priority late_rate lost_sale_rate late_months remaining_life_rate"
    return table(names, *rows)


def by_customer(*rows):
    frame = table("item location customer period demand_qty", *rows)
    return frame.assign(demand_class="forecast", priority=2)


def test_a_customer_that_wants_it_fresh_is_not_served_from_older_stock():
    case = stocked(
        "A P b1 2026-02-10 60",
        days=91.2,
        service_class=accepting(shop=0.0, chain=0.5),
    )
    wanted = by_customer("A P chain 2026-01 20", "A P shop 2026-01 20", "A P shop 2026-02 20")
    plan = solve_plan(case, wanted, months(3), rates=FREE)
    served = plan.plan_service.set_index(["customer", "period"])["on_time_qty"]
    # half of 91.2 days before 10 February is in December: the chain takes nothing of the batch
    assert served["chain"].tolist() == [0]
    assert served["shop"].tolist() == [20, 20]
    assert sum(column(plan, "expired_qty")) == 20


def test_young_stock_is_kept_for_the_customer_that_wants_it_young():
    # Life 3 months, the chain takes only what is at most one month old. 100 a month can be made;
    # in March the line stands still, and the chain wants 100 then: February's output is kept.
    frames = line("100", count=3)
    frames["capacity"] = table(
        "resource period regular_hours", "L 2026-01 100", "L 2026-02 100", "L 2026-03 0"
    )
    case = tables(
        **frames,
        item=table("item shelf_life_days", "A 91.2"),
        service_class=accepting(shop=0.0, chain=2 / 3),
    )
    wanted = by_customer(
        "A P shop 2026-01 50", "A P shop 2026-02 50", "A P chain 2026-03 100", "A P shop 2026-03 10"
    )
    plan = solve_plan(case, wanted, months(3), rates=FREE)
    served = plan.plan_service.set_index(["customer", "period"])["on_time_qty"]
    assert served["shop"].sum() + served["chain"].sum() == 200
    assert column(plan, "make_qty")[:2] == [100, 100]
    # Without a rule of age the chain would be served as well from January's output: put all of
    # the making there and it cannot be.
    late = {**frames, "capacity": frames["capacity"].assign(regular_hours=[200.0, 0.0, 0.0])}
    case = tables(
        **late,
        item=table("item shelf_life_days", "A 91.2"),
        service_class=accepting(shop=0.0, chain=2 / 3),
    )
    plan = solve_plan(case, wanted, months(3), rates=FREE)
    served = plan.plan_service.set_index(["customer", "period"])["on_time_qty"]
    assert served["chain"].sum() == 0 and served["shop"].sum() == 110


def test_what_all_customers_refuse_is_expired_though_its_last_day_has_not_come():
    case = stocked("A P b1 2026-03-31 40", service_class=accepting(chain=0.5))
    plan = solve_plan(case, by_customer("A P chain 2026-03 10"), months(3), rates=FREE)
    # accepted until 45.6 days before 31 March: 13 February
    assert sum(column(plan, "expired_qty")) == 40
    assert column(plan, "closing_qty") == [40, 0, 0] or column(plan, "closing_qty")[1] == 0
    assert column(plan, "short_qty") == [0, 0, 10]


def test_moving_goods_makes_them_no_younger():
    # Made at P (100 in January only), sold at D from the second month on; life one month and ten
    # days of lane: three quarters of January's output may lie at the end of January ...
    frames = line("100", count=3)
    frames["capacity"] = table(
        "resource period regular_hours", "L 2026-01 100", "L 2026-02 0", "L 2026-03 0"
    )
    lane = table("from_location to_location item lead_time_days", "P D all 0")
    case = tables(
        **frames,
        item=table("item shelf_life_days", "A 30.4"),
        lane=lane,
        service_class=service(),
    )
    wanted = demand("A D 2026-03 100")
    plan = solve_plan(case, wanted, months(3), rates=FREE)
    assert column(plan, "served_qty", location="D") == [0, 0, 0]
    # ... two months of life: kept to the end of February, wherever it lies
    case = tables(
        **frames,
        item=table("item shelf_life_days", "A 60.8"),
        lane=lane,
        service_class=service(),
    )
    plan = solve_plan(case, wanted, months(3), rates=FREE)
    assert column(plan, "served_qty", location="D") == [0, 0, 100]


def test_days_on_a_lane_are_taken_off_the_life_at_its_end():
    # Life 60.8 days, lane 15.2: at D goods may lie 45.6 days, a month and a half.
    frames = line("100", count=4)
    frames["capacity"] = table(
        "resource period regular_hours",
        *[f"L 2026-0{m} {hours}" for m, hours in ((1, 100), (2, 0), (3, 0), (4, 0))],
    )
    case = tables(
        **frames,
        item=table("item shelf_life_days", "A 60.8"),
        lane=table("from_location to_location item lead_time_days", "P D all 30.4"),
        service_class=service(),
    )
    plan = solve_plan(case, demand("A D 2026-03 100"), months(4), rates=FREE)
    assert column(plan, "served_qty", location="D") == [0, 0, 100, 0]
    plan = solve_plan(case, demand("A D 2026-04 100"), months(4), rates=FREE)
    assert column(plan, "served_qty", location="D") == [0, 0, 0, 0]


def test_items_that_outlive_the_plan_add_nothing():
    long = solve_plan(perishable(400), PEAK, months(4), rates=FREE)
    none = solve_plan(perishable("-"), PEAK, months(4), rates=FREE)
    assert long.sizes == none.sizes


# A model with every batch in it, one place, written down without any code of sopkit.


def random_place(seed):
    """One item, one line, two or three customers who accept different ages, some old stock."""
    draw = np.random.default_rng(seed)
    periods = months(7)
    life = float(draw.choice([35, 45, 61, 75, 92, 110, 150]))
    wanted = draw.choice([0.0, 0.2, 0.34, 0.5, 0.67, 0.8], size=3, replace=False)
    losses = draw.uniform(0.3, 1.0, size=3).round(3)
    hours = draw.choice([0, 30, 60, 120, 200], size=len(periods))
    rows = [
        (f"k{n}", month, float(draw.integers(0, 60)))
        for n in range(3)
        for month in range(len(periods))
        if draw.random() < 0.8
    ]
    batches = [
        (f"b{n}", float(draw.integers(1, 80)), int(draw.integers(-5, int(life))))
        for n in range(int(draw.integers(0, 4)))
    ]
    return life, wanted, losses, hours, [row for row in rows if row[2] > 0], batches, periods


def as_tables(life, wanted, losses, hours, rows, batches, periods):
    frames = line("100", count=len(periods))
    frames["capacity"] = frames["capacity"].assign(regular_hours=hours.astype(float))
    classes = pd.DataFrame(
        {
            "customer": [f"k{n}" for n in range(3)],
            "priority": 2,
            "late_rate": 0.05,
            "lost_sale_rate": losses,
            "late_months": 1,
            "remaining_life_rate": wanted,
        }
    )
    stock = pd.DataFrame(batches, columns=["batch", "on_hand_qty", "left"])
    stock = stock.assign(
        item="A", location="P", expiry_date=periods[0] + pd.to_timedelta(stock["left"], unit="D")
    )
    case = tables(
        **frames,
        item=pd.DataFrame({"item": ["A"], "shelf_life_days": [life]}),
        service_class=classes,
        opening_stock=stock.drop(columns="left"),
    )
    frame = pd.DataFrame(rows, columns=["customer", "month", "demand_qty"])
    frame = frame.assign(
        item="A",
        location="P",
        period=periods[frame["month"].to_numpy(int)],
        demand_class="forecast",
        priority=2,
    )
    return case, frame.drop(columns="month")


def cost_with_batches(life, wanted, losses, hours, rows, batches, periods):
    """Return the least cost when each batch is served, kept or thrown away by itself."""
    from scipy.optimize import linprog

    count = len(periods)
    buyers = sorted({int(c[1]) for c, _, _ in rows})
    least = min(wanted[buyers])
    longest = (1 - least) * life / 30.4
    # Others accept a whole number of months less, three days more at most.
    fewer = np.maximum(np.ceil((wanted - least) * life / 30.4 - 0.1), 0)
    accept = np.maximum(longest - fewer, 0)
    # A month's output in slices by how late in the month it is made, cut where an acceptance ends.
    cuts = sorted({0.0, 1.0, *(accept % 1.0)})
    slices = list(pairwise(cuts))
    lots = [("made", month, low, high) for month in range(count) for low, high in slices]
    lots += [("stock", qty, left) for _, qty, left in batches]

    def accepted(lot, customer, month):
        if lot[0] == "made":
            _, made, _, high = lot
            ago = month - 1 - made
            return made == month or (made < month and ago + high <= accept[customer] + 1e-9)
        end = periods[0] + pd.Timedelta(days=lot[2] - np.ceil(least * life - 1e-9))
        calendar_month = (end.year - periods[0].year) * 12 + end.month - periods[0].month
        return month <= min(calendar_month, np.floor(longest + 1e-9)) - fewer[customer]

    def first_loss():
        """Return the first month at whose end something can be too old for everybody."""
        ends = [
            month
            for lot in lots
            for month in range(count)
            if lot[0] == "stock" and not any(accepted(lot, k, month + 1) for k in buyers)
        ]
        return min([*ends, int(np.floor(longest + 1e-9))])

    names, prices, bounds = {}, [], []

    def variable(key, price, upper=None):
        names[key] = len(prices)
        prices.append(price)
        bounds.append((0, upper))

    hold, lossy = 0.2 / 12 * 12, first_loss()
    for month in range(count):
        variable(("make", month), 4.0, float(hours[month]))
    for row, (customer, month, qty) in enumerate(rows):
        k = int(customer[1])
        variable(("lost", row), 100 * losses[k], qty)
        for late in (0, 1):
            if month + late < count:
                for n, lot in enumerate(lots):
                    if accepted(lot, k, month + late):
                        variable(("serve", row, month + late, n), 5.0 * late)
    for n, lot in enumerate(lots):
        for month in range(count):
            sold_on = any(accepted(lot, k, month + 1) for k in buyers)
            if lot[0] == "made" and lot[1] > month:
                continue
            variable(("keep", n, month), hold, None if sold_on else 0.0)
            variable(("expire", n, month), 12.0, None if month >= lossy else 0.0)
    equal, right = [], []

    def row_of(entries, value):
        equal.append(entries)
        right.append(value)

    for row, (_, _, qty) in enumerate(rows):
        serves = {at: 1.0 for key, at in names.items() if key[:2] == ("serve", row)}
        row_of({**serves, names["lost", row]: 1.0}, qty)
    for n, lot in enumerate(lots):
        for month in range(count):
            if ("keep", n, month) not in names:
                continue
            entries = {names["keep", n, month]: 1.0, names["expire", n, month]: 1.0}
            if ("keep", n, month - 1) in names:
                entries[names["keep", n, month - 1]] = -1.0
            for key, at in names.items():
                if key[0] == "serve" and key[2] == month and key[3] == n:
                    entries[at] = 1.0
            value = 0.0
            if lot[0] == "made" and lot[1] == month:
                entries[names["make", month]] = -(lot[3] - lot[2])
            elif lot[0] == "stock" and month == 0:
                value = lot[1]
            row_of(entries, value)
    matrix = np.zeros((len(equal), len(prices)))
    for at, entries in enumerate(equal):
        for column_at, coef in entries.items():
            matrix[at, column_at] = coef
    found = linprog(prices, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
    assert found.status == 0, found.message
    return found.fun


@pytest.mark.parametrize("seed", range(24))
def test_one_place_costs_what_a_model_of_all_its_batches_costs(seed):
    company = random_place(seed)
    case, wanted = as_tables(*company)
    rates = Rates(
        holding_rate=0.2,
        below_target_rate=0.0,
        deep_target_rate=0.0,
        fair_share_rate=0.0,
        change_rate=0.0,
        preference_rate=0.0,
    )
    plan = solve_plan(case, wanted, company[-1], rates=rates)
    assert plan.objective == pytest.approx(cost_with_batches(*company), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(40, 52))
def test_the_independent_check_follows_the_batches_of_a_plan(seed):
    company = random_place(seed)
    case, wanted = as_tables(*company)
    plan = solve_plan(case, wanted, company[-1], rates=FREE)
    checks = check_plan(case, plan).set_index("check")["passed"]
    assert checks["shelf_life"] and checks["stock_limits"] and checks["balance"]


def test_the_check_sees_what_is_served_too_old():
    plan = solve_plan(perishable(200), PEAK, months(4), rates=FREE)
    short_lived = perishable(30.4)  # of 300 held at the end of March, 200 are older than a month
    checks = check_plan(short_lived, plan).set_index("check")
    assert not checks.loc["shelf_life", "passed"]
