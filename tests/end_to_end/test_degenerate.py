"""Data without structure gets an honest report, not an exception and not invented structure."""

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import render
from tests.report.unspoken import HOW, one_letter, texts_of, unspoken

HEADER = "order_id,customer_id,order_date,sku,quantity,unit_price\n"


def line(order, customer, day, quantity=1, price="5.00", product="p"):
    return f"o{order},{customer},2024-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d},{product},{quantity},{price}\n"


def twelve():
    return "".join(line(n, f"c{n % 12}", n * 3 + 12, n % 4 + 1) for n in range(60))


def all_alike():
    return "".join(line(n, f"c{n}", 20) for n in range(200))


def bought_once():
    return "".join(line(n, f"c{n}", n % 300, n % 7 + 1) for n in range(300)) + "".join(
        line(1000 + n, f"c{n % 15}", n, 2) for n in range(60)
    )


def one_giant():
    ordinary = "".join(line(n, f"c{n % 60}", n % 300, n % 5 + 1) for n in range(600))
    return ordinary + line(9999, "giant", 30, 90000)


@pytest.mark.parametrize("make", [twelve, all_alike, bought_once, one_giant])
def test_an_honest_report(make, quick_run, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(HEADER + make())
    finished = quick_run([path], tmp_path / "runs")
    page = (finished.folder / "report.html").read_text()
    assert len(page) > 10_000
    if make is all_alike:
        assert finished.run.findings.choice.n_clusters == 1
        assert not finished.run.customers["is_anomaly"].any()
    if make is one_giant:
        assert finished.run.customers.set_index("customer_id").loc["giant", "is_anomaly"]
    if make is not one_giant:
        assert not finished.run.findings.choice.is_clear or make is bought_once
    with one_letter("de"):
        render(finished.run, ReportConfig(formats=("html",), locale="de"), tmp_path)
    raw = {"giant", "winsorize", *(feature.name for feature in finished.run.manifest.features)}
    left = unspoken(texts_of((tmp_path / "report.html").read_text()), "de", raw)
    assert not left, "\n".join([HOW, *dict.fromkeys(left)])
