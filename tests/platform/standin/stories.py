# SPDX-License-Identifier: Apache-2.0
"""What a long job reports: its stages, and every form in which the platform says that it ended.

A form takes the job and returns the events of that ending; its name is what a rule asks for as `ending`.
"""


def notification(job, event, *, type="notification", title=None, **content):
    return {"type": type, "notification_type": "event", "name": "bud-notification",
            "payload": {"category": "internal", "type": job.kind.payload, "event": event, "workflow_id": job.key,
                        "source": job.kind.source,
                        "content": {"title": title or event.replace("_", " ").capitalize(), **content}}}


def completed(job):
    return {"type": "workflow_completed", "workflow_id": job.key, "status": "COMPLETED", "result": job.result}


def failed(job):
    return {"type": "workflow_completed", "workflow_id": job.key, "status": "FAILED", "reason": job.reason}


def reported(event, status="COMPLETED", type="notification", member="result"):
    """An ending that is a notification with what came out of it."""
    return lambda job: notification(job, event, type=type, status=status, message="Done", **{member: job.result})


def refused(event, status="FAILED", type="notification", member="message"):
    """An ending that is a notification of what went wrong."""
    return lambda job: notification(job, event, type=type, status=status, **{member: job.reason})


class Kind:
    """A kind of job: who reports, under which name, the stages it goes through, and how it may end."""

    def __init__(self, source, payload, stages, completes, fails, stage_type="notification"):
        self.source, self.payload, self.stages, self.stage_type = source, payload, stages, stage_type
        self.endings = {"completed": completes, "failed": fails}

    def story(self, job):
        """The events of a whole job, in order."""
        events = []
        if job.options["stages"]:
            events.append(notification(job, "eta", message=str(len(self.stages)), status="RUNNING"))
            events += [notification(job, stage, type=self.stage_type, status="STARTED", message=f"{stage} started")
                       for stage in self.stages]
        if job.options["end"] != "never":
            forms = self.endings[job.options["end"]]
            events.append(forms[job.options["ending"] or next(iter(forms))](job))
        return events


KINDS = {
    "model_add": Kind(
        "budmodel", "perform_model_extraction", ["validation", "model_download", "model_extraction"],
        {"workflow_completed": completed, "model_extraction": reported("results", type="model_extraction"),
         "save_model": reported("save_model"), "results": reported("results")},
        {"workflow_completed": failed, "model_extraction": refused("results", type="model_extraction"),
         "message": refused("model_download"), "error": refused("model_download", member="error")}),
    "model_benchmark": Kind(
        "budcluster", "performance_benchmark", ["deploy_model", "run_benchmark"],
        {"workflow_completed": completed, "performance_benchmark": reported("results", type="performance_benchmark"),
         "results": reported("results"), "lower_case": reported("results", status="completed")},
        {"workflow_completed": failed, "performance_benchmark": refused("results", type="performance_benchmark"),
         "results": refused("results"), "step": refused("run_benchmark", status="failed")}),
    "deployment_create": Kind(
        "budcluster", "deploy_model", ["deploy_model", "deployment_status"],
        {"workflow_completed": completed, "results": reported("results"), "deploy_model": reported("deploy_model"),
         "deployment_status": reported("deployment_status")},
        {"workflow_completed": failed, "message": refused("deployment_status"),
         "error": refused("verify_deployment", member="error")}),
    "deployment_delete": Kind(
        "budcluster", "delete_deployment", ["deployment_deletion_status", "delete_namespace"],
        {"workflow_completed": completed, "results": reported("results", member="results"),
         "result": reported("results"), "deployment_deletion_status": reported("deployment_deletion_status")},
        {"workflow_completed": failed, "message": refused("delete_namespace"),
         "error": refused("delete_namespace", member="error")}),
    "simulation_run": Kind(
        "budsim", "get_cluster_recommendations",
        ["validation", "hardware_selection", "engine_configuration", "performance_estimation", "ranking"],
        {"results": reported("results"), "lower_case": reported("results", status="completed")},
        {"results": refused("results"), "error": refused("ranking", member="error")}),
    "cluster_create": Kind(
        "budcluster", "create_cluster",
        ["validation", "provision_infrastructure", "configure_cluster", "verify_cluster"],
        {"workflow_completed": completed, "results": reported("results")},
        {"workflow_completed": failed, "message": refused("configure_cluster")}),
    "cluster_delete": Kind(
        "budcluster", "delete_cluster",
        ["validation", "delete_deployments", "delete_infrastructure", "verify_deletion"],
        {"workflow_completed": completed, "results": reported("results")},
        {"workflow_completed": failed, "message": refused("delete_infrastructure")}),
}
