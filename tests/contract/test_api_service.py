# SPDX-License-Identifier: Apache-2.0
"""Health, readiness, metrics, and the description of the API."""
import base64
import hashlib
import re
import subprocess
import uuid

import pytest


def test_health(api):
    answer = api.get("/health")
    assert answer.status_code == 200
    found = answer.json()
    assert set(found) == {"status", "service", "version", "database", "fallback_mode"}
    assert (found["status"], found["database"], found["fallback_mode"]) == ("healthy", "connected", False)


def test_readiness(api):
    answer = api.get("/ready")
    assert answer.status_code == 200
    found = answer.json()
    assert {key: found[key] for key in ("status", "dapr_connected", "database_connected", "fallback_active")} == \
        {"status": "ready", "dapr_connected": True, "database_connected": True, "fallback_active": False}


def test_metrics(api):
    api.get("/actions")
    answer = api.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    for name in ("budpipeline_http_request_duration_seconds", "budpipeline_active_executions"):
        assert f"# TYPE {name}" in answer.text
    assert re.search(r'http_request_duration_seconds_count\{[^}]*handler="listActions"[^}]*\} [1-9]', answer.text)


def test_links_lead_somewhere(api):
    links = api.get("/").json()["links"]
    assert {"docs", "openapi", "actions", "pipelines", "health"} <= set(links)
    for url in links.values():
        assert url.startswith(str(api.base_url).rstrip("/"))
        assert api.get(url).status_code == 200


def test_the_correlation_id_is_given_back(api):
    wanted = str(uuid.uuid4())
    assert api.get("/health", headers={"X-Correlation-ID": wanted}).headers["x-correlation-id"] == wanted
    assert api.get("/health").headers["x-correlation-id"]
    failed = api.get("/pipelines/none", headers={"X-Correlation-ID": wanted})
    assert failed.headers["x-correlation-id"] == wanted


# ---------------------------------------------------------------------------------------------------------------------
# The description


@pytest.fixture(scope="module")
def document(api):
    """The OpenAPI document."""
    return api.get("/openapi.json").json()


def operations(document):
    """Every (method, path, operation)."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def references(value):
    """Every $ref below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_document_is_whole(document):
    assert document["openapi"].startswith("3.1.")
    for reference in references(document):
        target = document
        for key in reference.removeprefix("#/").split("/"):
            target = target[key]
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for _, path, operation in operations(document):
        placeholders = set(re.findall(r"{(\w+)}", path))
        declared = {parameter["name"] for parameter in operation["parameters"] if parameter.get("in") == "path"}
        assert placeholders == declared, path
        for alias in operation.get("x-aliases", []):
            assert set(re.findall(r"{(\w+)}", alias)) == placeholders, alias
        assert any(status.startswith("2") for status in operation["responses"]), path


def test_the_reference_is_covered(document):
    """The routes of the reference (api.md sections 2, 3, 4, 9) with their methods."""
    served = {(method, re.sub(r"{\w+}", "{}", one)) for method, path, operation in operations(document)
              for one in [path, *operation.get("x-aliases", [])]}
    for prefix in ("/actions", "/api/v1/actions"):
        assert {("get", prefix), ("get", f"{prefix}/{{}}"), ("post", f"{prefix}/validate")} <= served
    for prefix in ("/pipelines", "/workflows", "/api/v1/pipeline/pipelines"):
        assert {("post", prefix), ("get", prefix), ("get", f"{prefix}/{{}}"), ("put", f"{prefix}/{{}}"),
                ("delete", f"{prefix}/{{}}")} <= served
    assert {("post", "/validate"), ("post", "/api/v1/pipeline/validate"), ("get", "/health"), ("get", "/ready"),
            ("get", "/metrics"), ("get", "/docs"), ("get", "/redoc"), ("get", "/openapi.json")} <= served


def test_every_route_is_in_the_manual(document, root):
    manual = (root / "docs/api.md").read_text()
    for method, path, _ in operations(document):
        assert f"`{method.upper()} {path}`" in manual, f"{method.upper()} {path}"


def test_the_examples_of_the_manual_work(api, root):
    """Every block of shell in docs/api.md that needs nothing but a pipeline, against this service."""
    manual = (root / "docs/api.md").read_text()
    dag = {"name": "of the manual", "steps": [{"id": "a", "name": "A", "action": "log"}]}
    pipeline = api.post("/pipelines", json={"dag": dag}).json()["id"]
    api.put(f"/pipelines/{pipeline}", json={"dag": dag | {"description": "again"}})
    surroundings = {"ID": pipeline, "USER_UUID": str(uuid.uuid4()), "PATH": "/usr/bin:/bin"}
    ran = 0
    for block in re.findall(r"^```sh\n(.*?)^```", manual, re.S | re.M):
        if set(re.findall(r"\$(\w+)", block)) - set(surroundings) or "-X DELETE" in block:
            continue
        block = block.replace("http://127.0.0.1:8010", str(api.base_url).rstrip("/")).replace("curl ", "curl -f ")
        script = "jq() { cat; }\nset -e -o pipefail\n" + block.replace('If-Match: "1"', 'If-Match: *')
        done = subprocess.run(["/bin/bash", "-c", script], env=surroundings, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        ran += 1
    assert ran >= 10


def test_it_is_sent_again_only_when_it_changed(api):
    tag = api.get("/openapi.json").headers["etag"]
    assert api.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_page_asks_no_other_host(api, path):
    answer = api.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href|action)\s*=\s*[\"']?(https?:)?//", answer.text)
    assert not re.search(r"@import|url\(|https?://", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "unsafe" not in policy
    for tag in ("script", "style"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.S)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"\son\w+=", answer.text) and not re.search(r"\sstyle=", answer.text)


# ---------------------------------------------------------------------------------------------------------------------
# What the server says by itself


def test_unknown_paths_and_methods(api):
    answer = api.get("/no/such/path")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    answer = api.request("PATCH", "/pipelines")
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert {"GET", "POST"} <= set(re.split(r",\s*", answer.headers["allow"]))


def test_a_trailing_slash_is_redirected(api):
    answer = api.get("/actions/?x=1", follow_redirects=False)
    assert answer.status_code == 307 and answer.headers["location"].endswith("/actions?x=1")


def test_problems_for_those_who_accept_them(api):
    answer = api.get("/pipelines/none", headers={"Accept": "application/problem+json"})
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == 404
