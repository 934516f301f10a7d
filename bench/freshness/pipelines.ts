import { type Catalog, type FunctionSpec, functionsOf } from '../../lambda/model/index.ts';
import { renderConnector } from '../../lambda/stores/kafka/index.ts';
import type { Deployment } from '../../local/deployment/deployment.ts';
import { startTriggers, type Triggers } from '../../local/deployment/trigger-set.ts';
import { putConnector } from '../../local/engines/index.ts';

/** One way of setting the same pipeline up: the connector's and the triggers' waiting times. */
export interface Pipeline {
  readonly name: string;
  /** What this way sets otherwise than ours does, in Connect's own words; `undefined` takes a setting out. */
  readonly connector: Readonly<Record<string, string | undefined>>;
  /** Lambda's `MaximumBatchingWindowInSeconds` of the change log's triggers, in milliseconds; undefined: ours. */
  readonly windowMs: number | undefined;
}

export const pipelines: readonly Pipeline[] = [
  {
    name: 'defaults',
    // Debezium's reference: poll.interval.ms is 500 unless set.
    connector: { 'poll.interval.ms': undefined },
    // Lambda's reference: the window of a Kafka trigger is 500 ms unless set.
    windowMs: 500,
  },
  { name: 'ours', connector: {}, windowMs: undefined },
];

/** Sets the running deployment up in one way. The returned triggers are to be stopped before the next. */
export async function setUpPipeline(
  deployment: Deployment,
  {
    catalog,
    pipeline,
    stateDir,
  }: { readonly catalog: Catalog; readonly pipeline: Pipeline; readonly stateDir: string },
): Promise<Triggers> {
  const { engines } = deployment;
  const { host, port, database, user } = engines.endpoints.postgresWriter;
  const ours = renderConnector(catalog, {
    ...{ host, port, database, user },
    password: undefined,
    tls: 'disable',
    generation: 1,
  });
  const config = Object.fromEntries(
    Object.entries({ ...ours, ...pipeline.connector }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  await putConnector(engines.endpoints.connect, `${catalog.name}-aurora`, config);
  const triggers = startTriggers({
    catalog,
    specs: functionsOf(catalog).map((spec) => withWindow(spec, pipeline.windowMs)),
    engines: engines.endpoints,
    functions: deployment.functions,
    stateDir,
    ready: async () => {},
    onNotice: ({ level, trigger, message }) => {
      if (level !== 'info') console.log(`  ${trigger}: ${message}`);
    },
  });
  await triggers.begun;
  return triggers;
}

/** The archive's window is Lambda's longest in both ways: nobody waits for its files. */
function withWindow(spec: FunctionSpec, windowMs: number | undefined): FunctionSpec {
  const { trigger } = spec;
  if (windowMs === undefined || trigger.kind !== 'change-log' || spec.name === 'apply-archive') return spec;
  return { ...spec, trigger: { ...trigger, maximumBatchingWindowMs: windowMs } };
}
