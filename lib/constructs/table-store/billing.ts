import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Problems } from '../../../lambda/model/problems.ts';
import {
  checkScaledCapacity,
  defaultTargetPercent,
  type ScaledCapacity,
  type UnitRange,
} from '../scaled-capacity.ts';

/** The most units a second that are served; what comes above is throttled. */
export interface RequestMaximum {
  /** @default - as much as the account may */
  readonly read?: number;
  /** @default - as much as the account may */
  readonly write?: number;
}

/** What a table is paid by: each request, or capacity that follows what is used. */
export type TableBilling = OnDemandBilling | ProvisionedBilling;

export interface OnDemandBilling {
  readonly mode: 'on-demand';
  /** Bounds what a mistake can cost. @default - none */
  readonly maximum?: RequestMaximum;
  /** Of single indexes, by name. @default - that of the table */
  readonly maximumOfIndex?: Readonly<Record<string, RequestMaximum>>;
}

export interface ProvisionedBilling extends ScaledCapacity {
  readonly mode: 'provisioned';
  /**
   * Of single indexes, by name. An index that lacks write capacity holds up writes to the table.
   * @default - that of the table
   */
  readonly ofIndex?: Readonly<Record<string, ScaledCapacity>>;
}

/** Units a second that the table, or an index, can take from its first request on. */
export interface WarmThroughput {
  readonly readUnitsPerSecond: number;
  readonly writeUnitsPerSecond: number;
}

/**
 * What every table that is paid by the request takes without being warmed
 * (docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html). AWS refuses less than a
 * table has, so a number can be raised and never lowered.
 */
const warmAnyway: WarmThroughput = { readUnitsPerSecond: 12_000, writeUnitsPerSecond: 4_000 };

export interface ThroughputProps {
  readonly billing: TableBilling;
  readonly warmThroughput: WarmThroughput | undefined;
  readonly warmThroughputOfIndex: Readonly<Record<string, WarmThroughput>>;
}

export function checkThroughput(
  { billing, warmThroughput, warmThroughputOfIndex }: ThroughputProps,
  indexes: readonly string[],
  problems: Problems,
): void {
  const checkName = (where: string, name: string): void => {
    if (!indexes.includes(name))
      problems.add(`${where}.${name}`, 'is of no global index', `use one of ${indexes.join(', ') || 'none'}`);
  };
  if (billing.mode === 'on-demand') {
    checkMaximum('billing.maximum', billing.maximum, problems);
    for (const [name, maximum] of Object.entries(billing.maximumOfIndex ?? {})) {
      checkName('billing.maximumOfIndex', name);
      checkMaximum(`billing.maximumOfIndex.${name}`, maximum, problems);
    }
  } else {
    checkScaledCapacity('billing', billing, problems);
    for (const [name, capacity] of Object.entries(billing.ofIndex ?? {})) {
      checkName('billing.ofIndex', name);
      checkScaledCapacity(`billing.ofIndex.${name}`, capacity, problems);
    }
  }
  if (warmThroughput !== undefined) checkWarm('warmThroughput', warmThroughput, billing, problems);
  for (const [name, warm] of Object.entries(warmThroughputOfIndex)) {
    checkName('warmThroughputOfIndex', name);
    checkWarm(`warmThroughputOfIndex.${name}`, warm, billing, problems);
  }
}

function checkMaximum(where: string, maximum: RequestMaximum | undefined, problems: Problems): void {
  for (const [side, units] of Object.entries(maximum ?? {}))
    if (!Number.isInteger(units) || units < 1)
      problems.add(
        `${where}.${side}`,
        `is ${units} units a second`,
        'use a whole number from 1, or leave it out',
      );
}

function checkWarm(where: string, warm: WarmThroughput, billing: TableBilling, problems: Problems): void {
  for (const side of ['readUnitsPerSecond', 'writeUnitsPerSecond'] as const) {
    const least = billing.mode === 'on-demand' ? warmAnyway[side] : 1;
    if (!Number.isInteger(warm[side]) || warm[side] < least)
      problems.add(
        `${where}.${side}`,
        `is ${warm[side]}`,
        `use a whole number from ${least}, which it has anyway`,
      );
  }
}

export function renderBilling(billing: TableBilling): dynamodb.Billing {
  return billing.mode === 'on-demand'
    ? dynamodb.Billing.onDemand(renderMaximum(billing.maximum))
    : dynamodb.Billing.provisioned(renderCapacity(billing));
}

/** What an index says of itself beside its keys. */
export const renderIndexThroughput = (
  { billing, warmThroughputOfIndex }: ThroughputProps,
  name: string,
): Partial<dynamodb.GlobalSecondaryIndexPropsV2> => ({
  ...(billing.mode === 'on-demand'
    ? renderMaximum(billing.maximumOfIndex?.[name])
    : renderCapacity(billing.ofIndex?.[name] ?? billing)),
  ...(warmThroughputOfIndex[name] !== undefined && { warmThroughput: warmThroughputOfIndex[name] }),
});

const renderMaximum = ({ read, write }: RequestMaximum = {}): dynamodb.MaxThroughputProps => ({
  ...(read !== undefined && { maxReadRequestUnits: read }),
  ...(write !== undefined && { maxWriteRequestUnits: write }),
});

function renderCapacity({ read, write, targetPercent }: ScaledCapacity): dynamodb.ThroughputProps {
  const scaled = ({ minimum, maximum }: UnitRange): dynamodb.Capacity =>
    dynamodb.Capacity.autoscaled({
      minCapacity: minimum,
      maxCapacity: maximum,
      // What it begins with, and what it has again when a table that was paid by the request becomes this one.
      seedCapacity: minimum,
      targetUtilizationPercent: targetPercent ?? defaultTargetPercent,
    });
  return { readCapacity: scaled(read), writeCapacity: scaled(write) };
}
