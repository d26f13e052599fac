"""What customers buy, bounded in size."""

from segmenter.config.analysis import FeaturesConfig
from segmenter.features import baskets, build
from tests.features.conftest import line

LINES = [
    line(customer, "2024-01-01", f"{customer}{number}", 5, product)
    for number, (customer, product) in enumerate(
        [
            ("ann", "cup"),
            ("ann", "cup"),
            ("ann", "pot"),
            ("bob", "cup"),
            ("bob", "pot"),
            ("cec", "cup"),
            ("cec", "POST"),
        ]
    )
] + [line("bob", "2024-01-02", "p", 3, "POST"), line("ann", "2024-01-03", "j", 3, "jug")]


def of(connection, **limits):
    return baskets(connection, build(connection, FeaturesConfig(use=(), anomalies_use=())), **limits)


def test_a_count_is_the_number_of_orders_with_the_product(transactions):
    found = of(transactions(LINES), excluded="POST")
    assert found.customer_id.tolist() == ["ann", "bob", "cec"]
    assert found.products == ("Cup", "Pot")
    assert found.counts.toarray().tolist() == [[2, 1], [1, 1], [1, 0]]


def test_where_orders_have_no_number_a_count_is_the_number_of_days(transactions):
    lines = [line(customer, f"2024-01-0{n}", None, 5, "cup") for customer in ("ann", "bob") for n in (1, 1, 2)]
    assert of(transactions(lines)).counts.toarray().tolist() == [[2], [2]]


def test_products_that_one_customer_bought_are_no_theme(transactions):
    assert "Jug" not in of(transactions(LINES)).products


def test_the_most_widely_bought_products_stay_when_there_are_too_many(transactions):
    assert of(transactions(LINES), max_products=1).products == ("Cup",)


def test_customers_are_sampled_when_there_are_too_many(transactions):
    assert len(of(transactions(LINES), max_customers=2).customer_id) <= 2


def test_an_export_without_products_has_no_baskets(transactions):
    assert of(transactions([line("ann", "2024-01-01", "1", 5, product=None)])) is None
