import assert from 'node:assert/strict';
import { nodeRedUrl } from '../../nodes/shared/node-red-url.ts';

describe('the address of Node-RED', () => {
  const cases: [object, string][] = [
    [{}, 'http://127.0.0.1:1880'],
    [{ uiPort: 1999, uiHost: '0.0.0.0', httpNodeRoot: '/' }, 'http://127.0.0.1:1999'],
    [{ uiPort: '8080', uiHost: '::', httpNodeRoot: 'red/nodes/' }, 'http://127.0.0.1:8080/red/nodes'],
    [{ uiPort: 1880, uiHost: '::1', https: {} }, 'https://[::1]:1880'],
    [{ uiPort: 1880, uiHost: 'gateway.example.com', httpNodeRoot: false }, 'http://gateway.example.com:1880'],
  ];
  for (const [settings, url] of cases)
    it(`is ${url} with ${JSON.stringify(settings)}`, () => assert.equal(nodeRedUrl(settings), url));
});
