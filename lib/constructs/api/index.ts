export { Api, type ApiProps } from './api.ts';
