"""Which model is the archive's survives kills and losses, and a segment's number never comes to mean another segment."""

import fcntl
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from segmenter.config import Config
from segmenter.errors import RunError, UsageError
from segmenter.runs import acceptance, archive, removal
from segmenter.runs.customers import other_money
from segmenter.runs.history import Continuity, History
from segmenter.runs.identity import identify
from segmenter.runs.model import place
from segmenter.runs.proposal import propose, table_of
from segmenter.runs.state import FILE, open_state
from segmenter.runs.types import Model
from tests.kept import kept
from tests.plain import plain

NOW = datetime(2026, 1, 10, tzinfo=UTC)
FIRST, SECOND, THIRD = (f"2026010{day}T080000Z-ab12" for day in (5, 6, 7))
PLAIN = plain("recency")


def model(*centroids, names, numbers=None):
    numbers = tuple(range(len(names))) if numbers is None else numbers
    return Model(PLAIN, tuple((float(each),) for each in centroids), tuple(names), numbers, max(numbers) + 1)


KNOWN = model(50, 150, names=("Active", "Gone"))


class Shop:
    """An archive of runs on the same customers, whose time since the last order runs from 1 to 200 days."""

    def __init__(self, shelf):
        self.root, made = shelf.root, shelf.made
        customers = made.customers.assign(recency=np.linspace(1, 200, len(made.customers)))
        self.made = replace(made, customers=customers)

    def run(self, run_id, held, challenger=None, history=None):
        customers = self.made.customers
        positions = place(held, table_of(self.made))[0]
        customers = customers.assign(segment=np.array(held.numbers)[positions])
        manifest = replace(self.made.manifest, run_id=run_id)
        history = history or History()
        return replace(
            self.made, manifest=manifest, customers=customers, model=held, challenger=challenger, history=history
        )

    def write(self, *given, **more):
        return kept(self.run(*given, **more), self.root)

    def fresh(self, *centroids, names):
        """A fresh fit, numbered after the accepted model as a run does it."""
        known, fit, table = acceptance.accepted(self.root), model(*centroids, names=names), table_of(self.made)
        (held, matrix), labels = place(known.model, table), place(fit, table)[0]
        found = identify(known.model, held, labels, names, matrix, known.next_number)
        return replace(fit, names=found.names, numbers=found.numbers, next_number=found.next_number)

    def name_money(self, currency):
        """Call the money of the runs to come so."""
        config = {**self.made.manifest.config, "report": {"currency": currency}}
        self.made = replace(self.made, manifest=replace(self.made.manifest, config=config))

    def follow(self, currency=""):
        config = Config.model_validate({"report": {"currency": currency}})
        return acceptance.follow(self.root, table_of(self.made), self.made.drawn, config, NOW)


@pytest.fixture
def shop(shelf):
    return Shop(shelf)


def beside(run_id):
    return History(Continuity(run_id, NOW.date(), 1.0, 0, 0.5, 0.5, 0.5, 2, 2, (), (), ()))


def test_a_first_run_that_was_killed_before_its_acceptance_is_followed_all_the_same(shop):
    shop.write(FIRST, KNOWN)
    assert acceptance.accepted_run(shop.root) is None
    found = shop.follow()
    assert found.known.model == KNOWN
    assert found.known.next_number == 2
    assert FIRST in found.sentences[0]
    assert acceptance.accepted_run(shop.root) == (FIRST, "model")
    assert not any("on record" in sentence for sentence in shop.follow().sentences)


def test_a_lost_record_is_made_good_from_the_model_that_the_newest_run_held(shop):
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    fresh = shop.fresh(30, 100, 170, names=("Active", "Quiet", "Gone"))
    shop.write(SECOND, KNOWN, fresh, history=beside(FIRST))
    acceptance.accept(shop.root, SECOND, NOW)
    shop.write(THIRD, fresh, fresh, history=beside(SECOND))
    for path in shop.root.glob(f"{FILE}*"):
        path.unlink()
    assert shop.follow().known.model == fresh
    assert acceptance.accepted_run(shop.root) == (SECOND, "challenger")


