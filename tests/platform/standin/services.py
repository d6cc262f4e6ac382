# SPDX-License-Identifier: Apache-2.0
"""The four services: a table of routes each, and what each route does. Paths and bodies are those of docs/services.md."""
import re
import uuid

from standin.calls import ServiceError


def found(record, what):
    if record is None:
        raise ServiceError(404, f"{what} not found")
    return record


def page(call, name, rows):
    """One page of a list, as budapp answers it."""
    limit, number = int(call.query.get("limit", 50)), int(call.query.get("page", 1))
    return {"object": f"{name}.list", "code": 200, "message": "ok", "page": number, "limit": limit,
            "total_record": len(rows), name: rows[(number - 1) * limit:][:limit]}


def listing(table, name, *filters):
    """The handler that lists a table of records, by equality of some fields where the query has them."""
    return lambda world, call: page(call, name, world.records.search(
        table, call.query.get("search", ""), **{key: call.query[key] for key in filters if key in call.query}))


def record_of(table, name):
    """The handler that shows one record."""
    return lambda world, call, key: {"object": name, "code": 200, name: found(world.records.get(table, key),
                                                                              name.capitalize())}


def started(job, **more):
    return {"object": "workflow.retrieve", "code": 200, "message": "Workflow started",
            "data": {"workflow_id": job.id, "status": "running", **more}}


# ---------------------------------------------------------------------------------------------------------------------
# budapp: models


def add_model(world, call):
    name, uri = call.field("name"), call.needed("uri")
    if world.records.search("models", uri=uri):
        raise ServiceError(409, f"A model of {uri} exists already")
    model_id = str(uuid.uuid4())

    def keep():
        world.records.tables["models"][model_id] = {
            "id": model_id, "name": name, "uri": uri, "provider_type": call.field("provider_type"),
            "local_path": f"/models/{name}", "huggingface_url": None, "supported_endpoints": {"chat": {"enabled": True}}}

    return started(world.start_job(call, "model_add", {"model_id": model_id, "model_name": name}, on_completed=keep))


def add_cloud_model(world, call):
    provider = found(world.records.get("providers", call.needed("provider_id")), "Provider")
    chosen = call.field("cloud_model_id")
    if chosen:
        found(world.records.get("cloud_models", chosen), "Cloud model")
    model = world.records.add("models", name=call.needed("name"), uri=call.field("uri"), provider_type="cloud_model",
                              provider_id=provider["id"], local_path=None, huggingface_url=None,
                              supported_endpoints={"chat": {"enabled": True}})
    return {"object": "workflow.retrieve", "code": 200, "message": "Model added", "workflow_steps": {"model_id": model["id"]},
            "data": {"workflow_id": str(uuid.uuid4()), "status": "completed"}}


def delete_model(world, call, key):
    found(world.records.get("models", key), "Model")
    if call.query.get("force") != "true" and any(each["model_id"] == key
                                                 for each in world.records.tables["endpoints"].values()):
        raise ServiceError(409, "The model is deployed")
    world.records.remove("models", key)
    return {"object": "model.delete", "code": 200, "message": "Model deleted successfully"}


# ---------------------------------------------------------------------------------------------------------------------
# budapp: benchmarks


