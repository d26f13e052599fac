"""A run's files into a folder, whole or not at all."""

import multiprocessing
import os
import stat

import pytest

from segmenter.delivery import folder
from segmenter.delivery.content import content


@pytest.mark.parametrize(("rights", "of_folder", "of_file"), [(0o700, 0o700, 0o600), (0o2770, 0o2750, 0o640)])
def test_who_may_read_the_folder_may_read_what_comes_into_it_and_nobody_else(post, rights, of_folder, of_file):
    reports = post.archive / "reports"
    reports.mkdir()
    reports.chmod(rights)
    post.put(post.message(f"folder:{reports}"))
    assert post.deliver().n_sent == 1
    (made,) = reports.iterdir()
    assert stat.S_IMODE(made.stat().st_mode) == of_folder
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {
        "report.html": of_file,
        "message.html": of_file,
    }


def test_what_a_killed_attempt_left_goes_with_the_next_one(post, tmp_path, monkeypatch):
    reports, message = tmp_path / "reports", post.message(f"folder:{tmp_path / 'reports'}")
    what = content(message, post.archive, post.report)
    with monkeypatch.context() as killed:
        killed.setattr(folder, "_share", lambda *_: os._exit(9))
        child = multiprocessing.get_context("fork").Process(target=folder.send, args=(message, what, reports))
        child.start()
        child.join()
    assert [path.name.startswith(".writing") for path in reports.iterdir()] == [True]
    told = folder.send(message, what, reports)
    assert [f"in {path.name}" for path in reports.iterdir()] == [told]
