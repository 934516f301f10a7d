import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { createLogGroup, type LogProps } from '../log-group.ts';
import { pascalCase } from '../pascal-case.ts';
import { refuseProblems } from '../props-problems.ts';
import { tendProviders } from '../tend-providers.ts';
import { balancer, type Destination, type Edge, ports } from './edges.ts';

export interface NetworkProps extends LogProps {
  /** The arrows of the data flow: who may open a connection to what. Nothing else is reachable. */
  readonly edges: readonly Edge[];
  /**
   * The VPC's range, a /16.
   * @default '10.64.0.0/16'
   */
  readonly cidr?: string;
  /**
   * How many of the region's zones to use, 2 or 3; which ones is decided when it is deployed.
   * @default 3
   */
  readonly availabilityZones?: number;
}

/** Something in the VPC that waits for connections. */
export type Server = 'relational' | 'views' | 'cache' | 'search' | 'log' | 'router' | 'proxy';

/** Their groups' ids and what the groups say. */
const servers: Readonly<Record<Server, readonly [id: string, description: string]>> = {
  relational: ['RelationalServer', 'Aurora'],
  // The id is older than the name.
  views: ['CacheServer', 'ElastiCache'],
  cache: ['ResultsServer', 'ElastiCache that evicts'],
  search: ['SearchServer', 'OpenSearch'],
  log: ['LogServer', 'MSK brokers, and the pollers of Lambda that carry the same group'],
  router: ['RouterServer', 'Tasks of the router'],
  proxy: ['ProxyServer', 'RDS Proxy'],
};

