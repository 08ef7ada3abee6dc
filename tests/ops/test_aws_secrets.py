"""What the AWS stack keeps secret, who has which rights in it, and what is open to the world."""

from tests.ops.templates import Resources, containers, environment, of


def test_no_secret_is_in_a_template(resources: Resources) -> None:
    for secret in of(resources, "SecretsManager::Secret"):
        assert "SecretString" not in secret
    passwords = [
        each["MasterUserPassword"] for each in of(resources, "RDS::DBInstance") if "MasterUserPassword" in each
    ]
    passwords += [password for user in of(resources, "ElastiCache::User") for password in user["Passwords"]]
    assert len(passwords) == 3
    assert all(each["Fn::Join"][1][0] == "{{resolve:secretsmanager:" for each in passwords)
    secret_names = {"DATABASE_PASSWORD", "KEY", "KEYS", "PASSWORD", "SMTP_URL"}
    for each in containers(resources):
        assert not [name for name in environment(each) if any(name.endswith(end) for end in secret_names)]


def test_rights_are_for_named_actions_on_named_things(resources: Resources) -> None:
    may_name_nothing = {
        "ecr:GetAuthorizationToken",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    }
    for policy in of(resources, "IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any(action == "*" or action.endswith(":*") for action in actions)
            if statement.get("Resource") == "*" and not all(action.startswith("logs:") for action in actions):
                assert set(actions) <= may_name_nothing, actions
            if "NotResource" in statement:
                assert (actions, statement["NotResource"]) == (["sns:Publish"], "arn:aws:sns:*:*:*")


def test_only_the_load_balancer_is_open_to_the_world(resources: Resources) -> None:
    opened = [
        (rule["FromPort"], rule["ToPort"])
        for group in of(resources, "EC2::SecurityGroup")
        for rule in group.get("SecurityGroupIngress", [])
        if rule.get("CidrIp") == "0.0.0.0/0"
    ]
    opened += [each["CidrIp"] for each in of(resources, "EC2::SecurityGroupIngress") if "CidrIp" in each]
    assert sorted(opened) == [(80, 80), (443, 443)]
    assert not any(each["PubliclyAccessible"] for each in of(resources, "RDS::DBInstance"))
