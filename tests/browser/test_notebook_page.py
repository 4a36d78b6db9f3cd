"""The notebook's page in a browser: notes are read, run, edited and looked at by clicking."""

import os
import shutil
from pathlib import Path

import pytest
from notebook_servers import builtin
from playwright.sync_api import expect, sync_playwright

CHROMIUM = os.environ.get("SANDBOX_CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SQL = """%sql
SELECT * FROM VALUES ('Private', 22), ('Self', 3), ('State', 12), ('Never', null) AS t(workclass, people)"""
PICTURE = """%python
import matplotlib.pyplot as plt
plt.bar(['a', 'b'], [1, 2])
plt.show()
z.select('colour', ['red', 'blue'], 'red')"""
SCRIPT = """%python
print("%html <b id='bold'>bold</b><script>window.hacked = 1</script>")
print("<img src=x onerror='window.hacked = 2'>")"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with builtin(tmp_path_factory.mktemp("engine")) as (url, engine):
        yield url, engine


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("there is no chromium on this machine; name one with SANDBOX_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(browser, request):
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_default_timeout(60_000)
    page.scheme = request.param
    yield page
    context.close()
    assert faults == []


def screenshot(page, name):
    """Kept where SANDBOX_SCREENSHOTS says, for the documentation."""
    folder = os.environ.get("SANDBOX_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}-{page.scheme}.png", full_page=True)


def paragraph(page, number):
    return page.locator(".paragraph").nth(number)


def test_a_note_is_run_by_clicking_and_its_results_are_seen(engine, page):
    url, live = engine
    texts = ["%md\n# Trees\n\nWhat a *tree* is.", SQL, PICTURE, "%python\n1/0", "%md never"]
    note = live.library.create(f"/course/Trees {page.scheme}", [{"text": text} for text in texts])
    page.goto(url)
    assert page.locator("#engine").inner_text() == "built-in note engine (not Apache Zeppelin)"
    page.get_by_role("link", name=f"Trees {page.scheme}").click()
    page.get_by_role("button", name="Run all").click()
    page.locator("#state", has_text="1 ERROR").wait_for()
    assert page.locator(".status").all_inner_texts() == ["FINISHED"] * 3 + ["ERROR", "READY"]
    assert paragraph(page, 0).locator("h1").inner_text() == "Trees"
    assert paragraph(page, 0).locator("textarea").is_hidden()
    assert "ZeroDivisionError: division by zero" in paragraph(page, 3).locator("pre.error").inner_text()
    assert paragraph(page, 2).locator("img").evaluate("image => image.naturalWidth") > 100
    table_and_charts(page, paragraph(page, 1))
    kept = live.library.get(note.id).paragraphs[1].config["results"]["0"]["graph"]
    assert (kept["mode"], kept["keys"][0]["name"], kept["values"][0]["name"]) == (
        "multiBarChart",
        "workclass",
        "people",
    )
    page.reload()
    paragraph(page, 1).locator("svg").wait_for()
    screenshot(page, "note")


def table_and_charts(page, part):
    def column():
        return part.locator("tbody td:first-child").all_inner_texts()

    assert column() == ["Private", "Self", "State", "Never"]
    part.get_by_role("button", name="people").click()
    assert column() == ["Self", "State", "Private", "Never"]
    part.get_by_role("button", name="people").click()
    assert part.locator("th").nth(1).get_attribute("aria-sort") == "descending"
    assert column()[-1] == "Self"
    part.get_by_role("button", name="Pie").click()
    assert part.locator("path.slice").count() == 4
    assert "Private – 59.5 %" in part.locator(".legend").inner_text()
    part.get_by_role("button", name="Lines").click()
    assert part.locator("circle").count() == 4
    with page.expect_response("**/config"):
        part.get_by_role("button", name="Bars").click()
    assert part.locator("rect").count() == 4


def test_a_paragraph_is_written_run_stopped_and_deleted(engine, page):
    url, live = engine
    page.goto(url)
    page.get_by_role("button", name="New note").click()
    page.locator("#answer").fill(f"/mine/{page.scheme}")
    page.get_by_role("button", name="OK").click()
    paragraph(page, 0).wait_for()
    page.get_by_role("button", name="Add paragraph", exact=True).click()
    text = paragraph(page, 1).locator("textarea")
    text.fill("%python\nimport time\nprint('begun')\nwhile True: time.sleep(0.05)")
    text.press("Shift+Enter")
    paragraph(page, 1).locator("pre", has_text="begun").wait_for()
    assert paragraph(page, 1).locator(".status").inner_text() == "RUNNING"
    paragraph(page, 1).get_by_role("button", name="Stop").click()
    page.locator(".status", has_text="ABORT").wait_for()
    text.fill("%python\nprint(6 * 7)")
    paragraph(page, 1).get_by_role("button", name="Run").click()
    paragraph(page, 1).locator("pre", has_text="42").wait_for()
    paragraph(page, 0).get_by_role("button", name="Delete the paragraph").click()
    page.get_by_role("button", name="OK").click()
    expect(page.locator(".paragraph")).to_have_count(1)
    (note,) = [entry for entry in live.library.listing() if entry["path"] == f"/mine/{page.scheme}"]
    (left,) = live.library.get(note["id"]).paragraphs
    assert left.text == "%python\nprint(6 * 7)"


def test_a_form_is_filled_in(engine, page):
    url, live = engine
    text = "%python\nprint('got', z.select('colour', ['red', 'blue'], 'red'))"
    note = live.library.create(f"/forms {page.scheme}", [{"text": text}])
    page.goto(f"{url}/#{note.id}")
    page.get_by_role("button", name="Run all").click()
    page.locator("pre", has_text="got red").wait_for()
    page.get_by_label("colour").select_option("blue")
    page.locator("pre", has_text="got blue").wait_for()


def test_html_is_shown_but_no_script_of_a_note_runs(engine, page):
    url, live = engine
    note = live.library.create(f"/html {page.scheme}", [{"text": SCRIPT}])
    page.goto(f"{url}/#{note.id}")
    page.get_by_role("button", name="Run all").click()
    page.locator("#bold").wait_for()
    expect(page.locator("#note img")).to_have_js_property("complete", True)
    assert page.evaluate("window.hacked") is None


def test_what_goes_wrong_is_told_on_the_page(engine, page, tmp_path):
    url, _ = engine
    bad = tmp_path / "bad.zpln"
    bad.write_text("{")
    page.goto(url)
    page.locator("#file").set_input_files(bad)
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text() == "bad.zpln is not a Zeppelin note: it is not JSON"
    page.goto(f"{url}/#NOPE")
    page.locator("#fault", has_text="No such note: NOPE").wait_for()


def test_a_keyboard_and_a_screen_reader_find_everything(engine, page):
    url, live = engine
    note = live.library.create(f"/access {page.scheme}", [{"text": "%md x"}, {"text": "%python\n1"}])
    page.goto(f"{url}/#{note.id}")
    paragraph(page, 1).wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a, textarea, input, select')]
        .filter(e => e.offsetParent !== null)
        .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length))
        .map(e => e.outerHTML)"""
    )
    assert nameless == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the note"
    assert page.locator("#state").get_attribute("aria-live") == "polite"
