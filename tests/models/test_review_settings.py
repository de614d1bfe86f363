"""What a review found: settings that could not work, or that would have carried a secret into results."""

from __future__ import annotations

import datetime

import pytest
from pydantic import ValidationError

from valuelex.elicitation import ElicitationSettings, Prompt, RespondentSettings
from valuelex.errors import EndpointError
from valuelex.models import ModelSettings, key_from_environment


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "http://user:secret@host/v1"}, "api_key_env"),
        ({"base_url": "https://host/v1?api-key=secret"}, "api_key_env"),
        ({"base_url": "foo"}, "must be an address"),
        ({"base_url": "ftp://host/v1"}, "must be an address"),
        ({"base_url": "http://"}, "must be an address"),
        ({"base_url": "http://[::1"}, "must be an address"),
        ({"base_url": "http://host:99999/v1"}, "must be an address"),
        ({"extra_body": {"x": float("nan")}}, "JSON has no form"),
        ({"extra_body": {"x": datetime.date(2024, 1, 1)}}, "JSON has no form"),
        ({"extra_body": {"score": {}}}, "follow from the design"),
        ({"headers": {"X Y": "a"}}, "no header can hold"),
        ({"headers": {"X": "a\nY: b"}}, "no header can hold"),
    ],
)
def test_models_that_could_not_be_asked_are_refused_at_once(settings: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        ModelSettings(id="m", **settings)
    assert caught.value.errors()[0]["loc"] == (next(iter(settings)),)
    # The study file's errors show what stood there only where a type is wrong.
    assert "secret" not in caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/v1", "https://openrouter.ai/api/v1", "http://[::1]:80/v1"])
def test_addresses_that_are_good(address: str) -> None:
    assert ModelSettings(id="m", base_url=address).base_url == address


@pytest.mark.parametrize("key", ["sk-0123456789\n", "sk-\u00e4-0123456789", "a\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_hold_is_named_by_its_variable_alone(monkeypatch, key: str) -> None:
    monkeypatch.setenv("REVIEW_KEY", key)
    with pytest.raises(EndpointError, match=r"\$?REVIEW_KEY holds a line end") as caught:
        key_from_environment("REVIEW_KEY")
    assert key.strip() not in str(caught.value) and "sk-" not in str(caught.value)


def test_a_rule_that_would_never_be_looked_at_is_refused() -> None:
    with pytest.raises(ValidationError, match="never be looked at"):
        ElicitationSettings(samples=2, stop_when={"coverage": 0.9, "min_samples": 3})
    assert ElicitationSettings(samples=3, stop_when={"coverage": 0.9, "min_samples": 3}).stop_when.min_samples == 3


def test_blank_texts_are_refused() -> None:
    with pytest.raises(ValidationError, match="without text"):
        RespondentSettings(personas=["a judge", " "])
    with pytest.raises(ValidationError, match="blank"):
        Prompt(id="p", text="Name values.", reordered=" ")
