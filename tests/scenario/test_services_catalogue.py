# SPDX-License-Identifier: Apache-2.0
"""Every action that calls a service, against the stand-in platform over HTTP, directly and behind Dapr's interface:
success, each form in which the platform says how a job ended, and each documented failure."""
import os
import zlib

import pytest

from service_site import (BGE, CLUSTER, CPU_CLUSTER, EMPTY_CLUSTER, EMPTY_PROVISIONED, ENDPOINT, GPT, LLAMA, MODES, PROJECT,
                          PROVIDER, PROVISIONED, Site, sites_of)

FULL = os.environ.get("BUDPIPELINE_TESTS") == "full"
SLO = {"ttft": [50, 200], "per_session_tokens_per_sec": [10, 50], "e2e_latency": [10, 60]}
TARGETS = {"input_tokens": 4096, "output_tokens": 512, "concurrency": 1, "target_ttft": 100,
           "target_throughput_per_user": 20, "target_e2e_latency": 30}
DEPLOY = {"model_id": LLAMA, "project_id": PROJECT, "endpoint_name": "ep", "concurrent_requests": 1,
          "avg_sequence_length": 512, "avg_context_length": 4096}

AUTOSCALER = {"enabled": True, "minReplicas": 2, "maxReplicas": 8,
              "metricsSources": [{"metricSourceType": "resource", "targetMetric": "cpu", "targetValue": 60},
                                 {"metricSourceType": "resource", "targetMetric": "memory", "targetValue": 80}],
              "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}}

# What each action is given, the calls that it makes, and what must stand in its outputs.
ACTIONS = {
    "model_add": ({"model_uri": "org/new-model"}, ["POST budapp models/local-model-workflow"],
                  {"success": True, "model_name": "new-model", "status": "completed"}),
    "cloud_model_add": ({"provider_id": PROVIDER, "model_name": "gpt", "model_uri": "gpt-4o"},
                        ["POST budapp models/cloud-model-workflow"],
                        {"success": True, "model_name": "gpt", "provider_id": PROVIDER, "status": "completed"}),
    "model_delete": ({"model_id": BGE}, [f"DELETE budapp models/{BGE}"], {"success": True, "model_id": BGE}),
    "model_benchmark": ({"model_id": LLAMA, "cluster_id": CLUSTER},
                        [f"GET budapp clusters/{CLUSTER}", f"GET budcluster cluster/{PROVISIONED}/nodes",
                         "POST budapp benchmark/node-configurations", "POST budapp benchmark/run-workflow"],
                        {"success": True, "status": "completed"}),
    "cluster_health": ({"cluster_id": PROVISIONED, "checks": ["nodes", "api", "gpu"]},
                       [f"GET budcluster cluster/{PROVISIONED}/health"],
                       {"healthy": True, "status": "healthy", "issues": []}),
    "cluster_create": ({"cluster_name": "eu", "provider": "aws"}, ["POST budcluster cluster/create-workflow"],
                       {"success": True}),
    "cluster_delete": ({"cluster_id": EMPTY_CLUSTER}, [f"POST budcluster cluster/{EMPTY_CLUSTER}/delete-workflow"],
                       {"success": True, "cluster_id": EMPTY_CLUSTER}),
    "deployment_create": (DEPLOY | SLO | {"cluster_id": CLUSTER},
                          [f"GET budapp models/{LLAMA}", "POST budsim simulator/run", "POST budapp models/deploy-workflow"],
                          {"success": True, "endpoint_name": "ep", "status": "completed",
                           "endpoint_url": "https://models.example.com/ep"}),
    "deployment_delete": ({"endpoint_id": ENDPOINT}, [f"POST budapp endpoints/{ENDPOINT}/delete-workflow"],
                          {"success": True, "endpoint_id": ENDPOINT, "status": "deleted"}),
    "deployment_autoscale": ({"deployment_id": ENDPOINT, "min_replicas": 2, "max_replicas": 8, "target_cpu_utilization": 60},
                             [f"PUT budcluster endpoints/{ENDPOINT}/autoscale"],
                             {"success": True, "deployment_id": ENDPOINT, "config": AUTOSCALER}),
    "deployment_scale": ({"endpoint_id": ENDPOINT, "target_replicas": 2},
                         [f"GET budapp endpoints/{ENDPOINT}/autoscale", f"PUT budapp endpoints/{ENDPOINT}/autoscale"],
                         {"success": True, "target_replicas": 2, "previous_min_replicas": 1, "previous_max_replicas": 3,
                          "scaling_strategy": "BudScaler"}),
    "deployment_ratelimit": ({"endpoint_id": ENDPOINT, "requests_per_second": 10},
                             [f"PUT budapp endpoints/{ENDPOINT}/deployment-settings"],
                             {"success": True, "config": {"algorithm": "token_bucket", "enabled": True,
                                                          "requests_per_second": 10}}),
    "simulation_run": (TARGETS | {"model_id": LLAMA, "cluster_id": CLUSTER},
                       [f"GET budapp models/{LLAMA}", "POST budsim simulator/run"],
                       {"success": True, "status": "completed", "cluster_id": CLUSTER, "supports_lora": True,
                        "metrics": {"ttft": 95.0, "throughput_per_user": 38.0, "e2e_latency": 14.2, "error_rate": 0.0,
                                    "cost_per_million_tokens": 0.4}}),
    "notification": ({"channel": "slack", "message": "done"}, ["POST pubsub notifications"], {"sent": True}),
}

# The forms in which a job of an action says that it ended, as the platform's control interface calls them.
ENDINGS = {
    "model_add": (["workflow_completed", "model_extraction", "save_model", "results"],
                  ["workflow_completed", "model_extraction", "message", "error"]),
    "model_benchmark": (["workflow_completed", "performance_benchmark", "results", "lower_case"],
                        ["workflow_completed", "performance_benchmark", "results", "step"]),
    "deployment_create": (["workflow_completed", "results", "deploy_model", "deployment_status"],
                          ["workflow_completed", "message", "error"]),
    "deployment_delete": (["workflow_completed", "results", "result", "deployment_deletion_status"],
                          ["workflow_completed", "message", "error"]),
    "simulation_run": (["results", "lower_case"], ["results", "error"]),
    "cluster_create": (["workflow_completed", "results"], ["workflow_completed", "message"]),
    "cluster_delete": (["workflow_completed", "results"], ["workflow_completed", "message"]),
}

# Documented failures: what is given over what succeeds, the rule that makes the platform fail, and what the error holds.
NO_ID = {"json": {"data": {}}}
ANSWERED_WITH_ANYTHING = [("model_delete", "DELETE"), ("deployment_autoscale", "PUT"), ("deployment_scale", "PUT"),
                          ("deployment_ratelimit", "PUT")]
FAILURES = [
    ("model_add", {}, {"path": "models/local-*", "reply": {"status": 500, "json": {"message": "no space"}}}, "no space"),
    ("model_add", {}, {"path": "models/local-*", "reply": NO_ID}, "workflow"),
    ("model_add", {}, {"path": "models/local-*", "reply": {"status": 409, "json": {"detail": "there already"}}},
     "there already"),
    ("cloud_model_add", {"provider_id": "nobody"}, None, "Provider not found"),
    ("cloud_model_add", {}, {"path": "models/cloud-*", "reply": {"json": {}}}, ""),
    ("model_delete", {"model_id": "nobody"}, None, "404"),
    ("model_delete", {"model_id": LLAMA}, None, "409"),
    # Ids by which no event could ever find the step.
    ("model_add", {}, {"path": "models/local-*", "reply": {"json": {"workflow_id": {"id": "w"}}}}, "names no workflow_id"),
    ("model_add", {}, {"path": "models/local-*", "reply": {"json": {"workflow_id": "w" * 1025}}}, "names no workflow_id"),
    ("cluster_delete", {}, {"method": "POST", "reply": {"json": {"workflow_id": {"id": "w"}}}}, "no usable workflow_id"),
    ("deployment_delete", {}, {"path": "endpoints/*", "reply": {"json": {"data": {"workflow_id": True}}}}, "no usable workflow_id"),
    ("model_benchmark", {"cluster_id": "no-uuid"}, None, ""),
    ("model_benchmark", {"cluster_id": EMPTY_CLUSTER}, None, ""),
    ("model_benchmark", {"selected_device_type": "hpu"}, None, "hpu"),
    ("model_benchmark", {"tp_size": 7, "pp_size": 7}, None, ""),
    ("model_benchmark", {}, {"path": "clusters/*", "reply": {"status": 503, "text": "busy"}}, ""),
    ("model_benchmark", {}, {"path": "benchmark/node-*", "reply": {"json": {"code": 400, "message": "odd"}}}, None),
    ("model_benchmark", {}, {"path": "benchmark/node-*", "reply": {"json": {"device_configurations": []}}}, ""),
    ("model_benchmark", {}, {"path": "benchmark/run-*", "reply": NO_ID}, "workflow"),
    ("cluster_health", {}, {"path": "cluster/*", "reply": {"status": 500, "text": "down"}}, "down"),
    ("cluster_create", {}, {"path": "cluster/create-*", "reply": {"status": 402, "json": {"message": "no money"}}},
     "no money"),
    ("cluster_create", {}, {"path": "cluster/create-*", "reply": NO_ID}, "workflow_id"),
    ("cluster_delete", {"cluster_id": CLUSTER}, None, "deployed"),
    ("deployment_create", {"model_id": "nobody"}, None, "Model not found"),
    ("deployment_create", {}, {"path": "simulator/*", "reply": {"status": 500, "text": "broken"}}, "Simulation failed"),
    ("deployment_create", {}, {"path": "simulator/*", "reply": {"json": {"recommendations": []}}}, "Simulation failed"),
    ("deployment_create", {}, {"path": "models/deploy-*", "reply": NO_ID}, ""),
    ("deployment_delete", {}, {"path": "endpoints/*", "reply": {"json": {"code": 404, "message": "gone"}}}, "gone"),
    ("deployment_delete", {"endpoint_id": "nobody"}, None, "Endpoint not found"),
    ("deployment_autoscale", {"deployment_id": "nobody"}, None, "Failed to configure autoscaling: Endpoint not found"),
    ("deployment_autoscale", {}, {"path": "endpoints/*", "reply": {"status": 422, "json": {"detail": "too many"}}},
     "too many"),
    ("deployment_autoscale", {}, {"path": "endpoints/*", "reply": {"status": 500, "text": "down"}}, "down"),
    ("deployment_autoscale", {}, {"path": "endpoints/*", "refuse": True}, "Failed to configure autoscaling"),
    ("deployment_autoscale", {}, {"path": "endpoints/*", "count": 1, "refuse": True}, None),
    ("deployment_autoscale", {}, {"path": "endpoints/*", "count": 1, "lose": True}, None),
    ("deployment_autoscale", {"min_replicas": "{{ 3 * 3 }}"}, None, "min_replicas cannot be greater than max_replicas"),
    ("deployment_scale", {"endpoint_id": "nobody"}, None, "Endpoint not found"),
    ("deployment_ratelimit", {"endpoint_id": "nobody"}, None, "Endpoint not found"),
    ("simulation_run", {"model_id": GPT}, {"path": f"models/{GPT}", "reply": {"json": {"model": {}}}}, "model"),
    ("simulation_run", {"model_id": "nobody"}, None, "model"),
    # What is out of reach is not called missing.
    ("simulation_run", {}, {"path": "models/*", "reply": {"status": 500, "text": "down"}}, "model"),
    ("model_benchmark", {}, {"path": "clusters/*", "reply": {"status": 500, "json": {"message": "down"}}}, "down"),
    ("simulation_run", {}, {"path": "simulator/*", "reply": {"json": {"status": "running"}}}, "workflow"),
    ("notification", {}, {"service": "pubsub", "reply": {"status": 500, "text": "down"}}, "500"),
    ("notification", {}, {"service": "pubsub", "reply": {"status": 302, "headers": {"Location": "/login"}}}, "302"),
    # The page of a proxy, or its redirect, says nothing of what was asked for.
    *[(action, {}, {"method": method, "reply": {"text": "<html>Sign in</html>"}}, "the answer is no JSON object")
      for action, method in ANSWERED_WITH_ANYTHING],
    *[(action, {}, {"method": method, "reply": {"status": 307, "headers": {"Location": "/login"}}}, "HTTP 307")
      for action, method in ANSWERED_WITH_ANYTHING],
]

# What no service means to answer. Not one may crash or hang a step.
WRONG = [{"text": "<html>"}, {"json": []}, {"json": None}, {"json": "ok"}, {"json": {"data": None}}, {"json": {"data": [1]}},
         {"text": "{\"data\": "}, {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, {"status": 204}]


@pytest.fixture(scope="module")
def sites(budpipeline, platform, tmp_path_factory):
    """One site a mode, for all tests here; started when asked for."""

    def start(mode):
        store = f"sqlite:{tmp_path_factory.mktemp('store')}/store.db"
        return Site(budpipeline, platform.world(), mode, store, "--invoke-breaker-failures", "100000")

    with sites_of(start) as site:
        yield site


def sampled(cases):
    """Directly all of them, behind Dapr a fifth by chance of their names; all with BUDPIPELINE_TESTS=full."""
    return [(mode, *case) for mode in MODES for case in cases
            if FULL or mode == "direct" or zlib.crc32(repr(case).encode()) % 5 == 0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action", ACTIONS)
def test_it_succeeds(sites, mode, action):
    site = sites(mode)
    params, calls, outputs = ACTIONS[action]
    step = site.run(action, params)
    assert (step["status"], step["error_message"]) == ("COMPLETED", None)
    assert outputs.items() <= step["outputs"].items()
    assert site.called() == calls
    assert {call["mode"] for call in site.world.calls()} <= {mode, "http"}


@pytest.mark.parametrize("mode, action, ending", sampled(
    [(action, ending) for action, (completes, _) in ENDINGS.items() for ending in completes]))
def test_it_completes_however_that_is_said(sites, mode, action, ending):
    site = sites(mode)
    site.world.job(ending=ending)
    step = site.run(action, ACTIONS[action][0])
    assert (step["status"], step["error_message"]) == ("COMPLETED", None)
    assert step["outputs"]["success"] is True
    if ending != "deployment_deletion_status":
        results = {name: value for name, value in ACTIONS[action][2].items() if name != "endpoint_url"}
        assert results.items() <= step["outputs"].items()


@pytest.mark.parametrize("mode, action, ending", sampled(
    [(action, ending) for action, (_, fails) in ENDINGS.items() for ending in fails]))
def test_it_fails_however_that_is_said(sites, mode, action, ending):
    site = sites(mode)
    site.world.job(end="failed", ending=ending, reason="the disk is full")
    step = site.run(action, ACTIONS[action][0])
    assert step["status"] == "FAILED"
    assert "the disk is full" in step["error_message"]
    assert step["outputs"]["success"] is False


def test_a_long_text_of_a_service_is_cut_between_characters(sites):
    site = sites("direct")
    site.world.rule(path="endpoints/*", reply={"status": 500, "text": "x" + "é" * 600})
    step = site.run("deployment_autoscale", ACTIONS["deployment_autoscale"][0])
    assert step["error_message"] == "Failed to configure autoscaling: x" + "é" * 499


@pytest.mark.parametrize("mode, action, given, rule, said", sampled(FAILURES))
def test_it_fails_as_documented(sites, mode, action, given, rule, said):
    site = sites(mode)
    if rule:
        site.world.rule(**rule)
    step = site.run(action, ACTIONS[action][0] | given)
    if said is None:
        assert step["status"] == "COMPLETED"
        return
    assert step["status"] == "FAILED", step["outputs"]
    assert said in step["error_message"] and step["error_code"]


@pytest.mark.parametrize("mode", MODES if FULL else ["direct"])
@pytest.mark.parametrize("action", ACTIONS)
def test_wrong_answers_end_it_and_nothing_else(sites, mode, action):
    site = sites(mode)
    wrong = WRONG if FULL else WRONG[::3]
    for _ in ACTIONS[action][1]:
        for reply in wrong:
            site.world.rule(count=1, reply={"status": 200} | reply)
    executions = [site.action(action, ACTIONS[action][0], step={"timeout_seconds": 20}) for _ in wrong]
    assert all(site.ended(each)["status"] in ("COMPLETED", "FAILED", "INTERRUPTED") for each in executions)


@pytest.mark.parametrize("mode", MODES)
def test_a_notification_reaches_budnotify(sites, mode):
    site = sites(mode)
    execution = site.action("notification", {"channel": "slack", "message": "done", "metadata": {"source": "me", "x": 1}})
    site.ended(execution)
    [message] = site.world.control("GET", "notifications")
    assert {"notification_id": f"{execution}-it", "channel": "slack", "message": "done", "severity": "info",
            "title": "Workflow Notification", "recipients": []}.items() <= message.items()
    assert message["metadata"] == {"source": "budpipeline", "x": 1, "workflow_execution_id": execution, "step_id": "it"}


@pytest.mark.parametrize("mode", MODES)
def test_an_unhealthy_cluster_is_a_result(sites, mode):
    step = sites(mode).run("cluster_health", {"cluster_id": EMPTY_PROVISIONED, "checks": ["nodes", "api"]})
    assert step["status"] == "COMPLETED"
    assert step["outputs"]["healthy"] is False and step["outputs"]["status"] == "degraded"
    assert step["outputs"]["issues"] == ["The cluster has no nodes"]


@pytest.mark.parametrize("mode", MODES)
def test_a_benchmark_falls_back_to_the_hardware_of_the_nodes(sites, mode):
    site = sites(mode)
    site.world.rule(path="benchmark/node-*", reply={"status": 500, "text": "broken"})
    assert site.run("model_benchmark", {"model_id": LLAMA, "cluster_id": CPU_CLUSTER})["status"] == "COMPLETED"
    [run] = site.world.calls(path="benchmark/run-workflow")
    assert {"selected_device_type": "cpu", "tp_size": 1, "pp_size": 1, "replicas": 1}.items() <= run["body"].items()


@pytest.mark.parametrize("mode", MODES)
def test_a_cloud_model_is_deployed_at_once(sites, mode):
    site = sites(mode)
    step = site.run("deployment_create", DEPLOY | {"model_id": GPT, "credential_id": "00000000-0000-4000-8000-000000000702"})
    assert (step["status"], step["outputs"]["status"]) == ("COMPLETED", "completed")
    assert step["outputs"]["endpoint_id"] in site.world.records("endpoints")
    assert site.called() == ["POST budapp models/deploy-workflow"]


@pytest.mark.parametrize("mode", MODES)
def test_a_deletion_that_was_only_initiated_ends_by_the_id_of_the_endpoint(sites, mode):
    site = sites(mode)
    site.world.job(key="record", hold=True)
    execution = site.action("deployment_delete", {"endpoint_id": ENDPOINT})
    assert site.waiting(execution)["external_workflow_id"] == ENDPOINT
    site.world.release()
    assert site.ended(execution)["status"] == "COMPLETED"


@pytest.mark.parametrize("mode", MODES)
def test_calls_carry_user_key_and_trace(sites, mode):
    site = sites(mode)
    user = "00000000-0000-4000-8000-000000000901"
    site.ended(site.action("model_add", {"model_uri": "org/m"}, params={"user_id": user}))
    [call] = site.world.calls(service="budapp")
    headers = {name.lower(): value for name, value in call["headers"].items()}
    assert call["query"] == {"user_id": user}
    assert headers["idempotency-key"]
    assert headers["traceparent"].startswith("00-") and len(headers["traceparent"]) == 55
