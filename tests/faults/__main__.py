"""`make soak MINUTES=10`: one fault after the other under load, at random, and a summary of all at the end."""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter

from tests.faults.breaking import FAULTS
from tests.faults.conftest import visiting
from tests.faults.load import load
from tests.faults.town import Town, town

SECONDS = 2.0
"""Of undisturbed load, before and after a fault."""
DAYS = 60


async def soak(place: Town, minutes: float) -> list[str]:
    """Break the town until the time is over; the contradictions found."""
    done: Counter[str] = Counter()
    longest: dict[str, float] = {}
    writes = reads = 0
    contradictions: list[str] = []
    end, rounds = time.monotonic() + minutes * 60, 0
    async with visiting(place) as fleet:
        while time.monotonic() < end:
            fault = random.choice([*FAULTS])
            async with load(fleet, patients=random.choice((8, 40)), days_ahead=3 + rounds % DAYS) as running:
                await asyncio.sleep(SECONDS)
                await FAULTS[fault](place, fleet)
                await running.serves_again()
                await asyncio.sleep(SECONDS)
            rounds += 1
            found = await running.contradictions()
            print(f"{fault}: {running.summary()}; {len(found)} contradictions", flush=True)
            contradictions += found
            done[fault] += 1
            longest[fault] = max(longest.get(fault, 0.0), running.notes.seconds_without_writes())
            writes += len(running.notes.written_at)
            reads += len(running.notes.history.listings)
    print(f"\n{rounds} faults, {writes} writes acknowledged, {reads} reads, {len(contradictions)} contradictions")
    for fault, times in sorted(done.items()):
        print(f"  {fault:<22}{times:>4} times, at most {longest[fault]:.1f} s without writes")
    return contradictions


def main() -> None:
    """Exit code 1 if anything contradicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    with town() as place:
        contradictions = asyncio.run(soak(place, parser.parse_args().minutes))
    for each in contradictions:
        print(each, file=sys.stderr)
    sys.exit(bool(contradictions))


if __name__ == "__main__":
    main()
