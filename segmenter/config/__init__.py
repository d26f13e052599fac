"""config.toml -> one validated, frozen `Config`; every fault is named at once."""

from segmenter.config.load import Config, load_config, recorded_config

__all__ = ["Config", "load_config", "recorded_config"]
