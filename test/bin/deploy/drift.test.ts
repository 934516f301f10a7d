import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { findDrift } from '../../../bin/deploy/drift.ts';

/** Answers as CloudFormation's query protocol does: each action with its next answer. */
async function drift(answers: Readonly<Record<string, string[]>>) {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const action = new URLSearchParams(text).get('Action') ?? '';
      const left = answers[action] ?? [];
      const body = left.length > 1 ? left.shift() : left[0];
      const failed = body?.startsWith('<ErrorResponse') ?? true;
      response
        .writeHead(failed ? 400 : 200, { 'content-type': 'text/xml' })
        .end(
          failed ? body : `<${action}Response><${action}Result>${body}</${action}Result></${action}Response>`,
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    // A server that listens on TCP has such an address.
    const { port } = server.address() as AddressInfo;
    return await findDrift({
      stacks: [{ name: 'Flights-Dev-Api', region: undefined }],
      config: {
        endpoint: `http://127.0.0.1:${port}`,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        maxAttempts: 1,
      },
      pollMs: 1,
      timeoutMs: 20,
    });
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

const begun = '<StackDriftDetectionId>1</StackDriftDetectionId>';
const status = (text: string): string =>
  `<DetectionStatus>${text}</DetectionStatus><DetectionStatusReason>no right to read</DetectionStatusReason>`;
const resource = (id: string): string =>
  `<member><LogicalResourceId>${id}</LogicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><PropertyDifferences><member><PropertyPath>/RetentionInDays</PropertyPath></member></PropertyDifferences></member>`;

describe('drift', () => {
  test('is told once the detection has ended, from every page', async () => {
    const report = await drift({
      DetectStackDrift: [begun],
      DescribeStackDriftDetectionStatus: [status('DETECTION_IN_PROGRESS'), status('DETECTION_COMPLETE')],
      DescribeStackResourceDrifts: [
        `<StackResourceDrifts>${resource('A')}</StackResourceDrifts><NextToken>2</NextToken>`,
        `<StackResourceDrifts>${resource('B')}</StackResourceDrifts>`,
      ],
    });

    expect(report.checked).toEqual(['Flights-Dev-Api']);
    expect(report.drifts).toMatchObject([
      { logicalId: 'A', kind: 'MODIFIED', properties: ['/RetentionInDays'] },
      { logicalId: 'B' },
    ]);
  });

  test('of a stack that is not there yet is none, and told', async () => {
    const report = await drift({
      DetectStackDrift: [
        '<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack [Flights-Dev-Api] does not exist</Message></Error></ErrorResponse>',
      ],
    });

    expect(report).toEqual({ drifts: [], checked: [], notDeployed: ['Flights-Dev-Api'] });
  });

  test.each([
    ['DETECTION_FAILED', /no right to read/],
    ['DETECTION_IN_PROGRESS', /no end after/],
  ])('that CloudFormation cannot tell (%s) is an error, not none', async (state, message) => {
    const found = drift({ DetectStackDrift: [begun], DescribeStackDriftDetectionStatus: [status(state)] });

    await expect(found).rejects.toThrow(message);
  });
});
