import { describe, expect, test } from '@jest/globals';
import { type Catalog, compile, functionsOf } from '../../../../lambda/model/index.ts';
import { captureEdges, type Destination, edgesOf, ports } from '../../../../lib/index.ts';
import flights from '../../../../model/flights.ts';
import { type Deployed, deploy, environmentOf, everything, stackOf, templateOf } from '../../deploy.ts';

type Properties = Readonly<Record<string, unknown>>;
interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
}

const models: Readonly<Record<string, Catalog>> = { flights: compile(flights), everything };
const cases = Object.keys(models).flatMap((name) =>
  ['dev', 'staging', 'prod'].map((environment) => [name, environment] as const),
);

const resourcesOf = (deployed: Deployed): readonly (readonly [string, Resource])[] =>
  deployed.parts.flatMap((part) => Object.entries<Resource>(templateOf(deployed, part).toJSON().Resources));

/** Rules into groups, of their own or written in the group. */
const ingressOf = (deployed: Deployed): readonly Properties[] =>
  resourcesOf(deployed).flatMap(([, { Type, Properties }]) => {
    if (Type === 'AWS::EC2::SecurityGroupIngress') return [Properties];
    // A list by the template's own schema.
    const inline = (Properties?.SecurityGroupIngress ?? []) as readonly Properties[];
    return Type === 'AWS::EC2::SecurityGroup' ? inline : [];
  });

/** The logical id that a rule or an endpoint names a group by. */
const idOf = (group: unknown): string => {
  const found = /"Fn::GetAtt":\["(\w+)","GroupId"\]/.exec(JSON.stringify(group))?.[1];
  if (found === undefined) throw new TypeError(`${JSON.stringify(group)} names no group of the network`);
  return found;
};

/** The group behind each destination that has one: of a server, or of the interface endpoints. */
function groupsOf(deployed: Deployed): Readonly<Partial<Record<Destination, string>>> {
  const { network } = deployed.stacks.network;
  const stack = stackOf(deployed, 'network');
  const behind = (service: string): string | undefined => {
    const endpoint = resourcesOf(deployed).find(
      ([, { Type, Properties }]) =>
        Type === 'AWS::EC2::VPCEndpoint' && JSON.stringify(Properties.ServiceName).includes(service),
    )?.[1];
    return endpoint === undefined ? undefined : idOf(endpoint.Properties.SecurityGroupIds);
  };
  const servers = (['relational', 'views', 'search', 'log'] as const).map((server) => [
    server,
    idOf(stack.resolve(network.serverGroup(server).securityGroupId)),
  ]);
  return {
    ...Object.fromEntries(servers),
    endpoints: behind('.secretsmanager'),
    'wide-column': behind('.cassandra'),
  };
}

describe.each(cases)('the rules of the model %s in %s', (model, name) => {
  const catalog = models[model] as Catalog;
  const environment = environmentOf(name);
  const deployed = deploy({ catalog, environment });
  const ours = resourcesOf(deployed)
    .filter(([, { Type }]) => Type === 'AWS::EC2::SecurityGroup')
    .map(([id]) => id);

  test('let in groups of ours only, each on one port', () => {
    const rules = ingressOf(deployed);

    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) {
      expect(Object.keys(rule).filter((key) => /Cidr|PrefixList|SourceSecurityGroupName/.test(key))).toEqual(
        [],
      );
      expect(ours).toContain(idOf(rule.SourceSecurityGroupId));
      expect(rule).toMatchObject({ IpProtocol: 'tcp', FromPort: rule.ToPort });
      expect(Object.values(ports)).toContain(rule.FromPort);
    }
  });

  test('are the edges of the data flow and what Lambda’s pollers need, and nothing else', () => {
    const groups = groupsOf(deployed);
    const { network } = deployed.stacks.network;
    const stack = stackOf(deployed, 'network');
    const edges = [
      ...edgesOf(functionsOf(catalog), { keysByUrl: environment.api.identity.keys.kind === 'url' }),
      ...(deployed.stacks.capture === undefined ? [] : captureEdges),
    ];

    const expected = edges.flatMap(({ from, to }) => {
      const server = groups[to];
      const client = idOf(stack.resolve(network.clientGroup(from).securityGroupId));
      return server === undefined ? [] : [`${client} to ${server} at ${ports[to]}`];
    });
    const pollers = [`${groups.log} to ${groups.log} at 9098`, `${groups.log} to ${groups.endpoints} at 443`];
    expect(
      ingressOf(deployed)
        .map((rule) => `${idOf(rule.SourceSecurityGroupId)} to ${idOf(rule.GroupId)} at ${rule.FromPort}`)
        .sort(),
    ).toEqual([...expected, ...pollers].sort());
  });

  test('let nobody out to an address but by 443, and that only who reads DynamoDB, S3 or the issuer’s keys', () => {
    const open = resourcesOf(deployed).flatMap(([id, { Type, Properties }]) =>
      (Type === 'AWS::EC2::SecurityGroup'
        ? // A list by the template's own schema.
          ((Properties.SecurityGroupEgress ?? []) as readonly Properties[])
        : []
      )
        // How the CDK says that a group lets nobody out.
        .filter(({ CidrIp }) => CidrIp !== undefined && CidrIp !== '255.255.255.255/32')
        .map((rule) => ({ id, from: rule.FromPort, to: rule.ToPort })),
    );
    const stack = stackOf(deployed, 'network');
    const allowed = edgesOf(functionsOf(catalog), { keysByUrl: true })
      .filter(({ to }) => to === 'dynamodb' || to === 'archive' || to === 'internet')
      .map(({ from }) =>
        idOf(stack.resolve(deployed.stacks.network.network.clientGroup(from).securityGroupId)),
      );

    expect(open.every(({ from, to }) => from === 443 && to === 443)).toBe(true);
    expect([...new Set(open.map(({ id }) => id))].sort()).toEqual([...new Set(allowed)].sort());
  });
});
