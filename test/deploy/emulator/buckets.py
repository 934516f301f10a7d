"""S3: the emulator's own, real enough to hold objects; its CloudFormation forgets a bucket's tags, by which the
CDK's custom resource knows the buckets that it may empty."""

from ministack.services import s3
from provisioners import handlers


def register():
    bucket = handlers["AWS::S3::Bucket"]
    create = bucket["create"]

    def created(logical_id, properties, stack):
        physical_id, attributes = create(logical_id, properties, stack)
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        if tags:
            s3._bucket_tags[physical_id] = tags
        return physical_id, attributes

    bucket["create"] = created
