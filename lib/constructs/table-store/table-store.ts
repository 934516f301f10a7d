import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { DynamodbTable, Projection } from '../../../lambda/model/index.ts';
import { dynamodbLimits } from '../../../lambda/model/limits.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import { checkStateful, refuseProblems, type StatefulProps } from '../props-problems.ts';
import {
  checkThroughput,
  renderBilling,
  renderIndexThroughput,
  type TableBilling,
  type ThroughputProps,
  type WarmThroughput,
} from './billing.ts';
import { checkReplication, replicate, type TableReplication } from './replication.ts';

export interface TableStoreProps extends StatefulProps {
  /** The single table that the model's DynamoDB entities share; none if it has no such entity. */
  readonly table: DynamodbTable | undefined;
  /**
   * What the entities' table is paid by; dead letters are paid by the request.
   * @default - each request, without a maximum
   */
  readonly billing?: TableBilling;
  /**
   * What the entities' table takes at once, beyond what AWS makes ready by itself. Once raised it is
   * not lowered.
   * @default - AWS's own
   */
  readonly warmThroughput?: WarmThroughput;
  /**
   * The same of single global indexes, by name.
   * @default - AWS's own
   */
  readonly warmThroughputOfIndex?: Readonly<Record<string, WarmThroughput>>;
  /**
   * Which keys CloudWatch counts the requests of, of the entities' table and its indexes: those that were
   * throttled, or all of them, which is paid by the event.
   * @default - none
   */
  readonly contributorInsights?: 'throttled' | 'all';
  /**
   * How many days a point in time can be restored, 1 to 35.
   * @default 35
   */
  readonly recoveryDays?: number;
  /**
   * Copies of the entities' table in other regions, and what they ask for (see there).
   * @default - none
   */
  readonly replication?: TableReplication;
}

/** As long as DynamoDB keeps what it needs to restore a point in time. */
const mostRecoveryDays = 35;

const insightModes = {
  throttled: dynamodb.ContributorInsightsMode.THROTTLED_KEYS,
  all: dynamodb.ContributorInsightsMode.ACCESSED_AND_THROTTLED_KEYS,
} as const;

/**
 * The DynamoDB table of the model, with its indexes, stream and expiry, and the table of dead letters.
 * CloudFormation names both, so that a replacement can stand beside what it replaces.
 */
export class TableStore extends Construct {
  readonly table: dynamodb.TableV2 | undefined;
  /** Changes that a store will never take (DESIGN §5). */
  readonly deadLetters: dynamodb.TableV2;
  readonly encryptionKey: kms.Key;

