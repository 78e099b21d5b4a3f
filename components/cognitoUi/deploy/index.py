"""Deploys a zip of the UI to a branch of Amplify Hosting, and waits until it is served.

Called by `pulumi up` when the content changed. Called twice with the same content it deploys it twice, which changes
nothing for whoever looks at the site.
"""

import time
import urllib.error
import urllib.request

import boto3

POLL_SECONDS = 3
# The function itself may run for 15 minutes.
DEADLINE_SECONDS = 780
RUNNING = ("CREATED", "PENDING", "PROVISIONING", "RUNNING", "CANCELLING")


class DeploymentError(Exception):
    """The site was not deployed; the sentence says why and what to do."""


def handler(event, _context):
    """`event`: appId, branchName, bucket, key. Returns the job's id."""
    return deploy(event, boto3.client("amplify"), boto3.client("s3"), _put, time)


def deploy(event, amplify, s3, put, clock):
    branch = {"appId": event["appId"], "branchName": event["branchName"]}
    deadline = clock.time() + DEADLINE_SECONDS
    _finish_others(amplify, branch, deadline, clock)
    body = s3.get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
    created = amplify.create_deployment(**branch)
    job = {**branch, "jobId": created["jobId"]}
    try:
        put(created["zipUploadUrl"], body)
    except Exception as error:
        # A job that waits for its files would block the next one.
        amplify.stop_job(**job)
        raise DeploymentError(f"the site's files could not be handed to Amplify: {error}; deploy again") from error
    amplify.start_deployment(**job)
    status = _wait(amplify, job, deadline, clock)
    if status != "SUCCEED":
        raise DeploymentError(
            f"Amplify ended job {job['jobId']} with {status}: see its log in the Amplify console, then deploy again"
        )
    return {"jobId": job["jobId"], "status": status}


def _finish_others(amplify, branch, deadline, clock):
    """Amplify takes one deployment of a branch at a time."""
    for summary in amplify.list_jobs(**branch, maxResults=10)["jobSummaries"]:
        job = {**branch, "jobId": summary["jobId"]}
        if summary["status"] == "CREATED":
            # Left behind by a call that ended between its two steps.
            amplify.stop_job(**job)
        if summary["status"] in RUNNING:
            _wait(amplify, job, deadline, clock)


def _wait(amplify, job, deadline, clock):
    while True:
        status = amplify.get_job(**job)["job"]["summary"]["status"]
        if status not in RUNNING:
            return status
        if clock.time() > deadline:
            raise DeploymentError(f"Amplify job {job['jobId']} is still {status}: deploy again when it has ended")
        clock.sleep(POLL_SECONDS)


def _put(url, body):
    request = urllib.request.Request(url, data=body, method="PUT", headers={"content-type": "application/zip"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as error:
        # The address is a key to upload: it must not be in a log.
        raise DeploymentError(f"the upload was answered {error.code}") from None
