"""Settings: where they come from, and what is refused."""

from pathlib import Path

import pytest

from server.config import BackupSettings, ConfigurationError, LocalSettings, Settings, load

NEEDED = {"YOYAKU_DATABASE_URL": "postgresql://db/yoyaku", "YOYAKU_KEY_ENCRYPTION_KEY": "key"}


def test_settings_come_from_the_environment() -> None:
    settings = load(Settings, NEEDED | {"YOYAKU_POOL_SIZE": "3", "HOME": "/", "YOYAKU_PORT": "1234"})
    assert settings.pool_size == 3
    assert load(LocalSettings, {"YOYAKU_PORT": "1234"}).port == 1234


def test_a_machine_that_only_restores_needs_no_url_to_take_backups_from() -> None:
    assert not load(BackupSettings, {"YOYAKU_BACKUP_DIRECTORY": "/backups"}).backup_url.get_secret_value()
    with pytest.raises(ConfigurationError, match="YOYAKU_BACKUP_URL must be like postgresql://"):
        load(BackupSettings, {"YOYAKU_BACKUP_DIRECTORY": "/backups", "YOYAKU_BACKUP_URL": "host"})


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "a secret"
    secret.write_text("postgresql://from/file\n")
    environment = {**NEEDED, "YOYAKU_DATABASE_URL_FILE": str(secret)}
    assert load(Settings, environment).database_url.get_secret_value() == "postgresql://from/file"


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        (NEEDED | {"YOYAKU_POOLSIZE": "3"}, "unknown settings YOYAKU_POOLSIZE"),
        (NEEDED | {"YOYAKU_POOL_SIZE": "many"}, "YOYAKU_POOL_SIZE"),
        ({"YOYAKU_KEY_ENCRYPTION_KEY": "key"}, r"YOYAKU_DATABASE_URL is not set \(postgresql:// URL of the primary"),
        (NEEDED | {"YOYAKU_LISTEN": "here"}, r"YOYAKU_LISTEN must be HOST:PORT, .* \(host:port of this worker"),
        (NEEDED | {"YOYAKU_LOG_LEVEL": "loud"}, r"YOYAKU_LOG_LEVEL is malformed \(debug, info, warning or error\)"),
        (NEEDED | {"YOYAKU_DATABASE_URL_FILE": "/nowhere"}, "/nowhere, which cannot be read"),
    ],
)
def test_what_is_wrong_is_named(environment: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        load(Settings, environment)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://yoyaku:hunter2@host/yoyaku"),
        ("DATABASE_URL", "postgresql://yoyaku:hunter2/7@host/yoyaku"),
        ("DATABASE_URL", "postgresql://yoyaku:hunter2#7@host/yoyaku"),
        ("DATABASE_URL", "postgresql://[yoyaku:hunter2@host/yoyaku"),
        ("DATABASE_URL", "host=host password=hunter2"),
        ("CACHE_URL", "host:6379"),
    ],
)
def test_a_malformed_url_is_refused_and_not_shown(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"YOYAKU_{name} must be like \w+://USER:PASSWORD@HOST") as refused:
        load(Settings, NEEDED | {f"YOYAKU_{name}": url})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:p%2F@a:1,b:2/n", "postgresql://u@[::1]:5432/n", "postgresql:///n?host=/tmp"]
)
def test_a_url_may_list_hosts_and_name_a_socket(url: str) -> None:
    assert load(Settings, NEEDED | {"YOYAKU_DATABASE_URL": url}).database_url.get_secret_value() == url


@pytest.mark.parametrize("origin", ["localhost:3000", "http://localhost:3000/", "*", "https://*.example.org"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"YOYAKU_ORIGINS.*is no origin: write it as http://localhost:3000"):
        load(LocalSettings, {"YOYAKU_ORIGINS": f"https://app.example.org {origin}"})


def test_no_page_may_call_if_no_origin_is_named() -> None:
    assert load(LocalSettings, {"YOYAKU_ORIGINS": ""}).origins.split() == []


def test_a_bad_value_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(Settings, NEEDED | {"YOYAKU_LISTEN": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_every_setting_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    for model in (Settings, LocalSettings, BackupSettings):
        for name in model.model_fields:
            assert f"`YOYAKU_{name.upper()}`" in text
