"""Runs that remember: the same segments week after week, who moved, and what is news."""

import csv
import json
import multiprocessing
import os
import pty
import re
import select
import shutil
import signal
import sys
from datetime import timedelta
from decimal import Decimal
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pytest

from segmenter.assets import query
from segmenter.cli import main
from segmenter.config.report import ReportConfig
from segmenter.report import render
from segmenter.runs import acceptance, archive
from segmenter.runs.alerts import ORDER, to_report
from segmenter.runs.model import number_again
from tests.kept import kept
from tests.report.unspoken import HOW, one_letter, texts_of, unspoken
from tests.shell import begun

from .change import PERIOD, planted_change, precision_and_recall
from .conftest import NO_PAGE


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory, quick_run):
    """A shop before and after a known change, as two runs of one archive."""
    folder = tmp_path_factory.mktemp("change")
    truth = planted_change(folder, 600, seed=11)
    runs = [
        quick_run([folder / name], folder / "runs", history={"period_days": PERIOD})
        for name in ("before.csv", "after.csv")
    ]
    return folder, runs, truth


def test_movement_names_the_customers_who_stopped_buying(two_runs):
    _, (_, after), (lapsed, _) = two_runs
    moves = after.run.moves
    precision, recall = precision_and_recall(set(moves.loc[moves["state"] == "lapsed", "customer_id"]), lapsed)
    assert recall >= 0.9
    assert precision >= 0.8


def test_a_reader_of_another_language_reads_no_english(two_runs, tmp_path):
    folder, (_, after), _ = two_runs
    run, sold = after.run, (folder / "after.csv").read_text()
    raw = {*re.findall(r"[A-Za-z]+", sold), *run.findings.preparation.names, "winsorize"}
    with one_letter("de"):
        render(run, ReportConfig(formats=("html",), locale="de", currency="EUR"), tmp_path)
    for name in ("report.html", "alerts.html"):
        left = unspoken(texts_of((tmp_path / name).read_text()), "de", raw)
        assert not left, "\n".join([HOW, *dict.fromkeys(left)])


def test_alerts_name_the_customers_who_turned_odd(two_runs):
    _, (_, after), (_, odd) = two_runs
    shown = to_report(after.run.alerts, after.run.manifest.as_of)
    news = shown[shown["state"].isin(["new", "worsened"])]
    precision, recall = precision_and_recall(set(news["customer_id"]), set(odd))
    assert recall >= 0.9
    assert precision >= 0.8
    assert news["reason"].str.len().min() > 0


def test_the_first_run_is_the_accepted_model_and_a_baseline_that_alarms_nobody(two_runs):
    folder, (before, _), _ = two_runs
    assert acceptance.accepted_run(folder / "runs") == (before.run.manifest.run_id, "model")
    assert before.run.history.alerts.is_baseline
    assert before.run.history.alerts.new == 0
    assert before.run.history.movement is None
    assert before.run.challenger is None


def test_segments_keep_their_numbers_names_and_model(two_runs):
    _, (before, after), _ = two_runs
    numbered = [
        dict(run.run.customers[["segment", "segment_name"]].drop_duplicates().to_numpy()) for run in two_runs[1]
    ]
    assert numbered[1].items() <= numbered[0].items()
    assert after.run.model == before.run.model
    assert after.run.challenger is not None
    assert "kept" in after.run.findings.choice.reason


def test_every_customer_is_where_the_model_puts_the_figures_and_nobody_moves_by_the_cut_point(two_runs):
    _, (before, after), _ = two_runs
    assert before.run.model == after.run.model
    for run in (before.run, after.run):
        assert (number_again(run.model, run.customers) == run.customers["segment"]).all()
    moved = after.run.moves[after.run.moves["number_before"] != after.run.moves["number_now"]].dropna()
    assert len(moved) > 0
    assert set(moved["cause"]) == {"customer"}


def test_a_run_comes_back_from_its_folder_as_it_was(two_runs):
    for finished in two_runs[1]:
        again = archive.read(finished.folder)
        assert again.history == finished.run.history
        assert again.model == finished.run.model
        assert again.challenger == finished.run.challenger
        assert list(again.alerts["customer_id"]) == sorted(finished.run.alerts["customer_id"])


@pytest.fixture
def copied(two_runs, tmp_path):
    """A folder of its own with the exports and an archive of the two runs, the first one's model accepted."""
    folder, (before, after), _ = two_runs
    shutil.copytree(folder, tmp_path / "shop")
    return tmp_path / "shop", before.run, after.run


