"""The handbook: every link leads somewhere, every figure is explained, every command of the tutorial works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from segmenter.config.reference import handbook
from segmenter.report import figures
from tests.report.made_up import made_up_run

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "bench").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page):
    """Anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_or_heading_that_is_there(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_reached_from_the_readme():
    seen, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        seen.add(page)
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in seen:
                left.append(target)
    assert set((ROOT / "docs").glob("*.md")) <= seen


def test_the_configurations_page_is_what_the_code_says():
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == handbook()


@pytest.mark.parametrize("name", ["reading.md", "figures.md"])
def test_every_chart_and_table_of_the_report_is_explained(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^#+ .+$", text, re.MULTILINE))))
    assert {source.id.removesuffix("-2") for source in figures(made_up_run())} <= explained


def test_every_feature_has_its_formula():
    text = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert {feature.name for feature in made_up_run().manifest.features} <= set(re.findall(r"`([a-z_]+)`", text))


def commands(page):
    """Lines of the page's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_the_commands_of_the_tutorial_work_one_after_the_other(tmp_path):
    for line in commands(ROOT / "docs" / "tutorial.md"):
        words, _, target = line.partition(" > ")
        name, *rest = shlex.split(words)
        assert name == "segmenter"
        done = subprocess.run(
            [sys.executable, "-m", "segmenter", *rest], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, (line, done.stderr.decode())
        if target:
            (tmp_path / target).write_bytes(done.stdout)
    lists = {path.name for path in (tmp_path / "runs").rglob("*") if path.is_file()}
    assert {"report.html", "report.pdf", "report.xlsx", "customers.csv", "marketing.csv"} <= lists
