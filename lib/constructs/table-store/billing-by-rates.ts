import { PolystoreError } from '../../../lambda/errors.ts';
import type { Catalog } from '../../../lambda/model/index.ts';
import { defaultTargetPercent, type ScaledCapacity, type UnitRange } from '../scaled-capacity.ts';
import type { ProvisionedBilling } from './billing.ts';
import { type Capacity, planCapacity } from './capacity.ts';

/** Capacity that is worked out from the rates that the model declares. */
export interface BillingByRates {
  readonly mode: 'by-rates';
  /**
   * How many tenants are as busy as the busiest at the same time.
   * @default 1
   */
  readonly busyTenants?: number;
  /**
   * Percent of the peak's capacity that is kept when nothing happens, 1 to 100.
   * @default 10
   */
  readonly quietPercent?: number;
  /**
   * Percent of the capacity that should be in use, 20 to 90; the peak's capacity leaves the rest free.
   * @default 70
   */
  readonly targetPercent?: number;
}

/**
 * The billing of a table whose peak is known (see `planCapacity`).
 *
 * @throws PolystoreError `invalid_configuration` that names the entities whose rates are not declared, or
 * what is wrong with the numbers.
 */
export function billByRates(catalog: Catalog, options: Omit<BillingByRates, 'mode'>): ProvisionedBilling {
  const { busyTenants = 1, quietPercent = 10, targetPercent = defaultTargetPercent } = options;
  if (!(busyTenants > 0) || !(quietPercent >= 1 && quietPercent <= 100))
    throw new PolystoreError(
      'invalid_configuration',
      `The table's billing has busyTenants ${busyTenants} and quietPercent ${quietPercent}: use a number above 0, and 1 to 100`,
    );
  const plan = planCapacity(catalog, busyTenants);
  if (plan.kind === 'unknown')
    throw new PolystoreError(
      'invalid_configuration',
      `The table is to be billed by rates, and the model declares too little of ${plan.entities.join(', ')}: give each of them rate: { changesPerSecond, readsPerSecond }, or bill by the request`,
      { details: { entities: plan.entities } },
    );
  const range = (peak: number): UnitRange => {
    const maximum = Math.max(1, Math.ceil((peak * 100) / targetPercent));
    return { minimum: Math.max(1, Math.ceil((maximum * quietPercent) / 100)), maximum };
  };
  const scaled = ({ read, write }: Capacity): ScaledCapacity => ({
    read: range(read),
    write: range(write),
    targetPercent,
  });
  return {
    mode: 'provisioned',
    ...scaled(plan.table),
    ofIndex: Object.fromEntries(
      Object.entries(plan.indexes).map(([name, capacity]) => [name, scaled(capacity)]),
    ),
  };
}
