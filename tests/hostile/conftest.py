"""A shop whose customers, products, columns and files are called like attacks, run through the whole command line."""

import csv
import subprocess
import threading
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from segmenter.sample import generate
from tests.hostile.hearing import listen
from tests.shell import command

TEXTS = (
    "<script>document.title='ran';fetch('ADDRESS/script')</script>",
    "</script><script>document.title='ran'</script>",
    "<img src=ADDRESS/image.png onerror=\"document.title='ran'\">",
    '"><svg onload="document.title=\'ran\'">',
    "<link rel=attachment href=file:///etc/passwd>",
    "<style>@import url(ADDRESS/style.css);</style>",
    "javascript:document.title='ran'",
    "{{ 7 * 7 }}{% for x in ().__class__.__base__.__subclasses__() %}",
    "${7*7}<%= 7*7 %>#{7*7}",
    '=HYPERLINK("ADDRESS/formula";"win")',
    "=cmd|'/C calc'!A0",
    "+1+cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "Robert'); DROP TABLE transactions; --",
    "\" OR 1=1; COPY transactions TO 'stolen.csv'; --",
    "../../../../tmp/stolen",
    "C:\\..\\..\\con.txt",
    "\x1b]0;ran\x07\x1b[31mred\x1b[0m",
    "\x9b31mred",
    "back\b\b\bspace",
    "\u202etxt.exe\u202c",
    "\u2028line\u2029paragraph",
    "two\r\nBcc: everybody@example.org",
    "]]><!-- --!>",
    "$\\frac{ran}{",
    "%s%n%x %(name)s {0.__class__}",
    "\ufeffmark",
    "Z\u0351a\u0351l\u0351g\u0351o\u0351",
    "'",
)
FILE_NAME = "=cmd'\"<img src=x onerror=alert(1)>{{7*7}}[0-9]*?\x1b[31m;$(touch stolen)`id`\n..csv"
COLUMN = "<script>document.title='ran'</script>={{7*7}}\x1b[31m"
FORMATS = ("html", "pdf", "csv", "xlsx", "parquet")
SETTINGS = """
[report]
title = "<script>document.title='ran'</script>"
company = "<img src=ADDRESS/logo.png onerror=\\"document.title='ran'\\">\\r\\nBcc: everybody@example.org"
[kmeans.names]
"New customers" = "</style><script>document.title='ran'</script>"
[kmeans]
bootstraps = 5
n_init = 3
[views]
tsne_sample = 200
hierarchy_sample = 200
perplexity = 10.0
"""


@dataclass(frozen=True)
class Shop:
    """The working folder, the archive's runs, what the commands said, what was asked of a server, and of any socket."""

    folder: Path
    runs: tuple[Path, ...]
    said: tuple[subprocess.CompletedProcess, ...]
    asked: list[str]
    heard: str
    texts: tuple[str, ...]


class Canary(BaseHTTPRequestHandler):
    """Notes every request."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="session")
def canary():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory, canary):
    """Two runs, the second with every format, and every command that shows them."""
    folder = tmp_path_factory.mktemp("shop")
    texts = tuple(text.replace("ADDRESS", f"http://127.0.0.1:{canary.server_port}") for text in TEXTS)
    _export(folder, texts)
    address = f"http://127.0.0.1:{canary.server_port}"
    (folder / "config.toml").write_text(SETTINGS.replace("ADDRESS", address))
    run = ("run", f"./{FILE_NAME}", "-c", "config.toml", "--json")
    heard = tmp_path_factory.mktemp("heard") / "heard"
    said = [
        command(*run, "--format", "csv", "--as-of", "2025-05-01", cwd=folder),
        command(*run, "--format", ",".join(FORMATS), "--as-of", "2025-06-30", cwd=folder, first=partial(listen, heard)),
    ]
    for words in (["inspect", f"./{FILE_NAME}"], ["runs", "list"], ["runs", "show"], ["alerts", "--all"]):
        said += [command(*words, cwd=folder), command(*words, "--json", cwd=folder)]
    runs = tuple(sorted(path for path in (folder / "runs").iterdir() if path.is_dir()))
    return Shop(folder, runs, tuple(said), canary.asked, heard.read_text(), texts)


def _export(folder, texts):
    """A sample in which every customer and every product has a hostile name."""
    generate(folder / "plain.csv", n_customers=200, seed=5)
    known = {}
    with (folder / "plain.csv").open(newline="") as source, (folder / FILE_NAME).open("w", newline="") as target:
        header, *lines = csv.reader(source)
        writer = csv.writer(target)
        writer.writerow([*header, COLUMN])
        for order, at, customer, product, description, *rest in lines:
            who = texts[known.setdefault(customer, len(known)) % len(texts)] if customer else ""
            what = texts[sum(map(ord, product)) % len(texts)]
            writer.writerow([order, at, who + customer, what + product, f"{what} {description}", *rest, what])
    (folder / "plain.csv").unlink()
