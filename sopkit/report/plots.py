"""A chart inside a page: its spec as data, to be drawn by the page's one bundle; or a still."""

from __future__ import annotations

import json
from typing import Any, Protocol

from sopkit.charts import style

Spec = dict[str, Any]


class Chart(Protocol):
    """What a chart function returns: an Altair chart."""

    def to_dict(self, validate: bool = True) -> Spec:
        """Return the Vega-Lite specification."""


def to_spec(chart: Chart | Spec, lang: str) -> Spec:
    """Return a chart's specification with the kit's style, numbers in six digits, no address.

    Raises:
        ValueError: the chart reads its data from an address; a page asks nothing of the network.
    """
    spec = dict(chart) if isinstance(chart, dict) else chart.to_dict(validate=False)
    spec.pop("$schema", None)
    spec["config"] = merge(style.config(lang), _own_config(spec))
    if _has_address(spec):
        raise ValueError("A chart must carry its data; it reads from an address.")
    spec.setdefault("background", "transparent")
    _fit_width(spec)
    return _shorten(spec)


def _own_config(spec: Spec) -> Spec:
    # Altair's default theme only sets the size of a view; the kit's style sets its own.
    return {key: value for key, value in spec.get("config", {}).items() if key != "view"}


def _fit_width(spec: Spec) -> None:
    if not any(key in spec for key in ("hconcat", "vconcat", "concat", "facet", "repeat")):
        spec.setdefault("width", "container")
        spec.setdefault("autosize", {"type": "fit-x", "contains": "padding"})


def merge(base: Spec, change: Spec) -> Spec:
    """Return `base` with `change` laid over it, level by level."""
    both = {**base, **change}
    for key in base.keys() & change.keys():
        if isinstance(base[key], dict) and isinstance(change[key], dict):
            both[key] = merge(base[key], change[key])
    return both


def _has_address(part: Any) -> bool:
    if isinstance(part, dict):
        return "url" in part or any(_has_address(value) for value in part.values())
    return isinstance(part, list) and any(_has_address(value) for value in part)


def _shorten(part: Any) -> Any:
    if isinstance(part, float):
        return float(f"{part:.6g}") if part % 1 else int(part) if abs(part) < 1e15 else part
    if isinstance(part, dict):
        return {key: _shorten(value) for key, value in part.items()}
    return [_shorten(value) for value in part] if isinstance(part, list) else part


def to_json(spec: Spec) -> str:
    """Return the specification as JSON that is safe inside a script element."""
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def to_still(spec: Spec, lang: str, width: int = 760) -> str:
    """Return the chart as an SVG in light colours, for JupyterLab and Excel; no network."""
    import vl_convert

    fixed = {**spec, "width": width} if spec.get("width") == "container" else spec
    text = style.resolve(json.dumps({**fixed, "background": "white"}, ensure_ascii=False))
    number, time = style.locales(lang)
    return vl_convert.vegalite_to_svg(text, format_locale=number, time_format_locale=time)
