import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  type Catalog,
  functionsOf,
  type MetricName,
  metricNamespace,
  storeOf,
} from '../../../lambda/model/index.ts';
import { pascalCase } from '../pascal-case.ts';
import { combine, metric, numbered } from './metrics.ts';
import { type AlarmSpec, type AlarmsProps, above, StoreAlarms } from './store-alarms.ts';
import { thresholds } from './thresholds.ts';

export interface ViewAlarmsProps extends AlarmsProps {
  readonly catalog: Catalog;
}

/** What no view may have, and what to do about it. */
const nothingOf: Readonly<Partial<Record<MetricName, string>>> = {
  OpenLetters: 'A view lacks changes that it could not take. See: polystore dead-letters list',
  ProgressGaps: 'Records of the change log were never given to a view. The log names it: polystore backfill',
  StreamGaps: 'The stream may have dropped changes unread. The log names what to run: polystore backfill',
  MissingPartitions:
    'A view in Aurora lacks the partition of a month ahead. The log of project says why: polystore tend',
  OverduePartitions:
    'A month that is past what a view in Aurora keeps could not be dropped. The log of project says why: polystore tend',
  VerifyMissing: 'A view lacks rows of its source. See: polystore verify --repair',
  VerifyStale: 'A view holds rows of older versions than its source. See: polystore verify --repair',
  VerifyExtra: 'A view holds rows that its source lacks. See: polystore verify --repair',
  VerifyDifferent: 'A view holds rows that differ from its source. See: polystore verify --repair',
};

/**
 * Alarms for what no view of a model may have, over all of its views (the functions' log says which one it is), and
 * for views of a store that fall behind. Of the first an alarm stays as it is for as long as nothing is told: a
 * sample without differences clears what an earlier one found.
 */
export class ViewAlarms extends Construct {
  constructor(scope: Construct, id: string, props: ViewAlarmsProps) {
    super(scope, id);
    const { catalog, notify } = props;
    for (const [metricName, alarmDescription] of Object.entries(nothingOf))
      this.#createAlarm(metricName, alarmDescription, catalog, notify);
    new StoreAlarms(this, 'Lag', { ...props, title: 'Views', specs: lagSpecs(catalog) });
  }

  #createAlarm(metricName: string, alarmDescription: string, catalog: Catalog, notify: ITopic): void {
    const alarm = new cloudwatch.Alarm(this, metricName, {
      alarmDescription,
      metric: new cloudwatch.Metric({
        namespace: metricNamespace,
        metricName,
        dimensionsMap: { model: catalog.name },
        statistic: cloudwatch.Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      threshold: 0,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.IGNORE,
    });
    const action = new SnsAction(notify);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

/** How old the oldest change is that the views of a store take; the function tells it of each view and batch. */
function lagSpecs(catalog: Catalog): readonly AlarmSpec[] {
  const views = catalog.entities.flatMap((entity) =>
    entity.views.map((view) => ({ store: storeOf(view), name: `${entity.name}.${view.name}` })),
  );
  return [...Map.groupBy(views, ({ store }) => store)].flatMap(([store, held]) => {
    const reader = functionsOf(catalog).find(({ name }) => name === `apply-${store}`)?.trigger;
    const windowSeconds = reader?.kind === 'change-log' ? reader.maximumBatchingWindowMs / 1000 : 0;
    return combine(
      'MAX',
      'LagSeconds',
      held.map(({ name }) =>
        metric(metricNamespace, 'LagSeconds', { model: catalog.name, store, view: name }, 'Maximum'),
      ),
    ).map((lag, index) => ({
      id: numbered(pascalCase(store), index),
      description: `views in ${store} take changes late. See: polystore status`,
      graph: `LagSeconds of ${store}`,
      metric: lag,
      bound: above({
        ...thresholds.viewLagSeconds,
        value: thresholds.viewLagSeconds.value + windowSeconds,
      }),
    }));
  });
}
