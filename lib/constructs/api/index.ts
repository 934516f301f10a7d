export { Api, type ApiProps } from './api.ts';
export type { ApiFront, FrontProps } from './front.ts';
export { RestApi, type RestApiProps } from './rest-api.ts';
