from builders import table
from supply_cases import demand, line, months, service, tables

from sopkit.supply import find_lead_times, prepare_case, rough_cut_load, set_targets


def load(case_tables, wanted, count=3):
    case = prepare_case(case_tables, wanted, months(count))
    return rough_cut_load(case, wanted)["load_hours"].tolist()


def test_load_is_demand_less_stock_times_hours():
    case = tables(
        **line(),
        opening_stock=table("item location on_hand_qty", "A P 30"),
        service_class=service(),
    )
    assert load(case, demand("A P 2026-01 100", "A P 2026-02 100")) == [70, 100, 0]


def test_load_may_exceed_what_there_is_and_nothing_is_built_ahead():
    assert load(tables(**line("10")), demand("A P 2026-03 250")) == [0, 0, 250]


def test_a_lead_time_brings_load_forward_and_what_is_too_late_stands_in_the_first_month():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value lead_time_days", "opA A P 4 45.6"
    )
    # 1.5 months: half starts one month, half two months before
    assert load(tables(**frames), demand("A P 2026-03 100", "A P 2026-01 10")) == [60, 50, 0]


def test_a_stock_target_is_built_once():
    target = table(
        "item location period safety_stock_qty cycle_stock_qty protection_months basis",
        *[f"A P 2026-0{month} 20 0 1 error" for month in (1, 2, 3)],
    )
    assert load(tables(**line(), stock_target=target), demand("A P 2026-02 100")) == [20, 100, 0]


def test_parts_load_their_own_line_through_lane_and_bom():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value yield_rate", "opA A P 4 1", "opB B P 1 0.5"
    )
    frames["resource_need"] = table("operation resource hours_per_unit", "opB L 1")
    case = tables(
        **frames,
        bom=table("item component component_qty", "A B 3"),
        lane=table("from_location to_location unit_cost_value", "P D 2"),
    )
    assert load(case, demand("A D 2026-02 10")) == [0, 60, 0]  # 10 x 3 / 0.5


def test_lead_times_add_up_down_to_where_the_item_is_made():
    frames = line()
    frames["operation"] = table(
        "operation item location unit_cost_value lead_time_days", "opA A P 4 5"
    )
    lane = table("from_location to_location unit_cost_value lead_time_days", "P D 2 3")
    wanted = demand("A D 2026-02 10")
    found = find_lead_times(prepare_case(tables(**frames, lane=lane), wanted, months(2)))
    assert found.set_index("location")["lead_time_days"].to_dict() == {"D": 8, "P": 5}


def test_targets_can_be_set_once_the_network_is_known():
    wanted = demand("A P 2026-02 100")
    case = prepare_case(tables(**line()), wanted, months(3))
    target = table(
        "item location period safety_stock_qty cycle_stock_qty protection_months basis",
        "A P 2026-01 20 0 1 error",
    )
    held = set_targets(case, target)
    assert rough_cut_load(held, wanted)["load_hours"].tolist() == [20, 100, 0]
    assert rough_cut_load(case, wanted)["load_hours"].tolist() == [0, 100, 0]