@pytest.fixture
def segmenter(copied, capsys, monkeypatch):
    """A command in that folder: what it prints as JSON, or says on standard error where it ends with another `status`."""
    monkeypatch.chdir(copied[0])

    def segmenter(*words, status=0):
        assert main([*words, "--json"]) == status
        out, err = capsys.readouterr()
        return json.loads(out) if status == 0 else " ".join(err.split())

    return segmenter


def test_the_command_line_compares_and_lists_who_is_behind_a_cell(copied, segmenter):
    folder, before, _ = copied
    found = segmenter("runs", "compare", before.manifest.run_id, "--to", "moves.csv")
    assert sum(flow["customers"] for flow in found["flows"]) == len(pd.read_csv(folder / "moves.csv"))
    assert found["doubts"] == []
    flow = max((flow for flow in found["flows"] if flow["before"] != flow["now"]), key=lambda flow: flow["customers"])
    words = ("--from", flow["before"], "--into", flow["now"].upper(), "--to", "cell.csv")
    listed = segmenter("runs", "compare", before.manifest.run_id, *words)["customers"]
    assert len(listed) == len(pd.read_csv(folder / "cell.csv")) == flow["customers"]
    assert sum(each["money_now"] for each in listed) == pytest.approx(flow["money_now"])
    wrong = segmenter("runs", "compare", before.manifest.run_id, "--from", "Nobody", status=2)
    assert f"There are: {before.findings.cards[0].name}" in wrong
    backwards = segmenter("runs", "compare", "latest", before.manifest.run_id)
    assert "time runs backwards" in backwards["doubts"][0]
    assert "Both names mean" in segmenter("runs", "compare", "latest", "latest", status=2)


def test_the_command_line_judges_alerts_and_counts_each_once(copied, segmenter):
    after = copied[2]
    alerts = segmenter("alerts")["alerts"]
    keys = [(ORDER[row["state"]], -row["severity"]) for row in alerts]
    assert keys == sorted(keys)
    one, two = [row["customer_id"] for row in alerts if row["state"] == "new"][:2]
    judged = segmenter("alerts", "--verdict", f"{one}=expected", "--verdict", f"{two}=act on it")
    assert not {one, two} & {row["customer_id"] for row in judged["alerts"]}
    assert (judged["counts"]["judged"], judged["counts"]["right"], judged["counts"]["held"]) == (2, 1, 2)
    assert "99999 has no alert" in segmenter("alerts", "--verdict", "99999=act", status=2)
    early = str(after.manifest.as_of - timedelta(days=1))
    assert "hold nothing back" in segmenter("alerts", "--verdict", f"{one}=act", "--until", early, status=2)
    again = segmenter("alerts", "--verdict", f"{one}=act")["counts"]
    assert (again["judged"], again["right"]) == (2, 2)


def test_an_acceptance_is_shown_before_it_is_made_and_made_only_where_it_is_agreed_to(copied, segmenter):
    folder, before, after = copied
    assert "nobody can confirm" in segmenter("runs", "accept", "latest", status=2)
    shown = segmenter("runs", "accept", "latest", "--dry-run", "--to", "movers.csv")
    moving = after.customers[after.customers["segment"] != after.customers["challenger_segment"]]
    listed = pd.read_csv(folder / "movers.csv", dtype={"customer_id": str})
    assert shown["would_move"] == len(listed) == len(moving) > 0
    assert set(listed["customer_id"]) == set(moving["customer_id"])
    assert {each["feature"] for each in shown["fit"]["drift"]} == set(before.model.preparation.names)
    assert shown["agreement"] == pytest.approx(after.history.continuity.agreement)
    assert not shown["accepted"]
    assert acceptance.accepted_run(folder / "runs")[0] == before.manifest.run_id
    assert segmenter("runs", "accept", "latest", "--yes")["accepted"]
    assert acceptance.accepted_run(folder / "runs") == (after.manifest.run_id, "challenger")


def test_a_person_at_a_terminal_is_asked_and_no_means_no(copied):
    folder, before, _ = copied
    assert "Nothing was changed." in _at_a_terminal(folder, b"n\n")
    assert acceptance.accepted_run(folder / "runs")[0] == before.manifest.run_id
    told = _at_a_terminal(folder, b"y\n")
    assert told.index("fresh fit") < told.index("Make these segments the archive's?") < told.index("Accepted:")
    assert acceptance.accepted_run(folder / "runs")[1] == "challenger"


