import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  archiveWriter,
  type Backend,
  type Catalog,
  type FunctionName,
  type FunctionSpec,
  readsTokens,
} from '../../../lambda/model/index.ts';
import { dataKeyActions, useKey } from '../key-statements.ts';
import { readArchive, writeArchive } from './archive-statements.ts';
import { lookIntoTopics, makeTopics, readTopics, writeTopics } from './log-statements.ts';
import { searchManagerStatements } from './search-access.ts';
import { searchStatements } from './search-statements.ts';
import { needed, type SecretReference, type Stores } from './stores.ts';
import { wideColumnStatements } from './wide-column-statements.ts';

/**
 * The rights of a function: for each of its backends, and for what its trigger reads, and nothing beside
 * it. They are written out: `grant…` would also write into the policies of keys in other stacks, which
 * would then depend on this stack and this one on them.
 */
export function renderStatements(
  spec: FunctionSpec,
  options: {
    readonly catalog: Catalog;
    readonly stores: Stores;
    readonly tokenSecret: SecretReference;
    /** That the secret is encrypted with. */
    readonly tokenKey: IKey;
    readonly functionArnOf: (name: FunctionName) => string;
  },
): readonly PolicyStatement[] {
  const { catalog, stores, tokenSecret, tokenKey } = options;
  const { relational, table, log } = stores;
  const password = (): PolicyStatement[] => [
    readSecret(relational.secret),
    useKey(relational.encryptionKey, 'secretsmanager', ['kms:Decrypt']),
  ];
  const ofBackend: Readonly<Record<Backend, () => readonly PolicyStatement[]>> = {
    'aurora-writer': password,
    'aurora-replica': password,
    dynamodb: () => {
      if (table.table === undefined) return [];
      const { tableArn } = table.table;
      // Capture puts tombstones where items were removed, and reads none.
      if (spec.trigger.kind === 'dynamodb-stream') return [putItems(tableArn)];
      // For the query function it reads what is read.
      if (spec.trigger.kind === 'invoke') return readItems(tableArn, table.encryptionKey);
      return spec.trigger.kind === 'schedules'
        ? [
            ...readItems(tableArn, table.encryptionKey),
            // Whoever fills an index puts its keys into items.
            ...((catalog.table?.globalIndexes.length ?? 0) > 0 ? [updateItems(tableArn)] : []),
          ]
        : useItems(tableArn, table.encryptionKey);
    },
    'dead-letters': () => [
      new PolicyStatement({
        // A letter that is closed is put elsewhere, by who applies; the jobs lie beside the letters.
        actions: [
          ...(writesViews(spec) ? ['DeleteItem', 'GetItem', 'PutItem'] : []),
          ...['Query', 'UpdateItem'],
        ].map((action) => `dynamodb:${action}`),
        resources: [table.deadLetters.tableArn],
      }),
      useKey(table.encryptionKey, 'dynamodb', dataKeyActions),
    ],
    // The cache knows its callers by their security groups.
    redis: () => [],
    keyspaces: () => wideColumnStatements(spec, needed(stores.wideColumn, 'keyspaces')),
    opensearch: () => {
      const search = needed(stores.search, 'opensearch');
      return [...searchStatements(spec, catalog, search), ...searchManagerStatements(spec, search)];
    },
    archive: () => {
      const archive = needed(stores.archive, 'archive');
      return writesViews(spec) ? writeArchive(archive) : readArchive(archive);
    },
    'read-archive': () => [invoke(options.functionArnOf('read-archive'))],
    'write-archive': () => [invoke(options.functionArnOf(archiveWriter))],
    combine: () => [invoke(options.functionArnOf('combine'))],
    'change-log': () => {
      if (spec.trigger.kind === 'deployment') return makeTopics(catalog, log);
      return spec.trigger.kind === 'schedules'
        ? lookIntoTopics(catalog, log)
        : writeTopics(spec, catalog, log);
    },
  };
  return [
    ...spec.backends.flatMap((backend) => ofBackend[backend]()),
    ...triggerStatements(spec, catalog, stores),
    ...(readsTokens(spec)
      ? [readSecret(tokenSecret), useKey(tokenKey, 'secretsmanager', ['kms:Decrypt'])]
      : []),
  ];
}

function triggerStatements(
  { name, trigger }: FunctionSpec,
  catalog: Catalog,
  { table, log }: Stores,
): readonly PolicyStatement[] {
  switch (trigger.kind) {
    case 'dynamodb-stream':
      return table.table === undefined
        ? []
        : [
            new PolicyStatement({
              actions: ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
                (action) => `dynamodb:${action}`,
              ),
              resources: [`${table.table.tableArn}/stream/*`],
            }),
            useKey(table.encryptionKey, 'dynamodb', ['kms:Decrypt']),
          ];
    case 'change-log':
      return readTopics({ functionName: name, topics: trigger.topics, catalog, log });
    case 'authorizer':
    case 'deployment':
    case 'http':
    case 'invoke':
    case 'schedules':
      return [];
  }
}

/** Whether a function writes to the stores of views: apply, and what keeps them true. */
const writesViews = ({ trigger }: FunctionSpec): boolean =>
  trigger.kind === 'change-log' || trigger.kind === 'schedules';

const readItems = (tableArn: string, key: IKey): PolicyStatement[] => [
  new PolicyStatement({
    // Scans are what a request allows (`limits.scan`), and what compares and rebuilds.
    actions: ['BatchGetItem', 'DescribeTable', 'GetItem', 'Query', 'Scan'].map(
      (action) => `dynamodb:${action}`,
    ),
    resources: [tableArn, `${tableArn}/index/*`],
  }),
  useKey(key, 'dynamodb', dataKeyActions),
];

const useItems = (tableArn: string, key: IKey): PolicyStatement[] => [
  new PolicyStatement({
    // No DeleteItem: a delete puts a tombstone, and only DynamoDB's own expiry sweeps.
    actions: [
      'BatchGetItem',
      'ConditionCheckItem',
      'DescribeTable',
      'GetItem',
      'PutItem',
      'Query',
      'Scan',
    ].map((action) => `dynamodb:${action}`),
    resources: [tableArn, `${tableArn}/index/*`],
  }),
  useKey(key, 'dynamodb', dataKeyActions),
];

const invoke = (functionArn: string): PolicyStatement =>
  new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] });

const updateItems = (tableArn: string): PolicyStatement =>
  new PolicyStatement({ actions: ['dynamodb:UpdateItem'], resources: [tableArn] });

const putItems = (tableArn: string): PolicyStatement =>
  new PolicyStatement({ actions: ['dynamodb:PutItem'], resources: [tableArn] });

const readSecret = (secret: SecretReference): PolicyStatement =>
  new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] });
