import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { AlarmTopic, CostBudget, ViewAlarms } from '../constructs/alarms/index.ts';
import type { Environment } from '../environments/index.ts';

export interface AlarmsStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly environment: Environment;
}

/** Who is told of alarms, the alarms of the model's views, and the budget; stores have theirs in their own stacks. */
export class AlarmsStack extends Stack {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: AlarmsStackProps) {
    super(scope, id, props);
    const { catalog, environment } = props;
    const { emails, dashboards, monthlyBudgetUsd } = environment.alarms;
    const name = `${catalog.name}-${environment.name}`;
    const { topic } = new AlarmTopic(this, 'Told', { displayName: name, emails });
    // A Topic is an ITopic; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
    this.topic = topic as ITopic;
    new ViewAlarms(this, 'Views', { catalog, notify: this.topic, dashboard: dashboards });
    new CostBudget(this, 'Budget', {
      budgetName: `polystore-${name}`,
      monthlyUsd: monthlyBudgetUsd,
      tag: { key: 'polystore:environment', value: environment.name },
      notify: this.topic,
    });
  }
}
