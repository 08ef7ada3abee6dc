"""A clinic's booking policy in words: what each rule means, and what a change of it does to bookings."""

from dataclasses import asdict

from server.domain.booking.policies import Policy

_MEANINGS = {
    "en": {
        "horizon_days": "Patients book up to {0} days ahead; staff also book further ahead.",
        "min_notice_minutes": ("Patients book until {0} minutes before the start; staff book a slot until it ends."),
        "cancel_by_minutes": (
            "Patients cancel or move an appointment until {0} minutes before it starts; staff until it ends."
        ),
        "max_per_patient_day": "A patient has at most {0} appointments a day at this clinic.",
        "buffer_minutes": "After each appointment, {0} minutes of the doctor are kept free.",
        "max_open_appointments": (
            "Patients with {0} appointments ahead at this clinic cannot book another one themselves; staff can."
        ),
    },
    "ja": {
        "horizon_days": "患者様は{0}日先まで予約できます。スタッフはそれより先の日も予約できます。",
        "min_notice_minutes": "患者様の予約は開始の{0}分前までです。スタッフは枠の終了まで予約できます。",
        "cancel_by_minutes": "患者様による取り消しと変更は開始の{0}分前までです。スタッフは終了まで変更できます。",
        "max_per_patient_day": "お一人につき、この医療機関での予約は1日{0}件までです。",
        "buffer_minutes": "診察のたびに、医師の時間を{0}分空けておきます。",
        "max_open_appointments": (
            "この医療機関で今後の予約が{0}件ある患者様は、ご自身では次の予約を取れません。スタッフは予約できます。"
        ),
    },
}
_UNLIMITED = {
    "en": "Patients may have any number of appointments ahead at this clinic.",
    "ja": "この医療機関での今後の予約の件数に上限はありません。",
}
_CHANGES = {
    "en": {
        "horizon_days": "Patients book up to {1} days ahead instead of {0}. Appointments that are further ahead stay.",
        "min_notice_minutes": "Patients book until {1} minutes before the start instead of {0}.",
        "cancel_by_minutes": (
            "Patients cancel or move until {1} minutes before the start instead of {0}, also what is booked already."
        ),
        "max_per_patient_day": (
            "A patient can have {1} appointments a day instead of {0}. Appointments beyond that stay."
        ),
        "buffer_minutes": (
            "New appointments keep {1} minutes free after them instead of {0}."
            " Those that are booked keep what they have."
        ),
        "max_open_appointments": "{meaning} Appointments that are booked stay.",
    },
    "ja": {
        "horizon_days": "患者様が予約できるのは{0}日先までから{1}日先までに変わります。先の予約はそのままです。",
        "min_notice_minutes": "患者様の予約の締め切りが、開始の{0}分前から{1}分前に変わります。",
        "cancel_by_minutes": (
            "患者様による取り消しと変更の締め切りが、開始の{0}分前から{1}分前に変わります。すでにある予約も同じです。"
        ),
        "max_per_patient_day": "お一人の予約は1日{0}件までから{1}件までに変わります。超えている予約はそのままです。",
        "buffer_minutes": "新しい予約の後に空ける時間が{0}分から{1}分に変わります。すでにある予約はそのままです。",
        "max_open_appointments": "{meaning}すでにある予約はそのままです。",
    },
}
_BROWSING = {
    "en": {
        True: "Everybody sees the clinic, its doctors and their free slots, also without signing in.",
        False: "Only people who have signed in see the clinic, its doctors and their free slots.",
    },
    "ja": {
        True: "ログインしていない方も含め、誰でも医療機関、医師、空き時間を見られるようになります。",
        False: "医療機関、医師、空き時間を見られるのは、ログインした方だけになります。",
    },
}


def meanings(policy: Policy, language: str) -> list[tuple[str, int, str]]:
    """Each rule: its name, its value, and what it means, in English (`en`) or Japanese (`ja`)."""
    return [(name, value, _meaning(name, value, language)) for name, value in asdict(policy).items()]


def consequences(before: Policy, after: Policy, language: str) -> list[str]:
    """What a change of the policy does to bookings, a sentence or two for each rule that changes, in `en` or `ja`."""
    values = asdict(after)
    return [
        _CHANGES[language][name].format(value, values[name], meaning=_meaning(name, values[name], language))
        for name, value in asdict(before).items()
        if value != values[name]
    ]


def holiday_consequences(closed: int, opened: int, booked: int, language: str) -> list[str]:
    """What other holidays do to bookings: days that close, days that open again, appointments on those that close."""
    if language == "ja":
        left = (
            f"この間の予約{booked}件はそのまま残ります。取り消すか、変更してください。"
            if booked
            else "影響を受ける予約はありません。"
        )
        shut = [f"{closed}日が休診日になり、予約できなくなります。{left}"] if closed else []
        return shut + ([f"{opened}日が休診日でなくなり、診療時間の枠を再び予約できます。"] if opened else [])
    found = []
    if closed:
        days = "1 day becomes a holiday" if closed == 1 else f"{closed} days become holidays"
        left = {
            0: "no appointment is affected",
            1: "1 appointment there stays as it is: cancel or move it",
        }.get(booked, f"{booked} appointments there stay as they are: cancel or move them")
        found.append(f"{days}, when nobody can book; {left}.")
    if opened:
        days = "1 day is no longer a holiday" if opened == 1 else f"{opened} days are no longer holidays"
        found.append(f"{days}: the slots of the working hours can be booked again.")
    return found


def browsing_consequences(before: bool, after: bool, language: str) -> list[str]:
    """What it does if everybody may look at a clinic from now on, or nobody but those who have signed in."""
    if before == after:
        return []
    return [_BROWSING[language][after]]


def _meaning(name: str, value: int, language: str) -> str:
    if name == "max_open_appointments" and not value:
        return _UNLIMITED[language]
    return _MEANINGS[language][name].format(value)


def zone_consequences(before: str, after: str, shifted: int, language: str) -> list[str]:
    """What another time zone does to bookings; `shifted` appointments get another time of day."""
    if before == after:
        return []
    if language == "ja":
        kept = f"診療時間は時計の時刻のままで、{before}ではなく{after}の時刻になります。"
        told = "患者様に通知は送られないのでご連絡ください。連携システムでは一覧を取り直してください。"
        return [kept, f"今後の予約{shifted}件は、日時は動かず、時刻の表示が変わります。{told}"] if shifted else [kept]
    hours = f"Working hours stay as they are on the wall clock, which shows the time of {after} instead of {before}."
    if not shifted:
        return [f"{hours} No appointment ahead gets another time of day."]
    which = "1 appointment ahead gets" if shifted == 1 else f"{shifted} appointments ahead get"
    tell = "tell the patients, since no notice is sent, and have systems that follow it list again"
    return [hours, f"{which} another time of day without moving: {tell}."]