  constructor(scope: Construct, id: string, props: TableStoreProps) {
    super(scope, id);
    const { table, recoveryDays = mostRecoveryDays, replication } = props;
    const throughput: ThroughputProps = {
      billing: props.billing ?? { mode: 'on-demand' },
      warmThroughput: props.warmThroughput,
      warmThroughputOfIndex: props.warmThroughputOfIndex ?? {},
    };
    refuseProblems(this, (problems) => {
      checkStateful(props, problems);
      for (const kind of ['globalIndexes', 'localIndexes'] as const) {
        const count = table?.[kind].length ?? 0;
        if (count > dynamodbLimits[kind])
          problems.add(
            `table.${kind}`,
            `are ${count}`,
            `a table has at most ${dynamodbLimits[kind]}: remove some`,
          );
      }
      checkProjections(table, problems);
      checkThroughput(throughput, table?.globalIndexes.map(({ name }) => name) ?? [], problems);
      if (!Number.isInteger(recoveryDays) || recoveryDays < 1 || recoveryDays > mostRecoveryDays)
        problems.add('recoveryDays', `is ${recoveryDays}`, `use 1 to ${mostRecoveryDays}`);
      if (replication !== undefined)
        checkReplication(
          replication,
          {
            home: Stack.of(this).region,
            localIndexes: table?.localIndexes.map(({ name }) => name) ?? [],
          },
          problems,
        );
    });
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'DynamoDB: items, indexes, streams, backups',
      enableKeyRotation: true,
      removalPolicy,
    });
    const kept = {
      encryption: dynamodb.TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        ...(props.recoveryDays !== undefined && { recoveryPeriodInDays: recoveryDays }),
      },
      deletionProtection: props.deletionProtection ?? true,
      removalPolicy,
    } satisfies Partial<dynamodb.TablePropsV2>;

    this.table =
      table === undefined
        ? undefined
        : new dynamodb.TableV2(this, 'Entities', {
            ...kept,
            partitionKey: textAttribute(table.partitionKeyAttribute),
            sortKey: textAttribute(table.sortKeyAttribute),
            ...(replication?.consistency !== 'strong' && { timeToLiveAttribute: table.timeToLiveAttribute }),
            billing: renderBilling(throughput.billing),
            ...(props.warmThroughput !== undefined && { warmThroughput: props.warmThroughput }),
            ...(props.contributorInsights !== undefined && {
              contributorInsightsSpecification: {
                enabled: true,
                mode: insightModes[props.contributorInsights],
              },
            }),
            dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            globalSecondaryIndexes: table.globalIndexes.map((index) => ({
              indexName: index.name,
              partitionKey: textAttribute(index.partitionKeyAttribute),
              sortKey: textAttribute(index.sortKeyAttribute),
              ...renderProjection(index.projection),
              ...renderIndexThroughput(throughput, index.name),
            })),
            localSecondaryIndexes: table.localIndexes.map((index) => ({
              indexName: index.name,
              sortKey: {
                name: index.sortKeyAttribute,
                type:
                  index.sortKeyType === 'N' ? dynamodb.AttributeType.NUMBER : dynamodb.AttributeType.STRING,
              },
              ...renderProjection(index.projection),
            })),
          });
    this.deadLetters = new dynamodb.TableV2(this, 'DeadLetters', {
      ...kept,
      billing: dynamodb.Billing.onDemand(),
      partitionKey: textAttribute('pk'),
      sortKey: textAttribute('sk'),
      // Closed letters and jobs that are done.
      timeToLiveAttribute: 'expires',
    });
    for (const made of [this.table, this.deadLetters])
      if (made !== undefined) useKey(made, this.encryptionKey);
    if (this.table !== undefined && replication !== undefined) replicate(this.table, replication);
  }
}

function checkProjections(table: DynamodbTable | undefined, problems: Problems): void {
  const { projectedAttributes, projectedAttributesInAll } = dynamodbLimits;
  const projected = [...(table?.globalIndexes ?? []), ...(table?.localIndexes ?? [])].map(
    ({ name, projection = [] }) => ({ name, count: projection.length }),
  );
  for (const { name, count } of projected)
    if (count > projectedAttributes)
      problems.add(
        `table index ${name}`,
        `holds ${count} attributes beside keys`,
        `name at most ${projectedAttributes}, or leave the projection out, which holds all`,
      );
  const total = projected.reduce((sum, { count }) => sum + count, 0);
  if (total > projectedAttributesInAll)
    problems.add(
      'table',
      `has indexes that hold ${total} attributes beside keys together`,
      `name at most ${projectedAttributesInAll}, or leave the projection of some out, which holds all`,
    );
}

/**
 * What `TableEncryptionV2.customerManagedKey` renders for a table in one region. That refuses a stack
 * whose region is not known at synth, as ours are.
 */
function useKey(table: dynamodb.TableV2, key: kms.IKey): void {
  const resource = table.node.defaultChild;
  if (!(resource instanceof dynamodb.CfnGlobalTable))
    throw new TypeError('a TableV2 is made of a CfnGlobalTable');
  resource.addPropertyOverride('SSESpecification', { SSEEnabled: true, SSEType: 'KMS' });
  resource.addPropertyOverride('Replicas.0.SSESpecification', { KMSMasterKeyId: key.keyArn });
}

const renderProjection = (projection: Projection | undefined) =>
  projection === undefined
    ? { projectionType: dynamodb.ProjectionType.ALL }
    : { projectionType: dynamodb.ProjectionType.INCLUDE, nonKeyAttributes: [...projection] };

const textAttribute = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });
