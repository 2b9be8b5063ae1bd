from __future__ import annotations

import shutil

import pytest
from report_case import built_site

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
DRAWN = "[...document.querySelectorAll('.plot')].every(plot => plot.dataset.drawn)"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM)
        yield running
        running.close()


@pytest.fixture
def open_report(browser):
    contexts = []

    def show(name, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.told = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("console", lambda message: page.told.append(message.text))
        page.goto((built_site() / "reports" / name).as_uri())
        page.wait_for_function(DRAWN, timeout=60_000)
        return page

    yield show
    for context in contexts:
        context.close()


EXECUTIVE = "2026-11/05_executive_review.{}.html"
PAGES = [
    EXECUTIVE.format("en"),
    EXECUTIVE.format("zh"),
    "2026-11/03_supply_review.en.html",
    "index.html",
    "index.zh.html",
]


@pytest.mark.parametrize("name", PAGES)
def test_no_request_leaves_and_nothing_is_complained_of(open_report, name):
    page = open_report(name)
    assert [url for url in page.asked if not url.startswith("file:")] == []
    assert len(page.asked) == 1
    assert page.told == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_charts_are_drawn(open_report, lang):
    page = open_report(EXECUTIVE.format(lang))
    drawn = page.eval_on_selector_all(".plot", "plots => plots.map(plot => plot.dataset.drawn)")
    assert drawn == ["yes", "yes"]
    boxes = page.eval_on_selector_all(
        ".plot svg", "all => all.map(svg => svg.getBoundingClientRect().width)"
    )
    assert all(width > 300 for width in boxes)
    labels = page.locator(".plot svg").first.text_content()
    assert {"en": "2 M", "zh": "200 万"}[lang] in labels
    assert {"en": "plan", "zh": "计划"}[lang] in labels


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 390, 760])
def test_a_phone_needs_no_sideways_scrolling(open_report, name, width):
    page = open_report(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


LUMINANCE = """element => {
  const read = name => getComputedStyle(element)[name].match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = rgb => { const [r, g, b] = rgb.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ink = light(read('%s'));
  const page = light(getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number));
  return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_charts_can_be_read_in_both_settings(open_report, scheme):
    page = open_report(EXECUTIVE.format("en"), scheme=scheme)
    for selector in (
        "h1",
        ".sub",
        ".note",
        ".figs .d.bad",
        ".figs .d.warn",
        ".figs .d.good",
        ".state",
        "footer",
        "nav a.on",
    ):
        assert page.locator(selector).first.evaluate(LUMINANCE % "color") >= 4.5, selector
    axis = page.locator(".plot svg .role-axis-label text").first
    assert axis.evaluate(LUMINANCE % "fill") >= 4.5
    line = page.locator(".plot svg .mark-line path").first
    assert line.evaluate(LUMINANCE % "stroke") >= 2.5


def test_a_change_of_setting_reaches_the_charts(open_report):
    page = open_report(EXECUTIVE.format("en"))
    axis = page.locator(".plot svg .role-axis-label text").first
    light = axis.evaluate("e => getComputedStyle(e).fill")
    page.emulate_media(color_scheme="dark")
    assert axis.evaluate("e => getComputedStyle(e).fill") != light
    page.emulate_media(color_scheme="dark", media="print")
    assert axis.evaluate("e => getComputedStyle(e).fill") == light


def test_an_item_named_script_is_shown_as_text(open_report):
    page = open_report("2026-11/03_supply_review.en.html")
    assert page.get_by_text("<script>alert(1)</script>").first.is_visible()
    assert page.locator("main script:not(.spec)").count() == 0


def test_the_other_language_is_one_click_away(open_report):
    page = open_report(EXECUTIVE.format("en"))
    page.get_by_role("link", name="中文").click()
    page.wait_for_function(DRAWN)
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="清泉饮料").click()
    assert page.locator("h1").inner_text() == "月度计划"


def test_without_a_script_a_chart_says_what_it_would_show(browser):
    plain = browser.browser_type.launch(
        executable_path=CHROMIUM, args=["--blink-settings=scriptEnabled=false"]
    )
    try:
        page = plain.new_page()
        page.goto((built_site() / "reports" / EXECUTIVE.format("en")).as_uri())
        told = page.locator(".plot noscript p").first  # get_by_text does not look into noscript
        assert told.is_visible()
        assert told.inner_text().startswith("This chart is drawn by the page's own script")
        label = page.locator(".plot").first.get_attribute("aria-label")
        assert label.startswith("Chart: Volume follows the season")
    finally:
        plain.close()
