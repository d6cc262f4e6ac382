# SPDX-License-Identifier: Apache-2.0
"""Steps that wait for the platform: cancelled, timed out, killed while they wait, told too early, twice or out of order."""
import os

import pytest

from service_site import CLUSTER, ENDPOINT, LLAMA, MODES, Site, sites_of

FULL = os.environ.get("BUDPIPELINE_TESTS") == "full"
ADD = {"model_uri": "org/m"}
FORMATS = ("structured", "binary", "batch", "plain")


@pytest.fixture(scope="module")
def shared(budpipeline, platform, tmp_path_factory):
    """One site a mode for tests that neither stop nor kill it."""

    def start(mode):
        return Site(budpipeline, platform.world(), mode, f"sqlite:{tmp_path_factory.mktemp('store')}/store.db")

    with sites_of(start) as sites:
        def site(mode):
            found = sites(mode)
            found.subscribe()
            return found

        yield site


@pytest.fixture
def own(budpipeline, world, tmp_path):
    """A site that is this test's alone."""
    running = []

    def site(mode, *arguments):
        running.append(Site(budpipeline, world, mode, f"sqlite:{tmp_path}/store.db", *arguments))
        return running[-1]

    yield site
    for each in running:
        each.close()


def history(site, execution):
    return [event["record"] for event in site.get(f"/executions/{execution}/events?page_size=100")["events"]]


@pytest.mark.parametrize("mode", MODES)
def test_only_what_depends_on_it_waits_with_it(shared, mode):
    site = shared(mode)
    site.world.job(hold=True)
    execution = site.start({"id": "add", "action": "model_add", "params": ADD},
                           {"id": "beside", "action": "log", "params": {"message": "hi"}},
                           {"id": "after", "action": "log", "depends_on": ["add"],
                            "params": {"message": "{{ steps.add.outputs.model_name }}"}})
    site.waiting(execution, "add")
    steps = site.until(lambda: (now := site.steps(execution))["beside"]["status"] == "COMPLETED" and now)
    assert steps["after"]["status"] == "PENDING"
    site.world.release()
    assert site.ended(execution, "after")["outputs"]["message"] == "m"


@pytest.mark.parametrize("mode", MODES)
def test_progress_and_eta_are_seen_while_it_waits(shared, mode):
    site = shared(mode)
    site.world.job(hold=True)
    execution = site.action("deployment_delete", {"endpoint_id": ENDPOINT})
    site.waiting(execution)
    site.world.release(end="never")
    assert float(site.step(execution)["progress_percentage"]) == 70.0
    site.client.post(f"{site.server.url}/executions/{execution}/cancel")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action, params, service", [
    ("model_add", ADD, "budapp"), ("cluster_create", {"cluster_name": "eu", "provider": "aws"}, "budcluster"),
    ("model_benchmark", {"model_id": LLAMA, "cluster_id": CLUSTER}, "budapp")])
def test_a_cancelled_step_cancels_its_job(shared, mode, action, params, service):
    site = shared(mode)
    site.world.job(hold=True)
    execution = site.action(action, params)
    workflow = site.waiting(execution)["external_workflow_id"]
    assert site.client.post(f"{site.server.url}/executions/{execution}/cancel").status_code in (200, 202)
    assert site.ended(execution)["status"] == "CANCELLED"
    site.world.until(lambda world: f"POST {service} workflows/{workflow}/cancel" in site.called())
    site.world.until(lambda world: [job["state"] for job in world.jobs()] == ["cancelled"])
    site.world.tell({"type": "workflow_completed", "workflow_id": workflow, "status": "COMPLETED", "result": {}})
    assert site.step(execution)["status"] == "CANCELLED"


@pytest.mark.parametrize("mode", MODES)
def test_a_pipeline_whose_time_is_up_ends_its_waits_and_cancels_the_job(shared, mode):
    site = shared(mode)
    site.world.job(end="never", stages=False)
    execution = site.action("model_add", ADD, settings={"timeout_seconds": 1})
    site.ended(execution)
    assert site.execution(execution)["error_info"]["code"] == "TIMEOUT"
    site.world.until(lambda world: [job["state"] for job in world.jobs()] == ["cancelled"])


@pytest.mark.skipif(not FULL, reason="half a minute, the shortest wait that an action takes: BUDPIPELINE_TESTS=full")
@pytest.mark.parametrize("mode", MODES)
def test_a_wait_without_an_event_times_out(shared, mode):
    site = shared(mode)
    site.world.job(end="never")
    execution = site.action("deployment_delete", {"endpoint_id": ENDPOINT, "max_wait_seconds": 30})
    site.until(lambda: site.step(execution)["status"] not in ("PENDING", "RUNNING"), within=60)
    assert site.step(execution)["status"] == "TIMEOUT" and site.step(execution)["error_code"] == "TIMEOUT"


