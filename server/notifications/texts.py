"""The texts of notices, in English and Japanese, with times on the clinic's wall clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from server.domain.notices import NoticeKind
from server.notifications.links import Enclosed
from server.notifications.person_texts import TO_PERSON, TO_REPRESENTATIVE

_WEEKDAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "ja": tuple("月火水木金土日")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# A message on a lock screen must not reveal whom it is for or which doctor they see.
_SUBJECTS = {
    "en": {
        NoticeKind.CONFIRMATION: "Your appointment is booked: {when}",
        NoticeKind.CHANGE: "Your appointment has moved: {when}",
        NoticeKind.CANCELLATION: "Your appointment is cancelled: {when}",
        NoticeKind.REMINDER: "A reminder of your appointment: {when}",
        NoticeKind.WITHDRAWAL: "An appointment is no longer in this calendar",
        NoticeKind.SECURITY_WARNING: "Your account was signed out",
        NoticeKind.SECOND_FACTOR_REMOVED: "Your account has no second factor any more",
        NoticeKind.RECOVERY_CODES_RENEWED: "Your account has new recovery codes",
        NoticeKind.CONTACT_CODE: "Your code is {code}",
        NoticeKind.CONTACT_CHANGED: "Your contact details are changing",
        NoticeKind.DETAILS_CHANGED: "Your details were changed",
        NoticeKind.REPRESENTATIVE_ADDED: "Who may act for a patient has changed",
        NoticeKind.REPRESENTATIVE_ENDED: "Who may act for a patient has changed",
        NoticeKind.INVITATION: "You have been invited: choose a password",
        NoticeKind.REGISTRATION_CODE: "Your code is {code}",
        NoticeKind.REGISTRATION_KNOWN: "You have an account already",
        NoticeKind.PASSWORD_RESET: "Choose a new password",
        NoticeKind.TURN: "Your turn comes soon",
        NoticeKind.MOVE_OFFER: "Please choose another time for your appointment: {when}",
    },
    "ja": {
        NoticeKind.CONFIRMATION: "ご予約を承りました:{when}",
        NoticeKind.CHANGE: "ご予約の日時が変わりました:{when}",
        NoticeKind.CANCELLATION: "ご予約は取り消されました:{when}",
        NoticeKind.REMINDER: "ご予約日時のお知らせ:{when}",
        NoticeKind.WITHDRAWAL: "ご予約がこのカレンダーから削除されました",
        NoticeKind.SECURITY_WARNING: "アカウントからログアウトしました",
        NoticeKind.SECOND_FACTOR_REMOVED: "アカウントの二要素認証が解除されました",
        NoticeKind.RECOVERY_CODES_RENEWED: "アカウントのリカバリーコードが再発行されました",
        NoticeKind.CONTACT_CODE: "確認コード:{code}",
        NoticeKind.CONTACT_CHANGED: "ご連絡先の変更について",
        NoticeKind.DETAILS_CHANGED: "登録内容の変更について",
        NoticeKind.REPRESENTATIVE_ADDED: "代理の登録について",
        NoticeKind.REPRESENTATIVE_ENDED: "代理の登録について",
        NoticeKind.INVITATION: "アカウントのご案内:パスワードの設定",
        NoticeKind.REGISTRATION_CODE: "確認コード:{code}",
        NoticeKind.REGISTRATION_KNOWN: "すでにアカウントをお持ちです",
        NoticeKind.PASSWORD_RESET: "新しいパスワードの設定",
        NoticeKind.TURN: "まもなく順番です",
        NoticeKind.MOVE_OFFER: "ご予約日時の変更のお願い:{when}",
    },
}
_OF_SERIES = {
    "en": {
        NoticeKind.CONFIRMATION: "Your {count} appointments are booked, from {when}",
        NoticeKind.CHANGE: "Your {count} appointments have moved, the first to {when}",
        NoticeKind.CANCELLATION: "Your {count} appointments are cancelled, from {when}",
        NoticeKind.WITHDRAWAL: "{count} appointments are no longer in this calendar",
    },
    "ja": {
        NoticeKind.CONFIRMATION: "{count}件のご予約を承りました:{when}から",
        NoticeKind.CHANGE: "{count}件のご予約の日時が変わりました:最初のご予約は{when}",
        NoticeKind.CANCELLATION: "{count}件のご予約は取り消されました:{when}から",
        NoticeKind.WITHDRAWAL: "{count}件のご予約がこのカレンダーから削除されました",
    },
}
_BODIES = {
    "en": "{subject} ({zone})\n{clinic}\n\nTo change it, use your account or call the clinic.\n",
    "ja": "{subject}({zone})\n{clinic}\n\n変更はアカウントから、またはお電話でお願いいたします。\n",
}
_WITHDRAWALS = {
    "en": "An appointment at this clinic was changed or cancelled, and notices about it go to another address now.\n"
    "The attached entry removes it from the calendar of this one.\n\n{clinic}\n",
    "ja": "下記の医療機関のご予約に変更または取り消しがあり、今後のお知らせは別の宛先へお送りします。\n"
    "添付の予定により、この宛先のカレンダーから削除されます。\n\n{clinic}\n",
}
_WITHDRAWALS_OF_SERIES = {
    "en": "Appointments at this clinic were changed or cancelled, and notices about them go to another address now.\n"
    "The attached entries remove them from the calendar of this one.\n\n{clinic}\n",
    "ja": _WITHDRAWALS["ja"],
}
_TURNS = {
    "en": "Please come to the waiting room: you will be called soon.",
    "ja": "まもなくお呼びします。待合室でお待ちください。",
}
_MOVE_OFFERS = {
    "en": "{subject} ({zone})\n{clinic}\n\nYour clinic cannot keep this time and asks you to choose another. These"
    " times are kept for you until {until}:\n\n{times}\n\n{how}\n",
    "ja": "{subject}({zone})\n{clinic}\n\nこの日時の診療が難しくなったため、別の日時をお選びください。"
    "次の時間を{until}まで確保しています。\n\n{times}\n\n{how}\n",
}
_ANSWER_OFFER = {
    "en": "Choose one of them, cancel the appointment, or ask the clinic to call you:\n\n{link}",
    "ja": "日時の選択、お取り消し、クリニックからのお電話のご依頼はこちらから行えます。\n\n{link}",
}
_CALL_THE_CLINIC = {
    "en": "To choose one of them, use your account or call the clinic.",
    "ja": "アカウントから、またはお電話でお選びください。",
}
_CONFIRM_LINK = {
    "en": "\nOr confirm the address on this page:\n\n{link}\n",
    "ja": "\nこちらのページでも確認できます。\n\n{link}\n",
}
_ANSWER_LINK = {
    "en": "\nConfirm that you will come, move it, cancel it, or check in when you arrive:\n\n{link}\n",
    "ja": "\nご来院の確認、日時の変更、取り消し、当日の受付はこちらから行えます。\n\n{link}\n",
}
_SMS = {"en": "{subject} ({zone}), {clinic}", "ja": "{subject}({zone})、{clinic}"}


@dataclass(frozen=True, slots=True)
class WhenAndWhere:
    """When and where an appointment is."""

    start_at: datetime
    time_zone: str
    clinic: str
    address: str = ""
    phone: str = ""
    """The clinic's phone number; empty if unknown."""
    others: Sequence[datetime] = ()
    """The starts of the other appointments of a series that the notice lists."""
    offered: Sequence[datetime] = ()
    """The starts of what is held for the patient, if the notice offers a move."""
    offered_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a notice: a subject and a body for email, and a line for SMS."""

    subject: str
    body: str
    sms: str


def to_person(kind: NoticeKind, language: str, enclosed: Enclosed, *, of_account: bool = False) -> Text:
    """The text of a notice that is not about an appointment; `of_account` if it is to the owner of an account."""
    subject = _SUBJECTS[language][kind].format(code=enclosed.code)
    of_kind = TO_REPRESENTATIVE if of_account and kind in TO_REPRESENTATIVE[language] else TO_PERSON
    body = of_kind[language][kind].format(code=enclosed.code, link=enclosed.link)
    if kind is NoticeKind.CONTACT_CODE and enclosed.link:
        return Text(subject, body + _CONFIRM_LINK[language].format(link=enclosed.link), "")
    return Text(subject, body, subject if kind is NoticeKind.SECURITY_WARNING else body.replace("\n", " ").strip())


def about(kind: NoticeKind, visit: WhenAndWhere, language: str, link: str) -> Text:
    """The text of a notice about an appointment, with the link to its page unless that is empty."""
    place = "\n".join(filter(None, (visit.clinic, visit.address, visit.phone)))
    subjects = _OF_SERIES if visit.others else _SUBJECTS
    subject = subjects[language][kind].format(when=when(visit, language), count=len(visit.others) + 1)
    if kind is NoticeKind.WITHDRAWAL:
        texts = _WITHDRAWALS_OF_SERIES if visit.others else _WITHDRAWALS
        return Text(subject, texts[language].format(clinic=place), subject)
    if kind is NoticeKind.TURN:
        return Text(subject, f"{_TURNS[language]}\n\n{place}\n", f"{_TURNS[language]} {visit.clinic}")
    if kind is NoticeKind.MOVE_OFFER and visit.offered_until:
        return _move_offer(subject, replace(visit, start_at=visit.offered_until), language, place, link)
    if visit.others:
        place += "\n\n" + "\n".join(_dates(visit, language))
    values = {"subject": subject, "zone": visit.time_zone}
    body = _BODIES[language].format(clinic=place, **values)
    sms = _SMS[language].format(clinic=visit.clinic, **values)
    if not link:
        return Text(subject, body, sms)
    return Text(subject, body + _ANSWER_LINK[language].format(link=link), f"{sms} {link}")


def _move_offer(subject: str, until: WhenAndWhere, language: str, place: str, link: str) -> Text:
    times = "\n".join(when(replace(until, start_at=each), language) for each in until.offered)
    how = _ANSWER_OFFER[language].format(link=link) if link else _CALL_THE_CLINIC[language]
    values = {"subject": subject, "zone": until.time_zone}
    body = _MOVE_OFFERS[language].format(clinic=place, until=when(until, language), times=times, how=how, **values)
    sms = _SMS[language].format(clinic=until.clinic, **values)
    return Text(subject, body, f"{sms} {link}".strip())


def _dates(visit: WhenAndWhere, language: str) -> list[str]:
    return [when(replace(visit, start_at=start_at), language) for start_at in (visit.start_at, *visit.others)]


def when(visit: WhenAndWhere, language: str) -> str:
    """The start on the clinic's wall clock, written for people."""
    local = visit.start_at.astimezone(ZoneInfo(visit.time_zone))
    weekday = _WEEKDAYS[language][local.weekday()]
    if language == "ja":
        return f"{local.year}年{local.month}月{local.day}日({weekday}){local:%H:%M}"
    return f"{weekday} {local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
