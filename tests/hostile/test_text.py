"""Text is never code: one shop full of attacks goes through every output of the program, and nothing runs."""

import csv
import json
import re
import zipfile
import zlib
from html.parser import HTMLParser

import pytest

from segmenter.delivery import gate
from tests.hostile.conftest import COLUMN, FILE_NAME, FORMATS, SETTINGS
from tests.report.conftest import BROWSER

URL_ATTRIBUTES = ("src", "href", "xlink:href", "action", "data", "poster", "srcset", "formaction", "background")
FLAGS = ["--no-sandbox", "--disable-gpu"]
PDF_ACTIONS = (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/EmbeddedFile", b"/OpenAction", b"/SubmitForm", b"/GoToR")


class Elements(HTMLParser):
    """Every start tag with its attributes, and the texts of styles and scripts."""

    def __init__(self):
        super().__init__()
        self.found, self.styles, self.scripts, self._tag = [], "", [], ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._tag = tag

    def handle_data(self, data):
        if self._tag == "style":
            self.styles += data
        elif self._tag == "script":
            self.scripts.append(data)


def parsed(path):
    parser = Elements()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def files(shop, *patterns):
    found = [path for run in shop.runs for pattern in patterns for path in run.rglob(pattern)]
    assert found
    return found


def test_every_command_ends_well(shop):
    for done in shop.said:
        assert done.returncode == 0, done.stderr.decode()
    assert len(shop.runs) == 2


def test_no_name_keeps_a_report_from_being_sent(shop):
    assert gate(shop.runs[-1], FORMATS) == ()


def test_the_hostile_names_reach_the_outputs(shop):
    rows = [row for path in files(shop, "customers.csv") for row in csv.DictReader(path.open(encoding="utf-8-sig"))]
    ids = {
        row["customer_id"].replace("'", "").replace("\r\n", "\n") for row in rows
    }  # but for what keeps formulas away
    for text in shop.texts:
        plain = text.strip(" ").replace("'", "").replace("\r\n", "\n")
        assert any(each.startswith(plain) for each in ids), text


def test_no_text_becomes_an_element_or_an_address(shop):
    for path in files(shop, "*.html"):
        page = parsed(path)
        for tag, attributes in page.found:
            assert not any(name.startswith("on") for name in attributes), (path, tag, attributes)
            assert tag not in {"iframe", "object", "embed", "base", "form"}, (path, tag)
            for name in URL_ATTRIBUTES:
                assert attributes.get(name, "#").startswith(("#", "data:", "report.", "mailto:")), (
                    path,
                    tag,
                    attributes,
                )
        named = [attributes for tag, attributes in page.found if tag == "script" and attributes]
        assert [each["id"] for each in named] == ["words", "points"] * (path.name == "report.html")
        assert not any(script.startswith("document.title") for script in page.scripts)
        assert "http" not in re.sub(r"data:[^\"')]*", "", page.styles)
        assert "</style><script>" not in path.read_text(encoding="utf-8")


def test_a_report_forbids_the_browser_to_fetch_anything(shop):
    for path in files(shop, "report.html"):
        policy = next(attributes["content"] for _, attributes in parsed(path).found if "http-equiv" in attributes)
        assert "default-src 'none'" in policy
        assert "http" not in policy


def test_the_points_of_the_map_stay_json(shop):
    for path in files(shop, "report.html"):
        _, _, rest = path.read_text(encoding="utf-8").partition('<script type="application/json" id="points">')
        ids = json.loads(rest.partition("</script>")[0])["ids"]
        assert all(any(each.startswith(text) for each in ids) for text in shop.texts[:3])


def test_charts_are_drawings_without_scripts(shop):
    from xml.etree import ElementTree

    for path in files(shop, "*.svg"):
        for each in ElementTree.parse(path).iter():
            assert not each.tag.endswith(("script", "foreignObject", "}image") if "map" not in path.name else "script")
            assert not any(name.lower().startswith("on") for name in each.attrib)


def test_no_cell_of_a_table_begins_a_formula(shop):
    for path in files(shop, "*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    is_number = re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d+)?", cell)
                    assert is_number or not cell.lstrip().startswith(("=", "+", "-", "@")), (path, cell)
                    assert not cell.startswith(("\t", "\r", "\n")), (path, cell)


def test_a_workbook_holds_no_formula_and_no_link(shop):
    for path in files(shop, "*.xlsx"):
        with zipfile.ZipFile(path) as book:
            assert not [name for name in book.namelist() if "externalLink" in name or "vba" in name.lower()]
            for name in book.namelist():
                content = book.read(name)
                assert b"<f>" not in content
                assert b"<hyperlink" not in content
                assert b'TargetMode="External"' not in content


def test_documents_of_json_stay_json(shop):
    for done in shop.said:
        if b"--json" in b" ".join(str(word).encode() for word in done.args):
            assert json.loads(done.stdout)
    for path in files(shop, "*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))


def test_a_terminal_is_sent_no_escape(shop):
    for done in shop.said:
        told = done.stderr.decode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", told), told


def test_a_pdf_holds_no_action_no_address_and_no_attachment(shop):
    for path in files(shop, "*.pdf"):
        raw = path.read_bytes()
        packed = re.findall(rb"/ObjStm[^>]*>>\s*stream\n(.*?)\nendstream", raw, re.DOTALL)  # \r may be the last byte
        plain = re.sub(
            rb"stream\r?\n.*?endstream", b"", raw, flags=re.DOTALL
        )  # fonts and drawings hold any three bytes
        content = plain + b"".join(map(zlib.decompress, packed))
        assert b"/Catalog" in content
        for action in PDF_ACTIONS:
            assert not re.search(re.escape(action) + rb"\b", content), (path, action)


def test_files_are_called_plainly_and_lie_in_the_archive(shop):
    for run in shop.runs:
        for path in run.rglob("*"):
            assert re.fullmatch(r"[A-Za-z0-9._-]+", path.name), path
            assert path.resolve().is_relative_to(run)
    assert len(list(shop.folder.iterdir())) == 3  # the export, the configuration and the archive


def test_mails_carry_no_header_of_a_customers_making(shop):
    from datetime import UTC, datetime
    from email import message_from_bytes

    from segmenter.config.delivery import DeliveryConfig
    from segmenter.config.report import ReportConfig
    from segmenter.delivery import Message
    from segmenter.delivery.mail import preview

    hostile = shop.texts[-7]
    report = ReportConfig(title=hostile, company=hostile)
    for kind in ("report", "alerts"):
        due, run = datetime(2025, 6, 30, tzinfo=UTC), shop.runs[-1].name
        message = Message("weekly", due, run, kind, "mail", "boss@example.org", hostile, (hostile,), ("html",))
        mail = message_from_bytes(preview(message, shop.folder / "runs", DeliveryConfig(), report))
        assert mail["Bcc"] is None
        assert set(mail.keys()) <= {
            "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "MIME-Version", "Content-Type"
        }  # fmt: skip


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")
def test_nothing_runs_and_nothing_is_asked_for_in_a_browser(shop):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=BROWSER, args=FLAGS) as started:
        page = started.new_page()
        for path in files(shop, "*.html", "*.svg"):
            page.goto(path.as_uri())
            page.wait_for_timeout(300)
            assert page.title() != "ran", path
        page.goto("data:text/html,<body onload=\"document.title='ran'\">")
        assert page.title() == "ran", "a text that runs would be seen"
    assert shop.asked == []


def test_nothing_was_asked_for_while_the_reports_were_made(shop):
    assert shop.asked == []


FORGED = (
    "missing\nsegmenter: all is well",
    "missing\r\nsegmenter: all is well",
    "missing\x1b[2K\x9b2K",
    "m\u2028\u202eis",
)


@pytest.mark.parametrize("name", FORGED)
def test_a_files_name_writes_no_line_of_its_own_on_a_terminal(capsys, name):
    from segmenter.cli import main

    assert main(["inspect", name]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "segmenter: There is no file missing�" if name[1] == "i" else "segmenter: There is no file m�"
    )


@pytest.mark.parametrize("name", FORGED)
def test_a_cause_writes_no_line_of_its_own_into_the_services_log(name):
    import logging

    from segmenter.schedule.journal import _ForMachines, _ForPeople

    record = logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", "created": 0.0, "cause": name})
    for form in (_ForPeople(), _ForMachines()):
        (line,) = form.format(record).splitlines()
        assert line.isprintable()


def test_a_document_of_json_cannot_move_a_terminal(capsys):
    from segmenter.console import print_json

    print_json({"name": "".join(FORGED)})
    told = capsys.readouterr().out
    assert json.loads(told) == {"name": "".join(FORGED)}
    assert told.removesuffix("\n").isprintable()


def test_every_kind_of_output_is_one_that_is_looked_at(shop, record_testsuite_property):
    outputs = [path for run in shop.runs for path in run.rglob("*") if path.is_file()]
    assert {path.suffix for path in outputs} <= {".html", ".pdf", ".csv", ".xlsx", ".parquet", ".json", ".svg", ""}
    assert {path.name for path in outputs if not path.suffix} == {"SHA256SUMS"}
    strings = (*shop.texts, FILE_NAME, COLUMN, *re.findall('= "(.*)"$', SETTINGS, re.MULTILINE))
    assert len(set(strings)) == len(shop.texts) + 5
    record_testsuite_property("hostile strings", len(set(strings)))
    record_testsuite_property("files of the runs", len(outputs))
    record_testsuite_property("commands, of standard output and standard error", len(shop.said))
    record_testsuite_property("strings x outputs", len(set(strings)) * (len(outputs) + 2 * len(shop.said)))
