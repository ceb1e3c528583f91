"""What every set of manifests of Warren must keep, as rules over what kustomize renders.

    policies.py PLACE MANIFESTS DOCS

PLACE is the overlay's name: some rules are for `production` alone. DOCS is the folder whose pages name
every setting and every metric. Each rule is a generator of faults. `test_policies.py` breaks each of them once.
"""

import re
import sys
from pathlib import Path

import yaml

LONG_RUNNING = ("Deployment", "StatefulSet")
WORKLOADS = (*LONG_RUNNING, "Job")
# Made by the operators, or by make-secrets (docs/kubernetes.md).
SECRETS = {"postgres-app", "rabbitmq-default-user", "warren-secrets", "warren-signing-keys"}
# What a process needs after its drain to end its parts (ws-server/src/app.rs: four of 3 s; api: five
# stages of WARREN_HTTP_SHUTDOWN_MS).
PARTS_S = {"ws-server": 12, "api": 50}
# An exact release, with a digest if one likes; never one that moves.
RELEASE = re.compile(r":[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.-]*(@sha256:[0-9a-f]{64})?$")
# PostgreSQL's have two numbers.
POSTGRES_RELEASE = re.compile(r":[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(@sha256:[0-9a-f]{64})?$")
# What Traefik is asked for by annotations of an Ingress.
TRAEFIK = "traefik.ingress.kubernetes.io/router."
A_YEAR_S = 365 * 24 * 3600
DRAINS = {"ws-server": "WARREN_WS_DRAIN_DEADLINE_MS", "api": "WARREN_HTTP_SHUTDOWN_MS"}


class Manifests:
    """What was rendered, by kind and name."""

    def __init__(self, place, documents, known_settings, known_metrics):
        self.place = place
        self.all = [document for document in documents if document]
        self.known_settings, self.known_metrics = set(known_settings), set(known_metrics)

    def of(self, *kinds):
        return [each for each in self.all if each["kind"] in kinds]

    def one(self, kind, name):
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def settings(self, workload):
        """The environment of its first container, as far as it stands in config maps."""
        found = {}
        for source in containers(workload)[0].get("envFrom", []):
            found |= self.one("ConfigMap", source["configMapRef"]["name"])["data"]
        return found


def pod(workload):
    return workload["spec"]["template"]["spec"]


def containers(workload):
    return pod(workload).get("initContainers", []) + pod(workload)["containers"]