@pytest.mark.parametrize("mode", MODES)
def test_a_service_that_does_not_answer_times_the_attempt_out(shared, mode):
    site = shared(mode)
    site.world.rule(path="cluster/*", delay=5)
    step = site.run("cluster_health", {"cluster_id": CLUSTER}, step={"timeout_seconds": 1})
    assert step["status"] == "TIMEOUT"


@pytest.mark.parametrize("mode", MODES)
def test_an_event_may_come_before_the_answer_that_names_the_job(shared, mode):
    site = shared(mode)
    site.world.job(early=True)
    step = site.run("model_add", ADD)
    assert step["status"] == "COMPLETED"
    assert step["outputs"]["model_id"] in site.world.records("models")


@pytest.mark.parametrize("mode", MODES)
def test_events_twice_and_in_reverse_change_nothing(shared, mode):
    site = shared(mode)
    site.world.job(duplicates=2, reverse=True)
    execution = site.action("model_add", ADD)
    assert site.ended(execution)["status"] == "COMPLETED"
    site.world.until(lambda world: [job["state"] for job in world.jobs()] == ["ended"])
    before = site.step(execution)
    assert history(site, execution).count("step_ended") == 1
    assert site.step(execution) == before
    assert all(delivery["status"] == 200 for delivery in site.world.deliveries())
    assert not site.world.control("GET", "dead")


@pytest.mark.parametrize("place", ["top", "payload", "metadata", "result"])
@pytest.mark.parametrize("mode", MODES if FULL else ["dapr"])
def test_the_job_is_found_wherever_its_id_stands(shared, mode, place):
    site = shared(mode)
    site.world.job(place=place, ending="results", stages=False)
    assert site.run("simulation_run", {"model_id": LLAMA, "input_tokens": 10, "output_tokens": 10, "concurrency": 1,
                                       "target_ttft": 1, "target_throughput_per_user": 1, "target_e2e_latency": 1}
                    )["status"] == "COMPLETED"


@pytest.mark.parametrize("format", FORMATS)
def test_events_are_read_in_every_form(shared, format):
    site = shared("direct")
    site.subscribe(format=format)
    assert site.run("model_add", ADD)["status"] == "COMPLETED"


@pytest.mark.parametrize("mode", MODES)
def test_a_wait_survives_sigkill(own, mode):
    site = own(mode)
    site.world.job(hold=True)
    execution = site.action("model_add", ADD)
    before = site.waiting(execution)
    site.restart(crash=True)
    after = site.step(execution)
    assert (after["awaiting_event"], after["timeout_at"]) == (True, before["timeout_at"])
    site.world.release()
    assert site.ended(execution)["status"] == "COMPLETED"
    assert site.called() == ["POST budapp models/local-model-workflow"]


@pytest.mark.parametrize("mode", MODES)
def test_events_told_while_it_was_dead_are_not_lost(own, mode):
    site = own(mode)
    site.world.job(hold=True)
    execution = site.action("model_add", ADD)
    site.waiting(execution)
    site.server.kill()
    site.world.control("POST", "release", {"wait": False})
    if mode == "direct":
        site.world.until(lambda world: world.deliveries())
    site.server.start()
    site.subscribe()
    assert site.ended(execution)["status"] == "COMPLETED"


@pytest.mark.parametrize("mode", MODES)
def test_an_event_acknowledged_before_sigkill_counts(own, mode):
    site = own(mode)
    site.world.job(hold=True)
    execution = site.action("model_add", ADD)
    site.waiting(execution)
    site.world.release()
    site.restart(crash=True)
    assert site.ended(execution)["status"] == "COMPLETED"


@pytest.mark.parametrize("mode", MODES)
def test_a_start_whose_answer_was_lost_is_not_repeated_silently(own, mode):
    site = own(mode)
    site.world.rule(path="models/local-*", lose=True)
    step = site.run("model_add", ADD)
    assert step["status"] in ("FAILED", "INTERRUPTED")
    assert len(site.world.jobs()) == 1


@pytest.mark.parametrize("mode", MODES)
def test_what_may_be_repeated_is_repeated_with_the_same_key(own, mode):
    site = own(mode)
    site.world.rule(path="endpoints/*", method="PUT", count=2, refuse=True)
    step = site.run("deployment_ratelimit", {"endpoint_id": ENDPOINT, "requests_per_second": 5})
    assert step["status"] == "COMPLETED"
    calls = site.world.calls(method="PUT")
    assert len(calls) == 3 and len({call["headers"]["Idempotency-Key"] for call in calls}) == 1
