import { dynamodb, entity, integer, text } from '../../lambda/model/index.ts';

/** A line of an order, which lies in DynamoDB alone, with those of the same order. */
export const line = entity('line', {
  key: ['tenant', 'purchaseId', 'number'],
  tenant: 'tenant',
  fields: { tenant: text(), purchaseId: text(), number: integer(), part: text().optional() },
  source: dynamodb({ partitionKey: 'T#{tenant}#P#{purchaseId}', sortKey: 'L#{number}' }),
  views: {},
});
