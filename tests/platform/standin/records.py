# SPDX-License-Identifier: Apache-2.0
"""What the platform knows: models, clusters, projects, endpoints, providers, cloud models and credentials.

The seed is always the same, so that a demo or a test can name a record before it has asked for one.
"""
import copy
import uuid

GIB = 1 << 30


def seed_id(number):
    """A UUID that says that it is the seed's."""
    return f"00000000-0000-4000-8000-{number:012d}"


def node(name, device, devices, free):
    return {"name": name, "type": device, "status": "Ready", "total_workers": devices, "available_workers": free,
            "hardware_info": [{"type": device, "name": f"{device} device", "available_count": free, "memory": 80 * GIB}]}


SEED = {
    "models": [
        {"id": seed_id(101), "name": "Llama 3.1 8B", "provider_type": "hugging_face", "uri": "meta-llama/Llama-3.1-8B",
         "local_path": "/models/llama-3.1-8b", "huggingface_url": "https://huggingface.co/meta-llama/Llama-3.1-8B",
         "supported_endpoints": {"chat": {"enabled": True}, "embedding": {"enabled": False}}},
        {"id": seed_id(102), "name": "BGE small", "provider_type": "hugging_face", "uri": "BAAI/bge-small-en",
         "local_path": "/models/bge-small-en", "huggingface_url": None,
         "supported_endpoints": {"chat": {"enabled": False}, "embedding": {"enabled": True}}},
        {"id": seed_id(103), "name": "GPT-4o mini", "provider_type": "cloud_model", "uri": "gpt-4o-mini",
         "local_path": None, "huggingface_url": None, "supported_endpoints": {"chat": {"enabled": True}}},
    ],
    "clusters": [
        {"id": seed_id(201), "cluster_id": seed_id(251), "name": "Frankfurt GPUs", "status": "available",
         "nodes": [node("fra-1", "cuda", 8, 4), node("fra-2", "cuda", 8, 8)]},
        {"id": seed_id(202), "cluster_id": seed_id(252), "name": "Bengaluru CPUs", "status": "available",
         "nodes": [node("blr-1", "cpu", 32, 16)]},
        {"id": seed_id(203), "cluster_id": seed_id(253), "name": "Empty cluster", "status": "available", "nodes": []},
    ],
    "projects": [
        {"id": seed_id(301), "name": "Demo", "description": "For trying things out"},
        {"id": seed_id(302), "name": "Production", "description": ""},
    ],
    "endpoints": [
        {"id": seed_id(401), "name": "llama-demo", "project_id": seed_id(301), "model_id": seed_id(101),
         "cluster_id": seed_id(201), "namespace": "bud-llama-demo", "url": "https://models.example.com/llama-demo",
         "status": "running", "autoscale": {"enabled": True, "minReplicas": 1, "maxReplicas": 3,
                                            "scalingStrategy": "BudScaler", "behavior": {"scaleDown": 300}}},
    ],
    "providers": [
        {"id": seed_id(501), "name": "OpenAI", "type": "openai"},
        {"id": seed_id(502), "name": "Anthropic", "type": "anthropic"},
    ],
    "cloud_models": [
        {"id": seed_id(601), "name": "gpt-4o-mini", "uri": "gpt-4o-mini", "provider_id": seed_id(501)},
        {"id": seed_id(602), "name": "claude-haiku", "uri": "claude-haiku", "provider_id": seed_id(502)},
    ],
    "credentials": [
        {"id": seed_id(701), "name": "HuggingFace read token", "type": "hugging_face"},
        {"id": seed_id(702), "name": "OpenAI key", "type": "openai"},
    ],
}


class Records:
    """Tables of records by id."""

    def __init__(self):
        self.tables = {name: {each["id"]: copy.deepcopy(each) for each in rows} for name, rows in SEED.items()}

    def get(self, table, key):
        return self.tables[table].get(key)

    def add(self, table, **fields):
        record = {"id": str(uuid.uuid4()), **fields}
        self.tables[table][record["id"]] = record
        return record

    def remove(self, table, key):
        return self.tables[table].pop(key, None)

    def cluster(self, key):
        """A cluster by its own id or by the one that its provisioner knows it by."""
        for cluster in self.tables["clusters"].values():
            if key in (cluster["id"], cluster["cluster_id"]):
                return cluster
        return None

    def search(self, table, text="", **equal):
        """The records whose name holds a text, whatever its case."""
        return [each for each in self.tables[table].values()
                if text.lower() in each["name"].lower() and all(each.get(key) == value for key, value in equal.items())]
