import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cassandra from 'aws-cdk-lib/aws-cassandra';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { WideColumn, WideTable } from '../../../lambda/model/index.ts';
import { refuseProblems } from '../props-problems.ts';
import { checkBilling, renderBilling, type WideColumnBilling } from './billing.ts';
import { checkReplication, renderReplication, type WideColumnReplication } from './replication.ts';

export interface WideColumnStoreProps {
  /** The keyspace, unique in account and region: 2 to 48 letters, digits and underscores. */
  readonly keyspaceName: string;
  /** The tables of the model's views, and that of what is known of them. */
  readonly tables: readonly WideTable[];
  /**
   * What tables are paid by.
   * @default - each request
   */
  readonly billing?: WideColumnBilling;
  /**
   * What single tables are paid by in its place, by their names.
   * @default - as all are
   */
  readonly billingOfTable?: Readonly<Record<string, WideColumnBilling>>;
  /**
   * Copies in other regions, and what they cost (see there).
   * @default - none
   */
  readonly replication?: WideColumnReplication;
  /**
   * What becomes of the tables when the construct leaves the stack. Keyspaces has no deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Names of keyspaces and tables (docs.aws.amazon.com/keyspaces, Quotas and the CloudFormation reference). */
const namePattern = /^[a-zA-Z0-9]\w{1,47}$/;

/**
 * The longest that Keyspaces takes: 20 years in seconds. A default above 0 is the only way by which
 * CloudFormation switches expiry on; every write says its own, 0 for never.
 */
const defaultTimeToLiveSeconds = 630_720_000;

/**
 * Amazon Keyspaces: the keyspace and a table for each view, made by CloudFormation so that encryption,
 * recovery and tags are under review like everything else (ADR 0006). A table's name is that of its view:
 * what would replace the table is refused by CloudFormation, and the view has to get another name.
 */
export class WideColumnStore extends Construct {
  readonly keyspaceName: string;
  readonly encryptionKey: kms.Key;
  readonly #tables: readonly WideTable[];

  constructor(scope: Construct, id: string, props: WideColumnStoreProps) {
    super(scope, id);
    const { billing = { mode: 'on-demand' }, billingOfTable = {}, replication } = props;
    refuseProblems(this, (problems) => {
      const check = (where: string, name: string): void => {
        if (!namePattern.test(name))
          problems.add(where, `is '${name}'`, 'use 2 to 48 letters, digits and underscores, none in front');
      };
      check('keyspaceName', props.keyspaceName);
      for (const { name, entity, view } of props.tables)
        check(view === '' ? 'the table of what is known of views' : `the table of ${entity}.${view}`, name);
      checkBilling('billing', billing, problems);
      for (const [name, each] of Object.entries(billingOfTable)) {
        checkBilling(`billingOfTable.${name}`, each, problems);
        if (!props.tables.some((table) => table.name === name))
          problems.add(
            `billingOfTable.${name}`,
            'is of no table',
            `use one of ${props.tables.map((table) => table.name).join(', ')}`,
          );
      }
      if (replication !== undefined) checkReplication(replication, problems);
    });

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Keyspaces: rows, backups',
      enableKeyRotation: true,
      removalPolicy,
    });
    const keyspace = new cassandra.CfnKeyspace(this, 'Keyspace', {
      keyspaceName: props.keyspaceName,
      replicationSpecification: renderReplication(replication),
      ...(replication !== undefined && { clientSideTimestampsEnabled: true }),
    });
    keyspace.applyRemovalPolicy(removalPolicy);
    this.keyspaceName = keyspace.ref;
    for (const table of props.tables) {
      const resource = new cassandra.CfnTable(this, table.name, {
        keyspaceName: keyspace.ref,
        tableName: table.name,
        ...renderColumns(table),
        ...renderBilling(billingOfTable[table.name] ?? billing),
        pointInTimeRecoveryEnabled: true,
        encryptionSpecification:
          replication === undefined
            ? {
                encryptionType: 'CUSTOMER_MANAGED_KMS_KEY',
                kmsKeyIdentifier: this.encryptionKey.keyArn,
              }
            : { encryptionType: 'AWS_OWNED_KMS_KEY' },
        defaultTimeToLive: defaultTimeToLiveSeconds,
        // Client-side timestamps only where Keyspaces asks for them: they can never be switched off again,
        // and span too little time (DESIGN §4). The version is a clustering column.
        ...(replication !== undefined && { clientSideTimestampsEnabled: true }),
      });
      resource.applyRemovalPolicy(removalPolicy);
    }
    this.#tables = props.tables;
  }

  /** `host:port`, by the name that the interface endpoint answers to inside the VPC. */
  get endpoint(): string {
    return `cassandra.${Aws.REGION}.${Aws.URL_SUFFIX}:9142`;
  }

  /** Of the tables, and of those in which views are built anew, which are made when that begins. */
  get tableArns(): readonly string[] {
    return [...this.#tables.map(({ name }) => this.#tableArn(name)), ...this.buildTableArns];
  }

  /** Of the tables in which views are built anew. */
  get buildTableArns(): readonly string[] {
    return this.#tables.filter(({ view }) => view !== '').map(({ name }) => this.#tableArn(`${name}__*`));
  }

  /** Of the table of what is known of views. */
  get stateTableArn(): string {
    return this.#tableArn(this.#tables.find(({ view }) => view === '')?.name ?? 'view_state');
  }

  #tableArn(name: string): string {
    return this.#arnOf(`${this.keyspaceName}/table/${name}`);
  }

  /** What drivers read to find nodes and columns: `system`, `system_schema` and their like. */
  get systemTablesArn(): string {
    return this.#arnOf('system*');
  }

  #arnOf(resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'cassandra',
      resource: '/keyspace',
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}

/** A table's columns as CloudFormation takes them. */
function renderColumns({
  partitionKey,
  clustering,
  columns,
}: WideTable): Pick<
  cassandra.CfnTableProps,
  'partitionKeyColumns' | 'clusteringKeyColumns' | 'regularColumns'
> {
  const column = ({ name, type }: WideColumn): cassandra.CfnTable.ColumnProperty => ({
    columnName: name,
    columnType: type,
  });
  return {
    partitionKeyColumns: partitionKey.map(column),
    clusteringKeyColumns: clustering.map((each) => ({
      column: column(each),
      orderBy: each.descending ? 'DESC' : 'ASC',
    })),
    regularColumns: columns.map(column),
  };
}
