"""A small sample, run through the whole program once per session."""

import pytest

from segmenter import load_config, run
from segmenter.sample import generate

NO_PAGE = {"report": {"formats": ["csv"]}}
QUICK = {
    "views": {"tsne_sample": 200, "hierarchy_sample": 200, "perplexity": 10.0},
    "kmeans": {"bootstraps": 5, "n_init": 3},
    "report": {"formats": ["html"]},
}


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
