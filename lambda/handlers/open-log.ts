import { Logger } from '@aws-lambda-powertools/logger';

/** The structured log of a function: one JSON object a line. */
export const openLog = (functionName: string): Logger =>
  new Logger({ serviceName: `polystore-${functionName}` });
