"""How the program ends: by signals, by full disks, by what is asked for in vain; never with a half file."""

import errno
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from segmenter import pipeline, warmup
from segmenter.atomic import atomic_write
from segmenter.cli import main
from segmenter.runs import acceptance, archive
from segmenter.sample import generate
from tests.shell import begun, command

QUICK = '[views]\ntsne_sample = 60\nhierarchy_sample = 60\nmixture = false\n[report]\nformats = ["html"]\n[kmeans]\nbootstraps = 0\n'


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with an export and a quick configuration."""
    folder = tmp_path_factory.mktemp("shop")
    generate(folder / "sales.csv", 200, seed=2)
    (folder / "quick.toml").write_text(QUICK)
    return folder


def hear():
    """Hear signals, as a program does that a shell starts in the foreground."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


STAGES = ("reading the export", "describing customers", "finding segments and anomalies", "writing the report")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)], ids=lambda number: number.name
)
def test_a_run_that_is_interrupted_at_any_stage_leaves_nothing_and_says_so(shop, tmp_path, stage, number):
    (shop / "temp").mkdir(exist_ok=True)
    os.mkfifo(tmp_path / "err")
    words = ("run", "sales.csv", "-c", "quick.toml", "-o", tmp_path / "runs")
    here = {"cwd": shop, "env": {**os.environ, "TMPDIR": str(shop / "temp")}}
    process = begun(*words, **here, out=os.devnull, err=tmp_path / "err", first=hear)
    with (tmp_path / "err").open() as err:
        for line in err:
            if line.strip() == stage:
                break
        time.sleep(0.05)
        os.kill(process.pid, number)
        told = err.read()
    process.join()
    assert process.exitcode == 128 + number, told
    assert told.splitlines()[-1] == "segmenter: Interrupted. No run was added."
    assert "Traceback" not in told
    assert not [path.name for path in tmp_path.rglob("*") if path.name.startswith((".writing", "2"))]
    assert list((shop / "temp").iterdir()) == []


def test_an_interrupt_that_a_query_turns_into_an_error_is_still_one(monkeypatch, capsys, tmp_path):
    from segmenter.commands import analysis

    def interrupted(options):
        os.kill(os.getpid(), signal.SIGTERM)

    def as_duckdb_does(options):
        try:
            interrupted(options)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    for ending in (interrupted, as_duckdb_does):
        monkeypatch.setattr(analysis, "inspect", ending)
        assert main(["inspect", "x.csv"]) == 128 + signal.SIGTERM
        assert capsys.readouterr().err == "segmenter: Interrupted. Nothing was changed.\n"


INTERRUPTED_WHILE_IT_IMPORTS = """
import os, signal, sys
class Interrupts:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupts())
from segmenter.__main__ import process
process()
"""


@pytest.mark.parametrize(
    ("module", "status"),
    [("segmenter.cli", -signal.SIGINT), ("segmenter.console", 128 + signal.SIGINT)],
    ids=["before the command is read", "while an error is told"],
)
def test_an_interrupt_outside_of_any_command_ends_the_process_quietly(module, status):
    words = [sys.executable, "-c", INTERRUPTED_WHILE_IT_IMPORTS, module]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, "", "")


@pytest.mark.parametrize("seconds", [60.0, 0.0])
def test_a_second_signal_breaks_no_clean_up_off_and_counts_again_afterwards(monkeypatch, capsys, seconds):
    from segmenter import cli
    from segmenter.commands import analysis

    came_to_an_end = []

    def cleans_up(options):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            came_to_an_end.append(True)

    monkeypatch.setattr(cli, "CLEAN_UP", seconds)
    monkeypatch.setattr(analysis, "inspect", cleans_up)
    assert main(["inspect", "x.csv"]) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "segmenter: Interrupted. Nothing was changed.\n"
    assert came_to_an_end == ([True] if seconds else [])


