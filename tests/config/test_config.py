"""The configuration: every fault is named, and the annotated file cannot go stale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.assets import asset
from segmenter.config import Config, load_config, recorded_config
from segmenter.config.reference import annotated
from segmenter.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_no_file_means_all_defaults():
    assert load_config() == Config()


def test_the_shipped_file_holds_exactly_the_defaults():
    assert load_config(asset("config.toml")) == Config()


def test_the_shipped_file_is_written_from_the_code():
    assert asset("config.toml").read_text(encoding="utf-8") == annotated(), "run `make docs`"


def test_every_key_is_explained():
    for name, section in Config.model_fields.items():
        for key, field in getattr(section.annotation, "model_fields", {}).items():
            assert field.description or hasattr(field.annotation, "model_fields"), f"{name}.{key}"


def test_a_misspelt_key_is_named_with_its_line(write):
    with pytest.raises(ConfigError, match=r"unknown key kmeans\.n_cluster \(line 2\)"):
        load_config(write("[kmeans]\nn_cluster = 3\n"))


def test_all_faults_are_named_at_once(write):
    with pytest.raises(ConfigError) as error:
        load_config(write("[kmeans]\nmax_clusters = 1\n\n[dbscan]\neps = -2.0\n"))
    assert "kmeans.max_clusters = 1 (line 2)" in str(error.value)
    assert "dbscan.eps = -2.0 (line 5)" in str(error.value)


def test_an_empty_range_of_k_is_refused(write):
    with pytest.raises(ConfigError, match="max_clusters is smaller than"):
        load_config(write("[kmeans]\nmin_clusters = 6\nmax_clusters = 4\n"))


def test_a_table_that_stands_twice_is_told_to_be_one(write):
    with pytest.raises(ConfigError, match=r"\(at line 3.*stands further up: put its keys there"):
        load_config(write('[delivery]\nsmtp_host = ""\n[delivery]\nsmtp_host = "mail.shop.example"\n'))


def test_a_key_that_stands_twice_is_told_to_be_one(write):
    with pytest.raises(ConfigError, match=r"\(at line 3.*leave one of the two lines, of two lists one that holds both"):
        load_config(write('[source.columns]\nignore = ["Type"]\nignore = ["Status"]\n'))


def test_a_text_of_the_wrong_form_is_answered_with_what_the_key_means(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[report]\ncurrency = "EURO"\n')
    with pytest.raises(
        ConfigError, match=r"report\.currency = 'EURO' \(line 2\) is not of the right form: ISO 4217 code"
    ):
        load_config(path)


def test_one_name_for_two_segments_is_refused(write):
    with pytest.raises(ConfigError, match="two segments would be called 'VIP'"):
        load_config(write('[kmeans.names]\n"Best customers" = "VIP"\n"Loyal regulars" = "VIP"\n'))


def test_a_name_that_no_segment_can_have_is_refused_with_its_line(write):
    with pytest.raises(ConfigError, match=r"'Bestkunden' by rule.*English name.*Best customers; .*\(line 2\)"):
        load_config(write('[kmeans.names]\n"Bestkunden" = "Stars"\n'))


def test_text_that_is_not_toml_is_refused_with_its_place(write):
    with pytest.raises(ConfigError, match=r"not valid TOML: .*line 1"):
        load_config(write("kmeans = = 3\n"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(tmp_path / "absent.toml")


WEEKLY = '[[schedule]]\nname = "weekly"\ncron = "0 8 * * 1"\n\n'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('name = "daily"\ncron = "0 25 * * *"', r"bad hour; .* \(line 7\)"),
        ('name = "daily"\ncron = "0 8 * * *"\ntime_zone = "Europe/Berln"', r"not an IANA time zone.* \(line 8\)"),
        ('name = "daily"\ncron = "0 8 * * *"\nformats = ["doc"]', r"schedule\.1\.formats\.0 = 'doc' \(line 8\)"),
        (
            'name = "daily"\ncron = "0 8 * * *"\nowner = "me@x.de"',
            r"\(line 8\): a list belongs here; write \['me@x.de'\]",
        ),
        ('name = "daily"\ncron = "0 8 * * *"\nkind = "alerts"\ncondition = "changed"', r"for reports \(line 5\)"),
        ('cron = "0 8 * * *"', r"schedule\.1\.name is missing in the table of line 5"),
    ],
)
def test_a_fault_of_the_second_schedule_is_named_with_its_own_line(write, lines, told):
    with pytest.raises(ConfigError, match=told):
        load_config(write(f"{WEEKLY}[[schedule]]\n{lines}\n"))


def test_a_schedule_in_single_brackets_is_answered_with_two(write):
    with pytest.raises(ConfigError, match=r"\[schedule\] \(line 1\) .*: write \[\[schedule\]\]"):
        load_config(write('[schedule]\nname = "weekly"\n'))


def test_a_file_in_another_encoding_is_answered_with_the_one_it_needs(tmp_path):
    (tmp_path / "c.toml").write_bytes('title = "Gr\u00fc\u00dfe"'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"is not UTF-8 text\. Save it in that encoding"):
        load_config(tmp_path / "c.toml")


def test_overrides_are_laid_over_the_file(write):
    config = load_config(write("[kmeans]\nn_clusters = 3\nn_init = 2\n"), kmeans={"n_clusters": 5})
    assert (config.kmeans.n_clusters, config.kmeans.n_init) == (5, 2)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Config().engine.seed = 1


def test_annotated_keys_round_trip(write):
    keys = {"source": {"columns": {"customer": 'who "x"'}, "date_order": "dmy"}, "engine": {"seed": 9}}
    config = load_config(write(annotated(keys)))
    assert config.source.columns.customer == 'who "x"'
    assert (config.source.date_order, config.engine.seed) == ("dmy", 9)


def test_a_key_where_a_section_belongs_is_named_whatever_is_laid_over_it(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("engine = 3\n")
    with pytest.raises(ConfigError, match=r"engine = 3 \(line 1\)"):
        load_config(path, engine={"archive": "elsewhere"})


def test_what_another_version_recorded_is_read_but_for_what_this_one_does_not_know():
    told = {
        "kmeans": {"n_clusters": 4, "of_tomorrow": 1},
        "report": {"title": 5, "currency": "EUR"},
        "forecast": {"days": 9},
    }
    assert recorded_config(told).model_dump(exclude_defaults=True) == {
        "kmeans": {"n_clusters": 4},
        "report": {"currency": "EUR"},
    }


def test_what_another_version_recorded_and_no_longer_goes_together_is_as_by_default():
    assert recorded_config({"kmeans": {"min_clusters": 9, "max_clusters": 4}}) == Config()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["kmeans", "report", "schedule", "n_clusters", "names", "currency", "x"]), inner
            )
        ),
    )
)
def test_no_record_of_a_configuration_is_refused(found):
    assert isinstance(recorded_config(found if isinstance(found, dict) else {"kmeans": found}), Config)
