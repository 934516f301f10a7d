import { Construct } from 'constructs';
import type { Workload } from '../../../lambda/model/index.ts';

/** A database that is reached by one host for everything, at PostgreSQL's own port, 5432. */
export abstract class OneEndpoint extends Construct {
  /** Without a port. */
  abstract get writerHost(): string;

  /** `host:port` of everything. */
  get writerEndpoint(): string {
    return `${this.writerHost}:5432`;
  }

  /** The same: there are no readers. */
  get readerEndpoint(): string {
    return this.writerEndpoint;
  }

  /** The same, whatever the workload. */
  endpointOf(_workload: Workload): string {
    return this.readerEndpoint;
  }
}
