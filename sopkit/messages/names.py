"""What people call a thing in both languages: ``气泡茶涨价 / Sparkling tea dearer``."""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u4e00-\u9fff]")
_BETWEEN = " / "


def split_name(name: str) -> dict[str, str]:
    """Return a text by language: its parts in Chinese characters, and the others.

    Parts are set apart by a stroke between blanks. A text in one language alone stands whole in
    both.

    Example:
        >>> split_name("清泉饮料 / Clearspring Drinks")["en"]
        'Clearspring Drinks'
        >>> split_name("Line 1 / line 2")["zh"]
        'Line 1 / line 2'
    """
    parts = [part.strip() for part in name.split(_BETWEEN)]
    chinese = _BETWEEN.join(part for part in parts if _HAN.search(part))
    other = _BETWEEN.join(part for part in parts if part and not _HAN.search(part))
    return {"en": other or name, "zh": chinese or name}
