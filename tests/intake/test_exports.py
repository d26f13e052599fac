"""The public exports give their reference answers."""

import pytest

pytestmark = pytest.mark.slow


def used(loaded):
    sql = "count(*), count(DISTINCT customer_id), count(DISTINCT order_id), round(sum(amount), 2)"
    rows, customers, orders, money = loaded.connection.execute(
        f"SELECT {sql} FROM transactions WHERE status IN ('sale', 'return')"
    ).fetchall()[0]
    return rows, customers, orders, float(money)


def test_the_plain_rule_gives_the_reference_answers_to_the_cent(export, exports):
    loaded = export.load(exports / "online-retail-by-day", rules={"cancellations": "drop"})
    assert used(loaded) == (397_884, 4_338, 18_532, 8_911_407.90)
    loaded = export.load(exports / "online-retail-2009-2010.parquet", rules={"cancellations": "drop"})
    assert used(loaded) == (407_664, 4_312, 19_213, 8_832_003.27)


def test_the_account_balances_to_every_row_and_every_penny(export, exports):
    account = export.load(exports / "online-retail-by-day").intake.account
    assert account.rows_read == sum(line.rows for line in account.lines) == 541_909
    assert (
        round(float(account.amount_read), 2)
        == round(sum(float(line.amount) for line in account.lines), 2)
        == 9_747_747.93
    )


def test_two_exports_that_overlap_count_once(export, exports):
    loaded = export.load(exports / "online-retail-by-day", exports / "online-retail-2009-2010.parquet")
    assert loaded.fates["duplicate"] == 22_523
    assert loaded.intake.account.rows_read - 22_523 == 1_044_847
    known = loaded.connection.execute("SELECT count(DISTINCT customer_id) FROM judged WHERE customer_id IS NOT NULL")
    assert known.fetchall()[0][0] == 5_942


def test_the_workbook_and_the_plain_table_need_no_configuration(export, exports):
    loaded = export.load(exports / "bike-shop-six-sheets.xlsx")
    assert loaded.fates == {"sale": 19_821, "cancelled_status": 179}
    assert len(loaded.rows("DISTINCT customer_id")) == 3_494
    loaded = export.load(exports / "retail-125k.csv")
    assert len(loaded.rows("DISTINCT customer_id")) == 6_889