/**
 * The VPC: isolated subnets, endpoints for the AWS services that are spoken to, a security group for
 * each server and each caller, and for each edge the two rules that let that caller reach that port.
 * (A group for each edge would be simpler to read, but Lambda takes five groups.) Subnets with a NAT
 * gateway exist only if an edge leads to the internet. All groups live here, so that no stack of a
 * store depends on the stack of its callers.
 */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  /** Where servers live, and functions that need no internet. */
  readonly isolated: ec2.SubnetSelection = { subnetGroupName: 'isolated' };
  readonly #servers = new Map<Server, ec2.SecurityGroup>();
  /** Of interface endpoints: those of the services that all speak to, and Keyspaces'. */
  readonly #endpoints: ec2.SecurityGroup;
  #wideColumn: ec2.SecurityGroup | undefined;
  #registry: ec2.SecurityGroup | undefined;
  readonly #cidr: string;
  readonly #clients = new Map<string, ec2.SecurityGroup>();
  readonly #edges: readonly Edge[];

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const zones = props.availabilityZones ?? 3;
    refuseProblems(this, (problems) => {
      if (zones !== 2 && zones !== 3)
        problems.add('availabilityZones', `is ${zones}`, 'use 2 or 3, Aurora and MSK need no more');
      if (props.cidr !== undefined && !/^\d+\.\d+\.0\.0\/16$/.test(props.cidr))
        problems.add('cidr', `is '${props.cidr}'`, "use a /16 such as '10.64.0.0/16'");
    });
    this.#edges = props.edges;
    this.#cidr = props.cidr ?? '10.64.0.0/16';
    this.vpc = this.#createVpc(this.#cidr, zones, props);
    this.#endpoints = this.#createEndpoints();
    for (const edge of props.edges) this.#connect(edge);
    this.#letPollersReachTheLog();
    tendProviders(this, props);
  }

  serverGroup(server: Server): ec2.ISecurityGroup {
    const found = this.#servers.get(server) ?? this.#group(...servers[server]);
    this.#servers.set(server, found);
    return found;
  }

  /** The group that a function carries. */
  clientGroup(from: string): ec2.ISecurityGroup {
    const found = this.#clients.get(from);
    if (found === undefined) throw new TypeError(`'${from}' has no edge in this network`);
    return found;
  }

  /** Where a function runs: with a way out only if it has an edge to the internet. */
  subnetsOf(from: string): ec2.SubnetSelection {
    return this.#edges.some((edge) => edge.from === from && edge.to === 'internet')
      ? { subnetGroupName: 'egress' }
      : this.isolated;
  }

  #createVpc(cidr: string, zones: number, { logRetention }: LogProps): ec2.IVpc {
    const needsInternet = this.#edges.some((edge) => edge.to === 'internet');
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(cidr),
      // Numbers in the region's list: the template knows no zone's name and synth asks nobody.
      availabilityZones: Array.from({ length: zones }, (_, index) => Fn.select(index, Fn.getAzs())),
      // One: it carries a key set every few minutes. Losing its zone loses no data.
      natGateways: needsInternet ? 1 : 0,
      restrictDefaultSecurityGroup: true,
      subnetConfiguration: [
        // First, so that the ranges of the stores stay when the others come or go.
        { name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 20 },
        ...(needsInternet
          ? [
              { name: 'egress', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
              {
                name: 'public',
                subnetType: ec2.SubnetType.PUBLIC,
                cidrMask: 26,
                mapPublicIpOnLaunch: false,
              },
            ]
          : []),
      ],
    });
    vpc.addFlowLog('Rejected', {
      // What was accepted is what the groups below say.
      trafficType: ec2.FlowLogTrafficType.REJECT,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(
        createLogGroup(this, 'RejectedTraffic', { encryptionKey: this.#createKey(), logRetention }),
      ),
    });
    // A Vpc is an IVpc; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
    return vpc as ec2.IVpc;
  }

  #createKey(): kms.Key {
    return new kms.Key(this, 'Key', {
      description: 'VPC: rejected traffic',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /**
   * Lambda's pollers of Kafka run in the brokers' subnets and silently never poll unless they reach
   * Lambda, STS and Secrets Manager; functions read their secrets there too. DynamoDB's gateway is free.
   */
  #createEndpoints(): ec2.SecurityGroup {
    const group = this.#group('EndpointsServer', 'Interface endpoints of AWS services');
    const services = {
      SecretsManager: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      Lambda: ec2.InterfaceVpcEndpointAwsService.LAMBDA,
      Sts: ec2.InterfaceVpcEndpointAwsService.STS,
    };
    for (const [id, service] of Object.entries(services)) this.#createEndpoint(id, service, group);
    this.vpc.addGatewayEndpoint('Dynamodb', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB });
    if (this.#edges.some(({ to }) => to === 'archive'))
      this.vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    return group;
  }

  #createEndpoint(id: string, service: ec2.InterfaceVpcEndpointAwsService, group: ec2.ISecurityGroup): void {
    this.vpc.addInterfaceEndpoint(id, {
      service,
      subnets: this.isolated,
      securityGroups: [group],
      // Else CDK opens the endpoint to the whole VPC.
      open: false,
    });
  }

  #connect({ from, to }: Edge): void {
    const client = this.#clients.get(from) ?? this.#group(`${pascalCase(from)}Client`, from);
    this.#clients.set(from, client);
    if (from === balancer)
      client.addIngressRule(ec2.Peer.ipv4(this.#cidr), ec2.Port.tcp(443), 'callers in the VPC to the router');
    const server = this.#serverOf(to);
    const port = ec2.Port.tcp(ports[to]);
    if (server === undefined) {
      // The gateways have public addresses in lists whose ids differ by region and would have to be
      // looked up. An isolated subnet has no other route, so 443 leads nowhere else.
      const name = to === 'archive' ? 'S3' : 'DynamoDB';
      client.addEgressRule(ec2.Peer.anyIpv4(), port, `${name}, or where the subnet has a way out`);
      return;
    }
    const description = `${from} to ${to}`;
    client.addEgressRule(peerOf(server), port, description);
    server.addIngressRule(peerOf(client), port, description);
  }

  /** Undefined for what has no group: gateways and the internet. */
  #serverOf(to: Destination): ec2.ISecurityGroup | undefined {
    switch (to) {
      case 'relational':
      case 'views':
      case 'search':
      case 'log':
      case 'router':
      case 'proxy':
        return this.serverGroup(to);
      case 'endpoints':
        return this.#endpoints;
      case 'registry':
        return this.#registryEndpoints();
      case 'wide-column':
        return this.#wideColumnEndpoint();
      case 'dynamodb':
      case 'archive':
      case 'internet':
        return undefined;
    }
  }

  #wideColumnEndpoint(): ec2.SecurityGroup {
    if (this.#wideColumn === undefined) {
      this.#wideColumn = this.#group('WideColumnServer', 'Interface endpoint of Keyspaces');
      this.#createEndpoint('Keyspaces', ec2.InterfaceVpcEndpointAwsService.KEYSPACES, this.#wideColumn);
    }
    return this.#wideColumn;
  }

  /** For Fargate, which fetches images and writes logs by the task's own network. */
  #registryEndpoints(): ec2.SecurityGroup {
    if (this.#registry === undefined) {
      this.#registry = this.#group('RegistryServer', 'Interface endpoints of ECR and CloudWatch Logs');
      const services = {
        EcrApi: ec2.InterfaceVpcEndpointAwsService.ECR,
        EcrDocker: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
        Logs: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      };
      for (const [id, service] of Object.entries(services)) this.#createEndpoint(id, service, this.#registry);
    }
    return this.#registry;
  }

  #letPollersReachTheLog(): void {
    const log = this.serverGroup('log');
    const broker = ec2.Port.tcp(ports.log);
    log.addIngressRule(peerOf(log), broker, 'Lambda pollers to brokers');
    log.addEgressRule(peerOf(log), broker, 'Lambda pollers to brokers');
    const https = ec2.Port.tcp(ports.endpoints);
    log.addEgressRule(peerOf(this.#endpoints), https, 'Lambda pollers to Lambda, STS and Secrets Manager');
    this.#endpoints.addIngressRule(peerOf(log), https, 'Lambda pollers to Lambda, STS and Secrets Manager');
  }

  #group(id: string, description: string): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }
}

/**
 * The group, for a rule whose id holds the group's own and not its path from the app: a stage is part of that, and a
 * rule with another id is a second one, which EC2 refuses.
 */
const peerOf = (group: ec2.ISecurityGroup): ec2.IPeer => ({
  canInlineRule: group.canInlineRule,
  connections: group.connections,
  uniqueId: group.node.id,
  toIngressRuleConfig: () => group.toIngressRuleConfig(),
  toEgressRuleConfig: () => group.toEgressRuleConfig(),
});
