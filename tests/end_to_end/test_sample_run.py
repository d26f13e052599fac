"""The whole way, from a sample's export to the run's folder."""

import hashlib
import json
import re

import duckdb
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from segmenter.pipeline import STAGES
from segmenter.report.again import report_again
from segmenter.runs import archive
from segmenter.runs.model import place, read_model
from segmenter.sample import generate

from .conftest import NO_PAGE


def recovered(finished, truth):
    """Adjusted Rand index without the anomalies, and precision and recall of the flags."""
    table = finished.run.customers.merge(pd.read_csv(truth, dtype=str), on="customer_id", suffixes=("", "_true"))
    odd = table["anomaly"].notna()
    rand = adjusted_rand_score(table.loc[~odd, "segment_true"], table.loc[~odd, "segment"])
    hits = (table["is_anomaly"] & odd).sum()
    return rand, hits / table["is_anomaly"].sum(), hits / odd.sum()


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_planted_structure_is_recovered(tmp_path, quick_run, seed):
    generate(tmp_path / "sales.csv", n_customers=1000, seed=seed, truth=tmp_path / "truth.csv")
    finished = quick_run([tmp_path / "sales.csv"], tmp_path / "runs", **NO_PAGE)
    rand, precision, recall = recovered(finished, tmp_path / "truth.csv")
    assert rand >= 0.90
    assert precision >= 0.85
    assert recall >= 0.85


def test_a_runs_folder_holds_what_is_promised(finished):
    names = {path.name for path in finished.folder.iterdir()}
    assert names >= {
        "run.json", "customers.parquet", "segments.parquet", "anomalies.csv", "rejected.csv", "model.json", "report.html", "charts"
    }  # fmt: skip
    assert finished.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in finished.folder.glob("*.*")} == {0o600}


def test_customers_and_segments_join_by_the_segments_number_and_add_up(finished):
    wrong = duckdb.sql(
        f"""
        SELECT segment_name FROM '{finished.folder}/customers.parquet' AS customer
        FULL JOIN '{finished.folder}/segments.parquet' AS of USING (segment, segment_name)
        GROUP BY ALL HAVING count(*) <> any_value(customers) OR abs(sum(monetary) / any_value(revenue) - 1) > 1e-9
        """
    ).fetchall()
    assert wrong == []


def test_what_was_written_is_read_back_the_same(finished):
    again = archive.read(finished.folder)
    assert again.manifest == finished.run.manifest
    assert len(again.customers) == len(finished.run.customers)
    assert again.anomalies["nearest_ordinary"].tolist() == finished.run.anomalies["nearest_ordinary"].tolist()
    assert again.findings.cards[0].name == finished.run.findings.cards[0].name
    assert list(again.customers.columns) == list(finished.run.customers.columns)


def test_a_report_made_again_is_the_runs_own_but_for_its_cost(finished, tmp_path):
    again = report_again(finished.folder, tmp_path / "again")
    assert [path.name for path in again.files] == [path.name for path in finished.files]
    for path in [*(again.folder / "charts").iterdir(), again.folder / "alerts.html"]:
        assert path.read_bytes() == (finished.folder / path.relative_to(again.folder)).read_bytes(), path.name
    pages = [(folder / "report.html").read_text() for folder in (finished.folder, again.folder)]
    theirs, own = (page.partition('id="table-timings"') for page in pages)  # how long the stages took ends the appendix
    assert theirs[:2] == own[:2]
    assert own[1]


def test_every_stage_has_its_cost_the_report_among_them(finished):
    manifest = archive.read(finished.folder).manifest
    assert list(manifest.timings) == list(STAGES)
    assert all(seconds > 0 for seconds in manifest.timings.values())
    assert manifest.peaks.keys() <= manifest.timings.keys()


def test_the_row_account_in_run_json_balances(finished, sample):
    account = json.loads((finished.folder / "run.json").read_text())["manifest"]["account"]
    with (sample / "sales.csv").open() as file:
        rows = sum(1 for _ in file) - 1
    assert account["rows_read"] == sum(line["rows"] for line in account["lines"]) == rows
    assert sum(float(line["amount"]) for line in account["lines"]) == pytest.approx(float(account["amount_read"]))


def test_net_revenue_is_the_customers_monetary_value(finished):
    used = [line.amount for line in finished.run.manifest.account.lines if line.used]
    assert float(sum(used)) == pytest.approx(finished.run.customers["monetary"].sum())
    assert finished.run.manifest.period.revenue == pytest.approx(float(sum(used)))


def test_the_same_input_config_and_seed_give_the_same_bytes(finished, sample, quick_run, tmp_path):
    again = quick_run([sample / "sales.csv"], tmp_path / "runs", **NO_PAGE)
    for name in (
        "customers.parquet",
        "segments.parquet",
        "anomalies.parquet",
        "anomalies.csv",
        "rejected.csv",
        "model.json",
    ):
        digests = {hashlib.sha256((run.folder / name).read_bytes()).hexdigest() for run in (finished, again)}
        assert len(digests) == 1, name


def test_the_order_of_the_lines_changes_no_customer(finished, sample, quick_run, tmp_path):
    header, *lines = (sample / "sales.csv").read_text().splitlines(keepends=True)
    (tmp_path / "sales.csv").write_text(header + "".join(lines[::-1]))
    again = quick_run([tmp_path / "sales.csv"], tmp_path / "runs", **NO_PAGE)
    columns = ["customer_id", "monetary", "segment_name", "is_anomaly", "rfm_segment"]
    assert again.run.customers[columns].equals(finished.run.customers[columns])


def test_customers_score_into_their_own_segments(finished):
    from segmenter.features.types import FeatureTable

    customers, manifest = finished.run.customers, finished.run.manifest
    names = [feature.name for feature in manifest.features]
    table = FeatureTable(
        customers["customer_id"].to_numpy(), customers[names].to_numpy(float), manifest.features, manifest.as_of
    )
    labels, _ = place(read_model(finished.folder / "model.json"), table)
    assert (labels == customers["segment"].to_numpy()).all()


def test_duckdb_reads_history_straight_from_the_folders(finished):
    pattern = str(finished.folder.parent / "*" / "customers.parquet")
    rows = duckdb.execute("SELECT count(*), count(DISTINCT customer_id) FROM read_parquet(?)", [pattern]).fetchall()
    assert rows[0] == (len(finished.run.customers),) * 2


def test_no_figure_that_a_reader_sees_is_of_zero_orders_where_that_stands_for_a_few(finished):
    page, table = ((finished.folder / name).read_text() for name in ("report.html", "anomalies.csv"))
    assert "fewer than 3 orders" in table
    assert not re.search(r"(?<![\d.])0 orders", page + table)


def test_every_anomaly_has_a_reason_and_evidence(finished):
    flagged = finished.run.anomalies
    assert len(flagged) == finished.run.customers["is_anomaly"].sum() > 0
    assert flagged["reason"].str.len().min() > 10
    assert flagged["evidence"].str.contains("orders").all()
    assert flagged["severity"].is_monotonic_decreasing
