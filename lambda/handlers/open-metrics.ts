import { Metrics as Emitter } from '@aws-lambda-powertools/metrics';
import { type Catalog, type MetricName, metricNamespace, metricUnits } from '../model/index.ts';
import type { Metrics } from '../sync/metrics.ts';

/**
 * The metrics of a function, as lines of its log that CloudWatch makes metrics of (embedded metric format). Each
 * number is told twice: of the model as a whole, for alarms, and of the store and view. Where the runner in `local/`
 * says that nobody reads them, nothing is written.
 */
export function openMetrics(catalog: Catalog): Metrics {
  const emitter = new Emitter({ namespace: metricNamespace });
  // It would say `service` too, which is another metric to CloudWatch for each function.
  emitter.clearDefaultDimensions();
  emitter.setDefaultDimensions({ model: catalog.name });
  return {
    add({ store, view }, values) {
      // An object literal with names of `metricUnits` only: that is its type.
      const told = Object.entries(values) as readonly (readonly [MetricName, number])[];
      if (told.length === 0) return;
      emitter.addDimensions({}).addDimensions({ store, ...(view !== undefined && { view }) });
      for (const [name, value] of told) emitter.addMetric(name, metricUnits[name], value);
      emitter.publishStoredMetrics();
    },
  };
}
