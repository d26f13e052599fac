"""A team's own blocks take the place of ours, and one that would be passed over is an error with file and line."""

import pytest

from segmenter.config.report import ReportConfig
from segmenter.errors import ConfigError, ReportError
from segmenter.report import check
from segmenter.report.templating import fill


def filled(folder, text, name="alerts.html"):
    (folder / name).write_text(text)
    return fill(name, str(folder), page={})


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('{% extends "default/report.html" %}\n\n{% block foter %}x{% endblock %}', 3, "it has footer"),
        ('{% extends "default/report.html" %}\n{% block zzz %}x{% endblock %}', 2, "certainty, contents"),
        ('{% extends "default/report.html" %}\n{% block footer %}x{% endblock %}\nlost', 3, "outside of blocks"),
        ('{% extends "default/report.html" %}\n{{ 1 }}', 2, "outside of blocks"),
    ],
)
def test_what_would_never_be_shown_is_named_with_its_line(tmp_path, text, line, told):
    with pytest.raises(ReportError, match=rf"report\.html, line {line}.*{told}"):
        filled(tmp_path, text, "report.html")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mail_alerts.html", '{% extends "default/mail_alerts.html" %}\n{% block foter %}x{% endblock %}'),
        ("mail_notice.html", "\n{{ 1 "),
    ],
)
def test_a_broken_page_of_a_mail_is_named_before_a_run_is_made(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=rf"{name}, line 2"):
        check(ReportConfig(templates=str(tmp_path)))


def test_blocks_of_ones_own_inside_ours_and_what_prepares_them_are_fine(tmp_path):
    base = "{% block head %}{% endblock %}"
    (tmp_path / "base.html").write_text(base)
    text = '{# ours #}\n{% extends "base.html" %}\n{% set n = 2 %}\n{% block head %}{% block own %}seen{% endblock %}{% endblock %}\n'
    assert filled(tmp_path, text) == "seen"


def test_a_block_of_a_template_further_up_can_be_replaced(tmp_path):
    (tmp_path / "base.html").write_text("<{% block a %}a{% endblock %}>")
    (tmp_path / "middle.html").write_text('{% extends "base.html" %}')
    assert filled(tmp_path, '{% extends "middle.html" %}{% block a %}b{% endblock %}') == "<b>"


@pytest.mark.parametrize(
    "text", ['{% extends "nowhere.html" %}{% block a %}{% endblock %}', '{% extends "alerts.html" %}']
)
def test_a_template_that_extends_none_or_itself_is_named(tmp_path, text):
    with pytest.raises(ReportError, match=r"alerts\.html, line 1"):
        filled(tmp_path, text)
