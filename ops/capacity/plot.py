"""A day, or a part of it, as a picture: tasks, latency and refusals, one line for each policy."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from ops.capacity.day import HOUR, OPENING, SECONDS, SURPRISE, TASK_DIES, ZONE_IS_LOST
from ops.capacity.simulation import Moment

WIDTH, HEIGHT, LEFT, TOP, GAP = 940, 150, 90, 60, 50
RIGHT = LEFT + WIDTH
# Readable for the colour-blind too; the widest is drawn first, so that a line behind another one shows.
STYLES = (("#d55e00", 5), ("#0072b2", 3), ("#111111", 1))
EVENTS = {OPENING: "crowd", TASK_DIES: "task dies", ZONE_IS_LOST: "zone lost", SURPRISE: "crowd"}

Value = Callable[[Sequence[Moment]], float]
PANELS: Mapping[str, Value] = {
    "tasks that answer (fewest)": lambda some: min(each.tasks for each in some),
    "p95, ms (of the slowest second)": lambda some: 1000 * max(each.p95 for each in some),
    "calls refused or failed (together)": lambda some: sum(each.refused + each.failed for each in some),
}


class Window(NamedTuple):
    """What is shown, in seconds of the day: from, until, of one point, from one label of the axis to the next."""

    first: int
    last: int
    point: int
    label: int

    def across(self, second: int) -> float:
        """Where a second is drawn."""
        return LEFT + WIDTH * (second - self.first) / (self.last - self.first)


WHOLE_DAY = Window(0, SECONDS, 300, 3 * HOUR)
AROUND_SURPRISE = Window(SURPRISE - 30, SURPRISE + 150, 1, 30)


def picture(title: str, window: Window, replays: Mapping[str, Sequence[Moment]]) -> str:
    """An SVG with a panel for each value."""
    bottom = TOP + len(PANELS) * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {RIGHT + 30} {bottom}" font-family="sans-serif">',
        f'<rect width="{RIGHT + 30}" height="{bottom}" fill="white"/>',
        _text(LEFT, 20, title),
    ]
    for number, (name, (colour, width)) in enumerate(zip(replays, STYLES, strict=True)):
        left = LEFT + 490 + 150 * number
        parts.append(f'<path d="M{left} 16h30" stroke="{colour}" stroke-width="{width}"/>{_text(left + 38, 20, name)}')
    for number, (label, value) in enumerate(PANELS.items()):
        lines = [_points(moments, window, value) for moments in replays.values()]
        parts += _panel(TOP + number * (HEIGHT + GAP), label, window, lines)
    return "\n".join([*parts, "</svg>", ""])


def _points(moments: Sequence[Moment], window: Window, value: Value) -> list[float]:
    return [value(moments[at : at + window.point]) for at in range(window.first, window.last, window.point)]


def _panel(top: int, label: str, window: Window, lines: Sequence[Sequence[float]]) -> list[str]:
    most = _round_up(max(max(line) for line in lines))
    parts = [_text(LEFT, top - 8, label)]
    for share in (0, 0.5, 1):
        height = top + HEIGHT - share * HEIGHT
        parts.append(f'<path d="M{LEFT} {height:.0f}H{RIGHT}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, height + 4, f"{share * most:,.10g}", "end"))
    labels = range(window.first, window.last + 1, window.label)
    parts += [_text(window.across(second), top + HEIGHT + 16, _clock(second), "middle") for second in labels]
    for second, what in EVENTS.items():
        if window.first <= second < window.last:
            left = window.across(second)
            parts.append(f'<path d="M{left:.0f} {top}v{HEIGHT}" stroke="#999" stroke-dasharray="2 3"/>')
            parts.append(_text(left + 4, top + 12, what))
    step = WIDTH * window.point / (window.last - window.first)
    for (colour, width), line in zip(STYLES, lines, strict=True):
        heights = [round(HEIGHT * value / most) for value in line]
        drawn = f'fill="none" stroke="{colour}" stroke-width="{width}"'
        parts.append(f'<path d="{_steps(heights, top + HEIGHT, step)}" {drawn}/>')
    return parts


def _steps(heights: Sequence[int], bottom: int, step: float) -> str:
    """A path from left to right, level for each point."""
    path, left = f"M{LEFT} {bottom - heights[0]}", float(LEFT)
    for height, same in groupby(heights):
        left += step * len(list(same))
        path += f"V{bottom - height}H{left:.1f}"
    return path


def _clock(second: int) -> str:
    minutes, seconds = divmod(second, 60)
    return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def _round_up(number: float) -> float:
    """To one or two digits that are easy to halve."""
    power = 10 ** math.floor(math.log10(number))
    return float(next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= number))


def _text(left: float, top: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{left:.0f}" y="{top:.0f}" font-size="13" text-anchor="{anchor}">{escape(text)}</text>'
