# SPDX-License-Identifier: Apache-2.0
"""Values as they leave, through the hidden batch form: expected values are those of the reference (engine.md 19)."""
import json

import pytest

MARK = "***REDACTED***"


def sanitised(cli, *values):
    done = cli("sanitize", "--jsonl", stdin="".join(json.dumps({"value": value}) + "\n" for value in values))
    assert done.code == 0, done.err
    return [json.loads(line)["value"] for line in done.out.splitlines()]


@pytest.mark.parametrize("key", """password passwd pwd secret token api_key apikey auth_token access_token refresh_token
    private_key secret_key credential credentials bearer authorization aws_secret_access_key aws_session_token
    db_password database_password connection_string""".split())
def test_a_telling_key_hides_its_value_in_any_spelling(cli, key):
    spellings = [key, key.upper(), key.replace("_", "-"), key.title()]
    values = [{"data": {spelling: value}} for spelling in spellings for value in ("x", 1, None, [1], {"a": 1})]
    expected = [{"data": {spelling: MARK}} for spelling in spellings for _ in range(5)]
    assert sanitised(cli, *values) == expected


def test_other_values_are_as_they_were(cli):
    value = {"tokens": 5, "my_password": "abc", "list": [1, 2.5, True, None, "text"], "empty": {}, "naïve": "日本"}
    assert sanitised(cli, value) == [value]


def test_texts_lose_their_secrets(cli):
    assert sanitised(cli, ["Authorization: Bearer X", "https://u:p@h/", {"log": "using password=abc now"}]) == [
        [f"Authorization={MARK}", f"https://{MARK}@h/", {"log": f"using password={MARK} now"}]]
