"""What downtime sheets say, in English and Japanese."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a language; what stands in braces is filled in."""

    language: str
    title: str
    as_of: str
    old: str
    columns: tuple[str, str, str, str, str, str]
    """Time, patient, born, phone, visit, status."""
    notes: str
    free: str
    waiting: str
    whole: str
    visits: str
    none: str
    stale: str
    how: str
    statuses: dict[str, str]


ENGLISH = Words(
    language="en",
    title="Downtime sheets",
    as_of="As of {time}",
    old="{minutes} minutes old",
    columns=("Time", "Patient", "Born", "Phone", "Visit", "Status"),
    notes="Notes",
    free="free",
    waiting="Waiting, in this order",
    whole="all doctors",
    visits="{count} appointments",
    none="Nobody works on this day.",
    stale="Out of date since {time}: the database cannot be read. These are the last sheets.",
    how="Print what you need. Write what happens on the sheets, and enter it when the system is back.",
    statuses={
        "scheduled": "",
        "checked_in": "here",
        "in_progress": "with the doctor",
        "completed": "done",
        "no_show": "did not come",
    },
)
JAPANESE = Words(
    language="ja",
    title="障害時用の予約表",
    as_of="{time} 現在",
    old="{minutes} 分前の内容",
    columns=("時間", "患者氏名", "生年月日", "電話", "種別", "状況"),
    notes="メモ",
    free="空き",
    waiting="お待ちの順番",
    whole="全医師",
    visits="予約 {count} 件",
    none="この日の診療はありません。",
    stale="{time} 以降、データベースを読み取れません。最後に書き出した予約表です。",
    how="必要な分を印刷し、変更は紙に記入してください。復旧後にシステムへ入力します。",
    statuses={
        "scheduled": "",
        "checked_in": "受付済",
        "in_progress": "診察中",
        "completed": "終了",
        "no_show": "来院なし",
    },
)


def words(language: str) -> Words:
    """The words of a language, English unless it is Japanese."""
    return JAPANESE if language == "ja" else ENGLISH


def day_in_words(day: date, language: str) -> str:
    """A date with its weekday."""
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日 {'月火水木金土日'[day.weekday()]}曜日"
    return f"{day:%A}, {day.day} {day:%B %Y}"
