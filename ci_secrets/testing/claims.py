"""The claims that CI systems put in their ID tokens, without those that every JWT has.

Give them to `Issuer.mint(audience, **claims)`. Each function takes further claims, which add to
its own or override them.
"""

from typing import Any

Claims = dict[str, Any]

SHA = "0123456789abcdef0123456789abcdef01234567"
"""The commit of every made-up job."""


def github_claims(
    repository: str = "shop/web",
    *,
    ref: str = "refs/heads/main",
    event_name: str = "push",
    environment: str | None = None,
    immutable: bool = False,
    repository_id: str = "4711",
    owner_id: str = "815",
    **more: Any,  # noqa: ANN401  # whatever a claim holds
) -> Claims:
    """Of a GitHub Actions job; all values are texts, `ref_protected` too.

    `immutable` gives the `sub` that names and ids make together (`repo:ORG@ID/REPO@ID:…`), the
    default of repositories made, renamed or transferred since July 2026.
    Source: docs.github.com, "OpenID Connect reference".
    """
    owner, _, name = repository.partition("/")
    prefix = f"{owner}@{owner_id}/{name}@{repository_id}" if immutable else repository
    if environment:
        context = f"environment:{environment}"
    elif event_name == "pull_request":
        context = "pull_request"
    else:
        context = f"ref:{ref}"
    workflow = f"{repository}/.github/workflows/deploy.yml@{ref}"
    claims = {
        "sub": f"repo:{prefix}:{context}",
        "repository": repository,
        "repository_id": repository_id,
        "repository_owner": owner,
        "repository_owner_id": owner_id,
        "repository_visibility": "private",
        "ref": ref,
        "ref_type": "tag" if ref.startswith("refs/tags/") else "branch",
        "ref_protected": "true",
        "base_ref": "",
        "head_ref": "",
        "sha": SHA,
        "event_name": event_name,
        "actor": "octocat",
        "actor_id": "583231",
        "workflow": "deploy",
        "workflow_ref": workflow,
        "workflow_sha": SHA,
        "job_workflow_ref": workflow,
        "job_workflow_sha": SHA,
        "run_id": "1001",
        "run_number": "17",
        "run_attempt": "1",
        "check_run_id": "2002",
        "runner_environment": "github-hosted",
    }
    return {**claims, **({"environment": environment} if environment else {}), **more}


def gitlab_claims(
    project: str = "shop/web",
    *,
    ref: str = "main",
    ref_type: str = "branch",
    ref_protected: bool = True,
    pipeline_source: str = "push",
    **more: Any,  # noqa: ANN401
) -> Claims:
    """Of a GitLab CI job; ids and truth values are texts (`"true"`).

    Source: docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens".
    """
    namespace = project.rpartition("/")[0]
    claims = {
        "sub": f"project_path:{project}:ref_type:{ref_type}:ref:{ref}",
        "namespace_id": "72",
        "namespace_path": namespace,
        "project_id": "20",
        "project_path": project,
        "user_id": "1",
        "user_login": "sidney",
        "user_email": "sidney@shop.example",
        "user_access_level": "maintainer",
        "pipeline_id": "574",
        "pipeline_source": pipeline_source,
        "job_id": "302",
        "ref": ref,
        "ref_type": ref_type,
        "ref_path": f"refs/{'tags' if ref_type == 'tag' else 'heads'}/{ref}",
        "ref_protected": "true" if ref_protected else "false",
        "runner_id": 1,
        "runner_environment": "self-hosted",
        "sha": SHA,
        "project_visibility": "private",
    }
    return {**claims, **more}


def jenkins_claims(
    job_url: str = "https://jenkins.example/job/deploy/",
    *,
    build_number: int = 8,
    **more: Any,  # noqa: ANN401
) -> Claims:
    """Of a build with a credential of the OpenID Connect Provider plugin, in its default form."""
    return {"sub": job_url, "build_number": build_number, **more}
