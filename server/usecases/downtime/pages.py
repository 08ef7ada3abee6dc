"""Downtime sheets as HTML that needs nothing else: no other file, no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from db.postgres.downtime import SheetClinicRow, SheetVisitRow
from server.usecases.downtime.sheets import Sheet, SheetLine
from server.usecases.downtime.words import Words, day_in_words, words


@dataclass(frozen=True, slots=True)
class Written:
    """A file of sheets: a clinic's day, as it was at an instant."""

    file: str
    clinic_id: str
    clinic: str
    time_zone: str
    language: str
    date: str
    """YYYY-MM-DD."""
    as_of: str
    """ISO 8601, in UTC."""
    doctors: Sequence[tuple[str, str, int]]
    """Id, name and number of appointments of each doctor who has a sheet."""


_STYLE = """
:root { color-scheme: light; }
body { margin: 1.5rem auto; max-width: 62rem; padding: 0 1rem; color: #111; }
body { font: 15px/1.4 system-ui, "Hiragino Sans", "Yu Gothic UI", Meiryo, "Noto Sans CJK JP", sans-serif; }
h1 { margin: 0; font-size: 1.5rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
p { margin: .25rem 0; }
header { display: flex; justify-content: space-between; align-items: end; gap: 1rem; padding-bottom: .4rem; }
header { border-bottom: 2px solid #111; }
.as-of { text-align: right; white-space: nowrap; font-weight: 600; }
.age { display: block; color: #a00; }
.stale { margin: 1rem 0; padding: .6rem 1rem; border-radius: .3rem; }
.stale { background: #8a1c00; color: #fff; font-weight: 700; }
table { width: 100%; border-collapse: collapse; margin-top: .6rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #999; padding: .35rem .5rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
th { background: #eee; font-size: .85em; white-space: nowrap; }
td:is(:nth-child(1), :nth-child(3), :nth-child(4)) { white-space: nowrap; }
th:last-child { width: 20%; }
td small { display: block; color: #444; }
tr.free td { color: #666; height: 2.2rem; }
tr.gone td { color: #666; }
section + section { margin-top: 3rem; }
li { margin: .2rem 0; }
/* The address of one doctor shows, and prints, that doctor alone. */
body:has(section:target) section:not(:target) { display: none; }
@page { size: A4; margin: 12mm; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  section + section { margin: 0; break-before: page; }
  tr { break-inside: avoid; }
  th { background: none; }
}
"""
_AGE = """
for (const each of document.querySelectorAll(".age")) {
  const showAge = () => {
    const minutes = Math.floor((Date.now() - Date.parse(each.dataset.asOf)) / 60000);
    each.textContent = minutes > 2 ? each.dataset.old.replace("{minutes}", minutes) : "";
  };
  showAge();
  setInterval(showAge, 10000);
}
"""
END = f"<script>{_AGE}</script>\n</body></html>\n"
"""The end of a page: each time on it says how old it is, once it is older than it should be."""


def start(title: str, language: str, *, reload_seconds: int = 0) -> str:
    """The start of a page."""
    reload = f'<meta http-equiv="refresh" content="{reload_seconds}">\n' if reload_seconds else ""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n{reload}'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )


def section(clinic: SheetClinicRow, day: date, sheet: Sheet) -> str:
    """A doctor's sheet, which begins on a page of its own when it is printed."""
    say, zone = words(clinic.language), ZoneInfo(clinic.time_zone)
    head = "".join(f"<th>{each}</th>" for each in (*say.columns, say.notes))
    rows = "\n".join(_row(say, zone, line) for line in sheet.lines)
    waiting = f"<p>{say.waiting}: {escape(', '.join(sheet.waiting))}</p>\n" if sheet.waiting else ""
    return (
        f'<section id="{sheet.doctor_id}">\n<header><div><h1>{escape(sheet.doctor_name)}</h1>'
        f"<p>{escape(sheet.specialty)} \N{EN DASH} {escape(clinic.name)}</p>"
        f"<p>{day_in_words(day, say.language)}</p></div>"
        f"{_as_of(say, zone, sheet.as_of)}</header>\n{waiting}"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>\n</section>\n"
    )