@pytest.fixture
def hearing():
    """This process hears an interrupt, also where the tests run in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hearing")
def test_an_interrupt_behind_the_last_step_names_the_run_that_was_added(shop, tmp_path, monkeypatch, capsys):
    from segmenter.runs import acceptance

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(acceptance, "accept_first", interrupted)
    words = ["run", str(shop / "sales.csv"), "-c", str(shop / "quick.toml"), "-o", str(tmp_path / "runs")]
    assert main([*words, "--format", "csv"]) == 130
    (run,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert f"Interrupted. The run was finished before: {run}." in capsys.readouterr().err


def be_killed_at(module, name, n):
    """End at once where `name` of `module` is called the `n`th time."""
    module, left = importlib.import_module(module), [n]
    step = getattr(module, name)

    def fatal(*arguments, **named):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments, **named)

    setattr(module, name, fatal)


STEPS = (
    ("segmenter.intake.packs", "_write", 1),
    ("segmenter.runs.acceptance", "follow", 1),
    ("segmenter.runs.compare", "with_history", 1),
    ("segmenter.runs.archive", "sweep", 1),
    ("segmenter.runs.archive", "_write_tables", 1),
    ("segmenter.runs.archive", "write_model", 1),
    ("segmenter.report", "render", 1),
    ("segmenter.runs.archive", "_write_document", 1),
    ("segmenter.runs.archive", "seal", 1),
    ("segmenter.runs.seal", "sync", 3),
    ("segmenter.runs.archive", "sync", 1),
    ("segmenter.runs.acceptance", "accept_first", 1),
    ("segmenter.runs.acceptance", "_record", 1),
)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS, ids=lambda step: ".".join(map(str, step)))
def test_a_run_killed_three_times_at_any_named_step_leaves_whole_runs_and_the_next_one_is_whole(shop, tmp_path, step):
    header, *lines = (shop / "sales.csv").read_text().splitlines(keepends=True)
    for number in range(2):  # of several files what was read is kept
        (tmp_path / f"{number}.csv").write_text(header + "".join(lines[number::2]))
    words = ["run", tmp_path / "0.csv", tmp_path / "1.csv", "-c", "quick.toml", "-o", tmp_path / "runs", "--quiet"]
    words += ["--format", "csv"]  # no step is one of drawing
    ran = []
    for _ in range(3):
        ran.append(command(*words, cwd=shop, first=partial(be_killed_at, *step)).returncode)
        for folder in archive.list_runs(tmp_path / "runs"):
            assert archive.read(folder).manifest.run_id == folder.name
    there = len(archive.list_runs(tmp_path / "runs"))
    if step[:2] == ("segmenter.runs.acceptance", "_record"):  # the second run takes the first one's model on
        assert set(ran) == {-signal.SIGKILL}
    elif step[1] in {"accept_first", "sync"} and step[0] != "segmenter.runs.seal":
        assert (ran, there) == ([-signal.SIGKILL] * 3, 3)
    else:
        assert (ran, there) == ([-signal.SIGKILL] * 3, 0)
    assert command(*words, cwd=shop).returncode == 0
    runs = archive.list_runs(tmp_path / "runs")
    assert len(runs) == there + 1
    assert not list((tmp_path / "runs").glob(".writing-*"))
    accepted = acceptance.accepted_run(tmp_path / "runs")
    assert accepted == (runs[0].name, "model")
    assert all(archive.read(folder).model == archive.read(runs[0]).model for folder in runs)


@pytest.mark.parametrize("before", [None, "as it was"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_file_that_was_not_finished_is_as_it_was_before(tmp_path, before, error):
    path = tmp_path / "part.csv"
    if before is not None:
        path.write_text(before)

    def half_written():
        with atomic_write(path) as aside:
            aside.write_text("half")
            raise error

    with pytest.raises(error):
        half_written()
    assert [each.read_text() for each in tmp_path.iterdir()] == ([] if before is None else [before])


def test_two_who_write_the_same_file_at_once_each_write_their_own_and_the_last_to_finish_stays(tmp_path):
    path = tmp_path / "part.csv"
    with atomic_write(path) as last:
        last.write_text("last")
        with atomic_write(path) as first:
            first.write_text("first")
        assert path.read_text() == "first"
    assert [each.read_text() for each in tmp_path.iterdir()] == ["last"]


@pytest.mark.usefixtures("hearing")
def test_a_sample_that_is_interrupted_while_it_is_written_is_not_there(tmp_path, monkeypatch, capsys):
    def interrupted(path, target):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Path, "replace", interrupted)
    assert main(["sample", str(tmp_path / "part.csv"), "--customers", "60"]) == 130
    assert capsys.readouterr().err == "segmenter: Interrupted. Nothing was changed.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with atomic_write(tmp_path / "pipe") as aside:
        assert aside == tmp_path / "pipe"


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["-o", "sales.csv"], 2, "The archive cannot be sales.csv: sales.csv is not a folder."),
        (["-o", "/dev/null/x"], 2, "The archive cannot be /dev/null/x: /dev/null is not a folder."),
        (["-o", "caf\udce9"], 2, "The archive cannot be caf\ufffd: its name is not UTF-8."),
        (["--k", "100000"], 2, "kmeans.n_clusters = 100000: input should be less than or equal to 50."),
        (["-c", "logo.toml"], 2, "report.logo nowhere.png cannot be read: No such file or directory."),
        (["-c", "templates.toml"], 2, "report.templates nowhere is not a folder"),
        (["-c", "locale.toml"], 2, "report.locale 'zz' is not a known locale"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_cannot_end_well_does_not_begin(shop, monkeypatch, capsys, words, status, says):
    monkeypatch.chdir(shop)
    for name, value in (("logo", "nowhere.png"), ("templates", "nowhere"), ("locale", "zz")):
        (shop / f"{name}.toml").write_text(f'[report]\n{name} = "{value}"\n')
    assert main(["run", "sales.csv", *words]) == status
    told = capsys.readouterr().err
    assert says in told
    assert "describing customers" not in told


ENDS_EARLY = """
import sys, threading
from segmenter import load_config, run
from segmenter.errors import SourceError
try:
    run([sys.argv[1]], load_config(None, engine={"archive": sys.argv[2]}))
