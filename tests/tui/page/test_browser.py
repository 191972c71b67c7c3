"""The review page in a real browser: by keyboard alone, with a passkey, on a phone, for a screen reader (axe-core)."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conversations import Builder, answers, calls, says
from retrospan.knowledge.rubrics import built_in_rubric, rubric_content, rubric_from_content
from retrospan.model.reviews import Criterion
from retrospan.page import passkeys
from retrospan.page.app import build_page
from retrospan.page.signing_in import FrontDoor
from retrospan.services.knowledge.confirming import confirm_rubric
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer
from retrospan.services.serving.listening import Server, listen
from retrospan.store.contract import Store
from retrospan.store.reviews.verdicts import confirmed_verdicts, list_verdicts
from retrospan.trust.keys import KdfCost
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support import expected_conditions as seen
from selenium.webdriver.support.wait import WebDriverWait

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs Debian's chromium and chromium-driver"),
    # Selenium leaves closing its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PASSPHRASE = "four plain words here"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
AXE = "axe-core@4.11.0"


@pytest.fixture
def shop(store: Store, traces: Builder) -> Store:
    add_reviewer(store, "Ada", PASSPHRASE, pin=True, cost=KdfCost(n=2**10))
    traces.add(
        says("system", "Answer from the rules."),
        says("user", f"How long can I return it? {HOSTILE}"),
        calls("search_rules", query="return"),
        answers('[{"id": "returns", "text": "Returns are possible within 30 days."}]'),
        says("assistant", f"You have 45 days. {HOSTILE}"),
    )
    item = request_review(store, 1, "Did the reply name a period that no rule holds?", by="agent:x", focus=[4])
    cited = [Citation("4", "You have 45 days.")]
    propose_verdict(store, item.short_id, label="fail", explanation="45 stands in no rule.", cited=cited, by="agent:x")
    return store


@pytest.fixture
def address(shop: Store) -> Iterator[str]:
    door = FrontDoor(shop, None)
    sock = listen("127.0.0.1", 0)
    server = Server(build_page(shop, door, hosts=("localhost", "127.0.0.1")))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    yield f"http://localhost:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    door.close()
    sock.close()


@pytest.fixture(params=["1280,900"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    flags = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-sync disable-component-update"
    for flag in f"{flags} disable-background-networking window-size={request.param}".split():
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.capabilities["size"] = request.param
    yield driver
    driver.quit()


def wait_for(browser: webdriver.Chrome, css: str) -> Any:
    return WebDriverWait(browser, 20).until(seen.presence_of_element_located((By.CSS_SELECTOR, css)))


def press(browser: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def sign_in(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    wait_for(browser, "#name").send_keys("Ada", Keys.TAB, PASSPHRASE, Keys.ENTER)
    wait_for(browser, "main nav, main h1")
    WebDriverWait(browser, 20).until(seen.title_contains("waits for you"))


def settle(browser: webdriver.Chrome) -> None:
    """Until keys decide something on this page; those typed for the one before do not."""
    WebDriverWait(browser, 20).until(lambda page: page.execute_script("return performance.now() - loadedAt > 450"))


def test_a_fail_is_decided_by_keyboard_alone(browser: webdriver.Chrome, address: str, shop: Store) -> None:
    sign_in(browser, address)
    wait_for(browser, ".queue a").send_keys(Keys.ENTER)
    wait_for(browser, "fieldset")
    settle(browser)
    press(browser, "f")
    assert browser.switch_to.active_element.get_attribute("id") == "reason"
    press(browser, "No rule says 45.")
    webdriver.ActionChains(browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    wait_for(browser, ".proposal")
    assert "45 stands in no rule." in browser.page_source
    settle(browser)
    press(browser, "s")
    wait_for(browser, ".done")
    (verdict,) = confirmed_verdicts(shop, deciding=False).values()
    assert verdict.answer.reason == "No rule says 45."


def test_a_pass_with_one_criterion_takes_three_keys_or_two_clicks(
    browser: webdriver.Chrome, address: str, shop: Store
) -> None:
    """Langfuse documents two keys (a digit, Ctrl+Enter), LangSmith two (a hotkey, Enter); ours shows the proposal."""
    for number in (2, 3):
        request_review(shop, 1, f"Question {number}?", by="agent:x")
    sign_in(browser, address)
    browser.get(f"{address}/item/2")
    keys = ["p", Keys.ENTER, "s"]
    for key in keys:
        settle(browser)
        press(browser, key)
        if key != "p":
            WebDriverWait(browser, 20).until(seen.presence_of_element_located((By.CSS_SELECTOR, ".proposal, .done")))
    wait_for(browser, ".done")
    browser.get(f"{address}/item/3")
    clicks = ["[data-act=well]", "#sign-form button"]
    for place in clicks:
        wait_for(browser, place).click()
    wait_for(browser, ".done")
    assert len(list_verdicts(shop)) == 2
    assert (len(keys), len(clicks)) == (3, 2)


def test_keys_that_were_still_being_typed_sign_nothing(browser: webdriver.Chrome, address: str, shop: Store) -> None:
    sign_in(browser, address)
    browser.get(f"{address}/item/1")
    settle(browser)
    wait_for(browser, "[data-act=well]").click()
    wait_for(browser, "#sign-form")
    browser.execute_script("Object.defineProperty(performance, 'now', {value: () => loadedAt + 100})")
    press(browser, "s")
    assert wait_for(browser, "#sign-form")
    assert list_verdicts(shop) == []


def test_what_is_typed_is_on_the_server_a_moment_later(browser: webdriver.Chrome, address: str, shop: Store) -> None:
    sign_in(browser, address)
    browser.get(f"{address}/item/1")
    wait_for(browser, "#reason").send_keys("Half a sent")
    WebDriverWait(browser, 20).until(seen.text_to_be_present_in_element((By.ID, "saved"), "What you typed is saved."))
    browser.delete_all_cookies()
    sign_in(browser, address)
    browser.get(f"{address}/item/1")
    assert wait_for(browser, "#reason").get_attribute("value") == "Half a sent"


def test_marked_words_become_evidence(browser: webdriver.Chrome, address: str) -> None:
    sign_in(browser, address)
    browser.get(f"{address}/item/1")
    wait_for(browser, "article.agent")
    settle(browser)
    browser.execute_script(
        "const p = document.querySelector('article.agent .piece p');"
        "getSelection().setBaseAndExtent(p.firstChild, 0, p.firstChild, 17);"
    )
    WebDriverWait(browser, 20).until(lambda page: page.execute_script("return marked !== ''"))
    press(browser, "q")
    assert "“You have 45 days.” (turn " in str(wait_for(browser, "#reason").get_attribute("value"))


@pytest.fixture
def three_criteria(shop: Store, tmp_path: Path) -> Store:
    names = ("rules", "cost", "tone")
    criteria = tuple(Criterion(name, f"Was the {name} right?", "it was " * 12, "it was not " * 12) for name in names)
    content = rubric_content(replace(built_in_rubric(), id="three", version=1, title="Three", criteria=criteria))
    confirm_rubric(shop, unlock_reviewer("Ada", PASSPHRASE), rubric_from_content(content), tmp_path)
    request_review(shop, 1, "Was all of it right?", by="agent:x", rubric="three")
    return shop


@pytest.mark.parametrize("browser", ["1280,800", "640,400", "390,844"], indirect=True)
def test_focus_is_always_visible_with_three_criteria(
    browser: webdriver.Chrome, address: str, three_criteria: Store
) -> None:
    """1280 × 800, the same at 200 %, and a phone."""
    width, height = map(int, str(browser.capabilities["size"]).split(","))
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    sign_in(browser, address)
    browser.get(f"{address}/item/2")
    wait_for(browser, "fieldset")
    for _ in range(45):
        press(browser, Keys.TAB)
        hidden = browser.execute_script(HIDDEN_FOCUS)
        assert hidden is None, hidden


HIDDEN_FOCUS = """
const e = document.activeElement;
if (!e || e === document.body) return null;
const r = e.getBoundingClientRect(), x = r.left + Math.min(r.width / 2, 20), y = r.top + Math.min(r.height / 2, 20);
const top = document.elementFromPoint(x, y);
const shown = top && (e.contains(top) || top.contains(e) || e.closest('label')?.contains(top));
return shown ? null : `${e.outerHTML.slice(0, 120)} at ${x},${y} under ${top && top.outerHTML.slice(0, 120)}`;
"""


@pytest.mark.parametrize("browser", ["390,844"], indirect=True)
def test_a_phone_shows_one_criterion_at_a_time(browser: webdriver.Chrome, address: str, three_criteria: Store) -> None:
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    sign_in(browser, address)
    browser.get(f"{address}/item/2")
    wait_for(browser, ".to-answer a").click()
    for number in range(3):
        shown = [one for one in browser.find_elements(By.CSS_SELECTOR, "fieldset") if one.is_displayed()]
        assert [str(one.get_attribute("class")).split()[0] for one in shown] == [f"question-{number + 1}"]
        shown[0].find_element(By.CSS_SELECTOR, "input[value=pass]").click()
        WebDriverWait(browser, 20).until(seen.invisibility_of_element(shown[0]))
    wait_for(browser, "form.answering .buttons > button").click()
    wait_for(browser, "#sign-form")


def test_no_script_of_a_trace_runs(browser: webdriver.Chrome, address: str) -> None:
    sign_in(browser, address)
    wait_for(browser, ".queue a").click()
    wait_for(browser, "fieldset")
    assert "owned" not in browser.title
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script, main a[href^=http]") == []


def test_a_registered_passkey_is_asked_for_at_each_signature(
    browser: webdriver.Chrome, address: str, shop: Store
) -> None:
    device = VirtualAuthenticatorOptions(
        protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True, is_user_verified=True
    )
    browser.add_virtual_authenticator(device)
    sign_in(browser, address)
    wait_for(browser, "#passkey-form:not([hidden]) button").click()
    WebDriverWait(browser, 20).until(lambda _: len(passkeys._load().passkeys) == 1)
    assert len(browser.get_credentials()) == 1
    browser.get(address)
    wait_for(browser, ".queue a").click()
    wait_for(browser, "fieldset")
    settle(browser)
    press(browser, "f")
    wait_for(browser, "#reason").send_keys("No rule says 45.")
    wait_for(browser, "form.answering .buttons > button").click()
    wait_for(browser, "#sign-form")
    browser.execute_script("document.getElementById('sign-form').elements.passkey.value = '{}'")
    browser.execute_script("document.getElementById('sign-form').submit()")
    wait_for(browser, ".problem")
    assert confirmed_verdicts(shop, deciding=False) == {}
    wait_for(browser, "#sign-form button").click()
    wait_for(browser, ".done")
    assert len(confirmed_verdicts(shop, deciding=False)) == 1


def test_a_further_passkey_is_registered_with_the_first_alone(browser: webdriver.Chrome, address: str) -> None:
    device = VirtualAuthenticatorOptions(
        protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True, is_user_verified=True
    )
    browser.add_virtual_authenticator(device)
    sign_in(browser, address)
    wait_for(browser, "#passkey-form:not([hidden]) button").click()
    WebDriverWait(browser, 20).until(lambda _: len(browser.get_credentials()) == 1)
    wait_for(browser, ".queue")
    WebDriverWait(browser, 20).until(lambda _: len(passkeys._load().passkeys) == 1)
    browser.get(address)
    wait_for(browser, "#passkey-form:not([hidden]) button").click()
    WebDriverWait(browser, 20).until(lambda _: len(passkeys._load().passkeys) == 2)
    browser.remove_all_credentials()
    browser.get(address)
    wait_for(browser, "#passkey-form:not([hidden]) button").click()
    wait_for(browser, ".problem")
    assert len(passkeys._load().passkeys) == 2


@pytest.mark.parametrize("browser", ["420,900"], indirect=True)
def test_a_phone_needs_no_sideways_scrolling(browser: webdriver.Chrome, address: str) -> None:
    sign_in(browser, address)
    wait_for(browser, ".queue a").click()
    wait_for(browser, "fieldset")
    width = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(width) <= 0


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The checker's script, fetched from the npm registry into a folder of the test's."""
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm, to fetch axe-core")
    done = subprocess.run([npm, "pack", AXE, "--silent"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{AXE} cannot be fetched: {done.stderr[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


@pytest.mark.parametrize("browser", ["1280,900", "420,900"], indirect=True)
def test_every_page_is_accessible(browser: webdriver.Chrome, address: str, axe: str) -> None:
    def check(place: str) -> None:
        browser.execute_script(axe)
        found = browser.execute_async_script("axe.run().then(arguments[0])")["violations"]
        assert [(place, rule["id"], [n["html"] for n in rule["nodes"]]) for rule in found] == []

    browser.get(address)
    check("sign in")
    sign_in(browser, address)
    check("list")
    wait_for(browser, ".queue a").click()
    wait_for(browser, "fieldset")
    check("item")
    settle(browser)
    press(browser, "f")
    wait_for(browser, "#reason").send_keys("No rule says 45.")
    wait_for(browser, "form.answering .buttons > button").click()
    wait_for(browser, "#sign-form")
    check("proposal")
    wait_for(browser, "#sign-form button").click()
    wait_for(browser, ".done")
    check("empty list")
    browser.get(f"{address}/item/1?find=days")
    check("signed")
    browser.get(f"{address}/item/1/run/0/step/1")
    check("step")
    browser.get(f"{address}/mine")
    check("what became")
