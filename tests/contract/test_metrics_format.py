# SPDX-License-Identifier: Apache-2.0
"""The text of the metrics, read by the parser of Prometheus' own Python client."""
import os
import subprocess
import time

import httpx
import pytest

parser = pytest.importorskip("prometheus_client.parser", reason="python3-prometheus-client is not installed")

# Reference, engine.md section 21: type and labels of each.
OF_THE_ORIGINAL = {
    "budpipeline_execution_created": ("counter", {"initiator"}),
    "budpipeline_execution_completed": ("counter", {"status"}),
    "budpipeline_db_errors": ("counter", {"operation", "error_type"}),
    "budpipeline_events_published": ("counter", {"event_type"}),
    "budpipeline_execution_duration_seconds": ("histogram", {"status"}),
    "budpipeline_step_duration_seconds": ("histogram", {"status"}),
    "budpipeline_db_operation_seconds": ("histogram", {"operation", "entity"}),
    "budpipeline_http_request_duration_seconds": ("histogram", {"method", "handler", "status"}),
    "budpipeline_active_executions": ("gauge", set()),
    "budpipeline_fallback_active": ("gauge", set()),
    "budpipeline_http_requests_inprogress": ("gauge", set()),
}


@pytest.fixture(scope="module")
def text(support):
    return subprocess.run([support("metrics-probe")], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def families(text):
    read = list(parser.text_string_to_metric_families(text))
    assert len({family.name for family in read}) == len(read)
    return {family.name: family for family in read}


def value(families, family, sample, **labels):
    found = [each.value for each in families[family].samples if each.name == sample and each.labels == labels]
    assert len(found) == 1
    return found[0]


def test_the_names_of_the_original_are_there(families):
    for name, (kind, labels) in OF_THE_ORIGINAL.items():
        assert families[name].type == kind, name
        assert families[name].documentation, name
        for sample in families[name].samples:
            assert set(sample.labels) - {"le"} == labels, sample


def test_what_was_counted_is_read_back(families):
    assert value(families, "budpipeline_execution_created", "budpipeline_execution_created_total", initiator="api") == 3
    assert value(families, "budpipeline_db_errors", "budpipeline_db_errors_total", operation="commit",
                 error_type='quote " backslash \\ line\n') == 1
    assert value(families, "budpipeline_active_executions", "budpipeline_active_executions") == 4
    assert value(families, "budpipeline_store_commit_records", "budpipeline_store_commit_records_bucket", le="10") == 0
    assert value(families, "budpipeline_store_commit_records", "budpipeline_store_commit_records_bucket", le="25") == 1


def test_histograms_agree_with_themselves(families):
    seen = 0
    for family in families.values():
        if family.type != "histogram":
            continue
        sets = {tuple(sorted((k, v) for k, v in s.labels.items() if k != "le")) for s in family.samples}
        for labels in sets:
            of = [s for s in family.samples if tuple(sorted((k, v) for k, v in s.labels.items() if k != "le")) == labels]
            buckets = [(float(s.labels["le"]), s.value) for s in of if s.name.endswith("_bucket")]
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
            assert [count for _, count in buckets] == sorted(count for _, count in buckets)
            assert [s.value for s in of if s.name.endswith("_count")] == [buckets[-1][1]]
            seen += 1
    assert seen >= 4
    duration = families["budpipeline_execution_duration_seconds"]
    assert [s.value for s in duration.samples if s.name.endswith("_sum")] == [90.25]
    bounds = [s.labels["le"] for s in duration.samples if s.name.endswith("_bucket")]
    assert {"1", "7200"} <= set(bounds)


def test_figures_of_the_process(families):
    def figure(name):
        return value(families, name.removesuffix("_total"), name)

    assert 0 <= figure("process_cpu_seconds_total") < 10
    assert 100_000 < figure("process_resident_memory_bytes") < 1_000_000_000
    assert figure("process_resident_memory_bytes") <= figure("process_virtual_memory_bytes")
    assert 3 <= figure("process_open_fds") < 50
    assert figure("process_max_fds") == os.sysconf("SC_OPEN_MAX")
    assert abs(figure("process_start_time_seconds") - time.time()) < 60
    assert figure("process_threads") == 1


def test_the_service_answers_with_what_it_did(server):
    dag = {"name": "one", "steps": [{"id": "a", "name": "A", "action": "log", "params": {"message": "x"}}]}
    for initiator in ("api", "api", "somebody"):
        done = httpx.post(server.url + "/executions/run", headers={"Prefer": "wait=10"},
                          json={"pipeline_definition": dag, "initiator": initiator})
        assert done.json()["status"] == "completed"
    answer = httpx.get(server.url + "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    live = {family.name: family for family in parser.text_string_to_metric_families(answer.text)}
    created = "budpipeline_execution_created"
    assert value(live, created, created + "_total", initiator="api") == 2
    assert value(live, created, created + "_total", initiator="other") == 1
    assert value(live, "budpipeline_execution_completed", "budpipeline_execution_completed_total", status="COMPLETED") == 3
    requests = "budpipeline_http_request_duration_seconds"
    assert {(s.labels["method"], s.labels["status"], s.value) for s in live[requests].samples
            if s.name == requests + "_count"} == {("POST", "201", 3)}
    assert value(live, "budpipeline_store_commits", "budpipeline_store_commits_total") >= 3
    assert value(live, "budpipeline_metrics_dropped", "budpipeline_metrics_dropped_total") == 0
