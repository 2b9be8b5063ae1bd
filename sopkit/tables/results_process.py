"""Contracts of what the process leaves behind: tasks."""

from __future__ import annotations

from sopkit.tables.build import code, date, result, words

EXECUTIVE_STEP = "05_executive_review"

TASK = result(
    EXECUTIVE_STEP,
    "task",
    ("task",),
    "What is to be done after decisions, conflicts and gates, with owner and last day.",
    code("task", "number: T- and its origin; of a task that people entered, the planbook's"),
    code(
        "kind",
        "decide, carry_out, settle, gate, other (entered by people)",
        allowed=("decide", "carry_out", "settle", "gate", "other"),
    ),
    words("origin", "number of the decision or conflict; step of a gate"),
    words("subject", "what it is about: resource, family, item, or why a gate is open"),
    words("option", "letter of the option decided on"),
    words("title", "the task in one line, where people wrote it"),
    words("owner", "role that does it; several of a task force"),
    date("due_date", "last day"),
    code("state", "open or done", allowed=("open", "done")),
    code("opened_cycle", "cycle that opened it"),
)

PROCESS_RESULTS = (TASK,)
