import { describe, expect, test } from '@jest/globals';
import { type FunctionName, functionsOf } from '../../../lambda/model/index.ts';
import { deploy, everything } from '../deploy.ts';

const deployed = deploy({ catalog: everything });
const template = deployed.templates.functions;
const specs = functionsOf(deployed.catalog);
const names = specs.map(({ name }) => name);
const backendsOf = (name: FunctionName) => specs.find((spec) => spec.name === name)?.backends ?? [];

interface Statement {
  readonly Action: string | readonly string[];
  readonly Effect: 'Allow' | 'Deny';
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** All statements of a function's role: there are inline policies of one kind and no managed ones. */
function statementsOf(name: FunctionName): readonly Statement[] {
  const role = Object.keys(
    template.findResources('AWS::IAM::Role', { Properties: { Description: `everything: ${name}` } }),
  )[0];
  return Object.values(
    template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } }),
  ).flatMap((policy) => policy.Properties.PolicyDocument.Statement);
}

const actionsOf = ({ Action }: Statement): readonly string[] =>
  typeof Action === 'string' ? [Action] : Action;

const allowed = (name: FunctionName, service: string): readonly string[] =>
  statementsOf(name)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(actionsOf)
    .filter((action) => action.startsWith(`${service}:`))
    .sort();

/** What a function may do to a service, on which resources, as text. */
const resourcesOf = (name: FunctionName, action: string): string =>
  JSON.stringify(
    statementsOf(name)
      .filter((statement) => statement.Effect === 'Allow' && actionsOf(statement).includes(action))
      .map(({ Resource }) => Resource),
  );

