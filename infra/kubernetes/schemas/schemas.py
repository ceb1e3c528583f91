"""JSON schemas for kubeconform, one file a kind, from what the projects themselves publish: the
OpenAPI document of Kubernetes, and the custom resources of the operators.

    schemas.py FOLDER SWAGGER_JSON CRD_YAML...

Of those, the kinds that Warren's manifests use (KINDS), and what checks a value: no words for people.
Strict: a field that is not declared is a fault, because a mistyped one would be ignored in silence.
"""

import json
import sys
from pathlib import Path

import yaml

KINDS = {
    "Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service", "PersistentVolumeClaim",
    "Deployment", "StatefulSet", "Job", "Ingress", "NetworkPolicy", "HorizontalPodAutoscaler",
    "PodDisruptionBudget", "Cluster", "ScheduledBackup", "RabbitmqCluster", "Application",
    "Middleware", "TLSOption",
}
# Declared as strings, and taken as numbers too.
INT_OR_STRING = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
QUANTITY = {"oneOf": [{"type": "string"}, {"type": "number"}]}
QUANTITY_NAME = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def main(folder, swagger, *crds):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    definitions = json.loads(Path(swagger).read_text())["definitions"]
    definitions = {name: strict(schema) for name, schema in definitions.items()}
    definitions[QUANTITY_NAME] = QUANTITY
    for name, schema in definitions.items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            # A list of kinds shares its definition: only the kind itself is looked up by its name.
            if kind["kind"] in KINDS and name.rpartition(".")[2] == kind["kind"]:
                reached = {each: definitions[each] for each in reachable(schema, definitions)}
                write(folder, kind["group"], kind["version"], kind["kind"], schema | {"definitions": reached})
    resources = [resource["spec"] for path in crds for resource in yaml.safe_load_all(Path(path).read_text())]
    for resource in resources:
        if resource["names"]["kind"] not in KINDS:
            continue
        for version in resource["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            # Kubernetes declares it, not the resource.
            schema["properties"]["metadata"] = {"type": "object"}
            write(folder, resource["group"], version["name"], resource["names"]["kind"], schema)


def write(folder, group, version, kind, schema):
    """Under the name that kubeconform asks for: kind, the group's first part, version."""
    parts = [kind.lower(), group.split(".")[0], version]
    name = "-".join(part for part in parts if part)
    text = json.dumps(without_marks(schema), sort_keys=True, separators=(",", ":"))
    (folder / f"{name}.json").write_text(f"{text}\n")


def strict(schema):
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        return INT_OR_STRING
    # Words for people, and formats and patterns that belong to Go's libraries. A property may bear the
    # same name: that one is no text.
    ignored = ("description", "format", "pattern")
    schema = {
        key: strict(value) for key, value in schema.items() if key not in ignored or not isinstance(value, str)
    }
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_ended:
        schema["additionalProperties"] = False
    return schema


def without_marks(schema):
    """Without what Kubernetes' own tools read (x-kubernetes-…) and validators do not."""
    if isinstance(schema, list):
        return [without_marks(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_marks(value) for key, value in schema.items() if not key.startswith("x-kubernetes-")}


def reachable(schema, definitions):
    found, open_ends = set(), [schema]
    while open_ends:
        at = open_ends.pop()
        if isinstance(at, list):
            open_ends.extend(at)
        elif isinstance(at, dict):
            name = str(at.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                open_ends.append(definitions[name])
            open_ends.extend(at.values())
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
