"""Settings: where they come from, and what is refused."""

from pathlib import Path

import pytest

from server.config import BackupSettings, ConfigurationError, LocalSettings, Settings, load

NEEDED = {"YOYAKU_DATABASE_URL": "postgresql://db/yoyaku", "YOYAKU_KEY_ENCRYPTION_KEY": "key"}


def test_settings_come_from_the_environment() -> None:
    settings = load(Settings, NEEDED | {"YOYAKU_POOL_SIZE": "3", "HOME": "/", "YOYAKU_PORT": "1234"})
    assert settings.pool_size == 3
    assert load(LocalSettings, {"YOYAKU_PORT": "1234"}).port == 1234


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
        ({"YOYAKU_KEY_ENCRYPTION_KEY": "key"}, "YOYAKU_DATABASE_URL: Field required"),
        (NEEDED | {"YOYAKU_DATABASE_URL_FILE": "/nowhere"}, "/nowhere, which cannot be read"),
    ],
)
def test_what_is_wrong_is_named(environment: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        load(Settings, environment)


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
