export {
  CaptureConnector,
  type CaptureConnectorProps,
  type CapturedDatabase,
  type RenderConnector,
} from './capture-connector.ts';
