"""Aurora, ElastiCache and DynamoDB. Aurora's endpoint is the real PostgreSQL at DEPLOY_POSTGRES, the
cache's the real Valkey at REDIS_HOST; DynamoDB is the emulator's own, and its global tables are made to
keep their items."""

import json
import os

from in_process import client
from ministack.core.responses import get_region, new_uuid
from ministack.services import secretsmanager
from provisioners import add_attributes, handlers, provisioners

rds = provisioners._rds


def register():
    cluster = handlers["AWS::RDS::DBCluster"]
    instance = handlers["AWS::RDS::DBInstance"]
    create_cluster, delete_cluster = cluster["create"], cluster["delete"]
    create_instance = instance["create"]
    host, port = os.environ["DEPLOY_POSTGRES"].rsplit(":", 1)

    def cluster_created(logical_id, properties, stack):
        physical_id, _ = create_cluster(logical_id, properties, stack)
        made = rds._clusters[physical_id]
        # One port for writer and readers, as on Aurora; a reader elsewhere is said by context.
        made.update(Endpoint=host, ReaderEndpoint=host, Port=int(port))
        made["MasterUserSecret"] = {
            "SecretArn": secretsmanager.create_secret_in_process(
                f"rds!cluster-{new_uuid()}",
                json.dumps({"username": properties["MasterUsername"], "password": new_uuid()}),
                description=f"Secret managed by RDS for DB cluster {physical_id}",
            ),
            "SecretStatus": "active",
            "KmsKeyId": properties["MasterUserSecret"]["KmsKeyId"],
        }
        return physical_id, cluster_attributes(made)

    def cluster_updated(physical_id, old, new, stack, logical_id=None):
        replaced, _ = update_cluster(physical_id, old, new, stack, logical_id)
        return replaced, cluster_attributes(rds._clusters[replaced])

    def cluster_deleted(physical_id, properties):
        secret = rds._clusters[physical_id]["MasterUserSecret"]["SecretArn"]
        client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
        delete_cluster(physical_id, properties)

    def instance_created(logical_id, properties, stack):
        physical_id, _ = create_instance(logical_id, properties, stack)
        made = rds._instances[physical_id]
        made["Endpoint"].update(Address=host, Port=int(port))
        return physical_id, provisioners._rds_db_instance_attrs(made)

    update_cluster = cluster["update"]
    cluster.update(create=cluster_created, update=cluster_updated, delete=cluster_deleted)
    instance["create"] = instance_created
    add_attributes(
        "AWS::ElastiCache::ReplicationGroup",
        lambda physical_id, properties: {
            "ConfigurationEndPoint.Address": os.environ["REDIS_HOST"],
            "ConfigurationEndPoint.Port": os.environ["REDIS_PORT"],
        },
    )
    handlers["AWS::DynamoDB::GlobalTable"] = {
        "create": create_table,
        "update": update_table,
        "update_with_logical_id": True,
        "delete": provisioners._ddb_global_table_delete,
    }


def cluster_attributes(cluster):
    return {
        **provisioners._rds_db_cluster_attrs(cluster),
        "MasterUserSecret.SecretArn": cluster["MasterUserSecret"]["SecretArn"],
    }


# What a table of one region has no use for.
GLOBAL_ONLY = ("Replicas", "SSESpecification", "WriteOnDemandThroughputSettings")


def create_table(logical_id, properties, stack):
    name, attributes = provisioners._ddb_global_table_create(logical_id, properties, stack)
    return name, {**attributes, **settle_table(name, properties)}


def update_table(physical_id, old, new, stack, logical_id=None):
    """The emulator's own update forgets the logical id and replaces the table with an empty one."""
    regional = [{k: v for k, v in each.items() if k not in GLOBAL_ONLY} for each in (old, new)]
    name, attributes = provisioners._ddb_update(physical_id, *regional, stack, logical_id)
    return name, {**attributes, **settle_table(name, new)}


def settle_table(name, properties):
    """What the emulator does not take from the template: expiry, and what stands in the replica."""
    replica = next(each for each in properties["Replicas"] if each["Region"] == get_region())
    table = provisioners._dynamodb._tables[name]
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        client("dynamodb").update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry["AttributeName"]},
        )
    table["DeletionProtectionEnabled"] = str(replica.get("DeletionProtectionEnabled", False)).lower() == "true"
    return {"TableId": table["TableId"]}
