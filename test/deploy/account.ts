import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { InvocationResult } from '../../local/functions/index.ts';

/** What is in the account, asked as any program asks AWS. */
export interface Account {
  stacks(): Promise<readonly string[]>;
  /** CloudFormation's word for how a stack is. */
  statusOf(stack: string): Promise<string | undefined>;
  /** Names, of the account's whole region. */
  functions(): Promise<readonly string[]>;
  tables(): Promise<readonly string[]>;
  /** Names of a table's global indexes that are active. */
  indexesOf(table: string): Promise<readonly string[]>;
  /** Physical ids of a stack's resources of one type, by logical id. */
  resources(stack: string, type: string): Promise<ReadonlyMap<string, string>>;
  /** The mappings from a topic or a stream to a function. */
  eventSources(): Promise<readonly EventSource[]>;
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  /** The account as one of its roles sees it. */
  as(role: string): Promise<Account>;
  close(): void;
}

export interface EventSource {
  readonly functionName: string;
  /** Undefined for a stream. */
  readonly topic: string | undefined;
  readonly batchSize: number;
}

export interface AccountOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export function openAccount(options: AccountOptions): Account {
  const formation = new CloudFormationClient(options);
  const lambda = new LambdaClient(options);
  const dynamodb = new DynamoDBClient(options);
  const tokens = new STSClient(options);
  return {
    stacks: async () => {
      const { Stacks: stacks = [] } = await formation.send(new DescribeStacksCommand({}));
      return stacks.map((stack) => stack.StackName ?? '');
    },
    statusOf: async (name) => {
      const { Stacks: stacks = [] } = await formation.send(new DescribeStacksCommand({ StackName: name }));
      return stacks[0]?.StackStatus;
    },
    functions: async () => {
      const { Functions: functions = [] } = await lambda.send(new ListFunctionsCommand({}));
      return functions.map((each) => each.FunctionName ?? '');
    },
    tables: async () => (await dynamodb.send(new ListTablesCommand({}))).TableNames ?? [],
    indexesOf: async (table) => {
      const { Table: found } = await dynamodb.send(new DescribeTableCommand({ TableName: table }));
      return (found?.GlobalSecondaryIndexes ?? []).flatMap(({ IndexName: name = '', IndexStatus: status }) =>
        status === 'ACTIVE' ? [name] : [],
      );
    },
    resources: async (stack, type) => {
      const found = new Map<string, string>();
      const pages = paginateListStackResources({ client: formation }, { StackName: stack });
      for await (const { StackResourceSummaries: page = [] } of pages)
        for (const each of page)
          if (each.ResourceType === type)
            found.set(each.LogicalResourceId ?? '', each.PhysicalResourceId ?? '');
      return found;
    },
    eventSources: async () => {
      const found: EventSource[] = [];
      for await (const page of paginateListEventSourceMappings({ client: lambda }, {}))
        for (const each of page.EventSourceMappings ?? [])
          found.push({
            functionName: each.FunctionArn?.split(':function:')[1]?.split(':')[0] ?? '',
            topic: each.Topics?.[0],
            batchSize: each.BatchSize ?? 0,
          });
      return found;
    },
    invoke: async (functionName, event) => {
      const requestId = crypto.randomUUID();
      const answer = await lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      );
      const payload: unknown = JSON.parse(answer.Payload?.transformToString() || 'null');
      if (answer.FunctionError === undefined) return { kind: 'success', requestId, payload };
      return {
        kind: 'failure',
        requestId,
        error: { errorType: answer.FunctionError, errorMessage: JSON.stringify(payload), trace: [] },
      };
    },
    as: async (role) => {
      const { Credentials: credentials } = await tokens.send(
        new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'deploy-test' }),
      );
      const {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
      } = credentials ?? {};
      if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
        throw new Error(`${role} gave no credentials`);
      return openAccount({ ...options, credentials: { accessKeyId, secretAccessKey, sessionToken } });
    },
    close: () => {
      tokens.destroy();
      formation.destroy();
      lambda.destroy();
      dynamodb.destroy();
    },
  };
}
