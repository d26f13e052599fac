"""The command line as a shell sees it: exit statuses, one-paragraph errors, JSON alone on standard output."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace

import pytest

from segmenter import cli
from segmenter.commands import analysis
from segmenter.config import load_config
from tests.shell import command

COMMANDS = (
    [],
    ["run"],
    ["inspect"],
    ["init"],
    ["sample"],
    ["demo"],
    ["score"],
    ["runs", "list"],
    ["runs", "show"],
    ["runs", "prune"],
    ["runs", "report"],
)
LINES = "customer_id,order_date,amount\n" + "".join(
    f"c{n % 20},2024-0{n % 9 + 1}-{n % 15 + 13},{n + 1}\n" for n in range(80)
)


def environment(folder):
    return {"PATH": "/usr/bin:/bin", "COLUMNS": "80", "HOME": str(folder or "/")}


def segmenter(*words, cwd=None):
    done = command(*words, cwd=cwd or "/", env=environment(cwd))
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(LINES)
    return path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_fits_eighty_columns(words):
    done = segmenter(*words, "--help")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("words", [["inspect", "sales.csv", "--json"], ["runs", "show"], ["dance"]], ids=" ".join)
def test_a_command_that_an_interpreter_is_started_for_ends_as_one_that_is_copied(tmp_path, export, words):
    here = {"cwd": tmp_path, "env": environment(tmp_path)}
    started = subprocess.run([sys.executable, "-m", "segmenter", *words], capture_output=True, check=False, **here)
    copied = command(*words, **here)
    assert (copied.returncode, copied.stdout, copied.stderr) == (started.returncode, started.stdout, started.stderr)


@pytest.mark.parametrize(("own", "shown"), [("", "EUR"), ("GBP", "GBP")])
def test_the_demo_shows_the_currency_of_its_sample_unless_another_is_set(tmp_path, monkeypatch, own, shown):
    told = []
    monkeypatch.setattr(analysis, "_run", lambda sources, config, options: told.append((sources, config)))
    settings = tmp_path / "config.toml"
    settings.write_text(f'[report]\ncurrency = "{own}"\n')
    analysis.demo(Namespace(to=str(tmp_path / "demo"), config=str(settings)))
    ((sources, config),) = told
    assert sources == [str(tmp_path / "demo" / "transactions.csv")]
    assert config.report.currency == shown


def test_help_loads_no_heavy_library():
    code = "import sys\ntry:\n import segmenter.cli; segmenter.cli.main(['--help'])\nexcept SystemExit: pass\n"
    heavy = "print({'pandas', 'numpy', 'sklearn', 'duckdb', 'matplotlib', 'pydantic', 'rich'} & set(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["run"], 2, "No source is named"),
        (["run", "--frm"], 2, "Unrecognized arguments: --frm"),
        (["run", "x.csv", "--format", "doc"], 2, "doc is not a format"),
        (["dance"], 2, "Invalid choice|invalid choice|Argument command"),
        (["run", "absent.csv"], 3, "There is no file absent.csv"),
        (["runs", "show"], 3, "holds no run"),
        (["runs", "prune"], 2, "Say what to keep"),
        (["runs", "prune", "--keep", "-3"], 2, "'-3' is not valid here"),
        (["runs", "prune", "--keep", "0"], 2, "'0' is not valid here"),
        (["runs", "prune", "--days", "-5"], 2, "'-5' is not valid here"),
        (["runs", "prune", "--days", "two"], 2, "'two' is not valid here"),
        (["schedule", "history", "wekly"], 2, "There is no schedule wekly"),
        (["schedule", "history", "--limit", "0"], 2, "'0' is not valid here"),
        (["alerts", "--until", "2025-12-31"], 2, "--until is the last day of a verdict; give one with --verdict"),
        (["alerts", "--until", "31.12.2025"], 2, "'31.12.2025' is not a date; write it like 2025-06-30"),
        (["run", "sales.csv", "-c", "absent.toml"], 2, "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors_are_one_paragraph_with_their_status(tmp_path, words, status, says):
    import re

    done = segmenter(*words, cwd=tmp_path)
    assert done.returncode == status
    assert re.search(says, " ".join(done.stderr.split()))
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_misspelt_key_is_named(tmp_path, export):
    (tmp_path / "config.toml").write_text("[kmeans]\nclusters = 3\n")
    done = segmenter("run", export, "-c", "config.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "unknown key kmeans.clusters (line 2)" in " ".join(done.stderr.split())


def test_inspect_prints_one_json_document_and_writes_nothing(tmp_path, export):
    done = segmenter("inspect", export, "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert document["columns"] == {"customer": "customer_id", "time": "order_date", "amount": "amount"}
    assert document["rows_read"] == document["rows_used"] == 80
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]


def test_init_writes_a_configuration_that_reads_the_export_and_never_overwrites(tmp_path, export):
    assert segmenter("init", export, cwd=tmp_path).returncode == 0
    done = segmenter("inspect", "-c", "config.toml", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["rows_used"] == 80
    again = segmenter("init", export, cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr


@pytest.mark.parametrize(
    "given", ["", '[source]\nsheet = "2024"\n[source.columns]\ncategory = "shop"\n[rules]\nzero_price = "keep"\n']
)
def test_init_keeps_what_was_given_and_what_the_next_export_may_leave_open(tmp_path, given):
    for name, day, money in (("january", "28.01", "1,50"), ("february", "03.02", "1,500")):
        rows = "".join(f"c{n};{day}.2024;{money};north\n" for n in range(12))
        (tmp_path / f"{name}.csv").write_text(f"customer_id;order_date;amount;shop\n{rows}")
    (tmp_path / "given.toml").write_text(given)
    assert "can be read" in segmenter("inspect", "february.csv", cwd=tmp_path).stderr
    done = segmenter("init", "january.csv", "-c", "given.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kept = load_config(tmp_path / "config.toml")
    assert (kept.source.date_order, kept.source.decimal) == ("dmy", ",")
    assert (kept.source.sheet, kept.source.columns.category, kept.rules.zero_price) == (
        ("2024", "shop", "keep") if given else (None, None, "set_aside")
    )
    done = segmenter("inspect", "february.csv", "-c", "config.toml", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["rows_used"] == 12


def test_a_run_its_list_its_show_and_its_scores(tmp_path, export):
    (tmp_path / "quick.toml").write_text(
        '[views]\ntsne_sample = 60\nhierarchy_sample = 60\n[report]\nformats = ["html"]\n'
    )
    done = segmenter("run", export, "-c", "quick.toml", "--k", "3", "--json", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["n_customers"] == 20
    assert document["n_clusters"] == 3
    assert (tmp_path / document["files"][0]).is_file()
    assert done.stderr == ""
    assert json.loads(segmenter("runs", "list", "--json", cwd=tmp_path).stdout)[0]["run"] == document["run"]
    assert document["run"] in segmenter("runs", "show", cwd=tmp_path).stderr
    scored = segmenter("score", export, "--model", "latest", "--json", cwd=tmp_path)
    assert sum(json.loads(scored.stdout)["customers"].values()) == 20
    refused = segmenter("score", export, "--model", "latest", "--to", "nowhere/x.csv", cwd=tmp_path)
    assert refused.returncode == 2
    assert "nowhere/x.csv cannot be written" in " ".join(refused.stderr.split())
    runs = [document["run"], *(_again(tmp_path / "runs", document["run"], number) for number in range(1, 4))]
    gone = json.loads(segmenter("runs", "prune", "--keep", "2", "--json", cwd=tmp_path).stdout)["removed"]
    assert gone == runs[1:2], "the run whose model is accepted stays"
    assert "1 run(s) removed" in segmenter("runs", "prune", "--keep", "1", cwd=tmp_path).stderr
    assert sorted(path.name for path in (tmp_path / "runs").glob("2*")) == [runs[0], runs[3]]


def _again(root, run, number):
    """A copy of a run as a later one of the same archive."""
    name = f"2099010{number}T080000Z-ab12"
    shutil.copytree(root / run, root / name)
    return name


def test_an_archive_without_runs_is_said_to_hold_none(tmp_path):
    done = segmenter("runs", "list", "-o", "mistyped", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "The archive mistyped holds no run that can be read.\n")
    assert json.loads(segmenter("runs", "list", "-o", "mistyped", "--json", cwd=tmp_path).stdout) == []


@pytest.mark.parametrize("words", [["runs", "list"], ["inspect", "sales.csv"]])
def test_where_the_document_cannot_be_written_one_paragraph_says_so(tmp_path, export, words):
    words = [sys.executable, "-m", "segmenter", *words, "--json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "segmenter: Standard output cannot be written: No space left on device. Send it elsewhere.\n"


def test_a_fault_of_the_machine_is_no_fault_of_the_program(monkeypatch, capsys):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/new")

    monkeypatch.setattr(cli, "_call", full)
    assert cli.main(["runs", "list"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("segmenter: runs/new cannot be read or written: No space left on device. Free space")


def test_an_export_that_a_run_refuses_for_what_is_missing_is_shown_by_inspect_and_init(tmp_path):
    rows = "".join(f"{'c1' if n < 9 else ''},2024-01-{n % 15 + 13},5\n" for n in range(40))
    (tmp_path / "sales.csv").write_text("customer_id,order_date,amount\n" + rows)
    refusal = "Only 9 of 40 rows can be used"
    refused = segmenter("run", "sales.csv", cwd=tmp_path)
    assert refused.returncode == 3
    assert refusal in refused.stderr
    for words in (("inspect", "sales.csv"), ("init", "sales.csv")):
        shown = segmenter(*words, cwd=tmp_path)
        assert shown.returncode == 0
        assert re.search(r"no customer +31", shown.stderr)
        assert f"A run would stop here. {refusal}" in shown.stderr


@pytest.fixture
def ledger(tmp_path):
    """Forty invoices, each with what pays it."""
    rows = (f"c{n % 14},2024-01-{n % 15 + 13},{kind},5\n" for n in range(40) for kind in ("Invoice", "Payment"))
    (tmp_path / "ledger.csv").write_text("customer,date,Type,amount\n" + "".join(rows))
    return "ledger.csv"


def pasted(stderr):
    """The lines of configuration below a message."""
    return stderr[stderr.index("\n\n# ") :].strip() + "\n"


def test_what_a_refusal_says_to_write_can_be_pasted_as_it_is(tmp_path, ledger):
    refused = segmenter("run", ledger, cwd=tmp_path)
    assert refused.returncode == 3
    (tmp_path / "columns.toml").write_text(pasted(refused.stderr))
    done = segmenter("inspect", ledger, "-c", "columns.toml", "--json", cwd=tmp_path)
    account = {line["reason"]: line["rows"] for line in json.loads(done.stdout)["account"]}
    assert (done.returncode, account) == (0, {"sale": 40, "other_kind": 40})


def test_inspect_shows_what_it_can_where_a_run_would_refuse_the_export(tmp_path, ledger):
    shown = segmenter("inspect", ledger, cwd=tmp_path)
    assert shown.returncode == 3
    assert re.search(r"customer +customer +its name", shown.stderr)
    assert "1 file, 80 rows: utf-8, comma-separated, 4 columns" in shown.stderr
    assert re.search("A run would stop here.*pay what those with 'Invoice' charge", shown.stderr)
    for words in (("--json",), ("--json", "--quiet")):
        done = segmenter("inspect", ledger, *words, cwd=tmp_path)
        document = json.loads(done.stdout)
        assert (done.returncode, document["columns"]["amount"]) == (3, "amount")
        assert document["doubts"][0]["ways"][1]["settings"] == {"source.columns": {"ignore": ["Type"]}}
        assert "account" not in document
        assert done.stderr.startswith("\nA run would stop here.")


def test_init_writes_what_is_left_to_decide_as_comments(tmp_path, ledger):
    done = segmenter("init", ledger, cwd=tmp_path)
    assert done.returncode == 3
    assert "config.toml is written" in done.stderr
    text = (tmp_path / "config.toml").read_text()
    assert load_config(tmp_path / "config.toml").source.columns.customer == "customer"
    assert segmenter("inspect", "-c", "config.toml", cwd=tmp_path).returncode == 3, "nothing is decided yet"
    (tmp_path / "config.toml").write_text(re.sub("^# (.*  # 1a)$", r"\1", text, flags=re.MULTILINE))
    done = segmenter("inspect", "-c", "config.toml", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["rows_used"]) == (0, 40)


@pytest.mark.parametrize(
    ("header", "row", "doubted"),
    [
        ("customer,date,quantity,price,Discount", "c{n},2024-01-{day},2,10.{day},{n}.50", "unit_price"),
        ("customer,date,Total,quantity,price", "c{n},2024-01-{day},50,2,{day}", "amount"),
        ("order_id,customer,date,amount", "1.23E+11,c{n},2024-01-{day},5", "order"),
    ],
)
def test_init_decides_nothing_by_naming_what_is_in_doubt(tmp_path, header, row, doubted):
    rows = "".join(row.format(n=n % 14, day=n % 15 + 13) + "\n" for n in range(40))
    (tmp_path / "sales.csv").write_text(f"{header}\n{rows}")
    assert segmenter("init", "sales.csv", cwd=tmp_path).returncode == 3
    assert getattr(load_config(tmp_path / "config.toml").source.columns, doubted) is None
    assert segmenter("inspect", "-c", "config.toml", cwd=tmp_path).returncode == 3


def test_a_configuration_that_cannot_be_written_is_called_by_its_own_name(tmp_path, export):
    done = segmenter("init", export, "--to", "nowhere/mine.toml", cwd=tmp_path)
    said = "segmenter: nowhere/mine.toml cannot be written: No such file or directory. Name another file with --to.\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_a_failed_run_leaves_nothing_behind(tmp_path):
    (tmp_path / "sales.csv").write_text("customer_id,order_date,amount\nc1,2024-01-13,5\n")
    assert segmenter("run", "sales.csv", cwd=tmp_path).returncode == 3
    seen = [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")]  # matplotlib keeps its own there
    assert seen == ["sales.csv"]
