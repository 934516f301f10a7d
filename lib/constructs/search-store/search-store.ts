import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AccountRootPrincipal, type IRole, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { CfnDomain, EngineVersion } from 'aws-cdk-lib/aws-opensearchservice';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import type { LogProps } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { createAccessManager } from './access-manager.ts';
import { publishLogs } from './logs.ts';
import { checkSearchStorage, checkVolume, type DailyIndexLoad } from './sizing.ts';
import { checkTiers, renderTiers, type SearchTiers } from './tiers.ts';

export interface SearchStoreProps extends LogProps {
  /** Name of the domain, unique in account and region: 3 to 28 lower-case letters, digits and hyphens. */
  readonly domainName: string;
  readonly vpc: ec2.IVpc;
  /**
   * The first `zones` of these are used.
   * @default - isolated subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Groups that say who may connect; beside that a caller needs rights and signs its requests.
   * @default - one that lets nobody in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * How many zones the nodes are spread over, and each index with its copy: 1 to 3.
   * @default 3
   */
  readonly zones?: number;
  /**
   * Nodes that hold indices; a multiple of the zones.
   * @default - one in each zone
   */
  readonly dataNodes?: number;
  /**
   * Class of the data nodes, with the suffix `.search`.
   * @default 'r7g.large.search'
   */
  readonly dataNodeType?: string;
  /**
   * Class of three nodes that only manage the cluster, so that a heavy search cannot take its head away.
   * @default - none: data nodes do both
   */
  readonly managerType?: string;
  /**
   * EBS volume of each data node in GiB, 10 to 16384; a class may take less.
   * @default 100
   */
  readonly storageGibPerNode?: number;
  /**
   * Warm and cold storage; see {@link SearchTiers} for who moves indices there.
   * @default - all indices on the data nodes
   */
  readonly tiers?: SearchTiers;
  /**
   * Hour of UTC at which the ten hours begin in which the service may change nodes and install updates, 0 to 23.
   * @default 3
   */
  readonly offPeakHour?: number;
  /**
   * Rights by index, in OpenSearch's own security, besides those by method and path in IAM. `store.accessManager` is
   * the role that says who has which: Polystore's schema function takes it on and lets the other functions in;
   * until it has, nobody else gets in. It can be turned on for a domain that is there, and never off.
   * @default false
   */
  readonly fineGrainedAccess?: boolean;
  /**
   * Indices that the volumes shall hold.
   * @default - nothing is checked
   */
  readonly indices?: readonly DailyIndexLoad[];
  /**
   * What becomes of the domain when the construct leaves the stack. It has no deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Each index has a copy where there is a second node to hold it. */
const copiesOf = (dataNodes: number): number => (dataNodes > 1 ? 2 : 1);

/** Three managers keep a quorum when one is lost (docs.aws.amazon.com/opensearch-service, dedicated managers). */
const managers = 3;

/**
 * An OpenSearch domain in the VPC, spoken to over TLS by callers of this account who sign their requests.
 * Encrypted on disk and between its nodes; slow searches, slow writes and errors are logged.
 *
 * The account needs the service-linked role of OpenSearch once:
 * `aws iam create-service-linked-role --aws-service-name opensearchservice.amazonaws.com`.
 */
export class SearchStore extends Construct {
  readonly domain: CfnDomain;
  readonly connections: ec2.Connections;
  readonly encryptionKey: kms.Key;
  /** ARN of the domain, without a path. */
  readonly domainArn: string;
  /** Who manages the rights by index; undefined without fine-grained access. */
  readonly accessManager: IRole | undefined;

