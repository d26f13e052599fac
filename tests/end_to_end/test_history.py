"""Runs that remember: the same segments week after week, who moved, and what is news."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import render
from segmenter.runs import acceptance, archive
from segmenter.runs.alerts import told
from tests.report.unspoken import HOW, one_letter, texts_of, unspoken

from .change import PERIOD, planted_change, precision_and_recall


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory, quick_run):
    """A shop before and after a known change, as two runs of one archive."""
    folder = tmp_path_factory.mktemp("change")
    truth = planted_change(folder, 1500, seed=11)
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
    shown = told(after.run.alerts, after.run.manifest.as_of)
    news = shown[shown["state"].isin(["new", "worsened"])]
    precision, recall = precision_and_recall(set(news["customer_id"]), odd)
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


def test_who_has_the_same_figures_has_the_same_segment(two_runs):
    _, (before, after), _ = two_runs
    names = list(before.run.model.preparation.names)
    both = before.run.customers.merge(after.run.customers, on="customer_id", suffixes=("", "_now"))
    same = (both[names].fillna(-1).to_numpy() == both[[f"{name}_now" for name in names]].fillna(-1).to_numpy()).all(
        axis=1
    )
    assert (both.loc[same, "segment"] == both.loc[same, "segment_now"]).all()


def test_a_run_comes_back_from_its_folder_as_it_was(two_runs):
    for finished in two_runs[1]:
        again = archive.read(finished.folder)
        assert again.history == finished.run.history
        assert again.model == finished.run.model
        assert again.challenger == finished.run.challenger
        assert list(again.alerts["customer_id"]) == sorted(finished.run.alerts["customer_id"])


def segmenter(*words, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "segmenter", *words, "--json"], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_command_line_compares_judges_and_accepts(two_runs):
    folder, (before, after), _ = two_runs
    found = segmenter("runs", "compare", before.run.manifest.run_id, "--to", "moves.csv", cwd=folder)
    assert sum(flow["customers"] for flow in found["flows"]) == len(pd.read_csv(folder / "moves.csv"))
    alerts = segmenter("alerts", cwd=folder)
    news = [row["customer_id"] for row in alerts["alerts"] if row["state"] == "new"]
    judged = segmenter("alerts", "--verdict", f"{news[0]}=expected", "--verdict", f"{news[1]}=act", cwd=folder)
    assert not {news[0], news[1]} & {row["customer_id"] for row in judged["alerts"]}
    assert (judged["counts"]["judged"], judged["counts"]["right"], judged["counts"]["held"]) == (2, 1, 2)
    shown = segmenter("runs", "accept", "latest", "--dry-run", cwd=folder)
    assert not shown["accepted"]
    assert acceptance.accepted_run(folder / "runs")[0] == before.run.manifest.run_id
    assert segmenter("runs", "accept", "latest", cwd=folder)["would_move"] == shown["would_move"]
    assert acceptance.accepted_run(folder / "runs") == (after.run.manifest.run_id, "challenger")


def test_after_an_acceptance_numbers_stay_with_their_customers(two_runs, quick_run, tmp_path):
    folder, (before, after), _ = two_runs
    root = tmp_path / "runs"
    for run in (before, after):
        archive.write(run.run, root, lambda aside: None)
    acceptance.accept(root, after.run.manifest.run_id, after.run.manifest.started_at)
    extended = quick_run(
        [folder / "after.csv"], root, features={"as_of": "2025-10-01"}, history={"period_days": PERIOD}
    )
    assert extended.run.model == after.run.challenger
    shared = set(extended.run.model.numbers) & set(before.run.model.numbers)
    names = dict(zip(before.run.model.numbers, before.run.model.names, strict=True))
    later = dict(zip(extended.run.model.numbers, extended.run.model.names, strict=True))
    assert shared
    assert all(names[number] == later[number] for number in shared)


def test_other_customers_and_other_settings_stand_alone_and_say_so(two_runs, quick_run, sample, tmp_path):
    folder, (before, _), _ = two_runs
    root = tmp_path / "runs"
    archive.write(before.run, root, lambda aside: None)
    acceptance.accept(root, before.run.manifest.run_id, before.run.manifest.started_at)
    stranger = quick_run([sample / "sales.csv"], root).run
    assert stranger.challenger is None
    assert stranger.history.movement is None
    assert "another archive" in stranger.history.sentences[0].lower()
    pinned = quick_run([folder / "after.csv"], root, kmeans={"n_clusters": 3}, history={"period_days": PERIOD}).run
    assert len(pinned.findings.cards) == 3
    assert "settings" in pinned.history.sentences[0]
    assert pinned.model.next_number >= before.run.model.next_number


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
    assert "This is the first look" in first
    news = after.run.alerts[after.run.alerts["state"] == "new"]
    assert all(f"<b>{customer}</b>" in second for customer in news["customer_id"])


def test_scores_come_with_a_warning_where_customers_have_drifted(two_runs):
    folder, (before, _), _ = two_runs
    found = segmenter("score", "after.csv", "--model", before.run.manifest.run_id, cwd=folder)
    assert set(found["drift"]) == set(before.run.model.preparation.names)
    assert {each["verdict"] for each in found["drift"].values()} <= {"steady", "shifted", "drifted"}
