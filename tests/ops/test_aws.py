"""The AWS stack as its templates say it: sizes, rights, secrets, and that it runs programs that there are."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from ops.aws import sizes
from server.__main__ import COMMANDS
from server.config import Settings, load
from server.edge.limits import Limits
from server.local.servers import binaries
from server.notifications.wiring import CONNECTIONS, QUEUE_CONNECTIONS
from server.telemetry import catalogue
from server.usecases.maintenance.capacity import PER_TASK
from tests.ops.templates import PROGRAMS, ROOT, Resources, containers, environment, of, of_name

WATCHING = 1


def test_cloudformation_would_take_the_templates(templates: list[Path]) -> None:
    # Zones are named on purpose, and the library adds some dependencies twice.
    ignored = ["--ignore-checks", "W3010", "W3005"]
    command: list[str | Path] = [PROGRAMS / "cfn-lint", *ignored, "--", *templates]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_documents_list_what_is_made(resources: Resources) -> None:
    counted = Counter(each["Type"].removeprefix("AWS::") for each in resources.values())
    rows = [f"| {kind} | {number} |" for kind, number in sorted(counted.items())]
    written = [row for row in (ROOT / "docs/aws.md").read_text().splitlines() if re.match(r"\| \w+::\w+ \|", row)]
    assert written == rows


def test_all_pools_together_fit_into_the_database(resources: Resources) -> None:
    worker = Settings.model_fields["pool_size"].default + WATCHING
    notification = CONNECTIONS + QUEUE_CONNECTIONS + WATCHING
    tasks = [task for task in of(resources, "ECS::TaskDefinition") if task["Family"] == "yoyaku-server"]
    workers = sum(each["Command"] == ["serve"] for each in tasks[0]["ContainerDefinitions"] if "Command" in each)
    most = {each["ResourceId"]["Fn::Join"][1][3]["Fn::GetAtt"][0]: each["MaxCapacity"] for each in scalable(resources)}
    servers, notifications = (
        next(count for name, count in most.items() if name.startswith(which)) for which in ("Server", "Notifications")
    )
    # A deployment runs the old tasks beside the new ones.
    needed = 2 * (servers * workers * worker + notifications * notification) + sizes.CONNECTIONS_FOR_PEOPLE
    [parameters] = of(resources, "RDS::DBParameterGroup")
    allowed = int(parameters["Parameters"]["max_connections"])
    assert needed <= allowed
    tasks_of_setting = int(environment(next(containers(resources)))["YOYAKU_TASKS"])
    assert tasks_of_setting * PER_TASK <= allowed  # or workers warn at start


def scalable(resources: Resources) -> list[dict[str, Any]]:
    return of(resources, "ApplicationAutoScaling::ScalableTarget")


def test_containers_run_commands_and_settings_that_there_are(resources: Resources) -> None:
    ran = []
    for each in containers(resources):
        settings = dict.fromkeys((secret["Name"] for secret in each.get("Secrets", [])), "x")
        settings |= {name: value if isinstance(value, str) else "x" for name, value in environment(each).items()}
        urls = {name for name in settings if name.endswith(("_CACHE_URL", "_TOKEN_STORE_URL"))}
        settings |= dict.fromkeys(urls, "rediss://x:6379/0") | {"YOYAKU_DATABASE_URL": "postgresql://x@x/x"}
        if "serve" in each.get("Command", []) or "worker" in each.get("Command", []):
            load(Settings, settings)
        assert each["User"] == "10001:10001"
        if each["Name"] not in {"envoy", "collector"}:
            assert each["Command"][0] in COMMANDS
            ran.append(each["Command"][0])
    assert sorted(ran) == ["certificate", "envoy-config", "migrate", "serve", "serve", "worker"]


def test_migrations_of_a_new_release_run_while_the_old_one_serves(resources: Resources) -> None:
    images = {each["Name"]: json.dumps(each["Image"]) for each in containers(resources)}
    assert '"MigrateDigest"' in images["migrate"]
    assert all('"MigrateDigest"' not in image for name, image in images.items() if name != "migrate")


def test_workers_of_a_task_have_ports_of_their_own_and_share_the_metrics(resources: Resources) -> None:
    settings = [environment(each) for each in containers(resources) if each.get("Command") == ["serve"]]
    assert sorted(each["YOYAKU_LISTEN"] for each in settings) == ["127.0.0.1:50051", "127.0.0.1:50052"]
    collector = yaml.safe_load((ROOT / "ops/aws/collector.yaml").read_text())
    [scraped] = collector["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert {each["YOYAKU_METRICS_LISTEN"] for each in settings} == {scraped["static_configs"][0]["targets"][0]}
    traced = collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]
    assert {each["YOYAKU_TRACES_ENDPOINT"] for each in settings} == {f"http://{traced}"}


def test_envoy_accepts_what_the_steps_before_it_make(resources: Resources, tmp_path: Path) -> None:
    steps = {
        each["Name"]: each["Command"] for each in containers(resources) if not each["Essential"] and "Command" in each
    }
    for name in ("certificate", "edge-config"):
        command = [argument.replace("/run/edge", str(tmp_path)) for argument in steps[name]]
        made = subprocess.run([sys.executable, "-m", "server", *command], cwd=ROOT, capture_output=True, check=False)
        assert made.returncode == 0, made.stderr
    checked: list[str | Path] = [binaries.envoy(), "--mode", "validate", "-c", tmp_path / "envoy" / "envoy.yaml"]
    validated = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert validated.returncode == 0, validated.stderr


def test_containers_may_write_nothing_and_are_one_digest(resources: Resources, templates: list[Path]) -> None:
    for each in containers(resources):
        assert each["ReadonlyRootFilesystem"] is True
        assert each["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
        assert "@" in each["Image"]["Fn::Join"][1]
    parameters = json.loads(next(path for path in templates if "service" in path.name).read_text())["Parameters"]
    digests = {name: each for name, each in parameters.items() if name.endswith("Digest")}
    assert digests.keys() == {"ServerDigest", "MigrateDigest", "EnvoyDigest", "CollectorDigest"}
    assert {each["AllowedPattern"] for each in digests.values()} == {"^sha256:[0-9a-f]{64}$"}
    assert not any("Default" in each for each in digests.values())


def test_the_database_is_the_size_and_has_the_backups_that_are_required(resources: Resources) -> None:
    servers = of(resources, "RDS::DBInstance")
    [primary] = [each for each in servers if "SourceDBInstanceIdentifier" not in each]
    assert len(servers) == 3
    assert {each["DBInstanceClass"] for each in servers} == {"db.r6g.xlarge"}
    assert all(each["EnablePerformanceInsights"] and each["DeletionProtection"] for each in servers)
    assert (primary["MultiAZ"], primary["StorageEncrypted"], primary["AllocatedStorage"]) == (True, True, "500")
    assert primary["BackupRetentionPeriod"] == 7
    assert primary["PreferredBackupWindow"] == "18:00-19:00"  # 03:00 to 04:00 in Japan
    [group] = of(resources, "RDS::DBParameterGroup")
    written = {"log_error_verbosity": "terse", "log_parameter_max_length_on_error": "0", "statement_timeout": "5000"}
    assert written.items() <= group["Parameters"].items()


def test_valkey_is_there_twice_and_forgets_no_refresh_token(resources: Resources) -> None:
    groups = of(resources, "ElastiCache::ReplicationGroup")
    assert len(groups) == 2
    for each in groups:
        assert each["TransitEncryptionEnabled"]
        assert each["AtRestEncryptionEnabled"]
        assert each["AutomaticFailoverEnabled"]
    policies = {each["Properties"]["maxmemory-policy"] for each in of(resources, "ElastiCache::ParameterGroup")}
    assert policies == {"allkeys-lru", "noeviction"}


def test_tasks_come_and_go_as_required(resources: Resources) -> None:
    [service] = [each for each in of(resources, "ECS::Service") if each["ServiceName"] == "yoyaku-server"]
    [target] = [each for each in scalable(resources) if each["MaxCapacity"] == 10]
    assert (target["MinCapacity"], service["DesiredCount"]) == (2, 4)
    by_clock = {
        each["Schedule"]: each["ScalableTargetAction"]["MinCapacity"]
        for each in target["ScheduledActions"]
        if each["Timezone"] == "Asia/Tokyo"
    }
    assert by_clock == {
        "cron(0 9 ? * MON-FRI *)": 4,
        "cron(0 12 ? * MON-FRI *)": 2,
        "cron(0 18 ? * MON-FRI *)": 2,
        "cron(0 22 ? * MON-FRI *)": 2,
        "cron(0 0 ? * SAT-SUN *)": 2,
    }
    policies = [
        each["TargetTrackingScalingPolicyConfiguration"]
        for each in of(resources, "ApplicationAutoScaling::ScalingPolicy")
    ]
    found = {(each["TargetValue"], each.get("ScaleOutCooldown"), each.get("ScaleInCooldown")) for each in policies}
    assert {(100, 60, 300), (60, 120, 300)} <= found


def test_a_release_is_taken_back_by_alarms(resources: Resources) -> None:
    [service] = [each for each in of(resources, "ECS::Service") if each["ServiceName"] == "yoyaku-server"]
    deployment = service["DeploymentConfiguration"]
    assert deployment["Strategy"] == "BLUE_GREEN"
    assert (deployment["Alarms"]["Enable"], deployment["Alarms"]["Rollback"]) == (True, True)
    named = [resources[each["Ref"]]["Properties"]["AlarmName"] for each in deployment["Alarms"]["AlarmNames"]]
    assert named == ["yoyaku-CallsFail", "yoyaku-CallsSlow", "yoyaku-NoTarget"]
    assert len(service["LoadBalancers"]) == 2  # gRPC and REST move together
    versions = Counter(each["ProtocolVersion"] for each in of(resources, "ElasticLoadBalancingV2::TargetGroup"))
    assert versions == {"GRPC": 2, "HTTP1": 2}


def test_alarms_watch_the_ceiling_and_thrashing_and_tell_somebody(resources: Resources) -> None:
    ceiling = of_name(resources, "CloudWatch::Alarm", "AlarmName", "yoyaku-TasksAtTheCeiling")
    assert (ceiling["Threshold"], ceiling["EvaluationPeriods"], ceiling["DatapointsToAlarm"]) == (10, 11, 11)
    thrashing = of_name(resources, "CloudWatch::Alarm", "AlarmName", "yoyaku-Thrashing")
    assert (thrashing["DatapointsToAlarm"], thrashing["EvaluationPeriods"]) == (11, 60)
    assert all(each["AlarmActions"] and each["OKActions"] for each in of(resources, "CloudWatch::Alarm"))


def test_alarms_ask_for_metrics_that_are_measured_and_sent(resources: Resources) -> None:
    page = catalogue.page()
    collector = yaml.safe_load((ROOT / "ops/aws/collector.yaml").read_text())
    sent = [
        selector
        for declaration in collector["exporters"]["awsemf"]["metric_declarations"]
        for selector in declaration["metric_name_selectors"]
    ]
    asked = {each["MetricName"] for each in of(resources, "CloudWatch::Alarm") if each.get("Namespace") == "yoyaku"}
    assert len(asked) == 3
    assert all(any(re.fullmatch(selector, name) for selector in sent) for name in asked)
    assert all(f"`{selector.strip('^$')}`" in page for selector in sent)


def test_the_firewall_allows_an_address_what_the_edge_allows_it(resources: Resources) -> None:
    [firewall] = of(resources, "WAFv2::WebACL")
    [rate] = [each["Statement"]["RateBasedStatement"] for each in firewall["Rules"] if each["Name"] == "floods"]
    assert rate["Limit"] / rate["EvaluationWindowSec"] == Limits().address.per_second


def test_the_queue_gives_up_after_three_receipts(resources: Resources) -> None:
    queue = of_name(resources, "SQS::Queue", "QueueName", "appointment-notifications.fifo")
    assert (queue["FifoQueue"], queue["VisibilityTimeout"]) == (True, 300)
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 3
    dead = resources[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]
    assert dead["QueueName"] == "appointment-notifications-dead.fifo"


def test_the_notification_service_alone_uses_the_queue(resources: Resources) -> None:
    using = [
        name
        for name, each in resources.items()
        if each["Type"] == "AWS::IAM::Policy" and "sqs:" in json.dumps(each["Properties"]["PolicyDocument"])
    ]
    [policy] = using
    said = json.dumps(resources[policy]["Properties"]["PolicyDocument"])
    assert "Notifications" in policy
    assert all(action in said for action in ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"))
    task = of_name(resources, "ECS::TaskDefinition", "Family", "yoyaku-notifications")
    [worker] = [each for each in task["ContainerDefinitions"] if each["Name"] == "notifications"]
    given = {each["Name"] for each in worker["Environment"]}
    assert {"YOYAKU_SQS_QUEUE_URL", "YOYAKU_SQS_REGION"} <= given


def test_the_password_of_the_database_rotates(resources: Resources) -> None:
    rules = [each["RotationRules"]["ScheduleExpression"] for each in of(resources, "SecretsManager::RotationSchedule")]
    assert rules == ["rate(30 days)", "rate(30 days)"]
    isolated = {name for name in resources if re.match("NetworkdataSubnet", name)}
    for rotation in of(resources, "Serverless::Application"):
        assert not isolated & set(re.findall(r'"Ref": "(\w+)"', json.dumps(rotation["Parameters"]["vpcSubnetIds"])))


def test_logs_end_and_are_encrypted(resources: Resources) -> None:
    for each in of(resources, "Logs::LogGroup"):
        assert each["RetentionInDays"] == sizes.LOG_DAYS
        assert each["KmsKeyId"]