  constructor(scope: Construct, id: string, props: SearchStoreProps) {
    super(scope, id);
    const { zones = 3, dataNodes = zones, storageGibPerNode = 100 } = props;
    const { dataNodeType = 'r7g.large.search', managerType, tiers, offPeakHour = 3 } = props;
    refuseProblems(this, (problems) => {
      if (!/^[a-z][a-z0-9-]{2,27}$/.test(props.domainName))
        problems.add(
          'domainName',
          `is '${props.domainName}'`,
          'use 3 to 28 lower-case letters, digits and hyphens',
        );
      if (![1, 2, 3].includes(zones)) problems.add('zones', `is ${zones}`, 'use 1 to 3');
      else if (!Number.isInteger(dataNodes) || dataNodes < zones || dataNodes % zones !== 0)
        problems.add('dataNodes', `is ${dataNodes} over ${zones} zones`, `use a multiple of ${zones}`);
      for (const [name, type] of Object.entries({ dataNodeType, managerType }))
        if (type !== undefined && !type.endsWith('.search'))
          problems.add(name, `is '${type}'`, "name a class such as 'r7g.large.search'");
      if (!Number.isInteger(storageGibPerNode) || storageGibPerNode < 10 || storageGibPerNode > 16_384)
        problems.add('storageGibPerNode', `is ${storageGibPerNode}`, 'use 10 to 16384');
      else {
        checkVolume(dataNodeType, storageGibPerNode, problems);
        checkSearchStorage(
          { loads: props.indices ?? [], dataNodes, storageGibPerNode, copies: copiesOf(dataNodes) },
          problems,
        );
      }
      checkTiers(tiers, { managerType, dataNodeType }, problems);
      if (!Number.isInteger(offPeakHour) || offPeakHour < 0 || offPeakHour > 23)
        problems.add('offPeakHour', `is ${offPeakHour}`, 'use 0 to 23');
    });

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'OpenSearch: indices, snapshots, logs of the service on disk',
      enableKeyRotation: true,
      removalPolicy,
    });
    const groups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'Server', {
        vpc: props.vpc,
        description: 'OpenSearch',
        allowAllOutbound: false,
      }),
    ];
    this.connections = new ec2.Connections({ securityGroups: groups, defaultPort: ec2.Port.tcp(443) });
    // By its name, since a domain's policy cannot refer to the domain that it is part of.
    this.domainArn = Stack.of(this).formatArn({
      service: 'es',
      resource: 'domain',
      resourceName: props.domainName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    const subnets = props.vpc.selectSubnets(
      props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ).subnetIds;
    if (props.fineGrainedAccess === true) this.accessManager = createAccessManager(this, this.domainArn);
    const logs = publishLogs(this, {
      domainArn: this.domainArn,
      audited: this.accessManager !== undefined,
      encryptionKey: this.encryptionKey,
      logRetention: props.logRetention,
    });
    this.domain = new CfnDomain(this, 'Domain', {
      domainName: props.domainName,
      engineVersion: EngineVersion.OPENSEARCH_2_19.version,
      clusterConfig: {
        instanceType: dataNodeType,
        instanceCount: dataNodes,
        zoneAwarenessEnabled: zones > 1,
        ...(zones > 1 ? { zoneAwarenessConfig: { availabilityZoneCount: zones } } : {}),
        dedicatedMasterEnabled: managerType !== undefined,
        ...(managerType === undefined
          ? {}
          : { dedicatedMasterType: managerType, dedicatedMasterCount: managers }),
        // It asks for two copies of every index; ours have one.
        multiAzWithStandbyEnabled: false,
        ...renderTiers(tiers),
      },
      ebsOptions: { ebsEnabled: true, volumeType: 'gp3', volumeSize: storageGibPerNode },
      vpcOptions: {
        subnetIds: subnets.slice(0, zones),
        securityGroupIds: groups.map((group) => group.securityGroupId),
      },
      accessPolicies: this.#ofThisAccount(),
      encryptionAtRestOptions: { enabled: true, kmsKeyId: this.encryptionKey.keyId },
      nodeToNodeEncryptionOptions: { enabled: true },
      domainEndpointOptions: { enforceHttps: true, tlsSecurityPolicy: 'Policy-Min-TLS-1-2-PFS-2023-10' },
      ...(this.accessManager === undefined
        ? {}
        : {
            advancedSecurityOptions: {
              enabled: true,
              // No passwords: whoever calls signs.
              internalUserDatabaseEnabled: false,
              masterUserOptions: { masterUserArn: this.accessManager.roleArn },
            },
          }),
      logPublishingOptions: logs.options,
      softwareUpdateOptions: { autoSoftwareUpdateEnabled: true },
      offPeakWindowOptions: {
        enabled: true,
        offPeakWindow: { windowStartTime: { hours: offPeakHour, minutes: 0 } },
      },
    });
    this.domain.node.addDependency(logs.permission);
    // A newer engine in place, and not another domain.
    this.domain.cfnOptions.updatePolicy = { enableVersionUpgrade: true };
    this.domain.applyRemovalPolicy(removalPolicy);
    acceptFinding(this.domain, {
      rule: 'AwsSolutions-OS3',
      reason:
        'It lies in the VPC, its group lets callers in by theirs, and each request is signed; functions have no fixed address.',
    });
    if (this.accessManager === undefined)
      acceptFinding(this.domain, {
        rule: 'CKV_AWS_317',
        reason:
          'OpenSearch audits what its fine-grained access lets through, which is off: rights are in IAM.',
      });
    if (managerType === undefined)
      acceptFinding(this.domain, {
        rule: 'AwsSolutions-OS4',
        reason: 'It was asked for without managers of its own: a view can be built anew from its source.',
      });
    if (zones === 1)
      acceptFinding(this.domain, {
        rule: 'AwsSolutions-OS7',
        reason: 'It was asked for in one zone: a view can be built anew from its source.',
      });
  }

  /** `https://…` inside the VPC. */
  get endpoint(): string {
    return `https://${this.domain.attrDomainEndpoint}`;
  }

  /**
   * Whoever calls must sign and be of this account; what each may do is in its role. An open policy would
   * let in whoever gets past the security group.
   */
  #ofThisAccount(): PolicyDocument {
    return new PolicyDocument({
      statements: [
        new PolicyStatement({
          principals: [new AccountRootPrincipal()],
          actions: ['es:ESHttp*'],
          resources: [`${this.domainArn}/*`],
        }),
      ],
    });
  }
}
