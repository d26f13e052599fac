"""The sample is the same for the same seed, and what it says it planted is in it."""

import csv
from collections import Counter

import pytest

from segmenter.errors import UsageError
from segmenter.sample import Shape, generate
from segmenter.sample.habits import ANOMALIES, SEGMENTS


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    generate(folder / "sample.csv", n_customers=600, seed=3, truth=folder / "truth.csv")
    return read(folder / "sample.csv"), read(folder / "truth.csv")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        generate(tmp_path / name, n_customers=100, seed=seed, truth=tmp_path / f"{name}-truth")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    assert (tmp_path / "one-truth").read_bytes() == (tmp_path / "again-truth").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "other").read_bytes()


def test_every_planted_customer_buys_and_is_either_of_a_segment_or_odd(planted):
    rows, truth = planted
    assert {row["customer_id"] for row in rows} - {""} == {row["customer_id"] for row in truth}
    assert all(bool(row["segment"]) != bool(row["anomaly"]) for row in truth)


def test_every_segment_and_every_kind_of_anomaly_is_planted(planted):
    _, truth = planted
    segments = Counter(row["segment"] for row in truth if row["segment"])
    anomalies = Counter(row["anomaly"] for row in truth if row["anomaly"])
    assert set(segments) == {habit.name for habit in SEGMENTS[:5]}
    assert set(anomalies) == {habit.name for habit in ANOMALIES}
    assert min(anomalies.values()) >= 3


@pytest.mark.parametrize("n_segments", [4, 8])
def test_number_of_segments_and_share_of_anomalies_are_as_asked(tmp_path, n_segments):
    shape = Shape(n_segments=n_segments, anomaly_share=0.03, balance=3.0)
    generate(tmp_path / "sample.csv", 800, 5, tmp_path / "truth.csv", shape)
    truth = read(tmp_path / "truth.csv")
    assert len({row["segment"] for row in truth if row["segment"]}) == n_segments
    assert sum(bool(row["anomaly"]) for row in truth) == pytest.approx(0.03 * 800, abs=len(ANOMALIES))


def test_a_return_is_a_line_of_an_earlier_sale_with_an_order_number_of_its_own(planted):
    rows, _ = planted
    sold = {(row["customer_id"], row["product_code"], row["unit_price"]) for row in rows if int(row["quantity"]) > 0}
    back = [row for row in rows if int(row["quantity"]) < 0]
    assert back
    assert all(row["order_no"].startswith("C") for row in back)
    known = [row for row in back if row["customer_id"]]
    assert all(
        (row["customer_id"], row["product_code"], row["unit_price"]) in sold for row in known if row["customer_id"]
    )


def test_rows_are_in_the_order_of_time_and_an_order_has_one_time(planted):
    rows, _ = planted
    times = [row["ordered_at"] for row in rows]
    assert times == sorted(times)
    assert len({(row["order_no"], row["ordered_at"], row["customer_id"]) for row in rows}) == len(
        {row["order_no"] for row in rows}
    )


@pytest.mark.parametrize(
    ("n_customers", "shape"),
    [(10, Shape()), (100, Shape(n_segments=9)), (100, Shape(anomaly_share=0.5)), (100, Shape(days=30))],
)
def test_a_sample_too_small_or_of_unknown_shape_is_refused(tmp_path, n_customers, shape):
    with pytest.raises(UsageError):
        generate(tmp_path / "sample.csv", n_customers, shape=shape)
    assert not list(tmp_path.iterdir())


def test_a_seed_below_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="-1 was given"):
        generate(tmp_path / "sample.csv", seed=-1)


def test_a_sample_that_cannot_be_written_says_so_of_the_file_that_was_named(tmp_path):
    with pytest.raises(UsageError, match=r"none/sample\.csv cannot be written: No such file or directory\. Name"):
        generate(tmp_path / "none" / "sample.csv")
