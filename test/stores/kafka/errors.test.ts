import { expect, test } from '@jest/globals';
import { MultipleErrors, NetworkError, ProtocolError } from '@platformatic/kafka';
import { mapKafkaError } from '../../../lambda/stores/kafka/errors.ts';

test('an unreachable broker is tried again', () => {
  const error = mapKafkaError(new MultipleErrors('all', [new NetworkError('refused')]), 'writing');

  expect(error).toMatchObject({ code: 'store_unavailable', retryable: true });
  expect(error.message).toMatch(/refused/);
});

test.each([
  [10, /max\.message\.bytes/],
  [29, /may not write/],
])('the broker’s refusal %i is final, wherever it lies in the error', (code, message) => {
  const error = mapKafkaError(new MultipleErrors('all', [new ProtocolError(code)]), 'writing');

  expect(error).toMatchObject({ code: 'store_rejected', retryable: false });
  expect(error.message).toMatch(message);
});

test('an error of ours stays as it is', () => {
  const mapped = mapKafkaError(new NetworkError('x'), 'writing');

  expect(mapKafkaError(mapped, 'again')).toBe(mapped);
});
