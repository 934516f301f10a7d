import { describe, expect, test } from '@jest/globals';
import { errors, types } from 'cassandra-driver';
import { PolystoreError } from '../../../lambda/errors.ts';
import { isThrottled, keyspacesError } from '../../../lambda/stores/keyspaces/errors.ts';

const codes = types.responseErrorCodes;
const answer = (code: number) => new errors.ResponseError(code, 'said so');

describe('what the driver throws', () => {
  test.each([
    ['an overloaded node', answer(codes.overloaded), true],
    ['a write that timed out', answer(codes.writeTimeout), true],
    ['a read that timed out', answer(codes.readTimeout), true],
    ['a write that failed on its replicas', answer(codes.writeFailure), true],
    ['an answer that did not come', new errors.OperationTimedOutError('late'), true],
    ['a connection with too much to do', new errors.BusyConnectionError('127.0.0.1', 1, 1), true],
    ['too few replicas', answer(codes.unavailableException), false],
    ['a node that starts', answer(codes.isBootstrapping), false],
    ['a node that is wrong in itself', answer(codes.serverError), false],
    ['no node', new errors.NoHostAvailableError({ '127.0.0.1': new Error('refused') }), false],
    ['a socket that broke', new Error('ECONNRESET'), false],
  ])('%s is unavailable, for now', (_, error, throttled) => {
    expect(keyspacesError(error)).toMatchObject({ code: 'store_unavailable', retryable: true, cause: error });
    expect(isThrottled(error)).toBe(throttled);
  });

  test.each([
    ['a statement that is wrong', answer(codes.syntaxError)],
    ['a table that is not there', answer(codes.invalid)],
    ['a right that is not given', answer(codes.unauthorized)],
    ['a value that cannot be written', new RangeError('out of range')],
  ])('%s is rejected, and not tried again', (_, error) => {
    expect(keyspacesError(error)).toMatchObject({ code: 'store_rejected', retryable: false, cause: error });
    expect(isThrottled(error)).toBe(false);
  });

  test('a node that cannot be reached says why', () => {
    const error = new errors.NoHostAvailableError({ '127.0.0.1:1': new Error('connect ECONNREFUSED') });

    expect(keyspacesError(error).message).toMatch(/cannot be reached: connect ECONNREFUSED/);
  });

  test('an error of ours stays as it is', () => {
    const ours = new PolystoreError('not_supported', 'no');

    expect(keyspacesError(ours)).toBe(ours);
  });
});
