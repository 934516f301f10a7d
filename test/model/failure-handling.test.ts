import { describe, expect, test } from '@jest/globals';
import { checkTrigger, failurePolicyOf, functionsOf, type Trigger } from '../../lambda/model/index.ts';
import { Problems } from '../../lambda/model/problems.ts';
import { contractCatalog } from '../stores/contract-model.ts';

type Stream = Extract<Trigger, { kind: 'dynamodb-stream' }>;
type ChangeLog = Extract<Trigger, { kind: 'change-log' }>;

const stream = (more: Partial<Stream> = {}): Stream => ({
  kind: 'dynamodb-stream',
  batchSize: 500,
  maximumBatchingWindowMs: 0,
  ...more,
});
const changeLog = (more: Partial<ChangeLog> = {}): ChangeLog => ({
  kind: 'change-log',
  topics: ['t'],
  batchSize: 1000,
  maximumBatchingWindowMs: 0,
  ...more,
});
function problemsOf(trigger: Stream | ChangeLog): readonly string[] {
  const problems = new Problems();
  checkTrigger('f', trigger, problems);
  return problems.all;
}

describe('the settings that Lambda takes', () => {
  test.each<[string, Stream | ChangeLog]>([
    [
      'a stream with everything',
      stream({
        batchSize: 10_000,
        maximumBatchingWindowMs: 300_000,
        parallelizationFactor: 10,
        maximumRetryAttempts: 10_000,
        maximumRecordAgeSeconds: 604_800,
        bisectsOnError: true,
        reportsPartialFailures: true,
        onFailure: 'bucket',
      }),
    ],
    [
      'Kafka with pollers',
      changeLog({
        pollers: { minimum: 1, maximum: 2_000 },
        maximumRetryAttempts: 0,
        maximumRecordAgeSeconds: 60,
        bisectsOnError: true,
        reportsPartialFailures: true,
      }),
    ],
    ['Kafka on demand with a destination', changeLog({ onFailure: 'queue' })],
  ])('%s', (_, trigger) => {
    expect(problemsOf(trigger)).toEqual([]);
  });

  test('those of the functions of a model with everything', () => {
    const fed = functionsOf(contractCatalog('everything')).flatMap(({ trigger }) =>
      trigger.kind === 'dynamodb-stream' || trigger.kind === 'change-log' ? [trigger] : [],
    );

    expect(fed.length).toBeGreaterThan(5);
    expect(fed.flatMap(problemsOf)).toEqual([]);
  });
});

test('a Kafka trigger may have the window that Lambda gives it where none is set', () => {
  expect(problemsOf(changeLog({ maximumBatchingWindowMs: 500 }))).toEqual([]);
});

describe('what Lambda would not take is refused by name', () => {
  test.each<[Stream | ChangeLog, readonly RegExp[]]>([
    [stream({ batchSize: 0 }), [/^f\.batchSize is 0: Lambda takes 1 to 10000/]],
    [stream({ batchSize: 10_001 }), [/f\.batchSize/]],
    [stream({ maximumBatchingWindowMs: 500 }), [/maximumBatchingWindowMs is 500.*whole seconds/]],
    [stream({ maximumBatchingWindowMs: 301_000 }), [/maximumBatchingWindowMs/]],
    [changeLog({ maximumBatchingWindowMs: 250 }), [/maximumBatchingWindowMs is 250.*or 500/]],
    [stream({ parallelizationFactor: 11 }), [/parallelizationFactor is 11/]],
    [stream({ maximumRetryAttempts: -2 }), [/maximumRetryAttempts is -2/]],
    [stream({ maximumRecordAgeSeconds: 59 }), [/maximumRecordAgeSeconds is 59/]],
    [
      changeLog({ maximumRetryAttempts: 3, reportsPartialFailures: true, bisectsOnError: true }),
      [
        /maximumRetryAttempts is set on a Kafka trigger without provisioned pollers/,
        /bisectsOnError is set/,
        /reportsPartialFailures is set/,
      ],
    ],
    [changeLog({ maximumRecordAgeSeconds: 60 }), [/maximumRecordAgeSeconds is set/]],
    [
      changeLog({ pollers: { minimum: 201, maximum: 3 } }),
      [/pollers\.minimum is 201/, /pollers are 201 to 3/],
    ],
  ])('%j', (trigger, expected) => {
    expect(problemsOf(trigger)).toEqual(expected.map((each) => expect.stringMatching(each)));
  });
});

describe('failurePolicyOf', () => {
  test('tries for ever, whatever its age, when nothing is said', () => {
    for (const trigger of [stream(), changeLog(), stream({ maximumRetryAttempts: -1, onFailure: 'queue' })])
      expect(failurePolicyOf(trigger)).toMatchObject({
        retries: Infinity,
        maximumAgeMs: Infinity,
        bisects: false,
        reportsPartialFailures: false,
      });
  });

  test('makes ten tries of infinitely many on a Kafka trigger with a destination, as Lambda does', () => {
    expect(failurePolicyOf(changeLog({ onFailure: 'topic' })).retries).toBe(10);
    expect(failurePolicyOf(changeLog({ onFailure: 'topic', maximumRetryAttempts: 3 })).retries).toBe(3);
  });
});
