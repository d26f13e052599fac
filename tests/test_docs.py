"""The handbook: pages are whole, links lead somewhere, commands exist, and all that a reader meets is explained."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest

from segmenter.cli import parser
from segmenter.config.analysis import FeaturesConfig
from segmenter.config.load import parse_config
from segmenter.config.names import GIVEN
from segmenter.config.reference import handbook
from segmenter.config.report import ReportConfig
from segmenter.features import build, check
from segmenter.intake.sources import SUFFIXES
from segmenter.report import answers, render
from segmenter.report.context import build as build_page
from segmenter.report.context import view_of
from tests.delivery.conftest import hook
from tests.features.conftest import line as sold
from tests.features.conftest import transactions
from tests.report.made_up import bare_run, made_up_run
from tests.report.moved import moved_run
from tests.shell import command

__all__ = ["hook", "transactions"]
ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "bench").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page):
    """Anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_or_heading_that_is_there(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            assert re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/[^\s<>\"]*)?", link), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_and_blocks_of_code_are_whole(page):
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", prose, re.MULTILINE):
        rows = [re.sub(r"`[^`]*`|\\\|", "", row).strip().strip("|").count("|") for row in table.splitlines()]
        assert len({*rows}) == 1, table
        assert re.match(r"\|[\s:|-]+\|$", table.splitlines()[1]), table


def test_every_command_that_a_page_names_is_one_that_the_program_takes():
    lines = [line for page in PAGES for line in commands(page)]
    named = [line for line in lines if line.startswith("segmenter ")]
    assert len(named) > 20
    for line in named:
        words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
        assert parser().parse_args(words).call, line


def test_every_block_of_a_template_that_a_team_may_replace_is_named():
    text = (ROOT / "docs" / "customising.md").read_text(encoding="utf-8")
    templates = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "templates").glob("*.html")}
    blocks = {name: set(re.findall(r"{% block (\w+) %}", template)) for name, template in templates.items()}
    rows = {name: re.search(rf"^\| `{name}` (.*)$", text, re.MULTILINE) for name, found in blocks.items() if found}
    for name, row in rows.items():
        assert row, name
        assert set(re.findall(r"`(\w+)`", row[1])) == blocks[name], name
    assert "report.html" in rows


def test_the_examples_of_a_template_and_of_a_brand_work(tmp_path):
    text = (ROOT / "docs" / "customising.md").read_text(encoding="utf-8")
    template = re.search(r"^```jinja\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    brand = tomllib.loads(re.search(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1])["report"]
    (tmp_path / "report.html").write_text(template, encoding="utf-8")
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    config = ReportConfig(**{**brand, "logo": str(tmp_path / "logo.svg")}, templates=str(tmp_path), formats=("html",))
    (tmp_path / "out").mkdir()
    render(bare_run(), config, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Questions: Ada, extension 12" in page
    assert brand["title"] in page
    assert brand["accent"] in page


def test_the_figure_in_sql_works_as_it_is_written(tmp_path, transactions, monkeypatch):
    text = (ROOT / "docs" / "customising.md").read_text(encoding="utf-8")
    keys = tomllib.loads(re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1])["features"]
    monkeypatch.chdir(tmp_path)
    Path(keys["folder"]).mkdir()
    sql = re.search(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    (tmp_path / keys["folder"] / "sundays.sql").write_text(sql, encoding="utf-8")
    config = FeaturesConfig(**keys)
    check(config)
    made = transactions(
        [sold("ann", "2024-01-07", "1", 10), sold("ann", "2024-01-08", "2", 5), sold("bob", "2024-01-09", "3", 7)]
    )
    table = build(made, config, "de")
    assert table.column("sunday_orders").tolist() == [1, 0]
    assert table.features[-1].label == "Bestellungen an einem Sonntag"
    for name in ("transactions", "orders", "days"):
        row = re.search(rf"^\| `{name}` .*$", text, re.MULTILINE)[0]
        columns = re.findall(r"`([a-z_]+)`", row)[1:]
        assert columns == [each[0] for each in made.execute(f"select * from {name}").description]


def test_the_endings_that_are_read_from_a_folder_are_told():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.search(r"In a folder, segmenter reads the files.*?\. ", text, re.DOTALL)[0]
    assert set(re.findall(r"`(\.\w+)`", told)) == set(SUFFIXES)


def test_every_page_is_reached_from_the_readme():
    seen, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        seen.add(page)
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in seen:
                left.append(target)
    assert set((ROOT / "docs").glob("*.md")) <= seen


def test_the_configurations_page_is_what_the_code_says():
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == handbook()


@pytest.fixture(scope="module")
def view():
    """A run to be shown with every chart and table of a report."""
    return view_of(moved_run(), ReportConfig())


def test_every_chart_and_table_of_the_report_is_explained(view):
    shown = {source.id.removesuffix("-2") for source, _ in answers._shown(view.run, build_page(view))}
    for name in ("reading.md", "figures.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        explained = set(re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^#+ .+$", text, re.MULTILINE))))
        assert shown <= explained, name


def test_the_chapters_are_called_as_in_the_report(view):
    text = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    page = build_page(view)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["First page", *(each.title for each in page.sections)]


