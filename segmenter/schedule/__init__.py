"""When reports are due, the ledger of what became of each due time, and the service that makes them."""

from segmenter.schedule.by_hand import Tried, find, run_now, send_again, try_out
from segmenter.schedule.lock import serving
from segmenter.schedule.readiness import refuse_unready
from segmenter.schedule.service import Service
from segmenter.schedule.settings import Settings
from segmenter.schedule.status import Condition, coming, conditions
from segmenter.schedule.times import in_words

__all__ = [
    "Condition",
    "Service",
    "Settings",
    "Tried",
    "coming",
    "conditions",
    "find",
    "in_words",
    "refuse_unready",
    "run_now",
    "send_again",
    "serving",
    "try_out",
]
