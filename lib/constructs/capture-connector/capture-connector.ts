import { createHash } from 'node:crypto';
import { ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kafkaconnect from 'aws-cdk-lib/aws-kafkaconnect';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import type { ChangeLog } from '../change-log/index.ts';
import { createLogGroup, type LogProps } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { checkNeeds, needsOfCapture, type RelationalDatabase } from '../relational-store/index.ts';
import { captureStatements } from './statements.ts';
import { configProvider, renderWorker } from './worker-properties.ts';

/** Where Debezium finds the database; secrets and files are references that the config provider resolves. */
export interface CapturedDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly tls: 'verify-full';
  /** Path of a file with the certificate authorities to trust. */
  readonly certificates: string;
}

/**
 * Gives the connector's configuration, as `renderConnector` of `lambda/stores/kafka/connector.ts` does;
 * undefined when there is nothing to capture.
 */
export type RenderConnector = (database: CapturedDatabase) => Readonly<Record<string, string>> | undefined;

export interface CaptureConnectorProps extends LogProps {
  /** Up to 100 letters, digits and hyphens; a hash follows, since what MSK Connect replaces needs another name. */
  readonly connectorName: string;
  /**
   * Of the changes that it captures (DESIGN §4), 0 to 127. Another one is another connector: after a loss
   * the offsets of the one before are below where the new slot begins, and Debezium refuses to start there.
   */
  readonly generation: number;
  /** Absolute path of the plugin's ZIP archive: Debezium and our config provider. */
  readonly pluginFile: string;
  readonly renderConnector: RenderConnector;
  readonly relational: RelationalDatabase;
  readonly log: ChangeLog;
  /** Topics that the connector writes; they are there before it starts. */
  readonly topics: readonly string[];
  /** Topic of its offsets, which MSK Connect makes. */
  readonly offsetsTopic: string;
  readonly vpc: ec2.IVpc;
  /** @default - isolated subnets */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /** Groups that reach the database, the brokers and Secrets Manager. */
  readonly securityGroups: readonly ec2.ISecurityGroup[];
  /**
   * Capacity of the one worker in MSK Connect units of 1 vCPU and 4 GiB: 1, 2, 4 or 8.
   * @default 1
   */
  readonly units?: number;
}

/** PostgreSQL's, which the cluster keeps. */
const databasePort = 5432;

/**
 * Debezium on MSK Connect, which carries Aurora's changes into the change log. One task on one worker: a
 * replication slot has one reader. Its password is read from Secrets Manager when a task starts (ADR 0010).
 */
export class CaptureConnector extends Construct {
  readonly connector: kafkaconnect.CfnConnector;
  readonly role: iam.Role;
  /** As MSK Connect and its metrics know it. */
  readonly connectorName: string;

