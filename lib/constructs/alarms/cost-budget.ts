import * as budgets from 'aws-cdk-lib/aws-budgets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { refuseProblems } from '../props-problems.ts';

export interface CostBudgetProps {
  /** Name of the budget, unique in the account. */
  readonly budgetName: string;
  /** What it may cost a month, in US dollars, more than 0. */
  readonly monthlyUsd: number;
  /**
   * The tag whose resources it counts. Only a tag that Billing was told of (cost allocation tags, once per account)
   * counts.
   */
  readonly tag: { readonly key: string; readonly value: string };
  readonly notify: ITopic;
}

/** Percent of the budget at which it is told, of what was spent and of what the month is expected to come to. */
const notices = [
  { type: 'ACTUAL', percent: 80 },
  { type: 'ACTUAL', percent: 100 },
  { type: 'FORECASTED', percent: 100 },
] as const;

/** A monthly budget of what carries a tag (docs.aws.amazon.com/cost-management, Budgets). */
export class CostBudget extends Construct {
  constructor(scope: Construct, id: string, props: CostBudgetProps) {
    super(scope, id);
    const { budgetName, monthlyUsd, tag, notify } = props;
    refuseProblems(this, (problems) => {
      if (!(monthlyUsd > 0)) problems.add('monthlyUsd', `is ${monthlyUsd}`, 'use more than 0');
      if (!/^[^:\\]{1,100}$/.test(budgetName))
        problems.add('budgetName', `is '${budgetName}'`, "use 1 to 100 characters, none of them ':' or '\\'");
    });
    new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetName,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:${tag.key}$${tag.value}`] },
      },
      notificationsWithSubscribers: notices.map(({ type, percent }) => ({
        notification: {
          notificationType: type,
          comparisonOperator: 'GREATER_THAN',
          threshold: percent,
          thresholdType: 'PERCENTAGE',
        },
        subscribers: [{ subscriptionType: 'SNS', address: notify.topicArn }],
      })),
    });
  }
}
