"""Folders of one process alone: gone with it, and where it was killed, with the next one."""

import errno
import fcntl
import multiprocessing
import os
import signal
import tempfile

import pytest

from segmenter.errors import ResourceError
from segmenter.folders import TEMPORARY, sweep, telling_where_no_space_is, temporary_folder
from segmenter.report.charts import typeface


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _killed_at_work():
    with temporary_folder() as folder:
        (folder / "spill.tmp").write_bytes(bytes(1000))
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_is_removed_by_the_next_one(temporary):
    child = multiprocessing.get_context("fork").Process(target=_killed_at_work)
    child.start()
    child.join()
    (left,) = temporary.iterdir()
    assert (left / "spill.tmp").stat().st_size == 1000
    with temporary_folder() as folder:
        assert list(temporary.iterdir()) == [folder]
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_living_process_stays(temporary):
    with temporary_folder() as first, temporary_folder() as second:
        assert sweep(temporary, TEMPORARY) == []
        assert sorted(temporary.iterdir()) == sorted([first, second])


def test_folders_that_others_made_stay(temporary):
    (temporary / "segmenter-of-mine").mkdir()
    with temporary_folder():
        pass
    assert [path.name for path in temporary.iterdir()] == ["segmenter-of-mine"]


def test_the_folder_goes_with_an_error(temporary):
    with pytest.raises(ZeroDivisionError), temporary_folder():
        1 / 0  # noqa: B018
    assert list(temporary.iterdir()) == []


def test_a_file_system_without_locks_is_named_and_not_tried_for_ever(temporary, monkeypatch):
    def refuse(handle, how):
        refuse.calls += 1
        if refuse.calls > 100:
            pytest.fail("tried for ever")
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    refuse.calls = 0
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ResourceError, match=f"{temporary} cannot be used"), temporary_folder():
        pass
    assert list(temporary.iterdir()) == []


def test_a_full_folder_for_temporary_files_is_named_and_no_other_error_is_taken_for_it(temporary):
    with (
        pytest.raises(ResourceError, match=rf"no space for temporary files in {temporary}.*TMPDIR"),
        telling_where_no_space_is(),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), telling_where_no_space_is():
        raise PermissionError(errno.EACCES, "Permission denied")


def test_the_charts_find_no_space_there_and_nobody_is_sent_to_the_archive(temporary, monkeypatch):
    def full(target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(typeface, "_unpacked", full)
    with pytest.raises(ResourceError, match=str(temporary)), typeface.typeface():
        pass
