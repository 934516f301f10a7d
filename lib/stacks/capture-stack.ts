import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { CaptureConnector, type RenderConnector } from '../constructs/capture-connector/index.ts';
import type { ChangeLog } from '../constructs/change-log/index.ts';
import { captureClient } from '../constructs/network/index.ts';
import type { RelationalStore } from '../constructs/relational-store/index.ts';
import { capturedEntities } from './captured.ts';
import type { StoreStackProps } from './store-stack-props.ts';

/** How Debezium is packed and told what to capture: not known to `lib`, which imports the model only. */
export interface CaptureOptions {
  /** Absolute path of the plugin's ZIP archive. */
  readonly pluginFile: string;
  readonly renderConnector: RenderConnector;
}

export interface CaptureStackProps extends Omit<StoreStackProps, 'destroy'>, CaptureOptions {
  readonly catalog: Catalog;
  readonly relational: RelationalStore;
  readonly log: ChangeLog;
}

/** Debezium on MSK Connect. */
export class CaptureStack extends Stack {
  readonly capture: CaptureConnector;

  constructor(scope: Construct, id: string, props: CaptureStackProps) {
    super(scope, id, props);
    const { catalog, environment, network } = props;
    this.capture = new CaptureConnector(this, 'Capture', {
      connectorName: `${catalog.name}-${environment.name}`,
      generation: environment.functions.generation,
      pluginFile: props.pluginFile,
      renderConnector: props.renderConnector,
      relational: props.relational,
      log: props.log,
      topics: [
        ...capturedEntities(catalog).map(({ topic }) => topic),
        `__debezium-heartbeat.${catalog.name}`,
      ],
      offsetsTopic: `${catalog.name}.connect-offsets`,
      vpc: network.vpc,
      vpcSubnets: network.isolated,
      securityGroups: [network.clientGroup(captureClient)],
      ...environment.capture,
      // The enum's members are these numbers of days.
      logRetention: environment.logRetentionDays,
    });
  }
}
