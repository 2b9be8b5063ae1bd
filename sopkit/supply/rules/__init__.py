"""Rules of a supply plan beyond the network itself, a module each.

Each has the numbers it needs (a small frozen class, part of the case), a function `prepare_...`
that takes them from the tables, and a function `add_...` that puts its variables, rows and terms
into the model. To add a rule of the plan is to add a module here and one line in `model`.
"""