def test_where_the_run_of_a_lost_model_is_gone_the_newest_run_lends_its_own_copy(shop):
    shop.write(SECOND, KNOWN, history=beside(FIRST))
    assert shop.follow().known.model == KNOWN
    assert acceptance.accepted_run(shop.root) == (SECOND, "model")


def test_an_experiment_with_segments_of_its_own_is_not_taken_for_the_accepted_model(shop):
    shop.write(FIRST, KNOWN)
    shop.write(SECOND, model(30, 100, 170, names=("A", "B", "C")))
    assert shop.follow().known.model == KNOWN


def test_a_model_whose_run_was_configured_with_keys_of_another_version_is_followed_all_the_same(shop):
    config = {**shop.made.manifest.config, "kmeans": {"n_clusters": 99, "of_tomorrow": 1}, "forecast": {"days": 9}}
    shop.made = replace(shop.made, manifest=replace(shop.made.manifest, config=config))
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    assert shop.follow().known.model == KNOWN


def test_the_first_acceptance_is_the_first_runs_whoever_comes_late(shop):
    for run_id in (FIRST, SECOND):
        shop.write(run_id, KNOWN)
        acceptance.accept_first(shop.root, run_id, NOW)
    assert acceptance.accepted_run(shop.root) == (FIRST, "model")
    with open_state(shop.root) as state:
        assert state.execute("SELECT count(*) FROM acceptance").fetchone()[0] == 1


def two_challengers(shop, other):
    """Two runs beside one accepted model; each of their fits has a segment more, the second one as in `other`."""
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    first = shop.fresh(30, 100, 170, names=("Active", "Quiet", "Gone"))
    shop.write(SECOND, KNOWN, first, history=beside(FIRST))
    second = shop.fresh(*other, names=("Active", "Other", "Gone"))
    shop.write(THIRD, KNOWN, second, history=beside(FIRST))
    return first, second


def test_no_number_is_given_twice_in_an_archive(shop):
    first, second = two_challengers(shop, (30, 100, 170))
    assert first.numbers == (0, 2, 1)
    assert second.numbers == (0, 3, 1)
    assert archive.prune(shop.root, archive.outdated(shop.root, 1, None, [FIRST], NOW)) == (SECOND,)
    assert acceptance.accepted(shop.root).next_number == 4


def test_of_two_challengers_that_found_the_same_segment_the_second_is_refused_as_it_has_another_number(shop):
    two_challengers(shop, (30, 100, 170))
    acceptance.accept(shop.root, SECOND, NOW)
    with pytest.raises(UsageError, match=r"Other would take another segment's number.*Run again"):
        propose(shop.root, shop.root / THIRD, {})


def test_of_two_challengers_that_agree_on_the_numbers_both_can_be_accepted_in_turn(shop):
    first, _ = two_challengers(shop, (30, 100, 170))
    acceptance.accept(shop.root, SECOND, NOW)
    same = kept(shop.run("20260108T080000Z-ab12", first, first, beside(SECOND)), shop.root)
    assert propose(shop.root, same, {}).continuity is None
    moved = shop.fresh(35, 105, 175, names=("x", "y", "z"))
    later = shop.write("20260109T080000Z-ab12", first, moved, history=beside(SECOND))
    assert propose(shop.root, later, {}).continuity is not None
    assert (moved.numbers, moved.names) == (first.numbers, first.names)
    acceptance.accept(shop.root, later.name, NOW)
    assert acceptance.accepted(shop.root).model == moved


def test_a_number_that_means_another_segment_is_never_accepted(shop):
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    swapped = model(50, 150, names=("Gone", "Active"), numbers=(1, 0))
    shop.write(SECOND, KNOWN, swapped, history=beside(FIRST))
    with pytest.raises(UsageError, match="another segment's number"):
        propose(shop.root, shop.root / SECOND, {})


