"""A run's relation to earlier runs: continuity of its model, movement since the previous run, and alerts.

Everything is plain data and part of run.json. A segment keeps its number for life; names may change. `period_revenue`
is a customer's money, net of returns, in the last `period_days` days before a run's date; the bridge and the money of
every flow are sums of it.

docs/programs.md describes the columns of the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Interval:
    """A change and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Drift:
    """The drift of one feature from the accepted model's run (then) to now.

    `psi` is the population stability index over the deciles of then; `wasserstein` is the earth mover's distance in
    interquartile ranges of then. `tenure` is compared as a share of the record, which may be longer now. `verdict` is
    steady, shifted (an index 0.1 beyond chance, or a distance of 0.25 beyond chance), drifted (an index 0.25 beyond
    chance), or "too few" customers to tell.
    """

    feature: str
    psi: float
    wasserstein: float
    verdict: str
    median_then: float
    median_now: float


@dataclass(frozen=True)
class Match:
    """What became of a segment when the model is fitted anew: kept, new, split, merged or vanished."""

    kind: str
    number: int | None  # its number in the fresh fit, None: vanished
    name: str
    before: tuple[str, ...]  # names of the accepted model's segments that it comes from
    customers: int
    shared: float  # share of its customers who were in `before`


@dataclass(frozen=True)
class Continuity:
    """The accepted model beside a fresh fit (the challenger) on the same customers."""

    accepted_run: str
    accepted_as_of: date
    agreement: float  # adjusted Rand index between the two
    n_would_move: int  # customers in another segment under the challenger
    silhouette_then: float
    silhouette_now: float
    challenger_silhouette: float
    n_clusters: int
    challenger_n_clusters: int
    drift: tuple[Drift, ...]
    matches: tuple[Match, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """Customers who went from one segment to another between two runs; None: absent from that run.

    A segment is identified by its number; `before` and `now` are the present names of the two numbers. `by_customer`
    counts customers who changed themselves, `by_cut_point` those whom the model moved; who was moved by both is in both.
    """

    before: str | None
    now: str | None
    customers: int
    money_before: float
    money_now: float
    by_customer: int
    by_cut_point: int
    number_before: int | None = None
    number_now: int | None = None


@dataclass(frozen=True)
class BridgeStep:
    """One step of the money bridge: ``before`` + the steps' amounts = ``after``."""

    kind: str  # before, new, returning, back, upgraded, same, downgraded, lapsed, gone, after
    customers: int
    amount: float


@dataclass(frozen=True)
class SegmentChange:
    """A segment's size and period revenue in the two runs.

    `customers` is the change of size itself, `beyond` that beyond the growth of all customers (now - before x all now /
    all before), each with its own interval. Runs made before `beyond` was recorded have None, and in `customers` a range
    that covers both.
    """

    number: int
    name: str
    customers_before: int
    customers_now: int
    customers: Interval
    money_before: float
    money_now: float
    money: Interval
    beyond: Interval | None = None

    @property
    def is_resized(self) -> bool:
        """Whether neither chance nor the growth of all explains the change of size: both are real, in one direction.

        Either alone would mislead: where newcomers enter one segment, all others shrink relative to the growth of all
        though nobody left them; and where the number of all customers grows, a segment that grows with it is no larger
        a part of them.
        """
        size, beyond = self.customers, self.beyond or self.customers
        return size.is_real and beyond.is_real and (size.low > 0) == (beyond.low > 0)


@dataclass(frozen=True)
class Movement:
    """Who moved between the previous run of the same customers and this one.

    `redrawn` is true where two different models placed the customers; `matches` then say what became of the segments.
    `revenue` is the change of all customers' money. `is_whole` is true where the previous run's record covered its whole
    period; otherwise no change of money is real. `period_ends` are the last days of the two periods, the previous run's
    first; None in runs that were made before it was recorded. Where a run is a sample, `covers` says whom all this is about,
    else it is empty.
    """

    previous_run: str
    previous_as_of: date
    period_days: int
    flows: tuple[Flow, ...]
    bridge: tuple[BridgeStep, ...]
    segments: tuple[SegmentChange, ...]
    n_by_customer: int
    n_by_cut_point: int
    is_real: bool  # whether the change of any segment is
    sentences: tuple[str, ...]
    redrawn: bool
    matches: tuple[Match, ...]
    revenue: Interval
    is_whole: bool
    period_ends: tuple[date, date] | None = None
    covers: str = ""

    @property
    def n_days_shared(self) -> int:
        """Days that are in both periods; 0 where the periods are not known."""
        if self.period_ends is None:
            return 0
        before, now = self.period_ends
        return max(self.period_days - abs((now - before).days), 0)

    @property
    def money_before(self) -> float:
        """All customers' money then."""
        return self.bridge[0].amount

    @property
    def money_now(self) -> float:
        """All customers' money now."""
        return self.bridge[-1].amount

    @property
    def steps(self) -> tuple[BridgeStep, ...]:
        """The bridge without its two ends."""
        return self.bridge[1:-1]

    @property
    def n_both(self) -> int:
        """Customers of both runs."""
        return sum(flow.customers for flow in self._of_both)

    @property
    def n_moved(self) -> int:
        """Customers of both runs who are in another segment."""
        return sum(flow.customers for flow in self._of_both if flow.number_before != flow.number_now)

    @property
    def _of_both(self) -> tuple[Flow, ...]:
        return tuple(flow for flow in self.flows if flow.number_before is not None and flow.number_now is not None)


@dataclass(frozen=True)
class AlertCount:
    """Numbers of alerts in each state, held back by a verdict, judged, and of these right.

    `line_in` customers are odd, and `line_out` ordinary again, only because the line between the two was redrawn. `unseen`
    were odd, and are not among those whom a run on a sample judges.
    """

    is_baseline: bool  # the first run of these customers, or in their currency: no alert is new
    new: int
    worsened: int
    ongoing: int
    resolved: int
    held: int
    judged: int  # alerts, not verdicts: an alert's last verdict is the one that counts
    right: int  # judged "act"
    line_in: int = 0
    line_out: int = 0
    unseen: int = 0

    @property
    def n_news(self) -> int:
        """Customers who are newly odd or worse; a baseline has no news."""
        return 0 if self.is_baseline else self.new + self.worsened


@dataclass(frozen=True)
class History:
    """A run's relation to earlier runs; parts are None where there is no earlier run."""

    continuity: Continuity | None = None
    movement: Movement | None = None
    alerts: AlertCount | None = None
    sentences: tuple[str, ...] = ()  # why the run stands alone, where it does, and which runs could not be read

    def fit(self, as_of: date) -> Continuity | None:
        """The continuity of a run as of `as_of`; None where it compares the accepted model with itself.

        That is so in a second run as of the same day and on the same customers.
        """
        found = self.continuity
        if found is None or found.accepted_as_of != as_of:
            return found
        return found if found.n_would_move or any(each.psi for each in found.drift) else None
