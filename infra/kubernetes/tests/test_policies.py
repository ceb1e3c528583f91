"""Breaks each rule of policies.py once: a rule that cannot fail proves nothing.

    test_policies.py MANIFESTS DOCS

MANIFESTS are those of production.
"""

import copy
import sys

import policies


def deployment(m, which="api"):
    return m.one("Deployment", which)


def container(m, which="api"):
    return policies.pod(deployment(m, which))["containers"][0]


def drop(m, kind, which):
    m.all.remove(m.one(kind, which))


def policy(m, which):
    return m.one("NetworkPolicy", which)["spec"]


# The rule, and what breaks it.
BREACHES = [
    ("nothing_runs_as_root_or_writes_where_it_may_not",
     lambda m: policies.pod(deployment(m))["securityContext"].update(runAsUser=0)),
    ("nothing_runs_as_root_or_writes_where_it_may_not",
     lambda m: container(m, "web")["securityContext"].update(readOnlyRootFilesystem=False)),
    ("nothing_runs_as_root_or_writes_where_it_may_not",
     lambda m: container(m)["securityContext"]["capabilities"].update(add=["NET_ADMIN"])),
    ("no_pod_has_a_token_of_kubernetes",
     lambda m: policies.pod(deployment(m)).pop("automountServiceAccountToken")),
    ("every_container_asks_for_what_it_needs", lambda m: container(m)["resources"]["limits"].clear()),
    ("every_server_has_its_three_probes", lambda m: container(m, "web").pop("livenessProbe")),
    ("nobody_waits_for_what_it_can_do_without",
     lambda m: container(m)["readinessProbe"]["httpGet"].update(path="/readyz")),
    ("nobody_waits_for_what_it_can_do_without",
     lambda m: container(m, "ws-server")["startupProbe"]["httpGet"].update(path="/readyz")),
    ("nobody_waits_for_what_it_can_do_without",
     lambda m: container(m)["startupProbe"]["httpGet"].update(path="/healthz")),
    *[("images_are_pinned", lambda m, image=image: container(m).update(image=image))
      for image in ("registry.example.org:5000/warren/api", "warren/api:latest", "warren/api:dev", "warren/api:1",
                    "warren/api:1.2", "registry.example.org/warren/api:stable")],
    ("images_are_pinned", lambda m: m.one("RabbitmqCluster", "rabbitmq")["spec"].update(image="rabbitmq:4.1-management")),
    ("images_are_pinned", lambda m: m.one("Cluster", "postgres")["spec"].pop("imageName")),
    ("one_version_migrates_and_serves", lambda m: container(m).update(image="warren/api:0.0.9")),
    ("nothing_starts_before_the_migration_nor_it_before_the_database",
     lambda m: m.one("Job", "migrate")["metadata"]["annotations"].pop("argocd.argoproj.io/sync-wave")),
    ("nothing_starts_before_the_migration_nor_it_before_the_database",
     lambda m: m.one("ServiceAccount", "warren")["metadata"].pop("annotations")),
    ("a_deploy_replaces_before_it_removes",
     lambda m: deployment(m)["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=1)),
    ("a_deploy_replaces_before_it_removes", lambda m: deployment(m)["spec"].update(replicas=2)),
    ("a_pod_may_end_in_its_own_time", lambda m: container(m, "web").pop("lifecycle")),
    ("a_pod_may_end_in_its_own_time",
     lambda m: m.settings(deployment(m, "ws-server")) and config(m, "ws-server-settings")["data"].update(
         WARREN_WS_DRAIN_DEADLINE_MS="60000")),
    ("every_server_survives_the_loss_of_a_node", lambda m: drop(m, "PodDisruptionBudget", "ws-server")),
    ("every_server_survives_the_loss_of_a_node",
     lambda m: m.one("HorizontalPodAutoscaler", "api")["spec"].update(minReplicas=1)),
    ("every_server_survives_the_loss_of_a_node",
     lambda m: policies.pod(deployment(m)).pop("topologySpreadConstraints")),
    ("nobody_speaks_to_anybody_unless_it_is_said", lambda m: drop(m, "NetworkPolicy", "nobody")),
    ("nobody_speaks_to_anybody_unless_it_is_said", lambda m: drop(m, "NetworkPolicy", "migrate")),
    ("nobody_speaks_to_anybody_unless_it_is_said", lambda m: policy(m, "api")["ingress"][1].pop("from")),
    ("no_way_leads_from_outside_to_an_admin_port",
     lambda m: m.one("Ingress", "warren")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"]
     .update(name="admin")),
    ("no_way_leads_from_outside_to_an_admin_port",
     lambda m: policy(m, "api")["ingress"][0].update(ports=[{"port": "admin"}])),
    ("no_way_leads_from_outside_to_an_admin_port", lambda m: m.one("Ingress", "warren")["spec"].pop("tls")),
    ("names_lead_somewhere", lambda m: m.one("Service", "ws-server")["metadata"].update(name="ws")),
    ("names_lead_somewhere", lambda m: container(m)["ports"][0].update(name="rest")),
    ("no_secret_stands_in_a_manifest",
     lambda m: m.all.append({"kind": "Secret", "metadata": {"name": "postgres-app"}})),
    ("no_secret_stands_in_a_manifest",
     lambda m: policies.pod(deployment(m))["volumes"][0]["secret"].update(secretName="warren")),
    ("settings_are_known", lambda m: config(m, "api-settings")["data"].update(WARREN_HTTP_PUBLIC_URI="x")),
    ("every_memcached_is_known_by_name", lambda m: m.one("StatefulSet", "memcached")["spec"].update(replicas=3)),
    ("a_pod_is_scaled_out_before_it_is_full",
     lambda m: config(m, "ws-server-settings")["data"].update(WARREN_WS_MAX_CONNECTIONS="30000")),
    *[("ws_servers_are_scaled_by_load_and_by_sockets", lambda m, kind=kind: forget_metric(m, kind))
      for kind in ("Resource", "Pods")],
    ("ws_servers_are_scaled_by_load_and_by_sockets", lambda m: m.known_metrics.remove("warren_ws_connections")),
    ("the_ingress_is_as_strict_as_the_front_door", lambda m: drop(m, "Middleware", "retry")),
    ("the_ingress_is_as_strict_as_the_front_door", lambda m: drop(m, "TLSOption", "modern")),
    ("the_ingress_is_as_strict_as_the_front_door", lambda m: drop(m, "Ingress", "warren-http")),
    ("the_ingress_is_as_strict_as_the_front_door",
     lambda m: m.one("Middleware", "https")["spec"]["redirectScheme"].update(scheme="http")),
    *[("the_ingress_is_as_strict_as_the_front_door",
       lambda m, header=header: m.one("Middleware", "headers")["spec"]["headers"].pop(header))
      for header in ("contentTypeNosniff", "frameDeny", "referrerPolicy", "stsSeconds")],
    ("the_ingress_is_as_strict_as_the_front_door", lambda m: ask_traefik(m, "warren-api", entrypoints="web,websecure")),
    ("the_ingress_is_as_strict_as_the_front_door",
     lambda m: ask_traefik(m, "warren-api", middlewares=asked_of_traefik(m, "warren", "middlewares"))),
    ("the_ingress_is_as_strict_as_the_front_door",
     lambda m: ask_traefik(m, "warren", middlewares=asked_of_traefik(m, "warren-api", "middlewares"))),
]


def config(m, which):
    """Generated names end with a hash."""
    return next(each for each in m.of("ConfigMap") if each["metadata"]["name"].rpartition("-")[0] == which)


def forget_metric(m, kind):
    scaling = m.one("HorizontalPodAutoscaler", "ws-server")["spec"]
    scaling["metrics"] = [each for each in scaling["metrics"] if each["type"] != kind]


def ask_traefik(m, ingress, **options):
    wanted = {policies.TRAEFIK + key: value for key, value in options.items()}
    m.one("Ingress", ingress)["metadata"]["annotations"].update(wanted)


def asked_of_traefik(m, ingress, option):
    return m.one("Ingress", ingress)["metadata"]["annotations"][policies.TRAEFIK + option]


def main(path, docs):
    sound = policies.read("production", path, docs)
    assert not policies.faults(sound), "the manifests break a rule before anything was changed"
    failed = 0
    for rule, breach in BREACHES:
        broken = copy.deepcopy(sound)
        breach(broken)
        if not any(fault.startswith(f"{rule}:") for fault in policies.faults(broken)):
            print(f"{rule} did not notice a breach of it")
            failed += 1
    for rule in {each.__name__ for each in policies.RULES} - {rule for rule, _ in BREACHES}:
        print(f"{rule} is never broken here")
        failed += 1
    print(f"{len(BREACHES) - failed} of {len(BREACHES)} breaches noticed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(*sys.argv[1:])
