"""Calls made up from the OpenAPI file, good ones and bad ones, by callers of every role: none is a 5xx."""

import json
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():  # of its own dependencies
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode

from tests.edge.clinic import Stack
from tests.edge.envoys import Edge

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text())
EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "8"))
"""Calls for each method and kind."""


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    found: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    return {f"{each.method.upper()} {each.path}": each for each in found}


def methods() -> Iterator[tuple[str, GenerationMode]]:
    """All but streams, which do not end; where there is nothing to get right there is nothing to get wrong."""
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            if not path.endswith(":watch"):
                yield f"{verb.upper()} {path}", GenerationMode.POSITIVE
                if "parameters" in operation or "requestBody" in operation:
                    yield f"{verb.upper()} {path}", GenerationMode.NEGATIVE


def with_real_ids(value: Any, real: dict[str, str]) -> Any:
    """The same with ids of what there is, so that calls get further than NOT_FOUND."""
    if isinstance(value, dict):
        return {key: real.get(key, with_real_ids(each, real)) for key, each in value.items()}
    return [with_real_ids(each, real) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "mode"), list(methods()))
def test_no_call_is_a_fault_of_the_server(
    edge: Edge, stack: Stack, operations: dict[str, Any], name: str, mode: GenerationMode
) -> None:
    clinic = stack.clinic
    real = {"clinic_id": clinic.clinic, "doctor_id": clinic.doctor, "patient_id": clinic.patient, "date": clinic.day}
    callers = st.sampled_from(["patient", "staff", "admin", "stranger"])

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operations[name].as_strategy(generation_mode=mode), caller=callers, known=st.booleans())
    def call(case: Any, caller: str, known: bool) -> None:
        if known:
            for part in ("path_parameters", "query", "body"):
                setattr(case, part, with_real_ids(getattr(case, part), real))
        answer = case.call(base_url=edge.url, headers={"authorization": f"Bearer {clinic.tokens[caller]}"}, timeout=20)
        seen[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.as_curl_command()} -> {answer.text}"

    call()


seen: Counter[int] = Counter()


def test_calls_of_every_kind_were_made() -> None:
    """Not one half of them alone: some succeeded, some were refused by the edge or the server."""
    assert {200, 400, 403, 404} <= set(seen)
