import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readAssembly } from '../../../bin/deploy/assembly.ts';
import { checkDeployment } from '../../../bin/deploy/check.ts';
import { readFromCloudFormation, readFromFolder } from '../../../bin/deploy/deployed-templates.ts';
import { writeAssembly } from './assembly-folder.ts';

const bucket = (properties: Readonly<Record<string, unknown>> = {}) => ({
  Resources: { Bucket1: { Type: 'AWS::S3::Bucket', Properties: properties, DeletionPolicy: 'Retain' } },
});
const deployed = writeAssembly({ 'Flights-Dev-Archive': bucket() });
const renamed = writeAssembly({
  'Flights-Dev-Archive': bucket({ BucketName: 'other' }),
  'Flights-Dev-Table': bucket(),
});

const check = (next: string, environment?: string) =>
  checkDeployment({
    stacks: readAssembly(next),
    readDeployed: readFromFolder(deployed),
    environment,
    allowances: [
      {
        environment: 'staging',
        stack: 'Flights-Dev-Archive',
        resource: 'Bucket1',
        loss: 'replaced',
        reason: 'a test',
        until: '2026-12-31',
      },
    ],
    today: '2026-12-01',
  });

describe('a check', () => {
  test('refuses what another synth would lose, and says which stacks are new', async () => {
    const found = await check(renamed);

    expect(found.refused).toMatchObject([{ stack: 'Flights-Dev-Archive', logicalId: 'Bucket1' }]);
    expect(found.compared).toEqual(['Flights-Dev-Archive']);
    expect(found.added).toEqual(['Flights-Dev-Table']);
    expect(found.environment).toBe('dev');
  });

  test('passes what stays', async () => {
    expect((await check(deployed)).refused).toEqual([]);
  });

  test('reads the stacks of stages too', async () => {
    const staged = writeAssembly({ 'Flights-Dev-Archive': {} }, { stage: 'dev' });

    expect((await check(staged)).refused).toMatchObject([{ kind: 'removed' }]);
  });

  test('takes consent for the environment of the tags, whatever it is told', async () => {
    await expect(check(renamed, 'staging')).rejects.toThrow(
      '--environment is staging, but the assembly is of dev',
    );
  });

  test('says what a folder must be', async () => {
    expect(() => readAssembly('/nowhere')).toThrow(/\/nowhere\/manifest.json cannot be read .* cdk synth/);
    await expect(check(writeAssembly({}))).rejects.toThrow('The assembly has no stack');
  });
});

/** Answers as CloudFormation's query protocol does. */
describe('CloudFormation', () => {
  let server: Server | undefined;
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

  async function ask(status: number, body: string) {
    const asked: string[] = [];
    server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        asked.push(text);
        response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    // A server that listens on TCP has such an address.
    const { port } = server.address() as AddressInfo;
    const read = readFromCloudFormation({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    const answer = await read({ name: 'Flights-Dev-Archive', region: undefined }).catch(
      (error: unknown) => error,
    );
    return { answer, asked };
  }
  const failure = (code: string, message: string): string =>
    `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
  const template = (body: string): string =>
    `<GetTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><GetTemplateResult><TemplateBody>${body}</TemplateBody></GetTemplateResult></GetTemplateResponse>`;

  test('is asked for the template as it was given', async () => {
    const { answer, asked } = await ask(200, template(JSON.stringify(bucket()).replaceAll('"', '&quot;')));

    expect(answer).toEqual(bucket());
    expect(asked[0]).toMatch(/Action=GetTemplate&.*StackName=Flights-Dev-Archive&TemplateStage=Original/);
  });

  test('knows no stack that is not there yet', async () => {
    const { answer } = await ask(
      400,
      failure('ValidationError', 'Stack with id Flights-Dev-Archive does not exist'),
    );

    expect(answer).toBeUndefined();
  });

  test('that refuses to answer is an error, and no stack that is not there', async () => {
    const { answer } = await ask(403, failure('AccessDenied', 'User is not authorized'));

    expect(answer).toMatchObject({ code: 'not_running' });
    expect(String(answer)).toMatch(/User is not authorized.*cloudformation:GetTemplate/);
  });

  test('that has something else than the CDK writes is an error', async () => {
    const { answer } = await ask(200, template('Resources:\n  A: {}'));

    expect(answer).toMatchObject({ code: 'invalid_request' });
  });
});