  constructor(scope: Construct, id: string, props: CaptureConnectorProps) {
    super(scope, id);
    const { connectorName, log, relational, units = 1 } = props;
    // Before anything is asked of the database: one without a password throws then.
    refuseProblems(this, (problems) => checkNeeds(relational, needsOfCapture, problems));
    const rendered = props.renderConnector(renderDatabase(relational));
    refuseProblems(this, (problems) => {
      if (!/^[a-zA-Z0-9-]{1,100}$/.test(connectorName))
        problems.add('connectorName', `is '${connectorName}'`, 'use 1 to 100 letters, digits and hyphens');
      if (![1, 2, 4, 8].includes(units)) problems.add('units', `are ${units}`, 'use 1, 2, 4 or 8');
      if (rendered === undefined)
        problems.add('renderConnector', 'found nothing to capture', 'make no connector');
    });

    const { properties, configuration } = renderWorker({
      configuration: rendered ?? {},
      offsetsTopic: props.offsetsTopic,
    });
    const plugin = this.#createPlugin(props);
    const worker = new kafkaconnect.CfnWorkerConfiguration(this, 'Worker', {
      // Neither it nor a plugin can be changed: another text is another one, under another name.
      name: `${connectorName}-${hashOf(properties)}`,
      propertiesFileContent: Buffer.from(properties).toString('base64'),
    });
    this.role = this.#createRole(props);
    const logGroup = createLogGroup(this, 'Logs', {
      // An error may quote a row of the database.
      encryptionKey: relational.encryptionKey,
      logRetention: props.logRetention,
    });
    this.connectorName = `${connectorName}-g${props.generation}-${hashOf(`${plugin.name} ${worker.name}`)}`;
    this.connector = new kafkaconnect.CfnConnector(this, 'Connector', {
      connectorName: this.connectorName,
      connectorDescription: 'Carries the changes of Aurora into the change log',
      connectorConfiguration: { ...configuration },
      // Runs Java 17, which Debezium 3 asks for.
      kafkaConnectVersion: '3.7.x',
      capacity: { provisionedCapacity: { mcuCount: units, workerCount: 1 } },
      kafkaCluster: {
        apacheKafkaCluster: {
          bootstrapServers: log.brokers,
          vpc: {
            subnets: props.vpc.selectSubnets(
              props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
            ).subnetIds,
            securityGroups: props.securityGroups.map((group) => group.securityGroupId),
          },
        },
      },
      kafkaClusterClientAuthentication: { authenticationType: 'IAM' },
      kafkaClusterEncryptionInTransit: { encryptionType: 'TLS' },
      logDelivery: {
        workerLogDelivery: { cloudWatchLogs: { enabled: true, logGroup: logGroup.logGroupName } },
      },
      plugins: [
        { customPlugin: { customPluginArn: plugin.attrCustomPluginArn, revision: plugin.attrRevision } },
      ],
      serviceExecutionRoleArn: this.role.roleArn,
      workerConfiguration: {
        workerConfigurationArn: worker.attrWorkerConfigurationArn,
        revision: worker.attrRevision,
      },
    });
    // The rights as well as the role.
    this.connector.node.addDependency(this.role);
  }

  #createPlugin({ connectorName, pluginFile }: CaptureConnectorProps): kafkaconnect.CfnCustomPlugin {
    const archive = new Asset(this, 'PluginArchive', { path: pluginFile });
    return new kafkaconnect.CfnCustomPlugin(this, 'Plugin', {
      name: `${connectorName}-${archive.assetHash.slice(0, hashLength)}`,
      description: 'Debezium for PostgreSQL, and the config provider for secrets',
      contentType: 'ZIP',
      location: {
        s3Location: { bucketArn: archive.bucket.bucketArn, fileKey: archive.s3ObjectKey },
      },
    });
  }

  #createRole(props: CaptureConnectorProps): iam.Role {
    const { connectorName, log, topics, offsetsTopic, relational } = props;
    const connectors = Stack.of(this).formatArn({
      service: 'kafkaconnect',
      resource: 'connector',
      resourceName: `${connectorName}-*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('kafkaconnect.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': connectors },
        },
      }),
      description: 'Debezium: Aurora to the change log',
    });
    const { secret, encryptionKey } = relational;
    for (const statement of captureStatements({ log, topics, offsetsTopic, secret, encryptionKey }))
      role.addToPolicy(statement);
    acceptFinding(role, {
      rule: 'AwsSolutions-IAM5',
      finding: /:(topic|group)\/.+\/(__amazon_msk_connect_|connect-)\*$/,
      reason:
        'MSK Connect names the topics and groups in which a connector keeps its state by an id that it gives.',
    });
    return role;
  }
}

const renderDatabase = (relational: RelationalDatabase): CapturedDatabase => ({
  host: relational.writerHost,
  port: databasePort,
  database: relational.databaseName,
  user: relational.userName,
  password: `\${${configProvider}:secret:${relational.secret.secretArn}:password}`,
  tls: 'verify-full',
  certificates: `\${${configProvider}:file:certificates}`,
});

const hashLength = 12;
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, hashLength);
