import { describe, expect, test } from '@jest/globals';
import { deploy, environmentOf, templateOf } from '../deploy.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/**
 * Of an alarm what it rings at, on one line: there are more than a hundred, and who is told is in tests of its own.
 * Of a dashboard nothing: it shows what the alarms look at.
 */
function summarise({ Type, Properties = {} }: Resource): string | undefined {
  if (Type === 'AWS::CloudWatch::Dashboard') return Type;
  if (Type !== 'AWS::CloudWatch::Alarm') return undefined;
  const { MetricName, Statistic, ExtendedStatistic, Metrics, ...rest } = Properties;
  const looksAt =
    MetricName === undefined
      ? // What the CDK renders of an expression: metrics by their ids, and expressions over these.
        (Metrics as readonly { Expression?: unknown; MetricStat?: { Metric: { MetricName: string } } }[])
          .map(({ Expression, MetricStat }) => MetricStat?.Metric.MetricName ?? JSON.stringify(Expression))
          .join(' ')
      : `${String(Statistic ?? ExtendedStatistic)} of ${String(MetricName)}`;
  return `${Type}: ${looksAt}, ${String(rest.ComparisonOperator)} ${String(rest.Threshold ?? 'band')} for ${String(rest.EvaluationPeriods)}`;
}

const isTemplate = (template: unknown): template is { readonly Resources: Record<string, Resource> } =>
  typeof template === 'object' && template !== null && 'Resources' in template;

const summariseAlarms = (template: unknown): unknown =>
  isTemplate(template)
    ? {
        ...template,
        Resources: Object.fromEntries(
          Object.entries(template.Resources).map(([id, resource]) => [id, summarise(resource) ?? resource]),
        ),
      }
    : template;

/** What changes with every line of code is left out: hashes of assets and of function versions. */
const normalise = (template: unknown): unknown =>
  JSON.parse(
    JSON.stringify(summariseAlarms(template), (key, value: unknown) =>
      key === 'BootstrapVersion' || key === 'CheckBootstrapVersion' ? undefined : value,
    )
      .replace(/[a-f0-9]{64}/g, '<asset>')
      .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<version>'),
  );

/**
 * One snapshot for each stack of an environment: an alarm for changes that nobody meant. Each environment
 * has a test file of its own, and so a file of snapshots.
 */
export function matchSnapshots(environment: string): void {
  const deployed = deploy({ environment: environmentOf(environment) });

  describe(`the templates of ${environment}`, () => {
    test.each(deployed.parts)('%s is as it was', (part) => {
      const template = normalise(templateOf(deployed, part).toJSON());

      expect(template).toMatchSnapshot();
    });
  });
}
