"""Secrets Manager: `Ref` of a secret is its ARN; the emulator says its name."""

from provisioners import handlers, provisioners

service = provisioners._sm


def register():
    handler = handlers["AWS::SecretsManager::Secret"]
    create, update, delete = (handler[verb] for verb in ("create", "update", "delete"))

    def created(logical_id, properties, stack):
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], attributes

    def updated(physical_id, old, new, stack, logical_id=None):
        _, attributes = update(name_of(physical_id), old, new, stack, logical_id)
        return attributes["Arn"], attributes

    handler.update(
        create=created,
        update=updated,
        delete=lambda physical_id, properties: delete(name_of(physical_id), properties),
    )


def name_of(arn):
    return service._resolve(arn)[0] or arn
