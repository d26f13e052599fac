"""A small sample, run through the whole program once per session."""

from datetime import date, timedelta

import pytest

from segmenter import load_config, run
from segmenter.sample import generate

NO_PAGE = {"report": {"formats": ["csv"]}}
QUICK = {
    "views": {"tsne_sample": 200, "hierarchy_sample": 200, "perplexity": 10.0},
    "kmeans": {"bootstraps": 5, "n_init": 3},
    "report": {"formats": ["html"]},
}


HEAD = "Kunde;Datum;Beleg;Betrag;currency\n"


def lines(customers, days):
    """Lines of an export that writes days first and decimal commas, some of them in another currency."""
    start = date(2025, 1, 1)
    for customer in customers:
        for at in range(1 + customer % 5):
            day, money = start + timedelta(days=(customer * 7 + at * 13) % days), f"{10 + customer % 9 * 20},50"
            yield f"k{customer:03};{day:%d/%m/%Y};b{customer}-{at};{money};{'USD' if at == 4 else 'EUR'}\n"


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    generate(folder / "sales.csv", n_customers=400, seed=5, truth=folder / "truth.csv")
    return folder


@pytest.fixture(scope="session")
def quick_run():
    """A function that runs sources with a configuration that keeps the views small."""

    def quick_run(sources, archive, **changed):
        keys = {name: {**QUICK.get(name, {}), **changed.get(name, {})} for name in {*QUICK, *changed}}
        keys["engine"] = {**keys.get("engine", {}), "archive": str(archive)}
        return run([str(source) for source in sources], load_config(None, **keys))

    return quick_run


@pytest.fixture(scope="session")
def finished(sample, quick_run, tmp_path_factory):
    return quick_run([sample / "sales.csv"], tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def in_euros(quick_run, tmp_path_factory):
    """A run without a page on sixty customers of an export, beside its archive, that can be read in one way alone."""
    folder = tmp_path_factory.mktemp("euros")
    (folder / "all.csv").write_text(HEAD + "".join(lines(range(60), 300)))
    return quick_run(
        [folder / "all.csv"], folder / "runs", rules={"currency": "EUR"}, kmeans={"n_clusters": 3}, **NO_PAGE
    )