except SourceError:
    print(*(each.name for each in threading.enumerate() if not each.daemon))
"""


def test_a_run_that_ends_early_leaves_no_library_to_be_loaded_while_the_process_ends(tmp_path):
    (tmp_path / "notes.csv").write_text("hello\n")
    words = [sys.executable, "-c", ENDS_EARLY, str(tmp_path / "notes.csv"), str(tmp_path / "runs")]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "MainThread\n"


ENDS_WITH_A_THREAD_AT_WORK = """
import atexit, sys, threading, time
from segmenter.__main__ import process
threading.Thread(target=time.sleep, args=(60,)).start()
atexit.register(print, "what a library wants done at the end")
process()
"""


def test_the_process_waits_for_no_thread_and_does_what_libraries_want_done_at_its_end(tmp_path):
    words = [sys.executable, "-c", ENDS_WITH_A_THREAD_AT_WORK, "inspect", str(tmp_path / "nowhere.csv")]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=50)
    assert ended.returncode == 3
    assert ended.stdout == "what a library wants done at the end\n"
    assert ended.stderr.startswith("segmenter: There is no file")


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 9 GiB"), RuntimeError("can't start new thread")])
def test_a_lack_of_memory_or_threads_is_no_bug(shop, monkeypatch, capsys, error):
    from segmenter.commands import analysis

    def lacks(options):
        raise error

    monkeypatch.setattr(analysis, "inspect", lacks)
    assert main(["inspect", "sales.csv"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"segmenter: There is not enough memory: {error}. End other programs")


@pytest.mark.parametrize(("module", "step"), [(archive, "own_folder"), (pipeline, "workspace")])
def test_too_many_open_files_are_told_as_what_they_are(shop, tmp_path, monkeypatch, capsys, module, step):
    def opens_one_too_many(*arguments):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "some.file")

    monkeypatch.setattr(module, step, opens_one_too_many)
    words = ["run", str(shop / "sales.csv"), "-c", str(shop / "quick.toml"), "-o", str(tmp_path / "runs")]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "Too many open files. Raise the limit on open files (ulimit -n)" in told
    assert "space" not in told


def test_a_library_that_cannot_be_loaded_beforehand_is_told_of_by_who_needs_it(monkeypatch):
    def fails(name):
        raise ImportError(f"{name}: failed to map segment from shared object")

    monkeypatch.setattr(warmup, "import_module", fails)
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    with warmup.warming_up(True) as warm:
        warm()
    assert told == []


WARMS_UP = """
import sys, threading
sys.addaudithook(lambda event, _: event.endswith("putenv") and print(threading.current_thread().name, event))
from segmenter.warmup import warming_up
with warming_up(True) as warm:
    warm()
