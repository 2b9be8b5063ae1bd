"""Every sentence, heading and word that a page shows, by key, in English and Chinese.

``t = catalogue("zh")`` then ``t("supply.answer", n=3, cost=4.9e6)``. A page's messages stand in
``en/<page>.yaml`` and ``zh/<page>.yaml``; the file's name is the first part of every key in it
(``answer`` in ``supply.yaml`` is ``supply.answer``). ``common.yaml`` has no such part:
``col.item``, ``word.cause.resource``, ``format.rate``, ``nav.supply``.
"""

from __future__ import annotations

from sopkit.messages.catalogue import LANGUAGES, Catalogue, catalogue, placeholders, read_messages
from sopkit.messages.formats import FORMATS, full_digits, is_missing, keep_together
from sopkit.messages.names import split_name

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "Catalogue",
    "catalogue",
    "full_digits",
    "is_missing",
    "keep_together",
    "placeholders",
    "read_messages",
    "split_name",
]
