"""Days are read as exports of many countries write them, each day of the year as the one it is."""

from datetime import datetime, timedelta

import pytest

from segmenter.errors import SourceError

DAYS = [datetime.fromisoformat("2023-01-09 14:05") + timedelta(days=9 * n) for n in range(60)]
MONTHS = {
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "German, short": "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sep. Okt. Nov. Dez.",
    "French": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Portuguese": "jan fev mar abr mai jun jul ago set out nov dez",
    "Dutch": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
    "Polish": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "Polish, short": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "Czech": "ledna února března dubna května června července srpna září října listopadu prosince",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november december",
    "Norwegian": "jan. feb. mars apr. mai juni juli aug. sep. okt. nov. des.",
    "Finnish": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta "
    "joulukuuta",
    "Turkish": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "Romanian": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "Russian": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "Ukrainian": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "English": "January February March April May June July August September October November December",
}
SHAPES = {
    "15. März 2024": lambda day, month: f"{day.day}. {month} {day.year}",
    "15-mars-24": lambda day, month: f"{day:%d}-{month.rstrip('.')}-{day:%y}",
    "15 de marzo de 2024 14:05": lambda day, month: f"{day.day} de {month} de {day.year} {day:%H:%M}",
    "15 март 2024 г., 14:05": lambda day, month: f"{day.day} {month} {day.year} г., {day:%H:%M}",
}


def read(export, written):
    rows = [f'"c{n % 4}";"{text}";10.50' for n, text in enumerate(written)]
    return export.read("\n".join(["customer;date;amount", *rows]) + "\n")


def moments(loaded):
    return [at for (at,) in loaded.connection.execute("SELECT ts FROM records ORDER BY record").fetchall()]


@pytest.mark.parametrize("shape", SHAPES)
def test_months_are_read_by_their_names(export, shape):
    meant = {
        SHAPES[shape](day, names.split()[day.month - 1]): day if "14:05" in shape else day.replace(hour=0, minute=0)
        for names in MONTHS.values()
        for day in DAYS
    }
    assert dict(zip(meant, moments(read(export, meant)), strict=True)) == meant


@pytest.mark.parametrize(
    "shape",
    [
        "%d-%b-%Y %I:%M %p CET", "%b %d, %Y %I:%M:%S %p PST", "%Y-%m-%d %H:%M:%S CEST", "%d.%m.%Y %H:%M Uhr", "%d.%m.%Y %H.%M",
        "%d/%m/%Y - %H:%M", "%d/%m/%Y à %H:%M", "%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%d %H:%M:%S.0000000", "%Y%m%d%H%M%S",
        "%Y-%m-%dT%H:%M:%S.0000000Z",
    ],
)  # fmt: skip
def test_moments_are_the_clock_that_is_shown(export, shape):
    assert moments(read(export, [day.strftime(shape) for day in DAYS])) == DAYS


@pytest.mark.parametrize(
    "shape", ["%b-%d-%y", "%A, %B %d, %Y", "%b %dth, %Y", "%Y年%m月%d日", "%Y. %m. %d.", "%Y. %m. %d", "%Y-%m-%d (%a)"]
)
def test_days_are_read_with_what_stands_around_them(export, shape):
    found = moments(read(export, [day.strftime(shape) for day in DAYS]))
    assert found == [day.replace(hour=0, minute=0) for day in DAYS]


@pytest.mark.parametrize("shape", ["%Y-%m", "%B %Y", "%G-W%V", "%d roses %Y"])
def test_what_is_no_day_is_refused(export, shape):
    with pytest.raises(SourceError, match="date"):
        read(export, [day.strftime(shape) for day in DAYS])
