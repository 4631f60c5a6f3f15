"""The functions of verify.html in Chromium, without its page: for tests that ask them one by one."""

import hashlib
import json
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome

from agent.certificate.web.build import script

_ASKED = """
const asked = {
  strings: ([text, digest, language, provisional]) =>
    pageStrings(pageView(decodeRecord(new TextEncoder().encode(text)), digest, language, provisional)),
  shown: ([text, limit]) => shown(text, limit),
  missing: ([text, strings]) => firstMissing(text, strings) ?? null,
  tooOften: ([text, strings, words]) => firstTooOften(text, strings, words) ?? null,
  lot: (text) => concludeLot(decodeStatement(new TextEncoder().encode(text)).statement),
  statedTexts: async (text) => {
    const bytes = new TextEncoder().encode(text);
    const { kind, statement } = decodeStatement(bytes);
    return textsOfStatement(kind, statement, hexOf(await sha256(bytes)));
  },
  pageText: async ([base64]) => {
    const pdf = bytesFromBase64(base64);
    return readPages(openSealed(pdf, await findSeal(pdf)));
  },
};
window.ask = async (name, cases) => {
  const answers = [];
  for (const each of cases) answers.push(await asked[name](each));
  return answers;
};
"""


class Engine:
    """Answers of the page's own functions."""

    def __init__(self, browser: Chrome, folder: Path) -> None:
        self.browser = browser
        page = folder / "engine.html"
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><script>{script(screen=False, more=_ASKED)}</script>'
        )
        browser.get(page.as_uri())
        browser.set_script_timeout(120)

    def ask(self, name: str, cases: list[Any]) -> list[Any]:
        """What a function says of each of these."""
        answer: dict[str, Any] = json.loads(
            self.browser.execute_async_script(
                "const [name, cases, done] = arguments;"
                "window.ask(name, JSON.parse(cases)).then("
                "  (said) => done(JSON.stringify({ said })), (error) => done(JSON.stringify({ error: String(error.stack) })));",
                name,
                json.dumps(cases),
            )
        )
        assert "error" not in answer, answer["error"]
        return list(answer["said"])

    def strings(self, cases: list[tuple[bytes, str, bool]]) -> list[list[str]]:
        """The printed strings of records, each in a language, provisional or not."""
        return self.ask(
            "strings", [(data.decode(), hashlib.sha256(data).hexdigest(), code, copy) for data, code, copy in cases]
        )
