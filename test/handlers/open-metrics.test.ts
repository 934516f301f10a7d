import { afterEach, expect, jest, test } from '@jest/globals';
import { openMetrics } from '../../lambda/handlers/open-metrics.ts';
import { contractCatalog } from '../stores/contract-model.ts';

const catalog = contractCatalog('metrics');
const switchName = 'POWERTOOLS_METRICS_DISABLED';

/** What is written to the standard output, by line. */
function listen() {
  const lines: unknown[] = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(JSON.parse(String(chunk)));
    return true;
  });
  return lines;
}

afterEach(() => {
  jest.restoreAllMocks();
  delete process.env[switchName];
});

test('numbers are told at once, of the model and of the view, and of nothing else', () => {
  const lines = listen();
  const metrics = openMetrics(catalog);

  metrics.add({ store: 'redis', view: 'item.hash' }, { Applied: 3, LagSeconds: 0.5 });
  metrics.add({ store: 'kafka' }, { Rejected429: 1 });
  metrics.add({ store: 'kafka' }, {});

  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Polystore',
            Dimensions: [['model'], ['model', 'store', 'view']],
            Metrics: [
              { Name: 'Applied', Unit: 'Count' },
              { Name: 'LagSeconds', Unit: 'Seconds' },
            ],
          },
        ],
      },
      ...{ model: catalog.name, store: 'redis', view: 'item.hash', Applied: 3, LagSeconds: 0.5 },
    },
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Polystore',
            Dimensions: [['model'], ['model', 'store']],
            Metrics: [{ Name: 'Rejected429', Unit: 'Count' }],
          },
        ],
      },
      ...{ model: catalog.name, store: 'kafka', Rejected429: 1 },
    },
  ]);
});

test('nothing is written where nobody reads it', () => {
  process.env[switchName] = 'true';
  const lines = listen();

  openMetrics(catalog).add({ store: 'redis', view: 'item.hash' }, { Applied: 3 });

  expect(lines).toEqual([]);
});
