"""MSK: the emulator's API knows clusters, its CloudFormation does not. The brokers are the real Kafka.
MSK Connect is stored: Debezium runs in this machine's own Kafka Connect or not at all."""

import re
from urllib.parse import unquote

from in_process import call, client
from ministack.core import iam_actions
from provisioners import handlers, stored


def register():
    iam_actions.extract_resource_arn = with_whole_arns(iam_actions.extract_resource_arn)
    handlers["AWS::MSK::Cluster"] = {
        "create": create_cluster,
        "update": lambda physical_id, old, new, stack: (physical_id, {"Arn": physical_id}),
        "delete": lambda physical_id, properties: client("kafka").delete_cluster(ClusterArn=physical_id),
    }
    handlers["AWS::MSK::Configuration"] = stored(
        "arn:aws:kafka:configuration/",
        lambda physical_id: {"Arn": physical_id, "LatestRevision.Revision": "1"},
    )
    for kind in ("CustomPlugin", "WorkerConfiguration", "Connector"):
        handlers[f"AWS::KafkaConnect::{kind}"] = stored(
            f"arn:aws:kafkaconnect:{kind.lower()}/",
            # The name is bound now: the loop goes on.
            lambda physical_id, kind=kind: {f"{kind}Arn": physical_id, "Revision": "1"},
        )


def create_cluster(logical_id, properties, stack):
    # Its tags are a list in one and a map in the other, and say nothing that is tested.
    arn = call(
        "kafka", "create_cluster", {name: value for name, value in properties.items() if name != "Tags"}
    )["ClusterArn"]
    return arn, {"Arn": arn}


def with_whole_arns(extract):
    """Which resource a request is about. Of a cluster's ARN in a path, which has slashes, the emulator
    takes what is before the first, and so refuses what its policies allow."""

    def extracted(service, method, path, *others):
        arn = re.search(r"arn:aws:kafka:[^/]*:cluster/[^/]+/[^/]+", unquote(path)) if service == "kafka" else None
        return arn.group() if arn else extract(service, method, path, *others)

    return extracted
