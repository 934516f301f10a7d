"""How a type is added. A provisioner is a dict of `create(logical_id, properties, stack)`,
`update(physical_id, old, new, stack)` and `delete(physical_id, properties)`; the first two return the
physical id and the attributes that `Fn::GetAtt` finds."""

import hashlib

from ministack.services.cloudformation import provisioners

handlers = provisioners._RESOURCE_HANDLERS


def stored(prefix, attributes=lambda physical_id: {}):
    """A type that is kept by CloudFormation and exists nowhere else."""

    def create(logical_id, properties, stack):
        digest = hashlib.sha256(f"{stack}/{logical_id}".encode()).hexdigest()[:17]
        return f"{prefix}{digest}", attributes(f"{prefix}{digest}")

    def update(physical_id, old, new, stack):
        return physical_id, attributes(physical_id)

    return {"create": create, "update": update, "delete": lambda physical_id, properties: None}


def add_attributes(resource_type, more):
    """Adds to what a built-in type's `Fn::GetAtt` finds: `more(physical_id, properties)`."""
    handler = handlers[resource_type]
    create, update = handler["create"], handler.get("update")

    def created(logical_id, properties, stack):
        physical_id, attributes = create(logical_id, properties, stack)
        return physical_id, {**attributes, **more(physical_id, properties)}

    def updated(physical_id, old, new, *others):
        replaced, attributes = update(physical_id, old, new, *others)
        return replaced, {**attributes, **more(replaced, new)}

    handler["create"] = created
    if update is not None:
        handler["update"] = updated
