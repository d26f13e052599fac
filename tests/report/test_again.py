"""A report made again: of the run's folder alone, by the run's settings or others, and never showing more than the run's own."""

import hashlib
import json
import re
import zipfile
from dataclasses import replace

import pytest

from segmenter.config import load_config
from segmenter.config.report import ReportConfig
from segmenter.errors import ConfigError, ReportError, ResourceError, RunError, UsageError
from segmenter.report import figure_data, render
from segmenter.report.again import report_again
from segmenter.report.settings import settled
from tests.kept import kept
from tests.report.made_up import made_up_run
from tests.report.moved import moved_run
from tests.shell import command


def made_with(run, **sections):
    """`run` as if it had been made with these sections of a configuration."""
    changed = {name: {**run.manifest.config.get(name, {}), **keys} for name, keys in sections.items()}
    return replace(run, manifest=replace(run.manifest, config={**run.manifest.config, **changed}))


def archived(run, root):
    """The folder of `run` with its report, made by the run's own settings."""
    return kept(run, root, lambda aside: render(run, run.manifest.settings.report, aside))


def digests(folder):
    """The hash of every file below `folder`, by its place."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def run():
    return made_with(made_up_run(80), report={"formats": ["csv"], "currency": "GBP"})


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    return archived(run, tmp_path_factory.mktemp("archive"))


def test_with_no_other_settings_every_file_is_that_of_the_run_and_the_archive_stays_as_it_is(tmp_path):
    made = made_with(moved_run(), report={"formats": ["csv", "parquet"], "locale": "de_AT", "currency": "EUR"})
    folder = archived(made, tmp_path / "runs")
    before = digests(tmp_path / "runs")
    found, theirs = digests(report_again(folder, tmp_path / "reports" / "same").folder), digests(folder)
    assert {"alerts.html", "segments.csv", "customers.csv", "marketing.csv"} <= {*found}
    assert found == {name: theirs[name] for name in found}
    assert digests(tmp_path / "runs") == before
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["same"]


def test_the_command_makes_it_in_another_language_and_says_what_it_made(folder, tmp_path):
    (tmp_path / "brand.toml").write_text('[report]\nlocale = "he"\ncsv_bom = false\nformats = ["html"]\n')
    before = digests(folder)
    words = ["-o", folder.parent, "-c", "brand.toml", "--locale", "de", "--format", "csv,parquet"]
    done = command("runs", "report", *words, "--to", "german", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["run"], document["locale"], document["currency"]) == (folder.name, "de", "GBP")
    assert all((tmp_path / name).is_file() for name in document["files"])
    text = (tmp_path / "german" / "segments.csv").read_bytes().decode("utf-8")
    assert text.startswith("segment,")  # by the configuration, without a mark
    assert "Beste Kunden" in text
    assert "german/marketing.csv" in done.stderr.decode()
    assert digests(folder) == before
    assert (tmp_path / "german").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("given", "kept_as"),
    [
        ({}, {"locale": "de", "title": "Ours", "customer_rows": True, "currency": "GBP"}),
        ({"locale": "en", "title": "Theirs"}, {"locale": "en", "title": "Theirs"}),
        ({"currency": "GBP", "customer_rows": False}, {"currency": "GBP", "customer_rows": False}),
    ],
    ids=lambda keys: " ".join(keys) or "nothing",
)
def test_what_is_given_wins_over_what_the_run_was_made_with_even_where_it_is_the_default(run, given, kept_as):
    own = made_with(run, report={"locale": "de", "title": "Ours"})
    found = settled(own.manifest, ReportConfig(**given))
    assert {key: getattr(found.report, key) for key in kept_as} == kept_as
    assert not found.notes


def test_money_keeps_the_currency_of_the_run_and_is_given_one_where_it_has_none(run):
    found = settled(run.manifest, ReportConfig(currency="EUR"))
    assert found.report.currency == "GBP"
    assert 'money is in GBP and stays so, as nothing is converted: report.currency = "EUR"' in found.notes[0]
    plain = made_with(run, report={"currency": ""})
    assert settled(plain.manifest, ReportConfig(currency="EUR")).report.currency == "EUR"


def test_who_was_not_named_by_the_runs_report_is_named_by_no_other(run, tmp_path):
    folder = archived(made_with(run, report={"customer_rows": False}), tmp_path / "runs")
    (tmp_path / "all.toml").write_text('[report]\ncustomer_rows = true\nformats = ["csv", "xlsx", "parquet"]\n')
    words = ["-o", folder.parent, "-c", "all.toml", "--to", "shown"]
    done = command("runs", "report", *words, cwd=tmp_path)
    assert done.returncode == 0
    assert b"own report names no customer, so this one names none either" in done.stderr
    assert b"These files name no customer and may be shared." in done.stderr
    assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == ["report.xlsx", "segments.csv"]
    with zipfile.ZipFile(tmp_path / "shown" / "report.xlsx") as workbook:
        assert re.findall(r'<sheet name="(\w+)"', workbook.read("xl/workbook.xml").decode()) == ["Segments"]


def test_where_pseudonyms_are_wanted_a_run_of_plain_ids_is_shown_without_customers(run, folder, tmp_path):
    wanted = {"privacy": {"pseudonymise": True}}
    with pytest.raises(ConfigError, match=r"Leave customers out with --no-customer-rows"):
        report_again(folder, tmp_path / "plain", load_config(**wanted))
    report_again(folder, tmp_path / "none", load_config(**wanted, report={"customer_rows": False}))
    hidden = archived(made_with(run, **wanted), tmp_path / "runs")
    assert report_again(hidden, tmp_path / "hidden", load_config(**wanted)).config.customer_rows


def test_a_run_with_settings_that_this_version_does_not_know_is_made_again_and_says_so(run, tmp_path):
    older = made_with(run, report={"font": "Garamond", "page": "Quarto"}, forecast={"months": 3})
    folder = kept(older, tmp_path / "runs")
    again = report_again(folder, tmp_path / "made")
    assert "this version cannot use, and goes without: report.font, report.page." in again.notes[0]
    assert (again.config.page, again.config.currency) == ("A4", "GBP")
    shown = dict(figure_data(folder, "parameters").rows)  # the appendix tells how the run was made, whatever that meant
    assert shown["forecast"] == "months = 3"


def test_only_a_new_or_empty_folder_outside_of_runs_is_written_to(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    for taken in ("full", "full/mine.txt", str(folder.parent)):
        with pytest.raises(UsageError, match="exists already; name another folder with --to"):
            report_again(folder, taken)
    with pytest.raises(ResourceError, match=r"could not be written to full/mine\.txt/below"):
        report_again(folder, "full/mine.txt/below")
    (tmp_path / "link").symlink_to(folder)
    for within in (folder / "charts" / "mine", tmp_path / "link" / "mine", folder.parent / "20990101T000000Z-abcd"):
        with pytest.raises(UsageError, match="in a run's folder, which never changes"):
            report_again(folder, within)
    assert report_again("latest", "empty", load_config(engine={"archive": str(folder.parent)})).files
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UsageError, match=r"^\. exists already"):  # the shell would be left in a folder that is gone
        report_again(folder, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full", "here", "link"]


def test_what_cannot_be_made_leaves_nothing_behind(run, folder, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "alerts.html").write_text("{{ 1 / 0 }}")
    own = {"templates": str(tmp_path / "pages")}
    alerted = archived(made_with(moved_run(), report={"formats": ["csv"]}), tmp_path / "runs")
    for chosen, keys, error in (
        (alerted, own, ReportError),  # known when the page is filled
        (folder, {"locale": "xx_none"}, ConfigError),
        (folder, {"formats": ["parquet"], "customer_rows": False}, UsageError),
    ):
        with pytest.raises(error):
            report_again(chosen, tmp_path / "made", load_config(report=keys))
    (alerted / "customers.parquet").write_bytes(b"")
    with pytest.raises(RunError, match="is damaged"):
        report_again(alerted, tmp_path / "made")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages", "runs"]


def test_where_a_file_of_the_runs_settings_is_gone_the_way_out_is_told(run, tmp_path):
    folder = kept(made_with(run, report={"logo": "gone.png"}), tmp_path / "runs")
    (tmp_path / "new.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(ConfigError, match=r"gone\.png cannot be read: .* name another file with -c"):
        report_again(folder, tmp_path / "made")
    with pytest.raises(ConfigError, match=r"other\.png cannot be read: .* Name an existing file\.$"):
        report_again(folder, tmp_path / "made", load_config(report={"logo": "other.png"}))
    assert report_again(folder, tmp_path / "made", load_config(report={"logo": str(tmp_path / "new.svg")})).files
