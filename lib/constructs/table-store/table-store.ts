import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { DynamodbTable } from '../../../lambda/model/index.ts';
import { checkStateful, refuseProblems, type StatefulProps } from '../props-problems.ts';

export interface TableStoreProps extends StatefulProps {
  /** The single table that the model's DynamoDB entities share; none if it has no such entity. */
  readonly table: DynamodbTable | undefined;
}

/** Limits of a table (docs.aws.amazon.com/amazondynamodb, Quotas). */
const limits = { globalIndexes: 20, localIndexes: 5 } as const;

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
    const { table } = props;
    refuseProblems(this, (problems) => {
      checkStateful(props, problems);
      for (const kind of ['globalIndexes', 'localIndexes'] as const) {
        const count = table?.[kind].length ?? 0;
        if (count > limits[kind])
          problems.add(`table.${kind}`, `are ${count}`, `a table has at most ${limits[kind]}: remove some`);
      }
    });
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'DynamoDB: items, indexes, streams, backups',
      enableKeyRotation: true,
      removalPolicy,
    });
    const kept = {
      billing: dynamodb.Billing.onDemand(),
      encryption: dynamodb.TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
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
            timeToLiveAttribute: table.timeToLiveAttribute,
            dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            globalSecondaryIndexes: table.globalIndexes.map((index) => ({
              indexName: index.name,
              partitionKey: textAttribute(index.partitionKeyAttribute),
              sortKey: textAttribute(index.sortKeyAttribute),
              projectionType: dynamodb.ProjectionType.ALL,
            })),
            localSecondaryIndexes: table.localIndexes.map((index) => ({
              indexName: index.name,
              sortKey: {
                name: index.sortKeyAttribute,
                type:
                  index.sortKeyType === 'N' ? dynamodb.AttributeType.NUMBER : dynamodb.AttributeType.STRING,
              },
              projectionType: dynamodb.ProjectionType.ALL,
            })),
          });
    this.deadLetters = new dynamodb.TableV2(this, 'DeadLetters', {
      ...kept,
      partitionKey: textAttribute('pk'),
      sortKey: textAttribute('sk'),
      // Closed letters and jobs that are done.
      timeToLiveAttribute: 'expires',
    });
    for (const made of [this.table, this.deadLetters])
      if (made !== undefined) useKey(made, this.encryptionKey);
  }
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

const textAttribute = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });
