"""From an export with e-mail addresses to the marketing list: hashed as platforms take them, and never an address."""

import csv
from hashlib import sha256

import pandas as pd
import pytest

CUSTOMERS = 40


def export(path, with_ids=True):
    """Orders of customers whose addresses are written in many ways; every fifth customer has none."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(["customer_id"] if with_ids else []), "order_date", "order_id", "amount", "Email"])
        for order in range(240):
            customer = order % CUSTOMERS
            address = "" if customer % 5 == 0 and with_ids else f" Ann.{customer}@Shop.Example{' ' * (order % 3)}"
            day = f"2024-{order // 28 % 12 + 1:02d}-{order % 28 + 1:02d}"
            writer.writerow(
                [*([f"c{customer}"] if with_ids else []), day, f"o{order}", 5 + customer * 3 + order % 7, address]
            )
    return path


def hashed(customer):
    return sha256(f"ann.{customer}@shop.example".encode()).hexdigest()


@pytest.fixture(scope="module")
def finished(quick_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("addresses")
    path = export(folder / "sales.csv")
    return quick_run([path], folder / "runs", report={"formats": ["html", "csv", "xlsx"]})


def test_the_marketing_list_holds_the_hash_of_the_trimmed_address_in_lower_case(finished):
    rows = pd.read_csv(finished.folder / "marketing.csv", dtype=str, keep_default_na=False)
    for row in rows.to_dict("records"):
        customer = int(row["customer_id"].removeprefix("c"))
        assert row["email_sha256"] == ("" if customer % 5 == 0 else hashed(customer))


def test_no_address_is_in_any_file_of_the_run(finished):
    assert finished.run.manifest.recognition.columns["email"] == "Email"
    for path in finished.folder.rglob("*"):
        assert not path.is_file() or b"shop.example" not in path.read_bytes().lower(), path


def test_an_address_that_is_the_customers_id_is_hashed_as_well(quick_run, tmp_path):
    found = quick_run([export(tmp_path / "sales.csv", with_ids=False)], tmp_path / "runs", report={"formats": ["csv"]})
    columns = found.run.manifest.recognition.columns
    assert columns["customer"] == columns["email"] == "Email"
    assert hashed(7) in set(found.run.customers["email_sha256"])
