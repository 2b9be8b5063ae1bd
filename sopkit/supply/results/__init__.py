"""From the solver's numbers to what a planner reads: plan, firm orders, releases, sums."""
