"""Whether a recipient can be served, said before anything relies on it."""

from concurrent.futures import ThreadPoolExecutor

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery import check


def test_a_folder_that_several_messages_go_to_at_once_is_found_writable_by_each(tmp_path):
    asked = [f"folder:{tmp_path}"] * 400
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda recipient: check([recipient], DeliveryConfig()), asked))
    assert not any(found)
    assert not list(tmp_path.iterdir())
