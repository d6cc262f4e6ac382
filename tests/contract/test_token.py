# SPDX-License-Identifier: Apache-2.0
"""`budpipeline token`: made, listed and revoked in the store, whether or not the service runs."""
import datetime
import json
import re
import sqlite3

import pytest

TOKEN = re.compile(r"bp_[A-Za-z0-9_-]{43}\n")


@pytest.fixture
def token(cli, tmp_path):
    """Runs `budpipeline token` on a store of this test."""

    def run(*arguments):
        return cli("token", *arguments, "--store", f"sqlite:{tmp_path}/store.db")

    return run


def listed(token):
    return {each["name"]: each for each in json.loads(token("list", "--format", "json").out)}


def test_a_token_is_made_before_the_service_has_ever_run(token):
    done = token("create", "ci")
    assert done.code == 0 and TOKEN.fullmatch(done.out) and done.err == ""
    each = listed(token)["ci"]
    assert each["owner"] == "ci" and each["scopes"] == ["read", "pipelines", "execute"]
    assert each["expires_at"] is None and each["revoked"] is False


def test_each_token_is_another(token):
    assert len({token("create", f"t{i}").out for i in range(5)}) == 5


def test_the_secret_is_kept_nowhere(token, tmp_path):
    secret = token("create", "ci").out.strip()
    assert secret not in token("list").out + token("list", "--format", "json").out
    sqlite3.connect(tmp_path / "store.db").execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in kept and secret[3:].encode() not in kept


def test_scopes_owner_and_expiry_are_kept(token):
    before = datetime.datetime.now(datetime.timezone.utc)
    done = token("create", "app", "--scope", "read,metrics", "--scope", "act-as", "--owner", "ada", "--expires-in", "12h",
                 "--format", "json")
    made = json.loads(done.out)
    assert TOKEN.fullmatch(made.pop("token") + "\n")
    each = listed(token)["app"]
    assert each.pop("revoked") is False and each == made
    assert each["owner"] == "ada" and each["scopes"] == ["read", "metrics", "act-as"]
    expires = datetime.datetime.fromisoformat(each["expires_at"])
    assert abs(expires - before - datetime.timedelta(hours=12)) < datetime.timedelta(minutes=1)
    row = token("list").out.splitlines()[1]
    assert re.fullmatch(r"app +ada +read metrics act-as +\S+ +\S+ +valid", row)


def test_a_revoked_token_stays_in_the_list(token):
    token("create", "ci")
    assert token("revoke", "ci").code == 0
    assert listed(token)["ci"]["revoked"] is True and token("list").out.splitlines()[1].endswith("revoked")


@pytest.mark.parametrize("arguments, message", [
    (("create", "x", "--scope", "everything"), "--scope: 'everything' is none of read, pipelines, execute"),
    (("create", "x", "--scope", ""), "--scope: '' is none of read, pipelines, execute"),
    (("create", "x", "--expires-in", "soon"), "--expires-in: 'soon' is no duration as 90m, 12h, 30d or 52w"),
    (("create", "x", "--expires-in", "12"), "is no duration"),
    (("create", "x", "--expires-in", "0d"), "is no duration"),
    (("create", "x", "--expires-in", "9999999999999999w"), "is no duration"),
    (("create", ""), "names of tokens and owners have 1 to 100 bytes"),
    (("create", "x" * 101), "names of tokens and owners have 1 to 100 bytes"),
    (("revoke", "nobody"), "there is no token 'nobody'"),
    (("create", "first"), "there is a token 'first' already"),
])
def test_what_is_wrong_is_said_and_changes_nothing(token, arguments, message):
    assert token("create", "first").code == 0
    done = token(*arguments)
    assert (done.code, done.out) == (2, "") and message in done.err
    assert list(listed(token)) == ["first"]


def test_a_store_that_is_not_there_has_no_tokens(token, tmp_path):
    done = token("list")
    assert done.code == 2 and "STORE_NOT_FOUND" in done.err and not (tmp_path / "store.db").exists()


def test_the_default_store_is_made_for_its_owner_alone(cli, tmp_path):
    done = cli("token", "create", "ci", env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert done.code == 0, done.err
    folder = tmp_path / "state/budpipeline"
    assert folder.stat().st_mode & 0o777 == 0o700 and (folder / "budpipeline.db").exists()


def test_a_store_in_memory_is_refused(cli):
    done = cli("token", "create", "ci", "--store", "memory:")
    assert done.code == 2 and "--store" in done.err