def test_a_proposal_names_exactly_the_customers_who_are_elsewhere_under_the_fresh_fit(shop):
    first, _ = two_challengers(shop, (30, 100, 170))
    found = propose(shop.root, shop.root / SECOND, {"Quiet": "Sleepers"})
    table = table_of(shop.made)
    before, now = (np.array(each.numbers)[place(each, table)[0]] for each in (KNOWN, first))
    assert set(found.moves["customer_id"]) == set(table.customer_id[before != now])
    assert found.continuity.n_would_move == len(found.moves) > 0
    assert set(found.moves["segment_now"]) == {"Sleepers"}
    assert (found.continuity.n_clusters, found.continuity.challenger_n_clusters) == (2, 3)
    assert found.continuity.challenger_silhouette == pytest.approx(found.continuity.silhouette_now, abs=0.5)


def test_a_run_with_segments_of_its_own_moves_customers_too(shop):
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    own = shop.fresh(30, 100, 170, names=("Active", "Quiet", "Gone"))
    folder = shop.write(SECOND, own)
    found = propose(shop.root, folder, {})
    assert len(found.moves) > 0
    acceptance.accept(shop.root, found.run_id, NOW)
    assert acceptance.accepted(shop.root).model == own


def test_another_business_cannot_take_the_archive_over(shop):
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    shop.made = replace(shop.made, customers=shop.made.customers.assign(
        customer_id=[f"other {number}" for number in range(len(shop.made.customers))]
    ))  # fmt: skip
    folder = shop.write(SECOND, model(50, 150, names=("A", "B")))
    with pytest.raises(UsageError, match=f"{FIRST} and the run {SECOND} share only 0% of their customers"):
        propose(shop.root, folder, {})


def test_an_accepted_model_whose_run_is_gone_is_told_and_another_can_be_accepted(shop):
    two_challengers(shop, (30, 100, 170))
    (shop.root / FIRST).rename(shop.root.parent / "elsewhere")
    with pytest.raises(RunError, match="accept another run"):
        acceptance.accepted(shop.root)
    assert "is gone" in propose(shop.root, shop.root / THIRD, {}).why
    acceptance.accept(shop.root, THIRD, NOW)
    assert acceptance.accepted(shop.root).run_id == THIRD


def test_a_model_made_of_other_money_places_nobody_and_the_run_says_why(shop):
    shop.name_money("GBP")
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    found = shop.follow("EUR")
    assert (found.known, found.holds) == (None, False)
    assert found.sentences == (other_money(FIRST, "GBP", "EUR"),)
    assert shop.follow("GBP").known.model == shop.follow().known.model == KNOWN


def test_segments_made_of_other_money_cannot_become_the_archives(shop):
    shop.name_money("GBP")
    shop.write(FIRST, KNOWN)
    acceptance.accept_first(shop.root, FIRST, NOW)
    shop.name_money("EUR")
    folder = shop.write(SECOND, model(50, 150, names=("A", "B")))
    with pytest.raises(UsageError, match=rf"run {FIRST} is in GBP and the run {SECOND} in EUR.*its own archive"):
        propose(shop.root, folder, {})


def test_a_run_is_not_removed_while_it_is_accepted_nor_accepted_while_it_is_removed(shop, monkeypatch):
    folder, record = shop.write(FIRST, KNOWN), acceptance._record

    def prune_and_record(*given, **more):
        assert archive.prune(shop.root, [FIRST]) == ()
        record(*given, **more)

    monkeypatch.setattr(acceptance, "_record", prune_and_record)
    acceptance.accept(shop.root, FIRST, NOW)
    assert acceptance.accepted_run(shop.root) == (FIRST, "model")
    with removal.locked(folder, fcntl.LOCK_EX), pytest.raises(RunError, match="is working on it"):
        acceptance.accept(shop.root, FIRST, NOW)
