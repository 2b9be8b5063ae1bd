"""sopkit: monthly Sales and Operations Planning in notebooks.

Import the rooms you need, for example ``from sopkit import demand, supply``; see the README for
what each room holds and which tables it reads and returns.
"""

__version__ = "0.4.0"
