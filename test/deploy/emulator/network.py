"""EC2: what the emulator's API knows and its CloudFormation does not."""

import logging

from botocore.exceptions import ClientError

from in_process import client
from provisioners import add_attributes, handlers, stored

log = logging.getLogger(__name__)


def register():
    handlers["AWS::EC2::EIP"] = {"create": create_address, "delete": delete_address}
    handlers["AWS::EC2::NatGateway"] = {"create": create_nat, "delete": delete_nat}
    handlers["AWS::EC2::FlowLog"] = {"create": create_flow_log, "delete": delete_flow_log}
    handlers["AWS::EC2::SecurityGroupIngress"] = rule("ingress")
    handlers["AWS::EC2::SecurityGroupEgress"] = rule("egress")
    add_attributes(
        "AWS::EC2::VPC",
        lambda physical_id, properties: {
            "CidrBlock": properties["CidrBlock"],
            "CidrBlockAssociations": [],
        },
    )


def create_address(logical_id, properties, stack):
    address = client("ec2").allocate_address(Domain="vpc")
    return address["PublicIp"], {
        "PublicIp": address["PublicIp"],
        "AllocationId": address["AllocationId"],
    }


def delete_address(physical_id, properties):
    ec2 = client("ec2")
    for address in ec2.describe_addresses()["Addresses"]:
        if address["PublicIp"] == physical_id:
            ec2.release_address(AllocationId=address["AllocationId"])


def create_nat(logical_id, properties, stack):
    gateway = client("ec2").create_nat_gateway(
        SubnetId=properties["SubnetId"], AllocationId=properties["AllocationId"]
    )["NatGateway"]["NatGatewayId"]
    return gateway, {"NatGatewayId": gateway}


def delete_nat(physical_id, properties):
    client("ec2").delete_nat_gateway(NatGatewayId=physical_id)


def create_flow_log(logical_id, properties, stack):
    names = ("ResourceType", "TrafficType", "LogDestinationType", "LogGroupName", "DeliverLogsPermissionArn")
    made = client("ec2").create_flow_logs(
        ResourceIds=[properties["ResourceId"]],
        **{name: properties[name] for name in names if name in properties},
    )
    return made["FlowLogIds"][0], {"Id": made["FlowLogIds"][0]}


def delete_flow_log(physical_id, properties):
    client("ec2").delete_flow_logs(FlowLogIds=[physical_id])


def rule(direction):
    """A rule of a security group that is a resource of its own."""
    named = stored("sgr-", lambda physical_id: {"Id": physical_id})

    def create(logical_id, properties, stack):
        authorize = getattr(client("ec2"), f"authorize_security_group_{direction}")
        authorize(GroupId=properties["GroupId"], IpPermissions=[permission(properties)])
        return named["create"](logical_id, properties, stack)

    def delete(physical_id, properties):
        revoke = getattr(client("ec2"), f"revoke_security_group_{direction}")
        try:
            revoke(GroupId=properties["GroupId"], IpPermissions=[permission(properties)])
        except ClientError as error:
            # Its group went first.
            log.info("%s: %s", physical_id, error)

    return {"create": create, "delete": delete}


def permission(properties):
    result = {"IpProtocol": properties["IpProtocol"]}
    for name in ("FromPort", "ToPort"):
        if name in properties:
            result[name] = int(properties[name])
    if "CidrIp" in properties:
        result["IpRanges"] = [{"CidrIp": properties["CidrIp"]}]
    group = properties.get("SourceSecurityGroupId") or properties.get("DestinationSecurityGroupId")
    if group:
        result["UserIdGroupPairs"] = [{"GroupId": group}]
    return result
