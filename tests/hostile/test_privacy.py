"""Pseudonymised runs know no customer's id, and know every customer by the same name."""

import csv
import os
import resource
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter import features, privacy
from segmenter.config.analysis import FeaturesConfig
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import RunError
from segmenter.intake import load, open_connection

KEY = bytes(range(32))


@pytest.fixture
def read(tmp_path):
    """A function that reads an export and gives the connection; it may be pseudonymised on the way."""
    opened = []

    def read(text, key=None):
        (tmp_path / "export.csv").write_text(text)
        connection = open_connection("1GiB", 1, tmp_path)
        opened.append(connection)
        load(
            connection,
            [tmp_path / "export.csv"],
            SourceConfig(),
            RulesConfig(min_customers=2, min_usable_share=0.0, max_unreadable_share=1.0),
        )
        return connection, (None if key is None else privacy.pseudonymise(connection, key))

    yield read
    for connection in opened:
        connection.close()


def sales(n=60):
    rows = "".join(f"ann{i % 7}@example.org,2024-0{i % 9 + 1}-{i % 15 + 13},{i % 11 + 1}\n" for i in range(n))
    return "customer_id,order_date,amount\n" + rows + "bob@example.org,never,5\n"


def everything(connection):
    """All that the connection holds, as one text."""
    names = [row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    return " ".join(str(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in names)


def test_no_id_is_left_in_any_table(read):
    connection, names = read(sales(), KEY)
    assert "example.org" not in everything(connection)
    assert set(names["customer_id"]) == {f"ann{i}@example.org" for i in range(7)}
    assert connection.execute("SELECT line, reason, text FROM rejected").fetchall() == [
        (62, "a date that cannot be read", "")
    ]


def test_features_and_evidence_are_those_of_the_ids(read):
    plain, _ = read(sales())
    hidden, names = read(sales(), KEY)
    one, other = (features.build(connection, FeaturesConfig()) for connection in (plain, hidden))
    known = dict(zip(names["customer_id"], names["pseudonym"], strict=True))
    places = [list(other.customer_id).index(known[customer]) for customer in one.customer_id]
    np.testing.assert_array_equal(one.values, other.values[places])
    customer = str(one.customer_id[0])
    asked = privacy.pseudonym(KEY, customer)
    before, after = features.evidence(plain, [customer])[customer], features.evidence(hidden, [asked])[asked]
    assert features.in_words(before).replace(customer, asked) == features.in_words(after)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=2, unique=True
    )
)
def test_sql_and_python_give_the_same_pseudonym(customers):
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE lines (customer_id VARCHAR, ts TIMESTAMP, order_id VARCHAR, email VARCHAR)")
        for view in ("records", "judged", "transactions"):
            connection.execute(f"CREATE VIEW {view} AS FROM lines")
        connection.execute("CREATE TABLE rejected (text VARCHAR)")
        connection.executemany(
            "INSERT INTO lines VALUES (?, '2024-01-13', 'o', 'hash')", [[each] for each in customers]
        )
        names = privacy.pseudonymise(connection, KEY)
        left = connection.execute("SELECT DISTINCT email FROM transactions").fetchall()
    assert left == [(None,)]
    assert {(row.customer_id, row.pseudonym) for row in names.itertuples()} == {
        (each, privacy.pseudonym(KEY, each)) for each in customers
    }


def test_another_key_gives_other_names(read):
    _, one = read(sales(), KEY)
    _, other = read(sales(), bytes(32))
    assert not set(one["pseudonym"]) & set(other["pseudonym"])


def test_an_archive_keeps_its_key_for_its_owner_alone(tmp_path):
    key = privacy.key_of(tmp_path / "runs")
    assert len(key) == 32
    assert privacy.key_of(tmp_path / "runs") == key
    assert stat.S_IMODE((tmp_path / "runs" / privacy.SECRET).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [privacy.SECRET]
    assert privacy.key_of(tmp_path / "other") != key


def test_a_key_that_a_process_of_the_same_number_is_writing_is_left_alone(tmp_path):
    # as in another container that shares the archive, a moment before it links the file under the key's name
    theirs = tmp_path / f".{privacy.SECRET}-{os.getpid()}"
    theirs.write_text("ab" * 32)
    assert privacy.key_of(tmp_path) == privacy.key_of(tmp_path)
    assert theirs.read_text() == "ab" * 32


def test_a_key_that_there_is_no_space_for_leaves_nothing_behind(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(RunError, match="cannot be used"):
            privacy.key_of(tmp_path / "runs")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("content", ["", "00", "not hexadecimal", "ab" * 31])
def test_a_damaged_key_is_named_and_never_replaced(tmp_path, content):
    path = tmp_path / privacy.SECRET
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(RunError, match="is not a key of this program"):
        privacy.key_of(tmp_path)
    assert path.read_text() == content


def test_a_key_that_others_can_read_is_refused(tmp_path):
    privacy.key_of(tmp_path)
    (tmp_path / privacy.SECRET).chmod(0o640)
    with pytest.raises(RunError, match="can be read by others"):
        privacy.key_of(tmp_path)


def test_who_is_who_stands_in_one_file_for_its_owner(read, tmp_path):
    _, names = read(sales(), KEY)
    privacy.write_names(names, tmp_path)
    path = tmp_path / privacy.NAMES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open() as file:
        rows = {row["customer_id"]: row["pseudonym"] for row in csv.DictReader(file)}
    assert rows["ann3@example.org"] == privacy.pseudonym(KEY, "ann3@example.org")


def test_an_id_finds_its_customer_in_both_kinds_of_archive(tmp_path):
    assert privacy.known_as(tmp_path, "ann") == "ann"
    assert privacy.known_as(tmp_path, "ann") != privacy.pseudonym(privacy.key_of(tmp_path), "ann")
    assert privacy.known_as(tmp_path, "ann") == privacy.pseudonym(privacy.key_of(tmp_path), "ann")
