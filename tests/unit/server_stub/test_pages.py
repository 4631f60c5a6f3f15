"""The pages: what they show, what they never show, and that a device's text stays text."""

import html
import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from agent.certificate.evidence import encode_evidence
from agent.errors import EnvironmentLacks
from server_stub.app import create_app
from server_stub.views import coverage, decimal_size, last_four
from tests.unit.server_stub.samples import evidence_of, settings_in

_KINDS = ("laptop", "server", "no-drive", "hostile", "excluded", "sampled", "tablet")


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A registry with one record of each kind, number 1 on, and one in quarantine."""
    folder = tmp_path_factory.mktemp("registry")
    with TestClient(create_app(settings_in(folder, page_size=5))) as client:
        for number, kind in enumerate(_KINDS, 1):
            _put(client, evidence_of(number, kind))
        _put(client, evidence_of(90, signature=b"unknown"))
        yield client


def _put(client: TestClient, evidence) -> None:
    answer = client.put(f"/v1/certificates/{evidence.record_sha256}", content=encode_evidence(evidence))
    assert answer.status_code in {201, 202}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def _read(page: str) -> _Text:
    reader = _Text()
    reader.feed(page)
    reader.text = " ".join(reader.text.split())
    return reader


def _all_pages(registry) -> list[str]:
    pages = [registry.get(f"/?page={n}").text for n in (1, 2)] + [registry.get("/quarantine").text]
    return pages + [
        registry.get(f"/certificates/{evidence_of(n, k).record_sha256}").text for n, k in enumerate(_KINDS, 1)
    ]


def test_list_shows_newest_first_in_words(registry):
    text = _read(registry.get("/").text).text
    assert text.index("Surface Pro 7") < text.index("To be filled by O.E.M.")
    assert "NO MEDIUM FOUND" in text
    assert "Page 1 of 2" in text
    assert "7 of 8" in _read(registry.get("/?page=2").text).text
    assert "INCOMPLETE" in _read(registry.get("/?page=2").text).text


def test_state_is_told_by_word_and_shape_never_by_green(registry):
    style = registry.get("/style.css").text
    page = registry.get(f"/certificates/{evidence_of(2, 'server').record_sha256}").text
    for word, shape in (
        ("sanitized", '<rect class="fill"'),
        ("failed", '<circle class="fill"'),
        ("INCOMPLETE", '<path class="fill"'),
    ):
        assert re.search(
            rf"{re.escape(shape)}[^§]{{0,200}}?</svg>{word}</span>", page.replace("</span>", "</span>§")
        )
    assert "green" not in style
    for red, green, blue in re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})\b", style):
        assert not (int(green, 16) > int(red, 16) + 40 and int(green, 16) > int(blue, 16) + 40)


@pytest.mark.parametrize("name", ["/", "/?page=2", "/quarantine", "detail", "/?q=%3Cscript%3E"])
def test_pages_have_no_script_and_no_inline_style(registry, name):
    path = f"/certificates/{evidence_of(4, 'hostile').record_sha256}" if name == "detail" else name
    answer = registry.get(path)
    reader = _read(answer.text)
    assert not [tag for tag, _ in reader.tags if tag in {"script", "img", "iframe", "style"}]
    assert not [a for _, attributes in reader.tags for a in attributes if a.startswith("on") or a == "style"]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_hostile_text_of_a_device_is_shown_as_text(registry):
    page = registry.get(f"/certificates/{evidence_of(4, 'hostile').record_sha256}").text
    text = _read(page).text
    for model in ("[/red]", "#eval(1) $x$ *b* @ref", "硬盘 \\u{41} `raw` <label>"):
        assert model in text
    assert "<label>" not in page
    assert not set("\x00\x07\x1b\u202e") & set("".join(_all_pages(registry)))


def test_failed_medium_says_where(registry):
    text = _read(registry.get(f"/certificates/{evidence_of(2, 'server').record_sha256}").text).text
    # Half of 4,000,787,030,016 bytes in sectors of 512.
    assert "failed write error at LBA 3907018584" in text


def test_no_person_and_no_whole_serial_on_any_page(registry):
    for page in _all_pages(registry):
        plain = html.unescape(page)
        for secret in ("op-7f3a", "S3TNNX0K000001", "PC0ZVK4L", "HUG-014233", "8VXJ2N2"):
            assert secret not in plain
    assert "…ZVK4L"[-4:] in registry.get("/").text


@pytest.mark.parametrize(
    ("serial", "number"),
    [("S3TNNX0K000001", 1), (" s3tnnx0k000001 ", 1), ("ZC102" + "03XK", 2), ("59RF70000007", 7)],
)
def test_search_finds_the_machine_of_a_whole_serial(registry, serial, number):
    text = registry.get("/", params={"q": serial}).text
    found = re.findall(r'href="/certificates/([0-9a-f]{64})"', text)
    assert found == [evidence_of(number, _KINDS[number - 1]).record_sha256]


def test_search_finds_by_record_id_and_digest(registry):
    digest = evidence_of(3, "no-drive").record_sha256
    for asked in ("019aa003", "019AA003-5e00-7abc-8def-0123456789ab", digest, digest[:12]):
        assert digest in registry.get("/", params={"q": asked}).text


@pytest.mark.parametrize(
    "asked", ["S3TNNX0K", "%", "_", "019aa%", "' OR '1'='1", "0%", "\x00", "no such", "-" * 36]
)
def test_search_takes_nothing_as_a_pattern(registry, asked):
    answer = registry.get("/", params={"q": asked})
    assert answer.status_code == 200
    assert "Nothing found" in answer.text


def test_search_text_comes_back_escaped(registry):
    page = registry.get("/", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_search_text_has_a_limit(registry):
    assert registry.get("/", params={"q": "x" * 129}).status_code == 422


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999"])
def test_page_number_must_be_one(registry, page):
    assert registry.get(f"/?page={page}").status_code == 422


def test_page_beyond_the_last_shows_the_last(registry):
    assert "Page 2 of 2" in registry.get("/?page=999").text


def test_quarantine_shows_reason_and_digest(registry):
    text = _read(registry.get("/quarantine").text).text
    assert "unknown station" in text
    assert evidence_of(90, signature=b"unknown").record_sha256[:16] in text


def test_errors_are_pages_for_people_and_problems_for_programs(registry):
    person = registry.get("/nowhere", headers={"Accept": "text/html"})
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "default-src 'none'" in person.headers["content-security-policy"]
    program = registry.get("/v1/nowhere", headers={"Accept": "text/html"})
    assert program.headers["content-type"] == "application/problem+json"
    absent = registry.get("/certificates/" + "0" * 64)
    assert (absent.status_code, "Nothing is archived" in absent.text) == (404, True)


def test_empty_registry_says_so(tmp_path):
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert "Nothing archived yet" in registry.get("/").text
        assert "Every upload came from a station" in registry.get("/quarantine").text
        assert registry.get("/healthz").json() == {"status": "ok"}


def test_unexpected_error_is_a_problem_without_inner_words(tmp_path):
    def broken(evidence, at):
        raise ZeroDivisionError("secret inner words")

    with TestClient(create_app(settings_in(tmp_path, verifier=broken)), raise_server_exceptions=False) as registry:
        answer = registry.put(
            f"/v1/certificates/{evidence_of(1).record_sha256}", content=encode_evidence(evidence_of(1))
        )
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_verifier_without_its_trust_files_asks_to_come_back(tmp_path):
    def lost(evidence, at):
        raise EnvironmentLacks("'/etc/secret/root.pem' can't be read.")

    with TestClient(create_app(settings_in(tmp_path, verifier=lost))) as registry:
        answer = registry.put(
            f"/v1/certificates/{evidence_of(1).record_sha256}", content=encode_evidence(evidence_of(1))
        )
    assert (answer.status_code, "retry-after" in answer.headers, "secret" in answer.text) == (503, True, False)


@pytest.mark.parametrize(
    ("matching", "capacity", "said"),
    [(10**12, 10**12, "100 %"), (10**12 - 1, 10**12, "99.9 %"), (0, 5, "0 %"), (0, 0, "-"), (9, 5, "100 %")],
)
def test_coverage_is_rounded_down(matching, capacity, said):
    assert coverage(matching, capacity) == said


@pytest.mark.parametrize(
    ("serial", "said"), [("S3TNNX0K000001", "…0001"), ("ab", "ab"), ("", "none"), ("a\x1b[31mXYZ", "…mXYZ")]
)
def test_serial_is_cut_to_its_last_four(serial, said):
    assert last_four(serial) == said


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 bytes"), (512_110_190_592, "512 GB"), (4_000_787_030_016, "4.0 TB")]
)
def test_capacity_is_told_as_makers_print_it(size, said):
    assert decimal_size(size) == said
