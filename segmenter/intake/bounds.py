"""What an export may ask for, told from little of it: a file of kilobytes that unfolds to gigabytes is refused."""

from __future__ import annotations

MOST_COLUMNS = 2000
