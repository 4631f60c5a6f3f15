"""The page as a person uses it: choose a root, choose files, read the card."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from agent.certificate.web.build import PAGE

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--lang=en", "--window-size=1100,1500",
    # Nobody listens there: whatever would leave this machine fails.
    "--proxy-server=127.0.0.1:9",
)  # fmt: skip
_NOT_EVEN_ITSELF = "--proxy-bypass-list=<-loopback>"


@dataclass(frozen=True)
class Card:
    """What the page says of one file."""

    path: str
    verdict: str
    kind: str | None
    step: str | None
    degree: str | None
    milliseconds: int
    text: str
    steps: tuple[tuple[str, str], ...]


def open_browser(folder: Path, *, loopback: bool = False) -> Chrome:
    """Debian's Chromium with an empty profile, no network (but this machine's own with `loopback`), and a log of every request."""
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*_FLAGS, *([] if loopback else [_NOT_EVEN_ITSELF]), f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    return Chrome(options=options, service=Service("/usr/bin/chromedriver"))


class VerifyPage:
    """verify.html from `file://`, loaded once for many files."""

    def __init__(self, browser: Chrome, page: Path = PAGE) -> None:
        self.browser = browser
        self.trusted: tuple[Path, ...] = ()
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
        )
        browser.get(page.as_uri())
        self._wait(lambda b: b.execute_script("return document.documentElement.dataset.ready") == "yes")

    def trust(self, *files: Path) -> None:
        """Start again with these roots and lists only; nothing is done where they are the ones that it has."""
        if files == self.trusted:
            return
        self.trusted = files
        self.browser.refresh()
        self._wait(lambda b: b.execute_script("return document.documentElement.dataset.ready") == "yes")
        self._choose("trust-files", files)
        self._wait(lambda b: b.find_element(By.ID, "trust-list").get_attribute("data-state") == "done")

    def judge_at(self, moment: datetime) -> None:
        """Set the moment that validity is judged at."""
        text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        self.browser.execute_script("document.getElementById('at').value = arguments[0]", text)

    def language(self, code: str) -> None:
        """Press the button of a language."""
        self.browser.find_element(By.CSS_SELECTOR, f"#languages button[lang={code}]").click()

    def verify(self, *files: Path) -> list[Card]:
        """Choose these files and read what the page says."""
        self.browser.execute_script(
            "document.getElementById('results').dataset.state = 'idle'; document.getElementById('files').value = ''"
        )
        self._choose("files", files)
        self._wait(lambda b: b.execute_script("return document.getElementById('results').dataset.state") == "done")
        return [_card(each) for each in self.browser.execute_script(_READ_CARDS)]

    def requests(self) -> list[str]:
        """Every address that was asked for since the last call."""
        messages = [json.loads(line["message"])["message"] for line in self.browser.get_log("performance")]
        sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        # What Chromium loads for its own new-tab page is not the page's.
        return [each["request"]["url"] for each in sent if not each["documentURL"].startswith("chrome:")]

    def _choose(self, element: str, files: tuple[Path, ...]) -> None:
        self.browser.find_element(By.ID, element).send_keys("\n".join(str(file.resolve()) for file in files))

    def _wait(self, condition: Any) -> None:
        WebDriverWait(self.browser, 20, poll_frequency=0.01).until(condition)


_READ_CARDS = """
return [...document.querySelectorAll('#cards article')].map((card) => ({
  ...card.dataset, text: card.innerText,
  steps: [...card.querySelectorAll('.steps tr')].map((row) => [row.dataset.step, row.dataset.status]),
}));
"""


def _card(data: dict[str, Any]) -> Card:
    return Card(
        path=data["path"],
        verdict=data["verdict"],
        kind=data["kind"] or None,
        step=data["step"] or None,
        degree=data["degree"] or None,
        milliseconds=int(data["milliseconds"]),
        text=data["text"],
        steps=tuple((name, status) for name, status in data["steps"]),
    )
