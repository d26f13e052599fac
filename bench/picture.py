"""The README's picture: the first page of the report on the sample, by headless Chromium. `make picture` runs this."""

from __future__ import annotations

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from segmenter import load_config, run
from segmenter.sample import generate

TARGET = Path(__file__).parent.parent / "docs" / "report.png"
WIDTH, SCALE = 1080, 1.5


def main() -> None:
    """Make a sample's report and write its first page to docs/report.png."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No Chromium on this machine: apt-get install chromium.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": WIDTH, "height": 800}, device_scale_factor=SCALE
        )
        page.goto(_report(Path(folder)).as_uri())
        page.add_style_tag(content=".theme { display: none }")
        end = page.locator(".first").bounding_box()
        assert end is not None
        shot = page.screenshot(
            full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": end["y"] + end["height"] + 24}
        )
    # MAXCOVERAGE keeps rare colours, such as a bar's
    image = Image.open(BytesIO(shot)).convert("RGB").quantize(method=Image.Quantize.MAXCOVERAGE)
    image.save(TARGET, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def _report(folder: Path) -> Path:
    """report.html of a run on the sample."""
    generate(folder / "sales.csv", n_customers=2000, seed=42)
    config = load_config(
        None, engine={"archive": str(folder / "runs")}, report={"formats": ["html"], "currency": "EUR"}
    )
    return run([str(folder / "sales.csv")], config).folder / "report.html"


if __name__ == "__main__":
    main()
