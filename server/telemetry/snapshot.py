"""Derives rates, latencies and states of a task from scrapes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The samples of a scrape of all processes, by name and labels."""

    samples: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)

    @staticmethod
    def of(text: str) -> "Snapshot":
        """Read Prometheus' text format (ValueError)."""
        samples: dict[str, dict[Labels, float]] = defaultdict(dict)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                samples[sample.name][tuple(sorted(sample.labels.items()))] = sample.value
        return Snapshot(samples)

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The sums of a metric, grouped by some of its labels."""
        sums: dict[tuple[str, ...], float] = defaultdict(float)
        for pairs, value in self.samples.get(name, {}).items():
            found = dict(pairs)
            sums[tuple(found.get(label, "") for label in labels)] += value
        return dict(sums)

    def extreme(self, name: str, *labels: str, lowest: bool = False) -> dict[tuple[str, ...], float]:
        """The highest, or lowest, value of a metric, grouped by some of its labels."""
        values: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for pairs, value in self.samples.get(name, {}).items():
            found = dict(pairs)
            values[tuple(found.get(label, "") for label in labels)].append(value)
        return {key: (min if lowest else max)(all_) for key, all_ in values.items()}

    def since(self, before: "Snapshot") -> "Snapshot":
        """The increase of each counter since `before`; a counter that was reset counts from zero."""
        return Snapshot(
            {
                name: {
                    labels: value - old if value >= (old := before.samples.get(name, {}).get(labels, 0.0)) else value
                    for labels, value in values.items()
                }
                for name, values in self.samples.items()
            }
        )

    def quantile(self, q: float, histogram: str, label: str) -> dict[str, float]:
        """The upper bound of the bucket that contains the quantile, by a label; infinite above the last bucket."""
        buckets: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
        for pairs, value in self.samples.get(f"{histogram}_bucket", {}).items():
            found = dict(pairs)
            buckets[found.get(label, "")][float(found["le"])] += value
        return {
            key: _quantile(q, sorted(counts.items())) for key, counts in buckets.items() if max(counts.values()) > 0
        }


def _quantile(q: float, cumulative: Iterable[tuple[float, float]]) -> float:
    counts = list(cumulative)
    wanted = q * counts[-1][1]
    return next(bound for bound, count in counts if count >= wanted)
