"""The one way through the program, from source to run folder.

source -> transactions -> features -> study (segments, anomalies, views) -> run -> report
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.config import Config
from segmenter.engine.drawn import Drawn
from segmenter.errors import DataError
from segmenter.runs.history import History
from segmenter.runs.stopwatch import Stopwatch
from segmenter.runs.types import Manifest, Run
from segmenter.warmup import warming_up
from segmenter.workspace import workspace

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from segmenter.engine.types import Engine
    from segmenter.features.types import Baskets, FeatureTable, Period
    from segmenter.intake.types import Intake

Sources = str | Path | Sequence[str | Path]
CACHE = ".cache"  # folder of the archive that holds what was read before; safe to delete
OTHER_MONEY = (
    "The export's currency is {name}, but the report shows {other}, as set in report.currency; nothing is converted. "
    "Leave report.currency empty, or convert the amounts first."
)
STAGES = ("reading the export", "describing customers", "finding segments and anomalies", "writing the report")


@dataclass(frozen=True)
class Finished:
    """A run, its folder in the archive, and the files of its report."""

    run: Run
    folder: Path
    files: tuple[Path, ...]


def silent(stage: str) -> None:
    """Ignore the stage."""


def named(sources: Sources) -> tuple[str, ...]:
    """The names of `sources`, of which one may stand by itself."""
    return (str(sources),) if isinstance(sources, str | Path) else tuple(map(str, sources))


def run(sources: Sources = (), config: Config | None = None, *, tell: Callable[[str], None] = silent) -> Finished:
    """Segment the customers of `sources` and write a run, with its report, into the archive.

    `sources` are files, folders or globs; none means those of the configuration, which is by default all defaults. `tell` is
    called with each of `STAGES`.

    Raises
    ------
    SegmenterError
        The sources cannot be read or used, or the archive or report cannot be written.
    """
    from segmenter import features, privacy, report
    from segmenter.runs import acceptance, archive
    from segmenter.runs.compare import with_history

    config = config or Config()
    root = Path(config.engine.archive)
    archive.check_room(root)
    privacy.check(root, config.privacy)
    report.check(config.report)
    features.check(config.features)
    started = datetime.now(UTC)
    with Stopwatch(tell) as watch:
        analysed, names = _analyse(named(sources), config, watch, started)
        made = with_history(analysed, root, config.history)
        watch.begin(STAGES[3])
        with archive.begun(made, root) as aside:
            files = report.render(made, config.report, aside)
            if names is not None:
                privacy.write_names(names, aside)
            made = replace(made, manifest=replace(made.manifest, timings=watch.seconds, peaks=watch.peaks))
            folder = archive.finish(made, aside)
            acceptance.accept_first(root, folder.name, datetime.now(UTC))
    return Finished(made, folder, tuple(folder / file.relative_to(aside) for file in files))


def _analyse(
    sources: Sequence[str], config: Config, watch: Stopwatch, started: datetime
) -> tuple[Run, pd.DataFrame | None]:
    """The run, not yet compared with earlier ones, and the ids behind its pseudonyms."""
    from segmenter import features
    from segmenter.runs import acceptance

    with warming_up("pdf" in config.report.formats) as warm, workspace(config) as connection:
        watch.begin(STAGES[0])
        with _read(connection, sources or config.source.paths, config) as (intake, engine, names):
            config = config.model_copy(update={"report": config.report.in_currency(intake.currency)})
            watch.begin(STAGES[1])
            table = features.build(engine, config.features, config.report.language)
            period = features.period(engine, table)
            period_revenue = features.period_revenue(engine, table, config.history.period_days)
            ours = Drawn(table.customer_id, period.n_customers)
            past_orders = features.past_orders(engine, table, config.history.period_days, ours.limit)
            following = acceptance.follow(Path(config.engine.archive), table, ours, config, started)
            warm()
            from segmenter.study import Inputs, keep_everybody, population_of, study

            inputs = Inputs(
                _baskets(engine, table, config),
                partial(_evidence, engine, table.as_of, config.report.currency),
                period_revenue,
                following,
                population_of(engine, table),
                past_orders,
            )
            watch.begin(STAGES[2])
            found = study(table, inputs, config)
            customers = features.with_addresses(found.customers, engine)
            manifest = _manifest(config, started, intake, engine, table, period, watch)
            keep_everybody(engine, found.findings.cards, config.engine.spark_folder, manifest.run_id)
        rejected = connection.execute("SELECT * FROM rejected ORDER BY file, line").df()
    analysed = Run(
        manifest,
        found.findings,
        customers,
        found.segments,
        found.anomalies,
        rejected,
        found.model,
        found.challenger,
        History(found.continuity, sentences=following.sentences),
    )
    return analysed, names


@contextmanager
def _read(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str], config: Config
) -> Iterator[tuple[Intake, Engine, pd.DataFrame | None]]:
    """The intake of `sources`, the engine that answers queries on them (`connection`, or Spark), and the ids behind pseudonyms."""
    from segmenter.engine.handover import open_cluster, open_engine
    from segmenter.intake import lies_in_cluster, load_in_cluster

    if config.engine.kind == "spark" and lies_in_cluster(sources):
        with open_cluster(config.engine) as cluster:
            intake = load_in_cluster(cluster, sources, config.source, config.rules, connection, config.features.as_of)
            cluster.draw(config.engine.spark_sample)
            yield intake, cluster, None
    else:
        intake, names = load_files(connection, sources, config)
        with open_engine(connection, config.engine) as engine:
            yield intake, engine, names


def load_files(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str], config: Config
) -> tuple[Intake, pd.DataFrame | None]:
    """The intake of files, and the ids behind pseudonyms where these replace them.

    Raises
    ------
    SourceError, DataError
        The sources cannot be read or used.
    """
    from segmenter import privacy
    from segmenter.intake import load

    archive, is_private = Path(config.engine.archive), config.privacy.pseudonymise
    cache = None if is_private else archive / CACHE
    intake = load(connection, sources, config.source, config.rules, cache, config.features.as_of)
    return intake, privacy.pseudonymise(connection, privacy.key_of(archive)) if is_private else None


def _baskets(engine: Engine, table: FeatureTable, config: Config) -> Baskets | None:
    """The baskets, where the configuration asks for themes."""
    from segmenter import features

    return features.baskets(engine, table, excluded=config.rules.non_product_pattern) if config.views.themes else None


def _evidence(engine: Engine, as_of: date, currency: str, customers: list[str]) -> dict[str, str]:
    """The transactions behind customers in words."""
    from segmenter import features

    found = features.evidence(engine, customers, as_of)
    return {customer: features.in_words(proof, currency) for customer, proof in found.items()}


def _manifest(
    config: Config,
    started: datetime,
    intake: Intake,
    engine: Engine,
    table: FeatureTable,
    period: Period,
    watch: Stopwatch,
) -> Manifest:
    from segmenter import features
    from segmenter.runs import archive

    warnings = (
        *intake.account.warnings,
        *_money_warnings(intake, config),
        features.silence_warning(period, table.as_of),
        *features.unused_warnings(table, config.features),
        *features.similar_id_warnings(engine),
    )
    return Manifest(
        run_id=archive.new_run_id(started, intake.readings, Path(config.engine.archive)),
        started_at=started,
        as_of=table.as_of,
        seed=config.engine.seed,
        config=_without_passwords(config),
        versions=_versions(config),
        readings=intake.readings,
        recognition=intake.recognition,
        account=replace(intake.account, warnings=tuple(filter(None, warnings))),
        features=table.features,
        period=period,
        timings=watch.seconds,
        peaks=watch.peaks,
    )


def _money_warnings(intake: Intake, config: Config) -> tuple[str, ...]:
    """A warning where the report names another currency than the export."""
    ours, theirs = config.report.currency, intake.currency
    return (OTHER_MONEY.format(name=theirs, other=ours),) if theirs and theirs != ours else ()


def _without_passwords(config: Config) -> dict[str, Any]:
    """The configuration as run.json has it."""
    from segmenter.intake.sources import without_password

    document = config.model_dump(mode="json")
    document["source"]["paths"] = [without_password(path) for path in document["source"]["paths"]]
    document["engine"]["spark"] = without_password(document["engine"]["spark"])
    return document


def _versions(config: Config) -> dict[str, str]:
    from importlib.metadata import version

    spark = ("pyspark", "sqlglot") if config.engine.kind == "spark" else ()
    report = ("matplotlib", "weasyprint", "jinja2", "babel")
    names = ("segmenter", "duckdb", *spark, "numpy", "scipy", "scikit-learn", "pandas", *report)
    return {name: version(name) for name in names}


def inspect(sources: Sequence[str], config: Config) -> Intake:
    """Read `sources` and account for every row, however few can be used; no analysis, nothing written.

    Where a run would refuse them, the account warns of it, or there are doubts and only what is recognised so far.

    Raises
    ------
    SourceError
        The sources cannot be read at all.
    """
    from segmenter.intake import check, load, recognised
    from segmenter.intake.undecided import UndecidedError

    paths, as_of = sources or config.source.paths, config.features.as_of
    with workspace(config) as connection:
        try:
            found = load(connection, paths, config.source, config.rules, as_of=as_of, is_judged=False)
        except UndecidedError as error:
            found = recognised(connection, paths, config.source, config.rules)
            return replace(found, doubts=found.doubts or error.doubts)
        try:
            check(connection, found.account, config.rules)
        except DataError as error:
            warnings = (*found.account.warnings, f"A run would stop here. {error}")
            found = replace(found, account=replace(found.account, warnings=warnings))
        return found