def test_every_name_of_a_segment_is_told_and_those_of_the_example_are_taken():
    text = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    told = re.search(r"^### The names of segments$(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1]
    assert sorted(re.findall(r"^\| ([A-Z].*?) \|", told, re.MULTILINE)) == sorted(GIVEN)
    assert parse_config(re.search(r"```toml\n(.*?)```", told, re.DOTALL)[1], "docs").kmeans.names


def test_every_feature_has_its_formula():
    text = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert {feature.name for feature in made_up_run().manifest.features} <= set(re.findall(r"`([a-z_]+)`", text))


SCHEDULE = '[[schedule]]\nname = "weekly"\ncron = "0 8 * * 1"\nsources = ["sales.csv"]\nformats = ["csv"]\nrecipients = ["folder:out"]\n'
PROGRAMS = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A folder with an export and two runs of it, the second by hand of a schedule."""
    folder = tmp_path_factory.mktemp("worked")
    (folder / "c.toml").write_text(SCHEDULE, encoding="utf-8")
    words = [
        "sample sales.csv --customers 60",
        "run sales.csv --as-of 2025-05-31 --format csv",
        "schedule run weekly -c c.toml",
    ]
    done = [command(*line.split(), "--json", cwd=folder) for line in words]
    assert not any(each.returncode for each in done), done
    return folder, {"run": done[1].stdout, "schedule run": done[2].stdout}


def told_by_command():
    """Per command of the page its keys, each with those behind it in brackets."""
    rows = re.findall(r"^\| (`[a-z].*?) \| (.*) \|$", PROGRAMS.partition("## Tables")[0], re.MULTILINE)
    keys = {row: re.findall(r"`(\w+)`(?: \(([^)]*)\))?", cell.partition("; with")[0]) for row, cell in rows}
    return {name: [*keys[row]] for row in keys for name in re.findall(r"`(.*?)`", row)}


def test_the_keys_of_documents_are_those_that_programs_are_promised(worked):
    folder, documents = worked
    more = {"runs show --figure": "files", "runs compare": "2025-05-31", "runs accept": "latest --dry-run", "runs prune": "--keep 9",
            "runs report": "--to again",
            "inspect": "sales.csv", "init": "sales.csv", "score": "sales.csv --model latest", "deliver": "latest --to folder:out -c c.toml"}  # fmt: skip
    for name, keys in told_by_command().items():
        words = f"{name} {more.get(name, '-c c.toml')} --json".split()
        if name in {"demo", "runs show --figure"}:
            continue  # the one is a run; the other needs a report
        document = json.loads(documents.get(name) or command(*words, cwd=folder).stdout)
        for key, within in keys:
            head = document[0] if isinstance(document, list) else document
            assert key in head, (name, key)
            rows = head[key] if isinstance(head[key], list) else []
            assert not rows or set(re.findall(r"`(\w+)`", within)) <= set(rows[0]), (name, key)


def test_every_column_of_a_runs_tables_is_told_and_no_other(worked):
    features = {feature.name for feature in made_up_run().manifest.features}
    folder = max((worked[0] / "runs").glob("2*"))
    for name in ("customers", "segments", "anomalies", "moves", "alerts"):
        table = re.search(rf"^\| `{name}.parquet`.*\n\|---\|---\|\n((?:\|.*\n)+)", PROGRAMS, re.MULTILINE)[1]
        told = set(re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()))) - {"median_"}
        found = {*duckdb.read_parquet(str(folder / f"{name}.parquet")).columns}
        left = {
            each
            for each in found
            if each.removeprefix("median_") not in features and not re.match("reason_[23]_", each)
        }
        assert left == told - {"email_sha256"}, name


def test_the_signature_of_a_webhook_is_checked_as_it_is_written(hook):
    from datetime import UTC, datetime

    from segmenter.config.delivery import DeliveryConfig, WebhookConfig
    from segmenter.delivery import Message
    from segmenter.delivery.content import content
    from segmenter.delivery.webhook import send

    now = datetime(2025, 6, 30, 8, tzinfo=UTC)
    message = Message("weekly", now, None, "owner", "webhook", "webhook:ops", "No run", ("It failed.",), ())
    what = content(message, ROOT, ReportConfig())
    send(message, what, WebhookConfig(kind="json", url_env="A"), DeliveryConfig(private_addresses=True),
         (hook.url, "key"), now, lambda: None)  # fmt: skip
    made = {}
    section = PROGRAMS.partition("## Webhooks")[2]
    exec(re.search(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[1], made)
    ((_, headers, body),) = hook.requests
    assert made["is_ours"](headers, body, "key")
    assert not made["is_ours"](headers, body + b" ", "key")
    told = re.search(r"document with the keys (.*?)The header", section, re.DOTALL)[1]
    told = re.sub(r"\([^)]*\)", "", told)
    assert set(re.findall(r"`(\w+)`", told)) <= set(json.loads(body))


def commands(page):
    """Lines of the page's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def bare_shell():
    """The environment of a shell that knows no segmenter."""
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if not (Path(path) / "segmenter").exists()]
    return {**os.environ, "PATH": os.pathsep.join(paths)}


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_a_page_that_one_begins_with_says_how_segmenter_becomes_a_command(tmp_path, page):
    lines = commands(ROOT / page)
    begin = next(at for at, line in enumerate(lines) if line.startswith("segmenter "))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = "\n".join(
        ["set -e", *(line for line in lines[:begin] if not line.startswith("make ")), "command -v segmenter"]
    )
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=bare_shell(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_segmenter_is_written_as_a_command_everywhere(page):
    assert not [line for line in commands(page) if ".venv/bin/segmenter" in line]


@pytest.mark.slow
def test_the_commands_of_the_tutorial_work_one_after_the_other(tmp_path):
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = "\n".join(["set -e", *commands(ROOT / "docs" / "tutorial.md")])
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=bare_shell(), capture_output=True, check=False)
    told = done.stderr.decode()
    assert done.returncode == 0, told
    assert any(line.strip().endswith("/report.xlsx") for line in told.splitlines())
    assert "columns" in (tmp_path / "config.toml").read_text()
    lists = {path.name for path in (tmp_path / "runs").rglob("*") if path.is_file()}
    assert {"report.html", "report.pdf", "report.xlsx", "customers.csv", "marketing.csv", "moves.parquet"} <= lists