def _at_a_terminal(folder, answer):
    """What a person sees of ``runs accept latest`` in a terminal, and answers."""
    mine, theirs = pty.openpty()
    terminal, environment = os.ttyname(theirs), {**os.environ, "TERM": "dumb", "COLUMNS": "200"}
    take_up = partial(_take_up, terminal)
    process = begun("runs", "accept", "latest", cwd=folder, out=terminal, err=terminal, env=environment, first=take_up)
    os.write(mine, answer)
    seen = b""
    while process.is_alive() or select.select([mine], [], [], 0)[0]:
        if select.select([mine], [], [], 0.05)[0]:
            seen += os.read(mine, 4096)
    os.close(theirs)
    os.close(mine)
    return " ".join(seen.decode().split())


def _take_up(terminal):
    """In the process: read what the person at `terminal` writes."""
    sys.stdin = open(terminal, encoding="utf-8")  # noqa: SIM115 - it lives as long as the process does


def test_show_tells_what_a_run_remembers(copied, segmenter):
    _, before, after = copied
    history = segmenter("runs", "show")["history"]
    assert history["movement"]["previous_run"] == before.manifest.run_id
    assert history["continuity"]["accepted_run"] == before.manifest.run_id
    assert history["alerts"]["new"] == after.history.alerts.new
    assert segmenter("runs", "show", before.manifest.run_id)["history"]["movement"] is None


def test_after_an_acceptance_numbers_stay_with_their_customers(two_runs, quick_run, tmp_path):
    folder, (before, after), _ = two_runs
    root = tmp_path / "runs"
    for run in (before, after):
        kept(run.run, root)
    acceptance.accept(root, after.run.manifest.run_id, after.run.manifest.started_at)
    later = {"features": {"as_of": "2025-10-01"}, "history": {"period_days": PERIOD}}
    extended = quick_run([folder / "after.csv"], root, **later, **NO_PAGE)
    assert extended.run.model == after.run.challenger
    moved = extended.run.history.movement
    assert moved.redrawn
    assert any("Another model has been accepted" in sentence for sentence in moved.sentences)
    shared = set(extended.run.model.numbers) & set(before.run.model.numbers)
    names = dict(zip(before.run.model.numbers, before.run.model.names, strict=True))
    later = dict(zip(extended.run.model.numbers, extended.run.model.names, strict=True))
    assert shared
    assert all(names[number] == later[number] for number in shared)


@pytest.mark.slow
def test_other_customers_and_other_settings_stand_alone_and_say_so(two_runs, quick_run, sample, tmp_path):
    folder, (before, _), _ = two_runs
    root = tmp_path / "runs"
    kept(before.run, root)
    acceptance.accept(root, before.run.manifest.run_id, before.run.manifest.started_at)
    stranger = quick_run([sample / "sales.csv"], root).run
    assert stranger.challenger is None
    assert stranger.history.movement is None
    assert "its own archive" in stranger.history.sentences[0].lower()
    pinned = quick_run([folder / "after.csv"], root, kmeans={"n_clusters": 3}, history={"period_days": PERIOD}).run
    assert len(pinned.findings.cards) == 3
    assert "settings" in pinned.history.sentences[0]
    assert pinned.model.next_number >= before.run.model.next_number


def test_newcomers_and_a_day_more_are_no_news_of_customers_who_are_left_together(quick_run, tmp_path):
    rng = np.random.default_rng(7)
    who = np.repeat(np.arange(200), rng.poisson(8, 200))
    day = np.where(who < 170, rng.uniform(0, 365, len(who)), rng.uniform(300, 365, len(who)))
    lines = pd.DataFrame({"customer_id": who, "day": day, "amount": rng.lognormal(3.5, 0.8, len(who)).round(2)})
    for last in (300, 365):
        moment = (pd.Timestamp("2025-01-01") + pd.to_timedelta(lines["day"], "D")).dt.floor("s")
        lines.assign(day=moment)[lines["day"] < last].to_csv(tmp_path / "export.csv", index=False)
        made = quick_run([tmp_path / "export.csv"], tmp_path / "runs", **NO_PAGE)
    assert [card.name for card in made.run.findings.cards] == ["All customers"]
    assert not any("All customers" in sentence for sentence in made.run.history.continuity.sentences)
    assert made.run.findings.choice.reason.startswith("The customers are kept as one group, as in the accepted model")


def test_the_report_tells_who_moved_where_there_is_somebody_to_compare_with(two_runs):
    _, (before, after), _ = two_runs
    first, second = ((each.folder / "report.html").read_text(encoding="utf-8") for each in (before, after))
    for words in ("What changed since last time", "Who moved?", "Segment by segment", "Do the segments still fit?"):
        assert words in second
        assert words not in first
    assert "nan" not in {cell.strip().lower() for cell in second.replace("<", ">").split(">")}