describe('the rights of functions', () => {
  test('come from policies of their own, none managed by AWS', () => {
    for (const name of names)
      template.hasResourceProperties('AWS::IAM::Role', { Description: `everything: ${name}` });
    for (const role of Object.values(template.findResources('AWS::IAM::Role')))
      if (String(role.Properties.Description).startsWith('everything: '))
        expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  });

  test.each(names)('%s has no action on everything but those that know no resource', (name) => {
    const unbounded = statementsOf(name)
      .filter(({ Effect, Resource }) => Effect === 'Allow' && Resource === '*')
      .flatMap(actionsOf);

    expect(unbounded.filter((action) => !/^(ec2|xray):/.test(action))).toEqual([]);
  });

  test.each(names)('%s has no wildcard for an action, but those of a key that come in families', (name) => {
    const wild = statementsOf(name)
      .flatMap(actionsOf)
      .filter((action) => action.includes('*'));

    expect(wild.filter((action) => !['kms:GenerateDataKey*', 'kms:ReEncrypt*'].includes(action))).toEqual([]);
  });

  test.each(names)('%s cannot use network interfaces from its code', (name) => {
    const denied = statementsOf(name).filter(({ Effect }) => Effect === 'Deny');

    expect(denied.flatMap(actionsOf)).toContain('ec2:CreateNetworkInterface');
    // Keyspaces looks its nodes up in the caller's name.
    expect(denied.flatMap(actionsOf).includes('ec2:DescribeNetworkInterfaces')).toBe(
      !backendsOf(name).includes('keyspaces'),
    );
    expect(denied[0]?.Condition).toHaveProperty('ArnLike');
  });

  test('apply-redis reads no secret at all, Aurora’s least of all', () => {
    expect(allowed('apply-redis', 'secretsmanager')).toEqual([]);
  });

  test('apply-redis reads its topics, keeps dead letters, and writes nowhere else', () => {
    expect(allowed('apply-redis', 'kafka-cluster')).toEqual([
      'kafka-cluster:AlterGroup',
      'kafka-cluster:Connect',
      'kafka-cluster:DescribeClusterDynamicConfiguration',
      'kafka-cluster:DescribeGroup',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:ReadData',
    ]);
    expect(allowed('apply-redis', 'dynamodb')).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
    expect(resourcesOf('apply-redis', 'dynamodb:DeleteItem')).not.toMatch(/Entities/);
    expect(resourcesOf('apply-redis', 'dynamodb:UpdateItem')).toMatch(/DeadLetters/);
    expect(resourcesOf('apply-redis', 'dynamodb:UpdateItem')).not.toMatch(/Entities/);
  });

  test('project reads every topic and the entities, puts keys of indexes into them and nothing else, and is invoked by the clock', () => {
    expect(allowed('project', 'kafka-cluster')).toEqual([
      'kafka-cluster:Connect',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:ReadData',
    ]);
    expect(resourcesOf('project', 'dynamodb:Scan')).toMatch(/Entities/);
    expect(resourcesOf('project', 'dynamodb:UpdateItem')).toMatch(/Entities/);
    for (const action of ['dynamodb:PutItem', 'dynamodb:DeleteItem'])
      expect(resourcesOf('project', action)).not.toMatch(/Entities/);
    for (const action of ['cassandra:Create', 'cassandra:Drop'])
      expect(resourcesOf('project', action).replace(/\/table\/\w+__\*/g, '')).not.toMatch(/\/table\//);
  });

  test('apply-aurora reads the topics of views in Aurora only', () => {
    const topics = resourcesOf('apply-aurora', 'kafka-cluster:ReadData');

    expect(topics).toMatch(/everything\.changes\.item"/);
    expect(topics).not.toMatch(/changes\.(event|reading|place|account)/);
  });

  test('capture writes the topics of DynamoDB’s entities, reads the stream, and puts items but reads none', () => {
    expect(resourcesOf('capture', 'kafka-cluster:WriteData')).toMatch(/everything\.changes\.item"/);
    expect(resourcesOf('capture', 'kafka-cluster:WriteData')).not.toMatch(/changes\.(event|reading|place)/);
    expect(allowed('capture', 'dynamodb')).toEqual([
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'dynamodb:PutItem',
      // Of the dead letters.
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
    expect(allowed('capture', 'secretsmanager')).toEqual([]);
  });

  test('ingest writes the topics of events only, and reads one secret: that of tokens', () => {
    expect(resourcesOf('ingest', 'kafka-cluster:WriteData')).toMatch(/everything\.changes\.event"/);
    expect(resourcesOf('ingest', 'kafka-cluster:WriteData')).not.toMatch(/changes\.(item|place|account)/);
    expect(resourcesOf('ingest', 'secretsmanager:GetSecretValue')).toMatch(
      /^\[\{"Ref":"FunctionsTokenSecret\w+"\}\]$/,
    );
    expect(allowed('ingest', 'dynamodb')).toEqual([]);
  });

  test('query deletes no item and does not touch the log', () => {
    expect(allowed('query', 'dynamodb')).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:DescribeTable',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      // Where a request allows it.
      'dynamodb:Scan',
    ]);
    expect(resourcesOf('query', 'dynamodb:PutItem')).not.toMatch(/DeadLetters/);
    expect(allowed('query', 'kafka-cluster')).toEqual([]);
  });

  test('schema makes topics and reads or writes none', () => {
    const actions = allowed('schema', 'kafka-cluster');

    expect(actions).toContain('kafka-cluster:CreateTopic');
    expect(actions.filter((action) => /Data|Delete/.test(action))).toEqual([]);
  });

  test('apply-keyspaces reads and writes the tables of the model, reads the system’s, and makes none', () => {
    expect(allowed('apply-keyspaces', 'cassandra')).toEqual([
      'cassandra:Modify',
      'cassandra:Select',
      'cassandra:Select',
    ]);
    const written = resourcesOf('apply-keyspaces', 'cassandra:Modify');
    for (const { name } of everything.wideTables)
      expect(written).toMatch(new RegExp(`:/keyspace/.*/table/${name}"`));
    // A view's next build is a table of its name with `__` and a number.
    expect(written.replaceAll('__*"', '"')).not.toMatch(/system|\*/);
  });

  test('query reads the tables of Keyspaces and writes none; schema reads the system’s only', () => {
    expect(new Set(allowed('query', 'cassandra'))).toEqual(new Set(['cassandra:Select']));
    expect(resourcesOf('query', 'cassandra:Select')).toMatch(/item__wide/);
    expect(resourcesOf('schema', 'cassandra:Select')).toMatch(/^\[.*:\/keyspace\/system\*"/);
    // What is known of views, and the tables of their later builds, to which it adds columns.
    expect(resourcesOf('schema', 'cassandra:Select').replaceAll('/table/view_state', '')).not.toMatch(
      /\/table\//,
    );
    expect(resourcesOf('schema', 'cassandra:Alter').replace(/\/table\/\w+__\*/g, '')).not.toMatch(
      /\/table\//,
    );
  });

  test('apply-opensearch deletes days of logs and no other index', () => {
    expect(resourcesOf('apply-opensearch', 'es:ESHttpDelete')).toMatch(/everything\.\*-\*"/);
    expect(resourcesOf('apply-opensearch', 'es:ESHttpPut')).not.toMatch(/_index_template|_cluster/);
  });

  test('query searches, and writes nothing to OpenSearch', () => {
    expect(resourcesOf('query', 'es:ESHttpPost')).toMatch(/everything\.\*\/_search\*/);
    expect(resourcesOf('query', 'es:ESHttpPost')).not.toMatch(/_bulk|_doc|_update|_delete/);
    expect(resourcesOf('query', 'es:ESHttpPut')).toBe('[]');
    expect(resourcesOf('query', 'es:ESHttpDelete')).toMatch(/^\[[^,]*,?.*_search\/point_in_time"\]\]\}\]$/);
  });

  test('schema makes indices and templates, searches in none and deletes none', () => {
    expect(resourcesOf('schema', 'es:ESHttpPut')).toMatch(/_index_template\/everything\.\*/);
    // The client puts mappings and templates by POST.
    expect(resourcesOf('schema', 'es:ESHttpPost')).toMatch(/_mapping.*_index_template/);
    expect(resourcesOf('schema', 'es:ESHttpPost')).not.toMatch(/_search|_bulk|_doc/);
    expect(resourcesOf('schema', 'es:ESHttpDelete')).toBe('[]');
  });

  test('apply-archive works below the archive’s prefix; read-archive only reads there', () => {
    expect(allowed('apply-archive', 's3')).toEqual([
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
    expect(allowed('read-archive', 's3')).toEqual(['s3:GetObject', 's3:ListBucket']);
    expect(allowed('read-archive', 'kms')).toEqual(['kms:Decrypt']);
    for (const name of ['apply-archive', 'read-archive'] as const) {
      expect(resourcesOf(name, 's3:GetObject')).toMatch(/\/everything\/\*"/);
      const listing = statementsOf(name).find((statement) => actionsOf(statement).includes('s3:ListBucket'));
      expect(listing?.Condition).toEqual({ StringLike: { 's3:prefix': 'everything/*' } });
    }
  });

  test('query invokes the functions that combine and that read the archive, and touches no file itself', () => {
    expect(allowed('query', 'lambda')).toEqual(['lambda:InvokeFunction']);
    expect(resourcesOf('query', 'lambda:InvokeFunction')).toMatch(
      /^\[\[\{"Fn::GetAtt":\["Functionscombine\w+","Arn"\]\},\{"Fn::GetAtt":\["Functionsreadarchive\w+","Arn"\]\}\]\]$/,
    );
    expect(allowed('query', 's3')).toEqual([]);
  });

  test('combine, which believes whoever invokes it, is invoked by query alone', () => {
    for (const name of names.filter((name) => name !== 'query'))
      expect(resourcesOf(name, 'lambda:InvokeFunction')).not.toMatch(/Functionscombine/);
    for (const name of names.filter((name) => !['query', 'project', 'combine'].includes(name)))
      expect(allowed(name, 'lambda')).toEqual([]);
    const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
    expect(JSON.stringify(permissions)).not.toMatch(/Functionscombine/);
  });

  test('combine reads what query reads, and writes nothing', () => {
    const read = (service: string) =>
      allowed('query', service).filter((action) => !/:(ConditionCheckItem|PutItem)$/.test(action));

    for (const service of ['dynamodb', 'cassandra', 'es', 'secretsmanager'])
      expect(allowed('combine', service)).toEqual(read(service));
    expect(resourcesOf('combine', 'lambda:InvokeFunction')).toMatch(
      /^\[\{"Fn::GetAtt":\["Functionsreadarchive\w+","Arn"\]\}\]$/,
    );
    for (const service of ['kafka-cluster', 's3']) expect(allowed('combine', service)).toEqual([]);
  });

  test('project invokes the functions that read and write the archive, and touches no file itself', () => {
    expect(resourcesOf('project', 'lambda:InvokeFunction')).toMatch(
      /^\[\[\{"Fn::GetAtt":\["Functionsapplyarchive\w+","Arn"\]\},\{"Fn::GetAtt":\["Functionsreadarchive\w+","Arn"\]\}\]\]$/,
    );
    expect(allowed('project', 's3')).toEqual([]);
  });

  test('use keys only through the service whose data they protect', () => {
    for (const name of names)
      for (const statement of statementsOf(name))
        if (actionsOf(statement).some((action) => action.startsWith('kms:')))
          expect(JSON.stringify(statement.Condition)).toMatch(/kms:ViaService/);
  });
});
