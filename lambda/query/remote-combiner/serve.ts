import { answerOrRefuse, type Refusal } from '../../stores/invoke/answer.ts';
import type { Combiner } from '../combine/combiner.ts';
import type { QueryEngine } from '../engine.ts';
import { type CombineAnswer, parseMessage, renderAnswer } from './messages.ts';

/** Answers what a remote combiner asks, from an engine that combines itself. It reads and never writes. */
export function createCombineServer({
  engine,
  combiner,
}: {
  readonly engine: Pick<QueryEngine, 'read'>;
  readonly combiner: Pick<Combiner, 'health'>;
}): (event: unknown) => Promise<CombineAnswer | Refusal> {
  const answer = async (event: unknown): Promise<CombineAnswer> => {
    const message = parseMessage(event);
    if (message.kind === 'read') return renderAnswer(await engine.read(message.request, message.caller));
    await combiner.health();
    return { healthy: true };
  };
  return (event) => answerOrRefuse(() => answer(event), 'Ask for fewer rows or columns, or for totals.');
}
