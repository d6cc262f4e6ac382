# SPDX-License-Identifier: Apache-2.0
"""Who may ask: bearer tokens, scopes, users, and the platform's own token."""
import time
import uuid

import httpx
import pytest

DAG = {"name": "p", "steps": [{"id": "a", "name": "A", "action": "log"}]}


class Guarded:
    """A service that demands tokens, and the tokens made for it."""

    def __init__(self, serve, cli, folder):
        self.store = f"sqlite:{folder / 'store.db'}"
        self.url = serve("--auth", "--auth-app-api-token", "platform-secret", store=self.store).url
        self.cli, self.made = cli, 0

    def token(self, *scopes, **options):
        """A new token with these scopes."""
        self.made += 1
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        done = self.cli("token", "create", f"t{self.made}", "--store", self.store, "--scope", ",".join(scopes), *given)
        assert done.code == 0, done.err
        return done.out.strip()

    def revoke(self):
        """Revokes the last token."""
        assert self.cli("token", "revoke", f"t{self.made}", "--store", self.store).code == 0

    def request(self, method, path, token=None, headers=None, **how):
        """A request with a token. @return the answer"""
        given = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.url + path, headers=given | (headers or {}), timeout=10, **how)


@pytest.fixture(scope="module")
def guarded(serve_module, cli, tmp_path_factory):
    """A service that demands tokens."""
    return Guarded(serve_module, cli, tmp_path_factory.mktemp("guarded"))


def test_some_routes_are_open(guarded):
    for path in ("/", "/health", "/ready", "/docs", "/openapi.json"):
        assert guarded.request("GET", path).status_code == 200, path


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer bp_short", "Basic dXNlcjpwYXNz",
                                    "Bearer bp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Bearer " + "x" * 5000])
def test_without_a_token_that_counts(guarded, header):
    answer = guarded.request("GET", "/actions", headers={"Authorization": header} if header else None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_in_the_url_does_not_count(guarded):
    assert guarded.request("GET", f"/actions?token={guarded.token('read')}").status_code == 401


def test_scopes(guarded):
    tokens = {scope: guarded.token(scope) for scope in ("read", "pipelines", "metrics", "admin")}
    body = {"dag": DAG, "name": f"p-{uuid.uuid4()}"}
    assert guarded.request("GET", "/actions", tokens["read"]).status_code == 200
    assert guarded.request("GET", "/actions", tokens["pipelines"]).status_code == 403
    assert guarded.request("POST", "/pipelines", tokens["read"], json=body).status_code == 403
    assert guarded.request("POST", "/pipelines", tokens["pipelines"], json=body).status_code == 201
    assert guarded.request("GET", "/metrics", tokens["read"]).status_code == 403
    assert guarded.request("GET", "/metrics", tokens["metrics"]).status_code == 200
    for path in ("/actions", "/pipelines", "/metrics"):
        assert guarded.request("GET", path, tokens["admin"]).status_code == 200


def test_the_scheme_is_of_any_case(guarded):
    assert guarded.request("GET", "/actions", headers={"Authorization": f"bearer {guarded.token('read')}"}).status_code == 200


def test_a_revoked_token_is_refused_within_a_second(guarded):
    given = guarded.token("read")
    assert guarded.request("GET", "/actions", given).status_code == 200
    guarded.revoke()
    time.sleep(1.2)
    assert guarded.request("GET", "/actions", given).status_code == 401


def test_the_user_header_needs_act_as(guarded):
    user, owner = str(uuid.uuid4()), str(uuid.uuid4())
    plain, trusted, owned = guarded.token("pipelines"), guarded.token("pipelines", "act-as"), guarded.token("pipelines", owner=owner)

    def owner_of(given, **body):
        answer = guarded.request("POST", "/pipelines", given, json={"dag": DAG, "name": f"p-{uuid.uuid4()}", **body},
                         headers={"X-User-ID": user})
        assert answer.status_code == 201, answer.text
        return answer.json()["user_id"]

    assert owner_of(plain) is None
    assert owner_of(plain, user_id=user) is None
    assert owner_of(trusted) == user
    assert owner_of(trusted, user_id=owner) == owner
    assert owner_of(owned) == owner
    assert owner_of(owned, user_id=user) == owner


def test_isolated_users(serve_module):
    service = serve_module("--auth-isolate-users")
    user = {"X-User-ID": str(uuid.uuid4())}
    with httpx.Client(base_url=service.url, timeout=10) as api:
        owned = api.post("/pipelines", json={"dag": DAG, "name": "owned"}, headers=user).json()["id"]
        common = api.post("/pipelines", json={"dag": DAG, "name": "common", "system_owned": True}, headers=user).json()["id"]
        free = api.post("/pipelines", json={"dag": DAG, "name": "free"}).json()["id"]
        assert {row["id"] for row in api.get("/pipelines").json()} == {common, free}
        assert {row["id"] for row in api.get("/pipelines", headers=user).json()} >= {owned}
        assert [api.get(f"/pipelines/{one}").status_code for one in (owned, common, free)] == [404, 200, 200]
        assert api.put(f"/pipelines/{owned}", json={"dag": DAG, "name": "mine now"}).status_code == 404
        assert api.delete(f"/pipelines/{owned}").status_code == 404
