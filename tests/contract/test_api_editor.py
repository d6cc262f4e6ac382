# SPDX-License-Identifier: Apache-2.0
"""The editor as files: what the service sends, and with which headers. Its behaviour is tested in tests/web."""
import gzip
import http.client
import re
import shutil
import subprocess

import httpx
import pytest


@pytest.fixture(scope="module")
def page(api):
    """The start page."""
    answer = api.get("/ui")
    if answer.status_code == 404 and "without the editor" in answer.text:
        pytest.skip("this program was built without the editor")
    return answer


@pytest.fixture(scope="module")
def script(page):
    """The path of the application's script."""
    return re.search(r'<script type="module"[^>]* src="(/ui/assets/[^"]+\.js)"', page.text)[1]


def raw(api, path, coding):
    """An answer as it came: headers and bytes, not decoded."""
    connection = http.client.HTTPConnection(api.base_url.host, api.base_url.port, timeout=20)
    connection.request("GET", path, headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.headers, body


def policy_of(answer):
    """The Content-Security-Policy as directives."""
    words = [directive.split() for directive in answer.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in words}


def test_a_browser_is_led_from_the_root_to_the_editor(api, page):
    answer = api.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert (answer.status_code, answer.headers["location"], answer.headers["vary"]) == (307, "/ui", "Accept")
    assert api.get("/", headers={"Accept": "*/*"}).json()["links"]["editor"].endswith("/ui")


def test_the_page_has_a_strict_policy(page):
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    policy = policy_of(page)
    assert policy["default-src"] == ["'none'"] and policy["script-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'"] and policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff" and page.headers["cache-control"] == "no-store"


def test_the_page_has_nothing_inline_and_names_no_other_host(page):
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text) and "<style" not in page.text
    assert not re.search(r"\son\w+=", page.text) and not re.search(r'(src|href)="(https?:)?//', page.text)


def test_each_page_has_a_nonce_of_its_own_that_the_policy_names(api, page):
    nonces = set()
    for answer in (page, api.get("/ui"), api.get("/ui")):
        nonce = re.search(r'<meta property="csp-nonce" nonce="([0-9a-f]{32})"', answer.text)[1]
        assert f"'nonce-{nonce}'" in policy_of(answer)["style-src"]
        nonces.add(nonce)
    assert len(nonces) == 3


def test_assets_are_kept_for_ever(api, script):
    answer = api.get(script)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    tag = answer.headers["etag"]
    again = api.get(script, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_assets_come_compressed_as_the_client_likes(api, script):
    headers, plain = raw(api, script, "identity")
    assert headers["Content-Encoding"] is None and "accept-encoding" in headers["Vary"].lower()
    headers, packed = raw(api, script, "gzip")
    assert headers["Content-Encoding"] == "gzip" and gzip.decompress(packed) == plain
    headers, smallest = raw(api, script, "gzip, deflate, br")
    assert headers["Content-Encoding"] == "br" and len(smallest) < len(packed)
    if shutil.which("brotli"):
        assert subprocess.run(["brotli", "-d"], input=smallest, capture_output=True, check=True).stdout == plain


def test_paths_below_are_pages_except_where_assets_are(api, page):
    for path in ("/ui/pipelines", "/ui/pipelines/1/versions/2", "/ui/a/b/c/d/e/f", "/ui/index.html", "/ui/..%2fx"):
        answer = api.get(path)
        assert answer.status_code == 200 and '<div id="root">' in answer.text, path
    for path in ("/ui/assets/none.js", "/ui/assets/icon.svg", "/uix"):
        assert api.get(path).status_code == 404, path
    assert api.post("/ui").status_code == 405


def test_head_answers_as_get_without_a_body(api, page, script):
    for path in ("/ui", script):
        head, whole = api.head(path), api.get(path)
        assert head.status_code == 200 and head.content == b""
        assert head.headers["content-length"] == whole.headers["content-length"]


def test_the_first_load_is_small(api, page):
    """Compressed, all that the start page names: less than 400 KB."""
    paths = re.findall(r'(?:src|href)="(/ui/assets/[^"]+)"', page.text)
    assert paths
    assert sum(len(raw(api, path, "br")[1]) for path in paths) < 400_000


def test_the_editor_is_no_part_of_the_description(api):
    assert not [path for path in api.get("/openapi.json").json()["paths"] if path.startswith("/ui")]


def test_the_editor_is_open_and_the_api_is_not(serve_module, page):
    service = serve_module("--auth")
    with httpx.Client(base_url=service.url, timeout=20) as client:
        assert client.get("/ui").status_code == 200
        assert client.get("/actions").status_code == 401
