"""The manifests of ops/k8s: valid for Kubernetes, true to the programs, and of the same policy as on AWS."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from ops.aws import sizes
from server.__main__ import COMMANDS
from server.config import Settings, load
from server.local.servers import binaries

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "ops" / "k8s"
KUSTOMIZATION = yaml.safe_load((HERE / "kustomization.yaml").read_text())
FILES = (*KUSTOMIZATION["resources"], "migrate.yaml")
MANIFESTS: list[dict[str, Any]] = [each for name in FILES for each in yaml.safe_load_all((HERE / name).read_text())]


def named(kind: str, name: str) -> dict[str, Any]:
    [found] = [each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pods() -> Iterator[dict[str, Any]]:
    for each in MANIFESTS:
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield template["spec"]


def containers() -> Iterator[dict[str, Any]]:
    for pod in pods():
        yield from (*pod.get("initContainers", []), *pod["containers"])


def settings(container: dict[str, Any]) -> dict[str, str]:
    own = {each["name"]: each["value"] for each in container.get("env", [])}
    return own | (named("ConfigMap", "settings")["data"] if "envFrom" in container else {})


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_kubernetes_takes_it(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_every_file_is_part_of_it() -> None:
    files = {path.name for path in HERE.glob("*.yaml")}
    assert files == {*KUSTOMIZATION["resources"], "kustomization.yaml", "migrate.yaml"}


IN_SECRETS = {
    "YOYAKU_DATABASE_URL": "postgresql://yoyaku@database/yoyaku",
    "YOYAKU_CACHE_URL": "redis://cache",
    "YOYAKU_TOKEN_STORE_URL": "redis://tokens",
}


def test_containers_run_commands_and_settings_that_there_are() -> None:
    ours = [each for each in containers() if each["image"] == "yoyaku"]
    assert len(ours) == 5
    for each in ours:
        assert each["args"][0] in COMMANDS
        if given := settings(each):
            given_values = {name.removesuffix("_FILE"): value for name, value in given.items()}
            load(Settings, given_values | IN_SECRETS)
            mounted = {mount["mountPath"] for mount in each["volumeMounts"]}
            files = [Path(value) for name, value in given.items() if name.endswith("_FILE")]
            assert {str(path.parent) for path in files} <= mounted


def test_the_secret_that_is_made_by_hand_has_every_file_that_is_read() -> None:
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    made = set(re.findall(r"--from-(?:file|literal)=([a-z-]+)", text))
    read = {
        Path(value).name for name, value in named("ConfigMap", "settings")["data"].items() if name.endswith("_FILE")
    }
    assert read <= made


def test_envoy_accepts_what_its_step_renders(tmp_path: Path) -> None:
    [step] = [each for each in containers() if each["name"] == "edge-config"]
    command = [each.replace("/run/edge", str(tmp_path)) for each in step["args"]]
    made = subprocess.run([sys.executable, "-m", "server", *command], cwd=ROOT, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    checked: list[str | Path] = [binaries.envoy(), "--mode", "validate", "-c", tmp_path / "envoy.yaml"]
    validated = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert validated.returncode == 0, validated.stderr


def test_probes_ask_where_the_programs_listen() -> None:
    for each in containers():
        if each.get("args") == ["serve"]:
            port = int(settings(each)["YOYAKU_LISTEN"].rpartition(":")[2])
            assert {each[probe]["grpc"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")} == {
                port
            }
    for probed in ("envoy", "notifications"):
        [container] = [each for each in containers() if each["name"] == probed]
        ports = {port["name"] for port in container["ports"]}
        assert container["livenessProbe"]["httpGet"]["port"] in ports
    [metrics] = [each for each in containers() if each["name"] == "notifications"]
    assert settings(metrics)["YOYAKU_METRICS_LISTEN"].endswith(f":{metrics['ports'][0]['containerPort']}")


def test_containers_may_write_nothing_but_volumes_and_have_no_rights() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in containers():
        context = each["securityContext"]
        assert context == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["limits"]["memory"]


def test_a_pod_has_time_to_finish_its_calls() -> None:
    pod = named("Deployment", "server")["spec"]["template"]["spec"]
    defaults = {name: Settings.model_fields[name].default for name in ("drain_seconds", "grace_seconds")}
    for each in pod["containers"]:
        waits = each["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert waits + sum(defaults.values()) < pod["terminationGracePeriodSeconds"]
    [envoy] = [each for each in pod["initContainers"] if each["name"] == "envoy"]
    assert envoy["restartPolicy"] == "Always"  # so it outlives the workers


def test_budgets_and_the_service_select_pods_that_there_are() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in MANIFESTS if each["kind"] == "Deployment"]
    budgets = [each["spec"]["selector"]["matchLabels"] for each in MANIFESTS if each["kind"] == "PodDisruptionBudget"]
    assert budgets == labels
    assert named("Service", "edge")["spec"]["selector"] in labels


def test_pods_come_and_go_as_tasks_do_on_aws() -> None:
    scaler = named("HorizontalPodAutoscaler", "server")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (sizes.FEWEST_TASKS, sizes.MOST_TASKS)
    requests, cpu = scaler["metrics"]
    assert requests["pods"]["target"]["averageValue"] == str(sizes.REQUESTS_PER_TASK)
    assert cpu["resource"]["target"]["averageUtilization"] == sizes.BUSY_CPU_PERCENT
    assert scaler["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 60
    assert scaler["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300
    changes = {
        each["spec"]["schedule"]: each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"][-1]
        for each in MANIFESTS
        if each["kind"] == "CronJob" and each["spec"]["timeZone"] == "Asia/Tokyo"
    }
    assert changes == {
        "0 9 * * 1-5": f'{{"spec": {{"minReplicas": {sizes.USUAL_TASKS}}}}}',
        "0 12 * * 1-5": f'{{"spec": {{"minReplicas": {sizes.FEWEST_TASKS}}}}}',
    }


def test_the_database_is_counted_for_the_most_pods() -> None:
    surge = named("Deployment", "server")["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    most = named("HorizontalPodAutoscaler", "server")["spec"]["maxReplicas"] + surge
    assert named("ConfigMap", "settings")["data"]["YOYAKU_TASKS"] == str(most)


def test_the_job_that_migrates_gets_its_image_and_options_as_documented() -> None:
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    [(image, arguments)] = re.findall(r'sed -e "s\|(.*)\|.*\|" -e "s\|(.*)\|.*\|" ops/k8s/migrate.yaml', text)
    job = (HERE / "migrate.yaml").read_text()
    assert len(re.findall(image, job)) == len(re.findall(arguments, job)) == 1
    [program] = named("Job", "migrate")["spec"]["template"]["spec"]["containers"]
    assert (program["image"], program["args"]) == ("yoyaku", ["migrate"])
