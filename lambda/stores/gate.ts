/** Lets so many calls through at once, however long they take (`adaptive-gate.ts` minds that); the others wait in their order. */
export function createGate(limit: number): <T>(call: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (call) => {
    if (inside >= limit) await new Promise<void>((enter) => waiting.push(enter));
    else inside += 1;
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      // Whoever waited takes the place over.
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