print("warm")
"""


def test_no_thread_beside_the_first_changes_the_environment_which_others_read_in_c(tmp_path):
    loaded = subprocess.run(
        [sys.executable, "-c", WARMS_UP],
        env={"HOME": "/proc/nobody", "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    writers = {line.split()[0] for line in loaded.stdout.splitlines()[:-1]}
    assert writers == {"MainThread"}, loaded.stdout


FEW_ADDRESSES = """
import resource, sys
from segmenter.cli import main
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
sys.exit(main(sys.argv[1:]))
"""


def test_a_limit_that_the_libraries_would_spin_at_for_ever_is_named(shop, tmp_path):
    words = [sys.executable, "-c", FEW_ADDRESSES, "run", str(shop / "sales.csv"), "-o", str(tmp_path / "runs")]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 1
    assert ended.stderr.startswith("segmenter: The limit of address space is 1,024 MiB (ulimit -v), and the libraries")


PRINTS_MEANWHILE = """
import sys, threading
from segmenter.warmup import warming_up
ours, diverted = sys.stdout, False
with warming_up(True) as warm:
    (loader,) = (each for each in threading.enumerate() if each is not threading.main_thread())
    while loader.is_alive():
        diverted |= sys.stdout is not ours
        loader.join(0.001)
print(diverted)
"""


def test_what_a_program_prints_while_libraries_are_loaded_is_printed():
    loaded = subprocess.run([sys.executable, "-c", PRINTS_MEANWHILE], capture_output=True, text=True, check=True)
    assert loaded.stdout == "False\n"


def nobody_at_the_pipe():
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize("hearer", [lambda: "/dev/full", nobody_at_the_pipe], ids=["full disk", "closed pipe"])
def test_what_nobody_can_hear_any_more_ends_no_work_and_changes_no_exit_status(shop, monkeypatch, hearer):
    for words, status in ((("sales.csv",), 0), (("nowhere.csv",), 3)):
        with open(hearer(), "w", buffering=1) as stream:
            monkeypatch.setattr(sys, "stderr", stream)
            monkeypatch.chdir(shop)
            assert main(["inspect", *words]) == status


def test_debug_prints_the_traceback_and_keeps_the_exit_status(capsys):
    assert main(["inspect", "absent.csv", "--debug"]) == 3
    told = capsys.readouterr().err
    assert told.startswith("Traceback")
    assert told.splitlines()[-1].startswith("segmenter: There is no file absent.csv")


def test_a_disk_without_room_for_a_run_is_named_before_anything_is_read(shop, tmp_path, monkeypatch, capsys):
    from segmenter.runs import archive

    monkeypatch.setattr(archive, "ROOM", 1 << 60)
    assert main(["run", str(shop / "sales.csv"), "-o", str(tmp_path)]) == 1
    assert "MiB left; a run needs" in capsys.readouterr().err