def nobody(say: Words) -> str:
    """What is on the sheet of a clinic where no doctor works."""
    return f"<p>{say.none}</p>\n"


def index(sheets: Sequence[Written], stale_since: datetime | None) -> str:
    """The page from which all sheets are found."""
    spoken = {each.language for each in sheets}
    say = words(spoken.pop() if len(spoken) == 1 else "en")
    parts = [start(say.title, say.language, reload_seconds=60), f"<h1>{say.title}</h1>\n<p>{say.how}</p>\n"]
    if stale_since and not sheets:
        parts.append(f'<p class="stale">{say.stale.format(time=f"{stale_since:%Y-%m-%d %H:%M} UTC")}</p>\n')
    clinics = dict.fromkeys(each.clinic_id for each in sheets)
    parts += [_clinic([each for each in sheets if each.clinic_id == clinic], stale_since) for clinic in clinics]
    return "".join([*parts, END])


def _clinic(sheets: Sequence[Written], stale_since: datetime | None) -> str:
    first = sheets[0]
    say, zone = words(first.language), ZoneInfo(first.time_zone)
    parts = [f'<div lang="{say.language}"><h2>{escape(first.clinic)}</h2>\n']
    if stale_since:
        time = f"{stale_since.astimezone(zone):%H:%M}"
        parts.append(f'<p class="stale">{say.stale.format(time=time)}</p>\n')
    for each in sheets:
        day = day_in_words(date.fromisoformat(each.date), say.language)
        parts.append(
            f"<header><strong>{day}</strong>{_as_of(say, zone, datetime.fromisoformat(each.as_of))}</header>\n<ul>"
            f'<li><a href="{each.file}">{say.whole}</a></li>'
        )
        parts += [
            f'<li><a href="{each.file}#{doctor_id}">{escape(name)}</a>, {say.visits.format(count=count)}</li>'
            for doctor_id, name, count in each.doctors
        ]
        parts.append("</ul>\n")
    return "".join([*parts, "</div>\n"])


def _as_of(say: Words, zone: ZoneInfo, at: datetime) -> str:
    local = at.astimezone(zone)
    return (
        f'<p class="as-of">{say.as_of.format(time=f"{local:%Y-%m-%d %H:%M}")}'
        f'<span class="age" data-as-of="{at.isoformat(timespec="seconds")}" data-old="{say.old}"></span></p>'
    )


def _row(say: Words, zone: ZoneInfo, line: SheetLine) -> str:
    time = f"{line.start_at.astimezone(zone):%H:%M}\N{EN DASH}{line.end_at.astimezone(zone):%H:%M}"
    if line.visit is None:
        return f'<tr class="free"><td>{time}</td><td>{say.free}</td>{"<td></td>" * 5}</tr>'
    visit = line.visit
    kana = f"<small>{escape(visit.patient_kana)}</small>" if visit.patient_kana else ""
    status = " ".join(each for each in (line.ticket, say.statuses.get(visit.status, visit.status)) if each)
    kind = (visit.type_name_ja if say.language == "ja" else "") or visit.type_name or ""
    gone = ' class="gone"' if visit.status in {"completed", "no_show"} else ""
    cells = (_born(visit), escape(visit.phone), escape(kind), status, "")
    return (
        f"<tr{gone}><td>{time}</td><td>{escape(visit.patient_name)}{kana}</td>"
        f"{''.join(f'<td>{each}</td>' for each in cells)}</tr>"
    )


def _born(visit: SheetVisitRow) -> str:
    """As far as the date of birth is known."""
    if visit.birth_date is None:
        return ""
    return visit.birth_date.isoformat()[: {"year": 4, "month": 7}.get(visit.birth_precision, 10)]