def test_the_alert_page_names_what_is_new_and_the_first_one_says_that_it_is_the_first(two_runs):
    _, (before, after), _ = two_runs
    first, second = ((each.folder / "alerts.html").read_text(encoding="utf-8") for each in (before, after))
    assert "This is the first run" in first
    news = after.run.alerts[after.run.alerts["state"] == "new"]
    shown = [customer for customer in news["customer_id"] if f">{customer}</b>" in second]
    assert len(shown) == min(5, len(news))
    assert len(shown) == len(news) or f"{len(news) - len(shown)} more are in anomalies.csv" in second
    with (after.folder / "anomalies.csv").open(encoding="utf-8-sig") as file:
        marked = {row["customer_id"] for row in csv.DictReader(file) if row["alert"] == "new"}
    assert marked == set(news["customer_id"])


def test_scores_come_with_a_warning_where_customers_have_drifted_and_without_one_where_not(copied, capsys, monkeypatch):
    folder, before, _ = copied
    monkeypatch.chdir(folder)
    lines = pd.read_csv("before.csv", dtype=str)
    some, few = (before.customers["customer_id"].sample(n, random_state=1) for n in (300, 40))
    exports = {
        "differ clearly": lines.assign(quantity=(lines["quantity"].astype(int) * 9).astype(str)),
        "": lines[lines["customer_id"].isin(some)],
        "too few to tell": lines[lines["customer_id"].isin(few)],
    }
    for warning, export in exports.items():
        export.to_csv("export.csv", index=False)
        words = ["export.csv", "--model", before.manifest.run_id, "--as-of", str(before.manifest.as_of)]
        assert main(["score", *words]) == 0
        told = " ".join(capsys.readouterr().err.split())
        assert warning in told
        assert ("Note:" in told) == bool(warning)
    scores = pd.read_csv("scores.csv", dtype={"customer_id": str}).set_index("customer_id")["segment"]
    assert scores.equals(before.customers.set_index("customer_id")["segment"].reindex(scores.index))


@pytest.mark.slow
def test_a_first_run_that_is_killed_before_its_acceptance_keeps_the_meaning_of_its_segments(
    two_runs, quick_run, tmp_path
):
    folder, (before, _), _ = two_runs
    child = multiprocessing.get_context("fork").Process(target=_killed_run, args=(folder, quick_run, tmp_path))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    (first,) = archive.list_runs(tmp_path)
    assert acceptance.accepted_run(tmp_path) is None
    after = quick_run([folder / "after.csv"], tmp_path, history={"period_days": PERIOD}).run
    assert after.model == before.run.model == archive.read(first).model
    assert after.history.movement.previous_run == first.name
    assert "on record" in after.history.sentences[0]


def _killed_run(folder, quick_run, root):
    acceptance.accept_first = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    quick_run([folder / "before.csv"], root, history={"period_days": PERIOD})


@pytest.fixture
def asked(two_runs, monkeypatch):
    """A query of an analyst's on the archive of the two runs: its rows as dictionaries."""
    monkeypatch.chdir(two_runs[0])

    def asked(name, **variables):
        with duckdb.connect() as connection:
            for variable, value in variables.items():
                connection.execute(f"SET VARIABLE {variable} = '{value}'")
            answer = connection.execute(query(f"history_{name}"))
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    return asked


def test_an_analysts_queries_tell_what_the_reports_tell(two_runs, asked):
    _, (before, after), _ = two_runs
    segments = asked("segments")
    assert [row["customers"] for row in segments] == [
        card.customers for run in (before.run, after.run) for card in run.findings.cards
    ]
    assert all(isinstance(row["revenue"], Decimal) for row in segments)
    flows = after.run.history.movement.flows
    assert sum(row["customers"] for row in asked("moves")) == sum(flow.customers for flow in flows)
    assert float(sum(row["money_now"] for row in asked("moves"))) == pytest.approx(
        sum(flow.money_now for flow in flows)
    )
    news = asked("alerts")
    assert {row["run"] for row in news} == {after.run.manifest.run_id}
    assert len(news) == after.run.history.alerts.new + after.run.history.alerts.worsened
    customer = news[0]["customer_id"]
    assert [row["run"] for row in asked("customer", customer=customer)] == [
        run.manifest.run_id for run in (before.run, after.run)
    ]