def name(manifest):
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def labels_of(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def nothing_runs_as_root_or_writes_where_it_may_not(m):
    for workload in m.of(*WORKLOADS):
        context = pod(workload).get("securityContext", {})
        if context.get("runAsNonRoot") is not True or context.get("runAsUser", 0) == 0:
            yield f"{name(workload)} may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name(workload)} has no seccomp profile"
        for container in containers(workload):
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                yield f"{name(workload)} may gain privileges"
            if own.get("readOnlyRootFilesystem") is not True:
                yield f"{name(workload)} may write into its image"
            if own.get("capabilities", {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
                yield f"{name(workload)} keeps capabilities"


def no_pod_has_a_token_of_kubernetes(m):
    for workload in m.of(*WORKLOADS):
        if pod(workload).get("automountServiceAccountToken") is not False:
            yield f"{name(workload)} gets a token"


def every_container_asks_for_what_it_needs(m):
    for workload in m.of(*WORKLOADS):
        for container in containers(workload):
            resources = container.get("resources", {})
            missing = {"cpu", "memory"} - set(resources.get("requests", {}))
            if missing or "memory" not in resources.get("limits", {}):
                yield f"{name(workload)} lacks requests or a limit of memory"


def every_server_has_its_three_probes(m):
    for workload in m.of(*LONG_RUNNING):
        for container in pod(workload)["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe not in container:
                    yield f"{name(workload)} has no {probe}"


def nobody_waits_for_what_it_can_do_without(m):
    """Or all pods would leave service at once: /readyz fails with the broker, and an api without one
    still commits. Nor is a pod killed while it starts because Memcached is away."""
    for workload in m.of(*LONG_RUNNING):
        for container in pod(workload)["containers"]:
            asked = {each: container.get(each, {}).get("httpGet", {}).get("path")
                     for each in ("startupProbe", "readinessProbe", "livenessProbe")}
            for probe, path in asked.items():
                if path == "/readyz":
                    yield f"{name(workload)}: its {probe} asks every dependency"
            if "admin" in [each["name"] for each in container["ports"]] and asked["startupProbe"] != "/startz":
                yield f"{name(workload)} is in service before it can begin"


def images_are_pinned(m):
    for workload in m.of(*WORKLOADS):
        for container in containers(workload):
            ours_at_the_desk = m.place == "dev" and re.fullmatch(r"warren/[a-z-]+:dev", container["image"])
            if not RELEASE.search(container["image"]) and not ours_at_the_desk:
                yield f"{name(workload)}: {container['image']} may be anything"
    for resource in m.of("Cluster"):
        if not POSTGRES_RELEASE.search(resource["spec"].get("imageName", "")):
            yield f"{name(resource)}: the image may be anything"
    for resource in m.of("RabbitmqCluster"):
        if not RELEASE.search(resource["spec"].get("image", "")):
            yield f"{name(resource)}: the image may be anything"


def one_version_migrates_and_serves(m):
    served = containers(m.one("Deployment", "api"))[0]["image"]
    migrated = containers(m.one("Job", "migrate"))[0]["image"]
    if served != migrated:
        yield f"{served} serves on a schema of {migrated}"


def nothing_starts_before_the_migration_nor_it_before_the_database(m):
    def wave(manifest):
        return int(manifest["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0))

    migrate = m.one("Job", "migrate")
    for early in m.of("Namespace", "ServiceAccount", "Cluster"):
        if wave(early) >= wave(migrate):
            yield f"{name(early)} is not before the migration"
    for late in m.of("Deployment"):
        if wave(late) <= wave(migrate):
            yield f"{name(late)} is not after the migration"


def a_deploy_replaces_before_it_removes(m):
    for workload in m.of("Deployment"):
        update = workload["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            yield f"{name(workload)} may remove a pod before the next one serves"
        if "replicas" in workload["spec"]:
            yield f"{name(workload)}: each deploy would undo what the autoscaler chose"


def a_pod_may_end_in_its_own_time(m):
    for workload in m.of("Deployment"):
        who = workload["metadata"]["name"]
        wait = pod(workload)["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {})
        if wait.get("seconds", 0) < 5:
            yield f"{name(workload)} ends before the Ingress knows"
        if who not in DRAINS:
            continue
        drain = int(m.settings(workload)[DRAINS[who]]) / 1000
        needed = wait.get("seconds", 0) + drain + PARTS_S[who]
        grace = pod(workload).get("terminationGracePeriodSeconds", 30)
        if grace < needed:
            yield f"{name(workload)} is killed after {grace} s, and may need {needed:.0f} s"


def every_server_survives_the_loss_of_a_node(m):
    for workload in m.of(*LONG_RUNNING):
        spread = {each["topologyKey"] for each in pod(workload).get("topologySpreadConstraints", [])}
        if "kubernetes.io/hostname" not in spread:
            yield f"{name(workload)} may be on one node alone"
        budgets = m.of("PodDisruptionBudget")
        if not any(selects(each["spec"]["selector"]["matchLabels"], labels_of(workload)) for each in budgets):
            yield f"{name(workload)} has no disruption budget"
    for workload in m.of("Deployment"):
        targets = [each for each in m.of("HorizontalPodAutoscaler")
                   if each["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]]
        if not targets or targets[0]["spec"].get("minReplicas", 1) < 2:
            yield f"{name(workload)} may be alone"


def nobody_speaks_to_anybody_unless_it_is_said(m):
    policies = m.of("NetworkPolicy")
    closed = [each for each in policies if each["spec"]["podSelector"] == {}
              and set(each["spec"]["policyTypes"]) == {"Ingress", "Egress"}
              and not each["spec"].get("ingress") and not each["spec"].get("egress")]
    if not closed:
        yield "no policy closes the namespace"
    for workload in m.of(*WORKLOADS):
        own = [each for each in policies if each["spec"]["podSelector"].get("matchLabels")
               and selects(each["spec"]["podSelector"]["matchLabels"], labels_of(workload))]
        if not own:
            yield f"{name(workload)} has no policy of its own"
    for policy in policies:
        for rule in policy["spec"].get("ingress", []):
            if not rule.get("from") or not rule.get("ports"):
                yield f"{name(policy)} lets everybody in"


def no_way_leads_from_outside_to_an_admin_port(m):
    for ingress in m.of("Ingress"):
        redirects = ingress["metadata"].get("annotations", {}).get(f"{TRAEFIK}entrypoints") == "web"
        if not ingress["spec"].get("tls") and not redirects:
            yield f"{name(ingress)} has no TLS"
        for path in (path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            if path["backend"]["service"]["port"].get("name") != "http":
                yield f"{name(ingress)}: {path['path']} leads to {path['backend']['service']}"
    for service in m.of("Service"):
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            yield f"{name(service)} is open to the outside"
    for policy in m.of("NetworkPolicy"):
        selector = policy["spec"]["podSelector"].get("matchLabels", {})
        if not any(selects(selector, labels_of(each)) for each in m.of(*WORKLOADS)):
            continue
        for rule in policy["spec"].get("ingress", []):
            outside = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
            if outside in rule.get("from", []) and {"port": "http"} not in rule["ports"]:
                yield f"{name(policy)} lets the Ingress controller in elsewhere than at http"


def names_lead_somewhere(m):
    for ingress in m.of("Ingress"):
        for path in (path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            backend = path["backend"]["service"]
            service = m.one("Service", backend["name"])
            if not service or backend["port"]["name"] not in [each["name"] for each in service["spec"]["ports"]]:
                yield f"{name(ingress)}: {path['path']} leads nowhere"
    for service in m.of("Service"):
        behind = [each for each in m.of(*LONG_RUNNING) if selects(service["spec"]["selector"], labels_of(each))]
        ports = {port["name"] for each in behind for part in containers(each) for port in part["ports"]}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"{name(service)}: nobody listens at {port['targetPort']}"


def no_secret_stands_in_a_manifest(m):
    for secret in m.of("Secret"):
        yield f"{name(secret)} is in what is kept in git"
    for workload in m.of(*WORKLOADS):
        volumes = [each["secret"]["secretName"] for each in pod(workload).get("volumes", []) if "secret" in each]
        variables = [each for part in containers(workload) for each in part.get("env", [])]
        named = [each["valueFrom"]["secretKeyRef"]["name"] for each in variables if "valueFrom" in each]
        for unknown in set(volumes + named) - SECRETS:
            yield f"{name(workload)} needs the secret {unknown}, which nobody makes"


def settings_are_known(m):
    for workload in m.of(*WORKLOADS):
        variables = [each["name"] for part in containers(workload) for each in part.get("env", [])]
        sources = m.settings(workload)
        for setting in [*variables, *sources]:
            if setting.startswith("WARREN_") and setting not in m.known_settings:
                yield f"{name(workload)}: there is no setting {setting}"


def every_memcached_is_known_by_name(m):
    servers = m.settings(m.one("Deployment", "api"))["WARREN_PRESENCE_SERVERS"].split(",")
    for memcached in m.of("StatefulSet"):
        wanted = [f"memcached-{i}.memcached:11211" for i in range(memcached["spec"]["replicas"])]
        if servers != wanted:
            yield f"presence is kept in {servers}, and there are {wanted}"


def a_pod_is_scaled_out_before_it_is_full(m):
    full = int(m.settings(m.one("Deployment", "ws-server"))["WARREN_WS_MAX_CONNECTIONS"])
    for metric in m.one("HorizontalPodAutoscaler", "ws-server")["spec"]["metrics"]:
        if metric["type"] == "Pods" and int(metric["pods"]["target"]["averageValue"]) > full / 2:
            yield f"ws-server is full at {full} sockets, and scaled out later than at half of it"


def ws_servers_are_scaled_by_load_and_by_sockets(m):
    metrics = m.one("HorizontalPodAutoscaler", "ws-server")["spec"]["metrics"]
    if "cpu" not in [each["resource"]["name"] for each in metrics if each["type"] == "Resource"]:
        yield "no ws-server is added when they are busy"
    counted = {each["pods"]["metric"]["name"] for each in metrics if each["type"] == "Pods"}
    for unknown in counted - m.known_metrics:
        yield f"nobody counts {unknown}"
    if m.place == "production" and "warren_ws_connections" not in counted:
        yield "no ws-server is added when they hold many sockets"


def the_ingress_is_as_strict_as_the_front_door(m):
    """In production; infra/kubernetes/components/traefik."""
    if m.place != "production":
        return
    made = {f"{each['metadata']['namespace']}-{each['metadata']['name']}@kubernetescrd": each["spec"]
            for each in m.of("Middleware", "TLSOption")}
    redirected = set()
    for ingress in m.of("Ingress"):
        asked = {key.removeprefix(TRAEFIK): value for key, value in ingress["metadata"].get("annotations", {}).items()}
        chain = [made.get(each, {}) for each in asked.get("middlewares", "").split(",")]
        hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
        if {} in chain:
            yield f"{name(ingress)} asks for a middleware that nobody makes"
        if asked.get("entrypoints") == "web":
            if not any(each.get("redirectScheme", {}).get("scheme") == "https" for each in chain):
                yield f"{name(ingress)} is served without TLS"
            redirected |= hosts
            continue
        if asked.get("entrypoints") != "websecure":
            yield f"{name(ingress)} may be served without TLS"
        if made.get(asked.get("tls.options"), {}).get("minVersion") not in ("VersionTLS12", "VersionTLS13"):
            yield f"{name(ingress)} speaks any TLS"
        headers = next((each["headers"] for each in chain if "headers" in each), {})
        if not (headers.get("contentTypeNosniff") and headers.get("frameDeny") and headers.get("referrerPolicy")
                and headers.get("stsSeconds", 0) >= A_YEAR_S):
            yield f"{name(ingress)} lacks the front door's headers"
        for middleware in ("compress", "retry"):
            if not any(middleware in each for each in chain):
                yield f"{name(ingress)} does not {middleware}"
        limit = next((each["buffering"].get("maxRequestBodyBytes") for each in chain if "buffering" in each), None)
        for path in (path["path"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            if path == "/v1/" and not limit:
                yield f"{name(ingress)}: {path} takes bodies of any length"
            if path in ("/ws", "/v1/uploads") and limit:
                yield f"{name(ingress)}: {path} is a stream, and would be held back"
    hosts = {rule["host"] for ingress in m.of("Ingress") for rule in ingress["spec"]["rules"]}
    for host in hosts - redirected:
        yield f"http://{host} leads nowhere"


RULES = [rule for rule in list(globals().values())
         if getattr(rule, "__code__", None) and rule.__code__.co_varnames[:1] == ("m",)]


def faults(manifests):
    return [f"{rule.__name__}: {fault}" for rule in RULES for fault in rule(manifests)]


def read(place, path, docs):
    def named(page, pattern):
        return re.findall(rf"^\| `({pattern})", (Path(docs) / page).read_text(), re.M)

    # The last one is the web client's own (infra/dev/lib/web.sh).
    settings = [*named("configuration.md", r"WARREN_\w+"), "WARREN_WEB_API_URL"]
    return Manifests(place, yaml.safe_load_all(Path(path).read_text()), settings, named("metrics.md", r"warren_\w+"))


if __name__ == "__main__":
    found = faults(read(*sys.argv[1:]))
    print("\n".join(found) or f"{sys.argv[1]}: {len(RULES)} rules kept")
    sys.exit(bool(found))
