import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environmentNames as names } from '../model/index.ts';
import type { Clock } from '../stores/store.ts';
import { createDeadLetters, type DeadLetters } from '../sync/dead-letters.ts';
import { type Environment, readDynamodb, readVariables, text } from './settings.ts';

/** The dead letters of a store, in the table that the environment names. */
export function openDeadLetters(env: Environment, store: string, clock: Clock): DeadLetters {
  return createDeadLetters({
    client: new DynamoDBClient(readDynamodb(env)),
    table: readVariables(env, { [names.deadLettersTable]: text })[names.deadLettersTable],
    store,
    clock,
  });
}
