/** Settings of the router's service, which the container, its construct and the checks of connections read. */
export const routerService = {
  /** What its client group, its edges and its folder of code are called. */
  name: 'router',
  port: 8080,
  /** Answers 200 while requests are welcome. */
  readyPath: '/ready',
  /** Connections to one address of Aurora of each task at most: one serves far more requests at once than a function. */
  poolSize: 8,
  /** How long a task still takes requests once it was told to end: deregistering takes seconds to be known everywhere. */
  lingerSeconds: 15,
  /** The longest that a statement may run is 25 s. */
  graceSeconds: 30,
} as const;
