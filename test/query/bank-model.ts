import {
  aurora,
  bigint,
  type Catalog,
  compare,
  compile,
  decimal,
  dynamodb,
  entity,
  integer,
  kafka,
  model,
  shared,
  text,
} from '../../lambda/model/index.ts';

/** What an account holds is never below nothing, and no more than a thousand thousand. */
const checks = {
  balanceNotNegative: compare('balance', '>=', 0),
  balanceBounded: compare('balance', '<=', 1_000_000),
};
const key = ['bank', 'id'] as const;
const fields = { bank: text(), id: text(), balance: bigint(), note: text().optional() };

const numbers = {
  bank: text(),
  id: text(),
  balance: bigint(),
  small: integer().optional(),
  price: decimal(12, 2),
  fine: decimal(8, 3),
};

/** The same account in each source that SQL writes, and payments as events. */
export const bankCatalog = (name: string): Catalog =>
  compile(
    model(name, [
      entity('account', { key, tenant: 'bank', fields, source: aurora(), checks }),
      entity('wallet', {
        ...{ key, tenant: 'bank', fields, checks },
        source: dynamodb({ partitionKey: 'BANK#{bank}', sortKey: 'WALLET#{id}' }),
      }),
      // Numbers of every exact kind, with no rule: what is set to them is compared.
      entity('sum', { key, tenant: 'bank', fields: numbers, source: aurora() }),
      entity('tally', {
        ...{ key, tenant: 'bank', fields: numbers },
        source: dynamodb({ partitionKey: 'BANK#{bank}', sortKey: 'TALLY#{id}' }),
      }),
      entity('payment', {
        key,
        tenant: 'bank',
        fields: { bank: text(), id: text(), amount: integer() },
        source: kafka(),
        checks: { amountPositive: compare('amount', '>', 0) },
      }),
      entity('currency', {
        key: ['code'],
        tenant: shared,
        fields: { code: text(), name: text() },
        source: aurora(),
      }),
    ]),
  );
