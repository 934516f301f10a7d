import type { Row } from '../../../lambda/change/change.ts';
import {
  aurora,
  bigint,
  type Catalog,
  compile,
  dynamodb,
  entity,
  integer,
  json,
  kafka,
  model,
  shared,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import type { Caller } from '../../../lambda/stores/store.ts';
import { sighting } from '../view-model.ts';

/** A source in Aurora, events, and data of all tenants, beside the entity with a view of every kind. */
const account = entity('account', {
  key: ['tenant', 'label'],
  tenant: 'tenant',
  fields: {
    tenant: text(),
    label: text(),
    amount: integer(),
    balance: bigint(),
    note: text(),
    extra: json(),
  },
  source: aurora(),
});
const report = entity('report', {
  key: ['tenant', 'reportId'],
  tenant: 'tenant',
  fields: { tenant: text(), reportId: text(), at: timestamp(), note: text() },
  source: kafka(),
  views: { table: aurora.table() },
});
/** Outside Aurora, so that what joins it combines several stores. */
const visit = entity('visit', {
  key: ['tenant', 'visitId'],
  tenant: 'tenant',
  fields: { tenant: text(), visitId: text(), amount: integer(), note: text() },
  source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'V#{visitId}' }),
});
const spot = entity('spot', {
  key: ['spotCode'],
  tenant: shared,
  fields: { spotCode: text(), name: text() },
  source: aurora(),
});

export const tenancyCatalog = (name: string): Catalog =>
  compile(model(name, [sighting, account, report, visit, spot]));

/** A tenant whose every value can be recognised, wherever it comes out. */
export interface Tenant {
  readonly name: string;
  readonly caller: Caller;
  /** Texts, in lower case, that are in this tenant's rows and nowhere else. */
  readonly canaries: readonly string[];
  readonly rows: Readonly<Record<'sighting' | 'account' | 'report' | 'visit', readonly Row[]>>;
}

/** Names that one another could be taken for: by a prefix, a separator, an escape, a case, a look-alike. */
const spellings = (run: string): readonly string[] => [
  `acme${run}`,
  `acme${run}2`,
  `acme${run}#S#s1`,
  `acme${run}%23S%23s1`,
  `acme${run}|EWR`,
  `acme${run}/../acme${run}2`,
  `acme${run},acme${run}2`,
  `acme${run}'--`,
  `acme${run} `,
  `ACME${run.toUpperCase()}`,
  `acm\u00e9${run}`,
  `acme\u0301${run}`,
  `\u0430cme${run}`,
  `{acme${run}}`,
  `acme${run}*`,
];

/** How many rows of each entity a tenant has. */
export const rowsEach = 3;

export const tenantsOf = (run: string): readonly Tenant[] =>
  spellings(run).map((name, index) => {
    const canary = `kanarie${run}n${index}e`;
    // Of nine digits: six are met by chance in the microseconds of a time or in an id.
    const number = 700_000_000 + 1_357_911 * (index + 1);
    const micros = `${411 + index}`;
    const large = `90071992547${String(index + 10)}381`;
    const keys = Array.from({ length: rowsEach }, (_, row) => row + 1);
    return {
      name,
      caller: { kind: 'tenant', tenant: name, subject: `user-${index}` },
      canaries: [canary, String(number), String(rowsEach * number), `17.${micros}${micros}`, large],
      rows: {
        sighting: keys.map((key) => ({
          tenant: name,
          sighting_id: `s${key}`,
          at: `2013-01-01T0${key}:00:17.${micros}${micros}Z`,
          place: 'EWR',
          kind: 'bird',
          wings: number,
          height: large,
          weight: '1.5',
          ratio: 0.5,
          tame: true,
          seen_on: '2013-01-01',
          note: `words of ${canary}`,
          extra: { note: canary },
        })),
        account: keys.map((key) => ({
          tenant: name,
          label: `a${key}`,
          amount: number,
          balance: large,
          note: canary,
          extra: { note: canary },
        })),
        visit: keys.map((key) => ({
          tenant: name,
          visit_id: `v${key}`,
          amount: number,
          note: canary,
        })),
        report: keys.map((key) => ({
          tenant: name,
          report_id: `r${key}`,
          at: `2013-01-01T0${key}:00:17.${micros}${micros}Z`,
          note: canary,
        })),
      },
    };
  });
