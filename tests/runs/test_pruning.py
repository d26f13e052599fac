"""Runs are removed for good only when a person said yes, or where there is nobody to ask."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from segmenter.cli import main
from segmenter.console import Terminal
from segmenter.runs import acceptance, archive, removal
from segmenter.runs.archive import list_runs

IDS = tuple(f"2026010{day}T080000Z-ab12" for day in range(1, 5))


@pytest.fixture
def pruned(shelf, monkeypatch, capsys):
    """Prunes an archive of four runs to two, on a terminal where `answer` is given, and returns who is left and what was said.

    `meanwhile` is done while the question stands.
    """
    for run_id in IDS:
        shelf.write(run_id)

    def pruned(*words, answer=None, meanwhile=lambda: None):
        def ask(_, question):
            meanwhile()
            return answer if question else None

        monkeypatch.setattr(Terminal, "can_ask", property(lambda _: answer is not None))
        monkeypatch.setattr(Terminal, "ask", ask)
        assert main(["runs", "prune", "--keep", "2", "-o", str(shelf.root), *words]) == 0
        return tuple(run.name for run in list_runs(shelf.root)), capsys.readouterr()

    return pruned


def test_a_person_is_shown_what_would_go_and_nothing_goes_without_a_yes(pruned):
    left, said = pruned(answer=False)
    assert left == IDS
    assert "2 run(s) would be removed" in said.err
    assert IDS[0] in said.err
    assert "Nothing was changed." in said.err
    assert pruned(answer=True)[0] == IDS[2:]


def test_with_yes_and_without_a_terminal_nobody_is_asked(pruned):
    assert pruned("--yes", answer=False)[0] == IDS[2:]


def test_a_script_goes_on_as_it_was_told(pruned):
    left, said = pruned()
    assert left == IDS[2:]
    assert "would be" not in said.err


def test_a_dry_run_only_names_what_would_go(pruned):
    left, said = pruned("--dry-run", "--json")
    assert left == IDS
    assert json.loads(said.out) == {"removed": [], "would_be_removed": [*IDS[:2]]}
    assert pruned("--dry-run", answer=True)[0] == IDS


def test_a_run_that_is_finished_while_the_question_stands_pushes_no_other_out(pruned, shelf):
    new = "20260105T080000Z-ab12"
    left, said = pruned(answer=True, meanwhile=lambda: shelf.write(new))
    assert left == (*IDS[2:], new)
    assert "2 run(s) removed" in said.err


def test_a_run_that_is_accepted_while_the_question_stands_stays(pruned, shelf):
    def accept():
        acceptance.accept_first(shelf.root, IDS[0], datetime.now(UTC))

    left, said = pruned(answer=True, meanwhile=accept)
    assert left == (IDS[0], *IDS[2:])
    assert "1 run(s) removed" in said.err


def test_a_run_that_is_accepted_while_others_are_removed_stays(pruned, shelf, monkeypatch):
    def remove_and_accept(run, *given):
        acceptance.accept_first(shelf.root, IDS[1], datetime.now(UTC))
        return removal.remove(run, *given)

    monkeypatch.setattr(archive, "remove", remove_and_accept)
    left, said = pruned("--yes")
    assert left == IDS[1:]
    assert "1 run(s) removed" in said.err


def test_a_run_that_another_prune_took_while_the_question_stands_is_not_counted_as_removed_here(pruned, shelf):
    left, said = pruned(answer=True, meanwhile=lambda: shutil.rmtree(shelf.root / IDS[0]))
    assert left == IDS[2:]
    assert "1 run(s) removed" in said.err
