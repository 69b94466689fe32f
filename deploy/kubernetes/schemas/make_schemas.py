"""Makes the schemas in `generated`, one for each kind that we have, by which kubernetes.it.test.ts judges what is rendered.

    pip install kubernetes-validate==1.37.0 cloudcoil-models-keda==2.16.1.0 cloudcoil-models-prometheus-operator==0.80.1.0
    python3 deploy/kubernetes/schemas/make_schemas.py
"""

import importlib
import json
import pathlib

import kubernetes_validate

HERE = pathlib.Path(__file__).parent
STRICT = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / "v1.32.0-local-strict"
BUILT_IN = {
    "Namespace": "v1",
    "Service": "v1",
    "ConfigMap": "v1",
    "StatefulSet": "apps-v1",
    "Deployment": "apps-v1",
    "PodDisruptionBudget": "policy-v1",
    "NetworkPolicy": "networking-v1",
}
CUSTOM = {
    "ScaledObject": "cloudcoil.models.keda.v1alpha1",
    "TriggerAuthentication": "cloudcoil.models.keda.v1alpha1",
    "ServiceMonitor": "cloudcoil.models.prometheus_operator.v1",
}
#: What is for people, and what a server writes: a manifest has none of it.
LEFT_OUT = {"description", "title", "default", "example", "status", "managedFields"}


def plain(value, names=False):
    """Without what is left out; `names`: the keys are names of fields."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, one in value.items():
        if key in LEFT_OUT and (not names or key in ("status", "managedFields")):
            continue
        if key.startswith("x-kubernetes-"):
            continue
        kept[key] = plain(one, names=key in ("properties", "$defs"))
    return kept


def references(value):
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)


def whole(schema, definitions):
    """With the definitions that it needs, and no others."""
    needed, waiting = {}, list(references(schema))
    while waiting:
        name = waiting.pop().rsplit("/", 1)[1]
        if name not in needed:
            needed[name] = plain(definitions[name], names=False)
            waiting.extend(references(needed[name]))
    text = json.dumps({**schema, "$defs": dict(sorted(needed.items()))})
    return json.loads(text.replace("/api/_definitions.json#", "#"))


def strict(value):
    """Fields that nobody has declared are refused."""
    if isinstance(value, list):
        return [strict(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: strict(one) for key, one in value.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def write(kind, schema):
    text = json.dumps(schema, separators=(",", ":"), sort_keys=True)
    (HERE / "generated" / f"{kind.lower()}.json").write_text(text + "\n")


definitions = json.loads((STRICT / "_definitions.json").read_text())["$defs"]
for kind, version in BUILT_IN.items():
    schema = plain(json.loads((STRICT / f"{kind.lower()}-{version}.json").read_text()))
    write(kind, whole(schema, definitions))
meta = {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
for kind, module in CUSTOM.items():
    model = getattr(importlib.import_module(module), kind)
    made = model.model_json_schema(by_alias=True)
    own = made.pop("$defs")
    schema = strict(plain(made))
    schema["properties"]["metadata"] = meta
    write(kind, whole(schema, {**definitions, **{name: strict(one) for name, one in own.items()}}))
