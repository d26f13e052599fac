"""No id of a customer is in any file that the program writes, but for the one that tells who is who."""

import csv
import re
import zipfile
import zlib
from datetime import UTC, datetime

import duckdb
import pytest

from segmenter import privacy
from segmenter.cli import main
from segmenter.config import load_config
from segmenter.errors import ConfigError, RunError
from segmenter.sample import generate
from tests.kept import kept
from tests.report.made_up import made_up_run

MARK = b"@mail.example"
FAST = """
[views]
tsne_sample = 60
hierarchy_sample = 60
mixture = false
[kmeans]
bootstraps = 0
[report]
formats = ["html", "pdf", "csv", "xlsx", "parquet"]
"""


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A sample whose customers are addresses, with rows that cannot be read."""
    folder = tmp_path_factory.mktemp("export")
    generate(folder / "plain.csv", 150, seed=3)
    with (folder / "plain.csv").open(newline="") as source, (folder / "sales.csv").open("w", newline="") as target:
        header, *lines = csv.reader(source)
        writer = csv.writer(target)
        writer.writerow(header)
        writer.writerows([*line[:2], f"kunde{line[2]}@mail.example", *line[3:]] for line in lines if line[2])
        writer.writerows([["9999", "never", f"kunde{n}@mail.example", "X", "x", "1", "2.0", "UK"] for n in range(5)])
        writer.writerow(["1", "2025-06-01 10:00", "kunde7@mail.example", "X"])
    (folder / "fast.toml").write_text(FAST)
    return folder


def contents(path):
    """The bytes of a file, and what is packed in it."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            yield str(connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()).encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL) if path.suffix == ".pdf" else ():
        yield zlib.decompressobj().decompress(stream) if stream[:1] == b"x" else stream


def naming(folder):
    """Names of the files below `folder` in which a customer's id stands."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return sorted({path.name for path in files if any(MARK in part for part in contents(path))})


@pytest.mark.slow
def test_pseudonymised_runs_name_nobody_in_any_output(export, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hidden.toml").write_text(
        FAST + "[privacy]\npseudonymise = true\n" + MAILED.replace("EXPORT", str(export / "sales.csv"))
    )
    sales = str(export / "sales.csv")
    for day, kinds in (("2025-05-01", "html,pdf,csv,xlsx,parquet"), ("2025-06-30", "html,csv")):
        assert main(["run", sales, "-c", "hidden.toml", "--as-of", day, "--format", kinds]) == 0
    runs = sorted(path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    odd = next(csv.DictReader((runs[-1] / "anomalies.csv").open(encoding="utf-8-sig")))["customer_id"]
    known = {row["pseudonym"]: row["customer_id"] for row in csv.DictReader((runs[-1] / "customer_key.csv").open())}
    for words in (
        ["alerts", "--all", "--verdict", f"{known[odd]}=expected"],
        ["alerts", "--all", "--json"],
        ["runs", "show", "--json"],
        ["runs", "compare", runs[0].name, runs[1].name, "--to", "moves.csv"],
        ["score", sales, "--model", "latest"],
        ["deliver", "latest", "--to", f"folder:{tmp_path / 'shared'}"],
        ["schedule", "run", "weekly", "--dry-run"],
    ):
        assert main([*words, "-c", "hidden.toml"]) == 0, words
    told = capsys.readouterr()
    assert MARK.decode() not in told.out + told.err
    assert "Held back by a verdict: 1" in told.err
    assert (tmp_path / "scores.csv").stat().st_size
    assert list((tmp_path / "mails").iterdir())
    assert naming(tmp_path) == [privacy.NAMES]
    assert not (tmp_path / "runs" / ".cache").exists()
    assert not list((tmp_path / "shared").rglob(privacy.NAMES))


MAILED = """
[[schedule]]
name = "weekly"
cron = "0 8 * * 1"
sources = ["EXPORT"]
recipients = ["boss@shop.test"]
formats = ["html", "csv"]
"""


def test_a_run_with_plain_ids_stays_out_of_an_archive_of_pseudonyms(export, tmp_path, capsys):
    privacy.key_of(tmp_path)
    assert main(["run", str(export / "sales.csv"), "-o", str(tmp_path)]) == 2
    assert "keeps pseudonyms in the place of customer ids. Set privacy.pseudonymise = true" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [privacy.SECRET]


def test_what_may_circulate_names_nobody(export, tmp_path, monkeypatch, capsys):
    from segmenter.delivery.content import FILES

    monkeypatch.chdir(tmp_path)
    words = ["-c", str(export / "fast.toml"), "--no-customer-rows"]
    assert main(["run", str(export / "sales.csv"), *words]) == 0
    told = capsys.readouterr().err
    assert "These files name no customer and may be shared." in told
    (run,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    free = {"report.html", "report.pdf", "report.xlsx", "segments.csv"}
    assert {name for name in free if name in told} == free
    quiet = {path.name for path in run.rglob("*") if path.is_file()} - set(naming(run))
    assert free | {"alerts.html", "segments.parquet", "run.json", "model.json"} <= quiet
    assert main(["deliver", "latest", "--to", f"folder:{tmp_path / 'shared'}", "-c", str(export / "fast.toml")]) == 0
    assert naming(tmp_path / "shared") == []
    assert "anomalies.csv" in FILES["csv"]  # which would have gone with it


def test_a_report_that_names_customers_is_not_sent_where_none_are_wanted(tmp_path):
    from segmenter.config.report import ReportConfig
    from segmenter.delivery.content import content
    from segmenter.delivery.outbox import Message

    made = made_up_run(60)
    kept(made, tmp_path)
    message = Message(
        "weekly", datetime(2025, 6, 30, tzinfo=UTC), made.manifest.run_id, "report", "email", "a@b.c", "", (), ("html",)
    )
    assert "odd customers" in content(message, tmp_path, ReportConfig()).html
    with pytest.raises(RunError, match=r"names customers, which report\.customer_rows"):
        content(message, tmp_path, ReportConfig(customer_rows=False))


def test_pseudonyms_and_a_cluster_exclude_each_other():
    with pytest.raises(ConfigError, match="in a cluster the ids stay as they are"):
        load_config(None, privacy={"pseudonymise": True}, engine={"kind": "spark"})
