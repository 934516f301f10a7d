import type * as cassandra from 'aws-cdk-lib/aws-cassandra';
import type { Problems } from '../../../lambda/model/problems.ts';
import {
  checkScaledCapacity,
  defaultTargetPercent,
  type ScaledCapacity,
  type UnitRange,
} from '../scaled-capacity.ts';

/** What a table of Keyspaces is paid by: each request, or capacity that follows what is used. */
export type WideColumnBilling =
  | { readonly mode: 'on-demand' }
  | ({ readonly mode: 'provisioned' } & ScaledCapacity);

export function checkBilling(where: string, billing: WideColumnBilling, problems: Problems): void {
  if (billing.mode === 'provisioned') checkScaledCapacity(where, billing, problems);
}

/** A table begins with the minimum; what it has later, CloudFormation leaves to the scaling. */
export function renderBilling(
  billing: WideColumnBilling,
): Pick<cassandra.CfnTableProps, 'billingMode' | 'autoScalingSpecifications'> {
  if (billing.mode === 'on-demand') return { billingMode: { mode: 'ON_DEMAND' } };
  const { read, write, targetPercent = defaultTargetPercent } = billing;
  const scaling = ({ minimum, maximum }: UnitRange): cassandra.CfnTable.AutoScalingSettingProperty => ({
    autoScalingDisabled: false,
    minimumUnits: minimum,
    maximumUnits: maximum,
    scalingPolicy: { targetTrackingScalingPolicyConfiguration: { targetValue: targetPercent } },
  });
  return {
    billingMode: {
      mode: 'PROVISIONED',
      provisionedThroughput: { readCapacityUnits: read.minimum, writeCapacityUnits: write.minimum },
    },
    autoScalingSpecifications: {
      readCapacityAutoScaling: scaling(read),
      writeCapacityAutoScaling: scaling(write),
    },
  };
}