def node_configurations(world, call):
    cluster = found(world.records.get("clusters", call.needed("cluster_id")), "Cluster")
    devices = {}
    for node in cluster["nodes"]:
        if node["name"] in call.needed("hostnames"):
            devices[node["type"]] = devices.get(node["type"], 0) + node["available_workers"]
    return {"object": "benchmark.node_configurations", "code": 200, "device_configurations": [
        {"device_type": device, "total_devices": count,
         "tp_pp_options": [{"tp_size": 1, "pp_size": 1, "max_replicas": count}]
         + ([{"tp_size": 2, "pp_size": 1, "max_replicas": count // 2}] if count >= 2 else [])}
        for device, count in devices.items()]}


def run_benchmark(world, call):
    model = found(world.records.get("models", call.needed("model_id")), "Model")
    call.needed("nodes")
    result = {"benchmark_id": str(uuid.uuid4()), "model_id": model["id"], "name": call.field("name"),
              "ttft_ms": 84.5, "throughput_per_user": 41.2, "e2e_latency_seconds": 12.4, "error_rate": 0.0}
    return started(world.start_job(call, "model_benchmark", result))


# ---------------------------------------------------------------------------------------------------------------------
# budapp: endpoints


def deploy(world, call):
    model = found(world.records.get("models", call.needed("model_id")), "Model")
    project = found(world.records.get("projects", call.needed("project_id")), "Project")
    name, endpoint_id = call.needed("endpoint_name"), str(uuid.uuid4())
    if any(each["name"] == name for each in world.records.tables["endpoints"].values()):
        raise ServiceError(409, f"An endpoint {name} exists already")
    result = {"endpoint_id": endpoint_id, "endpoint_url": f"https://models.example.com/{name}", "endpoint_name": name}

    def keep():
        world.records.tables["endpoints"][endpoint_id] = {
            "id": endpoint_id, "name": name, "project_id": project["id"], "model_id": model["id"],
            "cluster_id": call.field("cluster_id"), "namespace": f"bud-{name}", "url": result["endpoint_url"],
            "status": "running", "autoscale": call.field("budaiscaler_specification") or {}}

    if model["provider_type"] == "cloud_model":
        keep()
        return {"object": "workflow.retrieve", "code": 200, "message": "Deployed",
                "data": {"workflow_id": str(uuid.uuid4()), "status": "completed", "progress": result}}
    return started(world.start_job(call, "deployment_create", result, on_completed=keep))


def delete_endpoint(world, call, key):
    endpoint = found(world.records.get("endpoints", key), "Endpoint")
    result = {"namespace": endpoint["namespace"], "cluster_id": endpoint["cluster_id"]}
    job = world.start_job(call, "deployment_delete", result, record_id=key,
                          on_completed=lambda: world.records.remove("endpoints", key))
    if job.key == key:
        return {"object": "endpoint.delete", "code": 200, "message": "Endpoint deletion initiated"}
    return started(job)


def autoscale(world, call, key):
    endpoint = found(world.records.get("endpoints", key), "Endpoint")
    if call.method == "PUT":
        endpoint["autoscale"] = call.needed("budaiscaler_specification")
    return {"object": "endpoint.autoscale", "code": 200, "budaiscaler_config": endpoint["autoscale"] or None}


def deployment_settings(world, call, key):
    endpoint = found(world.records.get("endpoints", key), "Endpoint")
    endpoint["rate_limits"] = call.needed("rate_limits")
    return {"object": "endpoint.settings", "code": 200, "deployment_settings": {"rate_limits": endpoint["rate_limits"]}}


def cancel_workflow(world, call, key):
    job = found(world.jobs.get(key), "Workflow")
    return {"object": "workflow.cancel", "code": 200, "message": "Cancelled" if job.cancel() else "It had ended"}


# ---------------------------------------------------------------------------------------------------------------------
# budcluster


def nodes(world, call, key):
    return {"object": "cluster.nodes", "code": 200, "param": {"nodes": found(world.records.cluster(key), "Cluster")["nodes"]}}


def health(world, call, key):
    cluster = found(world.records.cluster(key), "Cluster")
    ready = {"healthy": True, "message": "ok"}
    results = {"nodes": ready if cluster["nodes"] else {"healthy": False, "message": "The cluster has no nodes"},
               "api": ready, "storage": ready, "network": ready,
               "gpu": ready if any(node["type"] == "cuda" for node in cluster["nodes"])
               else {"healthy": False, "message": "No GPU found"}}
    asked = [name for name in call.query.get("checks", "").split(",") if name]
    return {"object": "cluster.health", "code": 200, "data": {name: results[name] for name in asked if name in results}}


def create_cluster(world, call):
    name, provider, cluster_id = call.needed("name"), call.needed("provider"), str(uuid.uuid4())
    if provider not in ("aws", "azure", "onprem"):
        raise ServiceError(422, f"provider: {provider} is none of aws, azure, onprem")

    def keep():
        world.records.tables["clusters"][cluster_id] = {"id": cluster_id, "cluster_id": str(uuid.uuid4()), "name": name,
                                                        "status": "available", "nodes": []}

    return started(world.start_job(call, "cluster_create", {"cluster_id": cluster_id}, on_completed=keep))


def delete_cluster(world, call, key):
    cluster = found(world.records.cluster(key), "Cluster")
    if not call.field("force") and any(each["cluster_id"] == cluster["id"]
                                       for each in world.records.tables["endpoints"].values()):
        raise ServiceError(409, "Something is deployed on the cluster")
    return started(world.start_job(call, "cluster_delete", {"cluster_id": cluster["id"]},
                                   on_completed=lambda: world.records.remove("clusters", cluster["id"])))


# ---------------------------------------------------------------------------------------------------------------------
# budsim


def simulate(world, call):
    """With a topic it reports by events, without one it answers when it is done."""
    call.needed("pretrained_model_uri")
    cluster = call.field("cluster_id") or next(iter(world.records.tables["clusters"]))
    result = {"recommendations": [{
        "cluster_id": cluster, "metrics": {"ttft": 95.0, "throughput_per_user": 38.0, "e2e_latency": 14.2,
                                           "error_rate": 0.0, "cost_per_million_tokens": 0.4, "device_type": "cuda"},
        "tool_calling_parser_type": "llama3_json", "reasoning_parser_type": None, "chat_template": None,
        "supports_lora": True, "supports_pipeline_parallelism": False}]}
    if call.field("source_topic"):
        job = world.start_job(call, "simulation_run", result)
        return {"object": "simulator.run", "code": 200, "workflow_id": job.id, "status": "running"}
    return {"object": "simulator.run", "code": 200, "workflow_id": str(uuid.uuid4()), **result}


# ---------------------------------------------------------------------------------------------------------------------
# budnotify


def notify(world, call):
    """A message: what the notification action publishes, as it is or in a CloudEvent's data."""
    message = call.body.get("data", call.body) if isinstance(call.body, dict) else None
    if not isinstance(message, dict) or not message.get("channel") or not message.get("message"):
        raise ServiceError(422, "channel, message: field required")
    world.notifications.append(message)
    return {"object": "notification", "code": 200, "message": "Sent"}


ROUTES = {
    "budapp": [
        ("POST", "models/local-model-workflow", add_model),
        ("POST", "models/cloud-model-workflow", add_cloud_model),
        ("POST", "models/deploy-workflow", deploy),
        ("GET", "models/providers", listing("providers", "providers")),
        ("GET", "models/cloud-models", listing("cloud_models", "cloud_models", "provider_id")),
        ("GET", "models", listing("models", "models")),
        ("GET", "models/{id}", record_of("models", "model")),
        ("DELETE", "models/{id}", delete_model),
        ("GET", "clusters/clusters", listing("clusters", "clusters")),
        ("GET", "clusters/{id}", record_of("clusters", "cluster")),
        ("GET", "projects", listing("projects", "projects")),
        ("GET", "credentials", listing("credentials", "credentials")),
        ("POST", "benchmark/node-configurations", node_configurations),
        ("POST", "benchmark/run-workflow", run_benchmark),
        ("GET", "endpoints", listing("endpoints", "endpoints")),
        ("GET", "endpoints/{id}", record_of("endpoints", "endpoint")),
        ("POST", "endpoints/{id}/delete-workflow", delete_endpoint),
        ("GET", "endpoints/{id}/autoscale", autoscale),
        ("PUT", "endpoints/{id}/autoscale", autoscale),
        ("PUT", "endpoints/{id}/deployment-settings", deployment_settings),
        ("POST", "workflows/{id}/cancel", cancel_workflow),
    ],
    "budcluster": [
        ("POST", "cluster/create-workflow", create_cluster),
        ("POST", "cluster/{id}/delete-workflow", delete_cluster),
        ("GET", "cluster/{id}/nodes", nodes),
        ("GET", "cluster/{id}/health", health),
        ("PUT", "endpoints/{id}/autoscale", autoscale),
        ("POST", "workflows/{id}/cancel", cancel_workflow),
    ],
    "budsim": [
        ("POST", "simulator/run", simulate),
        ("POST", "workflows/{id}/cancel", cancel_workflow),
    ],
    "budnotify": [
        ("POST", "notifications", notify),
    ],
}

TABLES = {service: [(method, re.compile("/?" + re.sub(r"{\w+}", "([^/]+)", path)), handler)
                    for method, path, handler in routes] for service, routes in ROUTES.items()}


def answer(world, call):
    """What the service says. @raise ServiceError"""
    known = False
    for method, pattern, handler in TABLES[call.service]:
        match = pattern.fullmatch(call.path)
        if match and method == call.method:
            return handler(world, call, *match.groups())
        known = known or bool(match)
    raise ServiceError(405 if known else 404, "Method Not Allowed" if known else "Not Found")
